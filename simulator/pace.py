"""How fast the story runs.

Story seconds (ringing, talking, verdicts) pass ``speed`` times faster than real ones. The carrier's own Timeout and
TimeLimit are real seconds always and never go through here.
"""

import asyncio
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Story time against real time."""

    speed: float
    dice: random.Random

    def real(self, story_seconds: float) -> float:
        """Convert story seconds to real seconds."""
        return story_seconds / self.speed

    def patience(self, story_seconds: float, at_least: float) -> float:
        """Convert to real seconds a wait for the application, which is not faster because the story is."""
        return max(self.real(story_seconds), at_least)

    def story(self, real_seconds: float) -> float:
        """Convert real seconds to story seconds."""
        return real_seconds * self.speed

    async def wait(self, story_seconds: float) -> None:
        """Let story seconds pass."""
        await asyncio.sleep(self.real(story_seconds))

    async def wait_between(self, low: float, high: float) -> None:
        """Let a span of story seconds pass, drawn from the seeded dice."""
        await self.wait(self.dice.uniform(low, high))
