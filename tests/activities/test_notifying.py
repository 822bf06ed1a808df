"""What customers are told, when, and what becomes of what they do not take."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.notifying import LONGEST_RETRY_AFTER, Announcements, Notifying
from calls.access_tokens import AccessTokens
from calls.agents import AgentSettings
from calls.call_object import Rendering
from calls.notices import CallEvent, due, trace_id
from calls.ports.webhooks import WebhookFailedError
from calls.reasons import FinishReason
from calls.records import Message, Progress
from calls.words import CallStatus, Role
from tests.adapters.mongo.orders import NOON, new_call
from tests.fakes.agent_store import FakeAgentStore
from tests.fakes.call_store import FakeCallStore
from tests.fakes.delivery_store import FakeDeliveryStore

SECRET = "w" * 32
CALL, HOOK = "reminder-42", "https://customer.example.com/calls"
REGISTERED = Progress(revision=1, status=CallStatus.REGISTERED)
ANSWERED = Progress(revision=4, status=CallStatus.ONGOING, answer_time=NOON)
DECIDED = ANSWERED.model_copy(
    update={
        "revision": 6,
        "status": CallStatus.ENDED,
        "finish_reason": FinishReason.AGENT_ENDED_CALL,
        "end_time": NOON + timedelta(seconds=30),
    }
)
ENDED = DECIDED.model_copy(update={"revision": 7, "over": True})
COMPLETE = ENDED.model_copy(update={"revision": 9, "complete": True})
BUSY = Progress(revision=5, status=CallStatus.ERROR, over=True, finish_reason=FinishReason.LINE_BUSY, end_time=NOON)


@dataclass
class Customer:
    """A WebhookPoster: fails as often as it is told, and remembers what it took."""

    failures: list[WebhookFailedError] = field(default_factory=list)
    taken: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, within_seconds: float) -> bytes:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append((url, body, dict(headers)))
        return b"whatever"


@dataclass
class Errands:
    """A Courier that only remembers."""

    calls: list[str] = field(default_factory=list)

    async def fetch(self, call_id: str) -> None:
        self.calls.append(call_id)


class House:
    """Everything that tells one customer of one call."""

    def __init__(self) -> None:
        self.calls, self.agents, self.deliveries = FakeCallStore(), FakeAgentStore(), FakeDeliveryStore()
        self.customer, self.courier = Customer(), Errands()
        rendering = Rendering("https://calls.test", AccessTokens("s" * 32, lifetime=timedelta(hours=1)))
        self.announcements = Announcements(self.calls, self.deliveries, rendering, self.courier)
        self.notifying = Notifying(self.calls, self.agents, self.deliveries, self.customer, SECRET)

    async def call(self, hook: str | None = HOOK) -> None:
        agent = await self.agents.add_agent(
            AgentSettings(ai_agent_name="Rita", llm_websocket_url="wss://rita.test", webhook_url=hook)
        )
        new = new_call(CALL)
        settings = AgentSettings(**agent.model_dump(exclude={"ai_agent_id"}))
        await self.calls.register(new.model_copy(update={"agent_id": agent.ai_agent_id, "agent": settings}))

    async def learn(self, progress: Progress) -> None:
        await self.calls.save_progress(CALL, progress)
        await self.announcements.announce(CALL)

    async def deliver(self, attempt: int = 1) -> str:
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=attempt)
        return str(await environment.run(self.notifying.deliver_next_webhook, CALL))

    async def events(self) -> list[str]:
        return [one.notice.event.name for one in await self.deliveries.of_call(CALL)]


@pytest.fixture
async def house() -> House:
    """With a call whose agent's owner wants to be told."""
    made = House()
    await made.call()
    return made


@pytest.mark.parametrize(
    ("known", "events"),
    [
        (REGISTERED, []),
        (ANSWERED, ["STARTED"]),
        (DECIDED, ["STARTED"]),
        (ENDED, ["STARTED", "ENDED"]),
        (COMPLETE, ["STARTED", "ENDED", "COMPLETED"]),
        (ENDED.model_copy(update={"answer_time": None, "duration_seconds": 1.0}), ["STARTED", "ENDED"]),
        (BUSY, ["ENDED"]),
        (BUSY.model_copy(update={"complete": True}), ["ENDED", "COMPLETED"]),
        (
            DECIDED.model_copy(update={"finish_reason": FinishReason.CALL_TRANSFERRED}),
            ["STARTED", "TRANSFERRED", "ENDED"],
        ),
    ],
)
def test_what_is_due_is_read_off_the_record(known: Progress, events: list[str]) -> None:
    """In order. A call that never connected has not started; one ends with the carrier's call, or at the bridge."""
    assert [event.name for event in due(known)] == events


async def test_a_call_is_told_of_as_it_goes(house: House) -> None:
    """Each event once, whatever is announced again; somebody is sent for as long as anything waits."""
    for progress in (REGISTERED, ANSWERED, ANSWERED, DECIDED, ENDED, COMPLETE, COMPLETE):
        await house.learn(progress)
    assert await house.events() == ["STARTED", "ENDED", "COMPLETED"]
    assert house.courier.calls == [CALL] * 6


async def test_nobody_is_told_of_a_start_after_the_end(house: House) -> None:
    """An answer that is learnt when the call is over belongs to the end that was told, or will be amended."""
    await house.learn(BUSY)
    await house.learn(COMPLETE)
    assert await house.events() == ["ENDED", "COMPLETED"]


async def test_an_answer_that_the_last_word_tells_of_is_told_before_the_end(house: House) -> None:
    """A phone that is picked up as we hang up: nobody hears of an end that was no end yet."""
    await house.learn(BUSY.model_copy(update={"over": False}))
    assert await house.events() == []
    await house.learn(ENDED)
    assert await house.events() == ["STARTED", "ENDED"]


