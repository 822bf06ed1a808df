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
from calls.reasons import FinishReason

STORIES = (*RAN_THEIR_COURSE, *NEVER_ANSWERED, *CUT_BY_THE_AGENT_SERVER, *CUT_BY_THE_LINE)
MISSING: Mapping[FinishReason, str] = {FinishReason.INBOUND_WEBHOOK_ERROR: "inbound calls"}
