"""The documents, word for word."""

from xml.etree import ElementTree as ET

import pytest

from adapters.twilio import twiml
from adapters.twilio.urls import CallbackUrls
from calls.agents import AgentSettings, SpokenLanguage

URLS = CallbackUrls("https://calls.test")
AGENT = AgentSettings(ai_agent_name="Ann", llm_websocket_url="wss://agent.test/llm")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
AGAIN = "#rc=5&amp;rp=all"


def _parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - our own document


def test_a_conversation() -> None:
    """The callee is recorded and connected with our relay; ids travel in every address and as parameters."""
    assert twiml.conversation(URLS, "c1", "a1", AGENT, record=True) == (
        f"{HEAD}<Response>"
        f'<Start><Recording recordingStatusCallback="https://calls.test/twilio/recording/c1/a1{AGAIN}"'
        ' recordingStatusCallbackEvent="in-progress completed absent" recordingStatusCallbackMethod="POST" /></Start>'
        f'<Connect action="https://calls.test/twilio/relay-ended/c1/a1{AGAIN}" method="POST">'
        '<ConversationRelay dtmfDetection="true" events="speaker-events tokens-played" interruptible="any"'
        ' language="en-US" reportInputDuringAgentSpeech="any" url="wss://calls.test/twilio/relay/c1/a1">'
        '<Parameter name="callId" value="c1" /><Parameter name="attemptId" value="a1" />'
        "</ConversationRelay></Connect></Response>"
    )


def test_a_conversation_without_recording() -> None:
    """Without recording, nothing is started before the relay."""
    document = _parsed(twiml.conversation(URLS, "c1", "a1", AGENT, record=False))
    assert [child.tag for child in document] == ["Connect"]


def test_the_agents_speech_settings() -> None:
    """Voice and providers of the agent are passed on under the carrier's names."""
    voiced = {
        "language": "de-DE",
        "voice": "Vicki-Neural",
        "tts_provider": "Amazon",
        "transcription_provider": "Google",
        "speech_model": "telephony",
    }
    document = _parsed(twiml.conversation(URLS, "c1", "a1", AGENT.model_copy(update=voiced), record=False))
    relay = document.find("Connect/ConversationRelay")
    assert relay is not None
    asked = ("language", "voice", "ttsProvider", "transcriptionProvider", "speechModel")
    assert [relay.get(name) for name in asked] == list(voiced.values())


def test_the_agents_other_languages() -> None:
    """Each is an element of its own, with what the agent leaves open left out."""
    others = (SpokenLanguage(language="es-MX", voice="Mia", tts_provider="Amazon"), SpokenLanguage(language="fr-FR"))
    agent = AGENT.model_copy(update={"language": "multi", "other_languages": others})
    document = _parsed(twiml.conversation(URLS, "c1", "a1", agent, record=False))
    relay = document.find("Connect/ConversationRelay")
    assert relay is not None
    assert relay.get("language") == "multi"
    assert [dict(element.attrib) for element in relay.iter("Language")] == [
        {"code": "es-MX", "voice": "Mia", "ttsProvider": "Amazon"},
        {"code": "fr-FR"},
    ]


def test_a_carrier_that_reconnects_by_itself() -> None:
    """It is only asked to when that is switched on."""
    for reconnects, said in ((False, None), (True, "true")):
        document = _parsed(twiml.conversation(URLS, "c1", "a1", AGENT, record=False, reconnects=reconnects))
        relay = document.find("Connect/ConversationRelay")
        assert relay is not None
        assert relay.get("applicationReconnect") == said


def test_parameters_for_our_relay() -> None:
    """What the relay's session should know travels beside the ids, markup made harmless."""
    told = {"after": 'transfer "failed" & back'}
    document = _parsed(twiml.conversation(URLS, "c1", "a1", AGENT, record=False, parameters=told))
    parameters = {p.get("name"): p.get("value") for p in document.iter("Parameter")}
    assert parameters == {"callId": "c1", "attemptId": "a1", **told}


def test_a_transfer() -> None:
    """The target is rung with the callee waiting, its progress is reported, and the end asks what comes next."""
    document = twiml.dial(
        URLS,
        "c1",
        "a1",
        "t1",
        to_number="+14155550110",
        caller_id="+14155550100",
        ring_seconds=30,
        time_limit_seconds=14400,
    )
    assert document == (
        f"{HEAD}<Response>"
        f'<Dial action="https://calls.test/twilio/transfer-ended/c1/a1/t1{AGAIN}" answerOnBridge="true"'
        ' callerId="+14155550100" method="POST" timeLimit="14400" timeout="30">'
        f'<Number statusCallback="https://calls.test/twilio/transfer-leg/c1/a1/t1{AGAIN}"'
        ' statusCallbackEvent="initiated ringing answered completed" statusCallbackMethod="POST">'
        "+14155550110</Number></Dial></Response>"
    )


def test_short_documents() -> None:
    """Hanging up and saying nothing at all."""
    assert twiml.hang_up() == f"{HEAD}<Response><Hangup /></Response>"
    assert twiml.empty() == f"{HEAD}<Response />"


def test_a_voicemail() -> None:
    """A message is spoken as it is, markup and control characters made harmless, and the call ends."""
    document = twiml.voicemail("Tom & <Jerry>\x00\x1b\ud800 rang. 🙂", "en-US")
    assert document == (
        f'{HEAD}<Response><Say language="en-US">Tom &amp; &lt;Jerry&gt; rang. 🙂</Say><Hangup /></Response>'
    )


@pytest.mark.parametrize(
    ("voice", "provider", "spoken"),
    [
        ("Joanna-Neural", "Amazon", "Polly.Joanna-Neural"),
        ("en-US-Journey-O", "Google", "Google.en-US-Journey-O"),
        ("Polly.Joanna", None, "Polly.Joanna"),
        ("UgBBYS2sOqTuMpoF3BR0", "ElevenLabs", None),
        ("UgBBYS2sOqTuMpoF3BR0", None, None),
        (None, "Amazon", None),
    ],
)
def test_voices_of_a_voicemail(voice: str | None, provider: str | None, spoken: str | None) -> None:
    """A voice is given under the name that a spoken message knows it by, or not at all."""
    say = _parsed(twiml.voicemail("Hi", "en-US", voice, provider)).find("Say")
    assert say is not None
    assert say.get("voice") == spoken
