"""Carries out TwiML: one document controls a call, a new one replaces it, and when it runs out the call ends."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, NoReturn, assert_never

from simulator.bridge import Bridge
from simulator.callbacks import Pairs, call_form
from simulator.ledger import Fetched
from simulator.leg import Instructions, InterruptedCallError, Leg
from simulator.outside import Reply
from simulator.relay import RelaySession
from simulator.relay_ends import RelayEnd
from simulator.request import Callback
from simulator.ringing import answer
from simulator.speaker import CHARS_PER_SECOND, PLAY_SECONDS, heard_prefix
from simulator.switchboard import Switchboard
from simulator.twiml import (
    Connect,
    Dial,
    Document,
    DocumentError,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    StartRecording,
    StopRecording,
    Verb,
    parse,
)

ANSWER_PATIENCE = 1.0
"""Real seconds that the end of a call waits for the answer to its relay action."""
BUSY_HERE = 486
BY_TWIML = "StartCallRecordingTwiML"
"""The source of a recording that a document started, as the live API names it."""


class Interpreter:
    """Runs the documents of one call."""

    def __init__(self, board: Switchboard, leg: Leg) -> None:
        self._board = board
        self._leg = leg

    async def run(self, first: Instructions, extra: Pairs) -> None:
        """Follow instructions until the call is over; ``extra`` goes with the first request."""
        pending: Instructions | None = first
        while pending is not None:
            try:
                await self._follow(pending, extra)
                self._leg.end("twiml")
            except InterruptedCallError:
                pending = self._leg.take_redirection() if self._leg.live else None
                extra = []
            else:
                pending = None

    async def _follow(self, instructions: Instructions, extra: Pairs) -> None:
        document: Document | None = await self._document(instructions, extra)
        while document is not None:
            document = await self._perform(document)

    async def _perform(self, document: Document) -> Document | None:
        """Carry out the verbs; give the document that takes over, or None at the end of this one."""
        for name in document.unknown:
            self._board.alert(self._leg, 12200, f"Schema validation warning: {name} is not carried out here")
        for verb in document.verbs:
            following = await self._carry_out(verb)
            if following is not None:
                return following
        return None

    async def _carry_out(self, verb: Verb) -> Document | None:
        if self._leg.record.answered_at is None:
            self._pick_up(verb)
        match verb:
            case Say():
                await self._say(verb)
            case Play():
                await self._leg.wait(PLAY_SECONDS)
            case Pause():
                await self._leg.wait(verb.seconds)
            case StartRecording() | StopRecording():
                self._record(verb)
            case Hangup() | Reject():
                self._leg.end("twiml")
                raise InterruptedCallError
            case Redirect():
                return await self._document(Instructions(url=verb.url, method=verb.method), [])
            case Connect():
                return await self._connect(verb)
            case Dial():
                return await self._dial(verb)
            case _:
                assert_never(verb)
        return None

    def _pick_up(self, verb: Verb) -> None:
        """Answer an incoming call, which its first verb does unless it refuses."""
        if isinstance(verb, Reject):
            self._leg.end("twiml", "busy" if verb.reason == "busy" else "no-answer", BUSY_HERE)
        else:
            answer(self._board, self._leg)

    async def _say(self, verb: Say) -> None:
        for _ in range(verb.loop):
            started = time.time()
            try:
                await self._leg.wait(len(verb.text) / CHARS_PER_SECOND)
            except InterruptedCallError:
                # Up to the hangup itself: on a busy machine this task learns of it later.
                story = self._leg.pace.story((self._leg.record.ended_at or time.time()) - started)
                heard = heard_prefix(verb.text, int(story * CHARS_PER_SECOND))
                self._leg.hear("agent", heard, started, interrupted=True)
                raise
            self._leg.hear("agent", verb.text, started)
            self._leg.sound(2, started, time.time())

    def _record(self, verb: StartRecording | StopRecording) -> None:
        running = self._board.recordings.running(self._leg, BY_TWIML)
        if isinstance(verb, StopRecording):
            if running:
                self._board.recordings.finish(running)
        elif running is None and self._leg.live:  # the call may have ended while its instructions were on their way
            channels = 1 if verb.channels == "mono" else 2
            callback = Callback(verb.callback, verb.method, verb.events)
            self._board.recordings.start(
                self._leg, source=BY_TWIML, channels=channels, track=verb.track, callback=callback
            )

    async def _connect(self, verb: Connect) -> Document | None:
        session = RelaySession(self._board, self._leg, verb.relay)
        end = await session.run()
        redirected = end.status == "completed" and self._leg.live
        if not verb.action or (redirected and not self._board.dice.faults.relay_action_on_redirect):
            if self._leg.interruption.is_set():
                raise InterruptedCallError
            await self._leg.wait(end.action_after[1])
            return None
        action = self._relay_action(verb, session, end, "in-progress" if redirected else "")
        telling = self._board.tasks.spawn(action, f"relay action {self._leg.sid}")
        try:
            return self._read(verb.action, await self._leg.unless_interrupted(asyncio.shield(telling)))
        except InterruptedCallError:
            if not self._leg.live:  # the last status callback comes after this request, not after its answer
                await asyncio.wait({telling}, timeout=self._board.pace.real(end.action_after[1]) + ANSWER_PATIENCE)
            raise

    async def _relay_action(self, verb: Connect, session: RelaySession, end: RelayEnd, status: str) -> Reply:
        """Tell the application that its relay ended; the answer is what comes next."""
        await self._board.pace.wait_between(*end.action_after)
        form = [
            ("SessionId", session.session_id),
            ("SessionStatus", end.status),
            ("SessionDuration", str(session.seconds)),
        ]
        if end.handoff is not None:
            form.append(("HandoffData", end.handoff))
        if end.error_code is not None:
            form += [("ErrorCode", str(end.error_code)), ("ErrorMessage", end.error_message)]
        return await self._ask(verb.method, verb.action, form, status)

    async def _dial(self, verb: Dial) -> Document | None:
        bridge = Bridge(self._board, self._leg, verb, self._whisper)
        try:
            await bridge.run()
        finally:
            outcome = bridge.outcome()
        if self._leg.interruption.is_set():
            raise InterruptedCallError
        if not verb.action:
            return None
        reply = await self._answer_to(self._ask(verb.method, verb.action, outcome))
        return self._read(verb.action, reply)

    async def _whisper(self, child: Leg, url: str) -> None:
        await Interpreter(self._board, child).say_only(url)

    async def say_only(self, url: str) -> None:
        """Carry out a whisper: a document heard by this leg before it is bridged."""
        await self._follow(Instructions(url=url), [])

    async def _document(self, instructions: Instructions, extra: Pairs) -> Document:
        if instructions.twiml:
            return self._parsed(instructions.twiml, "")
        reply = await self._answer_to(self._ask(instructions.method, instructions.url, extra))
        fallback, method = self._leg.fallback
        if not reply.ok and fallback:
            self._complain(instructions.url, reply)
            failure = [("ErrorCode", "11200"), ("ErrorUrl", instructions.url)]
            reply = await self._answer_to(self._ask(method, fallback, failure))
        return self._read(instructions.url, reply)

    async def _answer_to(self, asking: Coroutine[Any, Any, Reply]) -> Reply:
        """Wait for an answer. A request that is on its way is not taken back when the call is interrupted."""
        task = self._board.tasks.spawn(asking, f"request of {self._leg.sid}")
        return await self._leg.unless_interrupted(asyncio.shield(task))

    async def _ask(self, method: str, url: str, extra: Pairs, status: str = "") -> Reply:
        status = status or self._leg.status
        form = [*call_form(self._board.account.sid, self._leg, status), *extra]
        reply = await self._board.outside.send(method, url, form)
        if self._board.dice.falls("answer_lost", self._leg.request.person):
            reply = await self._board.outside.send(method, url, form)
        self._leg.record.fetches.append(Fetched(url=url, at=time.time(), status=reply.status, error=reply.error))
        self._leg.note("fetched", url=url, status=reply.status, error=reply.error)
        return reply

    def _read(self, url: str, reply: Reply) -> Document:
        if not reply.ok:
            self._complain(url, reply)
            self._fail()
        return self._parsed(reply.body, url) if reply.body.strip() else Document(())

    def _parsed(self, text: str, url: str) -> Document:
        try:
            return parse(text)
        except (DocumentError, ValueError) as broken:
            code = broken.code if isinstance(broken, DocumentError) else 12200
            self._board.alert(self._leg, code, str(broken), url)
            self._fail()

    def _complain(self, url: str, reply: Reply) -> None:
        self._board.alert(self._leg, 11200, f"HTTP retrieval failure: {reply.status} {reply.error}", url)

    def _fail(self) -> NoReturn:
        """Nothing to follow: the callee hears an error announcement and the call ends."""
        self._leg.end("carrier")
        raise InterruptedCallError
