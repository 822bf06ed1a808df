"""One call or more for every way to end: whom to call, with which agent, and what must come of it.

Rules of these stories
1. Every story has a number of its own, and what goes wrong is written into that number's script: all can be told at
   the same time, and beside other calls.
2. A reason that nothing here brings about stands in `MISSING`, with what it waits for.
"""

from collections.abc import Mapping

from bench.reasons.cut_off import CUT_BY_THE_AGENT_SERVER, CUT_BY_THE_LINE
from bench.reasons.never_answered import NEVER_ANSWERED
from bench.reasons.ran_their_course import RAN_THEIR_COURSE
from bench.reasons.story import TWIML, Story
from calls.reasons import FinishReason

CAME_IN = (
    Story(
        name="nobody says which agent answers",
        reason=FinishReason.INBOUND_WEBHOOK_ERROR,
        to_number="+14155556100",
        ended_by=(TWIML,),
        evidence=("detail", "webhook_error"),
        inbound_webhook="http://127.0.0.1:9/calls",
    ),
)

STORIES = (*RAN_THEIR_COURSE, *NEVER_ANSWERED, *CUT_BY_THE_AGENT_SERVER, *CUT_BY_THE_LINE, *CAME_IN)
MISSING: Mapping[FinishReason, str] = {}
"""The reasons that no story brings about, each with what it waits for."""
