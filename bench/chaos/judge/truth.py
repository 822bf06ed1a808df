"""Which finish reasons the ledger allows: the truth table, from the carrier's point of view.

Rules of this file
1. It is written from the meaning of the reasons in the HTTP contract, not from our code.
2. The carrier call is judged as it was when the record says that the call ended: what came later did not end it.
3. A reason that no run provokes is never true.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench.chaos.evidence import Document, Evidence

SLACK_SECONDS = 1.5
_SAME_MOMENT_SECONDS = 0.5
_UNTIL_NOTICED_SECONDS = 15.0
"""How long a call may have ended before its record says so: callbacks get lost, and stores are killed."""
_MOST_RESUMES = 5
"""How often a conversation is taken up again after its relay failed; afterwards it is given up."""
_PROCESSES = ("freeze-", "kill-")
_SERVER_FAILURES = range(500, 600)
_MACHINES = ("machine", "fax")
CROWDED = "Picks up where all relays are taken"
"""The name of the story whose callee meets that."""


@dataclass(frozen=True)
class Case:
    """One ended call before the judge. `leg` is its carrier call, None when the carrier has none."""

    evidence: Evidence
    call: Document
    leg: Document | None

    @property
    def progress(self) -> Document:
        known: Document = self.call["progress"]
        return known

    @property
    def ended_at(self) -> float:
        """When the record says that the call ended."""
        return float(self.progress["end_time"] or self.call["registered_at"])

    @property
    def waited(self) -> float:
        """Seconds from its workflow's beginning to its end: the record is made later, after a freeze by much."""
        name = f"call-{self.call['call_id']}"
        begins = [one["began_at"] for one in self.evidence.workflows if one["workflow_id"] == name]
        return self.ended_at - float(min([self.call["registered_at"], *begins]))

    @property
    def answered(self) -> bool:
        """Whether the callee had picked up by then."""
        leg = self.leg
        return bool(leg and leg["answered_at"] and leg["answered_at"] <= self.ended_at + _SAME_MOMENT_SECONDS)

    @property
    def unanswered(self) -> bool:
        """Whether the callee had not picked up by then; answer and end may have crossed."""
        leg = self.leg
        return not (leg and leg["answered_at"] and leg["answered_at"] < self.ended_at - _SAME_MOMENT_SECONDS)

    @property
    def carrier_status(self) -> str:
        """What the carrier's last word was; empty while there was none."""
        return self.leg["status"] if self.leg and self.leg["ended_at"] else ""

    def hung_up_by(self, *who: str) -> bool:
        return bool(self.leg and self.leg["hung_up_by"] in who)

    def setting(self, name: str) -> float:
        """One timer of this call, in seconds."""
        return float(self.call["plan"]["policy"][name])

    def asked_to_end(self) -> bool:
        """Whether somebody had asked for the end, or pressed cancel, before it."""
        orders = self.evidence.deeds.orders
        wanted = ("end", "cancel")
        mine = [order for order in orders if order.call_id == self.call["call_id"] and order.kind in wanted]
        return any(order.at <= self.ended_at for order in mine)

    def fault(self, *kinds: str) -> bool:
        """Whether a fault of these kinds was on during the call, or just before."""
        end = max(self.ended_at, (self.leg or {}).get("ended_at") or 0)
        return self.evidence.faults_during(kinds, self.call["registered_at"], end)

    def said(self, role: str) -> list[Document]:
        """What was heard of one side before the end."""
        spoken = self.leg["spoken"] if self.leg else []
        return [one for one in spoken if one["role"] == role and one["at"] <= self.ended_at]

    def callee_was_taken(self) -> bool:
        """Whether another call to the same callee had not ended long before this one did."""
        others = [one for one in self.evidence.calls if one["to_number"] == self.call["to_number"]]
        ends = [
            one["progress"]["end_time"] or self.ended_at
            for one in others
            if one["call_id"] != self.call["call_id"] and one["registered_at"] <= self.ended_at
        ]
        return any(end >= self.ended_at - _UNTIL_NOTICED_SECONDS for end in ends)

    def dials(self) -> set[str]:
        """How its dials came out, by its workflows' histories."""
        name = f"call-{self.call['call_id']}"
        return {dial for one in self.evidence.workflows if one["workflow_id"] == name for dial in one["dials"]}

    def waited_in_vain(self) -> bool:
        """Whether its time for a dial was over."""
        return bool(self.waited >= self.setting("registered_seconds") - _UNTIL_NOTICED_SECONDS)

    def sip_code(self) -> int:
        return int((self.leg or {}).get("sip_code") or 0)


