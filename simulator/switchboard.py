"""The switchboard: every call of the account, the queue they start from, and what they share."""

import logging
import random
import time
from dataclasses import dataclass, field

from simulator.account import Account
from simulator.callbacks import Callbacks
from simulator.cast import story_of
from simulator.faults import Dice, Faults
from simulator.ids import new_sid
from simulator.ledger import Ledger
from simulator.leg import Leg
from simulator.outside import Outside
from simulator.pace import Pace
from simulator.recordings import Recordings
from simulator.request import CallRequest
from simulator.stories import Story
from simulator.tasks import Tasks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notification:
    """One entry of the account's error log."""

    call_sid: str
    code: int
    message: str
    url: str = ""
    sid: str = field(default_factory=lambda: new_sid("NO"))
    at: float = field(default_factory=time.time)


class Switchboard:
    """All that calls need of one another and of the world."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.pace = Pace(account.speed, random.Random(account.seed))
        self.dice = Dice(Faults(seed=account.seed))
        self.ledger = Ledger(account.ledger)
        self.outside = Outside(account)
        self.tasks = Tasks()
        self.callbacks = Callbacks(self.outside, self.tasks, lambda: self.dice, self.alert)
        self.recordings = Recordings(account.base, self.callbacks, self.pace, self.tasks, lambda: self.dice)
        self.legs: dict[str, Leg] = {}
        self.stories: dict[str, Story] = {}
        self.notifications: list[Notification] = []
        self._next_start = 0.0

    async def open(self) -> None:
        """Make ready to reach the application."""
        await self.outside.open()

    async def close(self) -> None:
        """Drop every call and close every connection."""
        await self.drop_calls()
        await self.outside.close()

    async def drop_calls(self) -> None:
        """Stop everything that runs on calls, without a word to anybody."""
        await self.tasks.close()
        for leg in self.legs.values():
            await leg.tasks.close()

    async def reset(self) -> None:
        """Forget calls, stories, faults, recordings and the queue."""
        await self.drop_calls()
        self.legs.clear()
        self.stories.clear()
        self.notifications.clear()
        self.recordings.clear()
        self.ledger.clear()
        self.set_faults(Faults(seed=self.account.seed))
        self._next_start = 0.0

    def set_faults(self, faults: Faults) -> None:
        """Replace all fault switches and start their dice anew."""
        self.dice = Dice(faults)

    def story(self, number: str) -> Story:
        """Give the story of a number: the one set by the control API, else the default cast's."""
        return self.stories.get(number) or story_of(number)

    def add(self, request: CallRequest) -> Leg:
        """Enter a new call; nobody has started it yet."""
        leg = Leg(request, self.story(request.person), self.ledger, self.pace)
        self.legs[leg.sid] = leg
        return leg

    @property
    def live_calls(self) -> int:
        """How many calls have begun to ring or talk and not ended; queued ones do not count."""
        return sum(leg.live and leg.record.initiated_at is not None for leg in self.legs.values())

    def reserve_start(self) -> float:
        """Take the next slot of the calls-per-second queue; give the real seconds until it comes."""
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + 1 / self.account.cps
        return start - now

    def alert(self, leg: Leg, code: int, message: str, url: str = "") -> None:
        """Enter an error or warning in the account's log."""
        log.warning("%s error %s: %s %s", leg.sid, code, message, url)
        self.notifications.append(Notification(leg.sid, code, message, url))
        leg.note("alert", code=code, message=message, url=url)