async def test_a_webhook_is_what_the_contract_says(house: House) -> None:
    """Event, trace id, time and the call object; the signature holds over timestamp and raw body."""
    await house.calls.append_message(CALL, Message(0, Role.AGENT, "Hello.", NOON, NOON, {}))
    await house.learn(ENDED)
    assert [await house.deliver() for _ in range(3)] == ["CallHandler.CallStarted", "CallHandler.CallEnded", ""]
    url, body, headers = house.customer.taken[-1]
    told: dict[str, Any] = json.loads(body)
    assert url == HOOK
    assert set(told) == {"event", "traceId", "timestamp", "call"}
    assert told["event"] == headers["X-Webhook-Event"] == "CallHandler.CallEnded"
    assert told["traceId"] == headers["X-Webhook-Traceid"]
    assert told["call"]["call_finish_reason"] == "agent_ended_call"
    assert told["call"]["messages"][0]["content"] == "Hello."
    signed = headers["X-Webhook-Timestamp"].encode() + b"." + body
    assert headers["X-Webhook-Signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert datetime.fromisoformat(headers["X-Webhook-Timestamp"]).tzinfo == UTC


async def test_what_is_not_taken_is_tried_again_with_the_same_bytes(house: House) -> None:
    """Order is held: the next event waits; every attempt is kept, the body is the one that was frozen."""
    await house.learn(ANSWERED)
    [frozen] = [one.notice.body for one in await house.deliveries.of_call(CALL)]
    house.customer.failures = [WebhookFailedError("HTTP 500"), WebhookFailedError("no answer within 10 s")]
    await house.learn(ENDED)
    for why in ("HTTP 500", "no answer within 10 s"):
        with pytest.raises(ApplicationError, match=why):
            await house.deliver()
    assert await house.deliver() == "CallHandler.CallStarted"
    [started, _] = await house.deliveries.of_call(CALL)
    assert [one.error for one in started.attempts] == ["HTTP 500", "no answer within 10 s", ""]
    assert house.customer.taken[0][1] == frozen.encode()


async def test_a_receiver_is_left_alone_as_long_as_it_asks(house: House) -> None:
    """Within reason."""
    await house.learn(ANSWERED)
    for asked, left in ((30.0, 30.0), (86_400.0, LONGEST_RETRY_AFTER), (None, None)):
        house.customer.failures = [WebhookFailedError("HTTP 503", retry_after_seconds=asked)]
        with pytest.raises(ApplicationError) as failed:
            await house.deliver()
        assert failed.value.next_retry_delay == (None if left is None else timedelta(seconds=left))


async def test_a_receiver_cannot_ask_to_be_posted_to_without_a_pause(house: House) -> None:
    """Every attempt waits twice as long as the one before, whatever shorter time the receiver names."""
    await house.learn(ANSWERED)
    for attempt, left in ((1, 2.0), (5, 32.0), (12, LONGEST_RETRY_AFTER), (5000, LONGEST_RETRY_AFTER)):
        house.customer.failures = [WebhookFailedError("HTTP 503", retry_after_seconds=1.0)]
        with pytest.raises(ApplicationError) as failed:
            await house.deliver(attempt)
        assert failed.value.next_retry_delay == timedelta(seconds=left)


async def test_a_corrected_address_is_the_one_that_counts(house: House) -> None:
    """Where the agent's owner wants to be told now; of an agent that is gone, where it wanted to be then."""
    await house.learn(ANSWERED)
    [agent] = house.agents.known_agents.values()
    other = agent.model_copy(update={"webhook_url": "https://new.example.com"})
    await house.agents.put_agent(agent.ai_agent_id, AgentSettings(**other.model_dump(exclude={"ai_agent_id"})))
    await house.deliver()
    assert house.customer.taken[-1][0] == "https://new.example.com"
    await house.agents.delete_agent(agent.ai_agent_id)
    await house.learn(ENDED)
    await house.deliver()
    assert house.customer.taken[-1][0] == HOOK


async def test_an_owner_who_wants_nothing_any_more_gets_nothing(house: House) -> None:
    """What waits is given up, and says why."""
    await house.learn(ANSWERED)
    [agent] = house.agents.known_agents.values()
    silent = AgentSettings(**agent.model_dump(exclude={"ai_agent_id"}) | {"webhook_url": None})
    await house.agents.put_agent(agent.ai_agent_id, silent)
    assert await house.deliver() == "CallHandler.CallStarted"
    [given_up] = await house.deliveries.of_call(CALL)
    assert (given_up.status, given_up.attempts[0].error) == ("given_up", "the agent has no webhook_url any more")
    assert house.customer.taken == []


async def test_what_was_given_up_makes_room(house: House) -> None:
    """The next event gets its turn; given up is the one that waited."""
    await house.learn(ENDED)
    given_up = await ActivityEnvironment().run(house.notifying.give_up_webhook, CALL)
    assert given_up == "CallHandler.CallStarted"
    assert await house.deliver() == "CallHandler.CallEnded"
    assert [one.status.value for one in await house.deliveries.of_call(CALL)] == ["given_up", "delivered"]


def test_a_trace_id_names_one_event_of_one_call() -> None:
    """And is always the same."""
    names = {trace_id(record, event) for record in ("a" * 24, "b" * 24) for event in CallEvent}
    assert len(names) == 2 * len(CallEvent)
    assert trace_id("a" * 24, CallEvent.ENDED) == trace_id("a" * 24, CallEvent.ENDED)