def _user_ended_call(case: Case) -> bool:
    return case.answered and case.hung_up_by("callee")


def _agent_ended_call(case: Case) -> bool:
    farewell = any("goodbye" in one["text"].lower() for one in case.said("agent"))
    # Asked for while it rang, and picked up before the hangup got through.
    picked_up = case.leg is not None and bool(case.leg["answered_at"]) and case.hung_up_by("api")
    return (case.answered and farewell) or ((case.answered or picked_up) and case.asked_to_end())


def _call_transferred(case: Case) -> bool:
    return bool(case.leg) and any(transfer["bridged"] for transfer in case.leg["transfers"])  # type: ignore[index]


def _voicemail_detected(case: Case) -> bool:
    reported = any("voicemail box" in one["text"] for one in case.said("agent"))
    return case.answered and (reported or (_is_machine(case) and _message_is_left(case)))


def _message_is_left(case: Case) -> bool:
    """Whether the agent's message was begun, or the machine or an outage left no time for it."""
    voicemail = case.call["plan"]["voicemail"]
    if voicemail["action"] != "leave_message":
        return False
    message, spoken = str(voicemail["message"]), case.leg["spoken"] if case.leg else []
    is_begun = any(one["role"] == "agent" and message.startswith(one["text"][:10]) for one in spoken)
    return is_begun or case.hung_up_by("callee") or case.fault(*_PROCESSES, "update-")


def _answering_machine_detected(case: Case) -> bool:
    return case.answered and _is_machine(case)


def _is_machine(case: Case) -> bool:
    return str((case.leg or {}).get("answered_by") or "").startswith(_MACHINES)


def _inactivity_timeout(case: Case) -> bool:
    if case.unanswered or case.leg is None:
        return False
    last = max([one["at"] for one in case.leg["spoken"] if one["at"] <= case.ended_at] or [case.leg["answered_at"]])
    return bool(case.ended_at - last >= case.setting("silence_seconds") - SLACK_SECONDS)


def _maximum_duration_exceeded(case: Case) -> bool:
    if case.unanswered or case.leg is None:
        return False
    reached = case.ended_at - case.leg["answered_at"] >= case.setting("maximum_duration_seconds") - SLACK_SECONDS
    # The carrier's own limit is for when nobody of ours is there to do it.
    return bool(reached or (case.hung_up_by("time_limit") and case.fault(*_PROCESSES, "update-")))


def _line_busy(case: Case) -> bool:
    return case.unanswered and case.carrier_status == "busy"


def _call_failed(case: Case) -> bool:
    failed = case.carrier_status == "failed" and case.sip_code() not in _SERVER_FAILURES
    return case.unanswered and (failed or (case.asked_to_end() and case.carrier_status != "completed"))


def _no_answer(case: Case) -> bool:
    if not case.unanswered or case.leg is None or not case.leg["ringing_at"]:
        return False
    rang = (case.leg["ended_at"] or case.ended_at) - case.leg["ringing_at"]
    given_up = case.hung_up_by("api", "twiml") and rang >= case.setting("ring_seconds") - SLACK_SECONDS
    return case.carrier_status == "no-answer" or bool(given_up)


def _agent_server_failed(case: Case) -> bool:
    return case.answered and case.fault("kill-agent", "freeze-agent")


