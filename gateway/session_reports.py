"""What relay sessions report, told to the calls' workflows as facts."""

import logging
from datetime import datetime

from calls.facts import ConversationEnded, ConversationStarted, Fact, TransferRequested
from calls.ports.pages import StoreUnavailableError
from calls.screening import Screening
from calls.words import Party
from conversation.effects import Ended
from gateway.ports import EngineUnavailableError
from gateway.relay.ports import NotDeliveredError
from gateway.telling import Telling

log = logging.getLogger(__name__)


class SessionReports:
    """A Reporter. Raises NotDeliveredError while neither engine nor store takes a report."""

    def __init__(self, telling: Telling, screening: Screening) -> None:
        self._telling = telling
        self._screening = screening

    async def conversation_started(
        self, call_id: str, attempt_id: str, relay_session_id: str, carrier_call_id: str
    ) -> None:
        """The relay is up."""
        fact = ConversationStarted(
            at=self._telling.now(),
            carrier_call_id=carrier_call_id,
            attempt_id=attempt_id,
            relay_session_id=relay_session_id,
        )
        await self._tell(call_id, fact)

    async def conversation_ended(self, call_id: str, attempt_id: str, ended: Ended, at: datetime) -> None:
        """The conversation found a reason to hang up."""
        fact = ConversationEnded(
            at=at,
            attempt_id=attempt_id,
            reason=ended.reason,
            by=ended.by,
            evidence=dict(ended.evidence),
        )
        await self._tell(call_id, fact)

    async def transfer_asked(self, call_id: str, request_id: str, to_number: str, at: datetime) -> bool:
        """The agent wants the callee put through; its target is screened as a callee is."""
        try:
            refused = await self._screening.refused(to_number)
        except StoreUnavailableError as error:
            raise NotDeliveredError(str(error)) from error
        if refused:
            log.warning("screening refused a transfer that the agent of call %s asked for: %s", call_id, refused.rule)
            return False
        fact = TransferRequested(at=at, request_id=request_id, to_number=to_number, by=Party.AGENT)
        await self._tell(call_id, fact)
        return True

    async def voicemail_reported(self, call_id: str, attempt_id: str) -> None:
        """The agent says that a voicemail box answered; the end that follows carries it as its reason."""
        log.info("the agent of call %s reports voicemail (attempt %s)", call_id, attempt_id)

    async def _tell(self, call_id: str, fact: Fact) -> None:
        try:
            await self._telling.tell(call_id, fact)
        except (EngineUnavailableError, StoreUnavailableError) as error:
            raise NotDeliveredError(str(error)) from error
