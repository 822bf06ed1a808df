"""The documents that tell Twilio what to do with a call."""

import re
from collections.abc import Mapping
from typing import Any

from twilio.twiml.voice_response import (  # type: ignore[import-untyped]  # the SDK ships no types
    Connect,
    Dial,
    Start,
    VoiceResponse,
)

from adapters.twilio.urls import CallbackUrls
from calls.agents import AgentSettings, SpokenLanguage

CONTENT_TYPE = "text/xml"

_SAY_PREFIXES = {"Amazon": "Polly.", "Google": "Google."}
"""How <Say> spells the voices of those providers; it knows no others and would fail the call over one."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def conversation(
    urls: CallbackUrls,
    call_id: str,
    attempt_id: str,
    agent: AgentSettings,
    *,
    record: bool,
    reconnects: bool = False,
    parameters: Mapping[str, str] | None = None,
) -> str:
    """Connect the callee with our relay, whose session is given `parameters` beside the ids.

    `record` begins the recording first; once per call is enough. With `reconnects` Twilio comes back by itself when
    the socket broke, before it asks the action.
    """
    document = VoiceResponse()
    if record:
        start = Start()
        start.recording(
            recording_status_callback=urls.recording(call_id, attempt_id),
            recording_status_callback_method="POST",
            recording_status_callback_event="in-progress completed absent",
        )
        document.append(start)
    connect = Connect(action=urls.relay_ended(call_id, attempt_id), method="POST")
    relay = connect.conversation_relay(
        url=urls.relay(call_id, attempt_id),
        interruptible="any",
        dtmf_detection=True,
        report_input_during_agent_speech="any",
        events="speaker-events tokens-played",
        **({"application_reconnect": True} if reconnects else {}),
        **_speech(agent),
    )
    for other in agent.other_languages:
        relay.language(code=_xml(other.language), **_voice(other))
    for name, value in {"callId": call_id, "attemptId": attempt_id, **(parameters or {})}.items():
        relay.parameter(name=name, value=_xml(value))
    document.append(connect)
    return _text(document)


def _speech(agent: AgentSettings) -> dict[str, Any]:
    """Language and voices; what the agent leaves open stays out, so that Twilio's own default rules."""
    return {"language": _xml(agent.language), **_voice(agent)}


def _voice(spoken: AgentSettings | SpokenLanguage) -> dict[str, str]:
    asked = {
        "voice": spoken.voice,
        "tts_provider": spoken.tts_provider,
        "transcription_provider": spoken.transcription_provider,
        "speech_model": spoken.speech_model,
    }
    return {name: _xml(value) for name, value in asked.items() if value}


def hang_up() -> str:
    """End the call."""
    document = VoiceResponse()
    document.hangup()
    return _text(document)


def ask_again(url: str, *, after_seconds: int) -> str:
    """Say nothing for a while, and ask there what comes next."""
    document = VoiceResponse()
    document.pause(length=after_seconds)
    document.redirect(url, method="POST")
    return _text(document)


def reject() -> str:
    """Refuse a call that comes in, before it is picked up."""
    document = VoiceResponse()
    document.reject()
    return _text(document)


def empty() -> str:
    """No instructions: what the carrier does at the end of a document, which is to hang up."""
    return _text(VoiceResponse())


def dial(
    urls: CallbackUrls,
    call_id: str,
    attempt_id: str,
    request_id: str,
    *,
    to_number: str,
    caller_id: str,
    ring_seconds: int,
    time_limit_seconds: int,
) -> str:
    """Ring the target of a transfer and bridge the callee to it; afterwards ask what comes next."""
    document = VoiceResponse()
    target = Dial(
        action=urls.transfer_ended(call_id, attempt_id, request_id),
        method="POST",
        answer_on_bridge=True,
        timeout=ring_seconds,
        time_limit=time_limit_seconds,
        caller_id=caller_id,
    )
    target.number(
        to_number,
        status_callback=urls.transfer_leg(call_id, attempt_id, request_id),
        status_callback_method="POST",
        status_callback_event="initiated ringing answered completed",
    )
    document.append(target)
    return _text(document)


def voicemail(message: str, language: str | None, voice: str | None = None, tts_provider: str | None = None) -> str:
    """Speak a message and hang up. A voice that <Say> cannot have gives way to the language's default."""
    spoken: dict[str, str] = {"language": _xml(language)} if language else {}
    if say_voice := _say_voice(voice, tts_provider):
        spoken["voice"] = say_voice
    document = VoiceResponse()
    document.say(_xml(message), **spoken)
    document.hangup()
    return _text(document)


def _say_voice(voice: str | None, tts_provider: str | None) -> str | None:
    if not voice:
        return None
    if voice.startswith(tuple(_SAY_PREFIXES.values())):
        return _xml(voice)
    prefix = _SAY_PREFIXES.get(tts_provider or "")
    return prefix + _xml(voice) if prefix else None


def _xml(text: str) -> str:
    """Text without the characters that no XML document may hold."""
    return _NOT_XML.sub("", text)


def _text(document: VoiceResponse) -> str:
    return str(document.to_xml())