def _invalid_payment(case: Case) -> bool:
    return case.leg is None and case.fault("account-suspended")


def _twilio_service_error(case: Case) -> bool:
    failed = case.carrier_status == "failed" and case.unanswered
    # Asked over REST, the carrier tells no SIP code: then any `failed` is a failure of its own.
    asked = bool(case.progress["evidence"].get("asked_carrier"))
    unexplained = failed and (asked or case.sip_code() in _SERVER_FAILURES)
    dials = case.dials()
    refused = "not_processed" in dials and case.waited_in_vain()
    lost = case.progress["carrier_call_id"] is None and (bool({"ambiguous", "timed_out"} & dials) or refused)
    return unexplained or lost


def _no_audio_input(case: Case) -> bool:
    if not case.answered or case.leg is None:
        return False
    patience = case.leg["answered_at"] + case.setting("no_input_seconds") - SLACK_SECONDS
    return not any(one["at"] < patience for one in case.said("user"))


def _retell_service_error(case: Case) -> bool:
    sessions = case.leg["relay_sessions"] if case.leg else []
    given_up = sum(one["ended_as"] == "failed" for one in sessions) > _MOST_RESUMES
    return case.answered and (case.hung_up_by("carrier") or given_up)


def _user_connection_failure(case: Case) -> bool:
    opened = [one for one in (case.leg or {}).get("relay_sessions", []) if one["opened_at"]]
    return case.answered and not any(one["opened_at"] <= case.ended_at for one in opened)


def _registered_call_timed_out(case: Case) -> bool:
    waited = case.waited >= case.setting("registered_seconds") - SLACK_SECONDS
    begun = (case.leg or {}).get("initiated_at")
    return bool(waited and (begun is None or begun > case.ended_at - SLACK_SECONDS))


def _concurrent_call_limit_reached(case: Case) -> bool:
    """The carrier had no relay for it, took no more calls, or it waited to its deadline for one to the same callee."""
    if case.leg is not None:
        return bool(case.answered and case.leg["story"] == CROWDED)
    waited = case.waited >= case.setting("registered_seconds") - SLACK_SECONDS
    refused = "not_processed" in case.dials() and case.waited_in_vain()
    return refused or (waited and case.callee_was_taken())


def _never(_: Case) -> bool:
    return False


TRUTH: dict[str, tuple[str, Callable[[Case], bool]]] = {
    "user_ended_call": ("ended", _user_ended_call),
    "agent_ended_call": ("ended", _agent_ended_call),
    "call_transferred": ("ended", _call_transferred),
    "voicemail_detected": ("ended", _voicemail_detected),
    "inactivity_timeout": ("ended", _inactivity_timeout),
    "answering_machine_detected": ("ended", _answering_machine_detected),
    "maximum_duration_exceeded": ("ended", _maximum_duration_exceeded),
    "concurrent_call_limit_reached": ("error", _concurrent_call_limit_reached),
    "invalid_payment": ("error", _invalid_payment),
    "potential_scam_detected": ("error", _never),
    "inbound_webhook_error": ("error", _never),
    "line_busy": ("error", _line_busy),
    "call_failed": ("error", _call_failed),
    "no_answer": ("error", _no_answer),
    "llm_websocket_initialization_error": ("error", _agent_server_failed),
    "llm_websocket_connection_lost": ("error", _agent_server_failed),
    "llm_websocket_runtime_error": ("error", _agent_server_failed),
    "llm_websocket_payload_corruption": ("error", _never),
    "frontend_payload_corruption": ("error", _never),
    "twilio_service_error": ("error", _twilio_service_error),
    "no_audio_input": ("error", _no_audio_input),
    "speech_recognition_error": ("error", _never),
    "retell_service_error": ("error", _retell_service_error),
    "unknown_error": ("error", _never),
    "user_connection_failure": ("error", _user_connection_failure),
    "registered_call_timed_out": ("error", _registered_call_timed_out),
}
"""The 26 reasons: the status each has, and whether the ledger bears it out."""
