"""TwiML documents as data: the verbs this simulator can carry out."""

from dataclasses import dataclass, field
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, ParseError


class DocumentError(Exception):
    """The answer is not a TwiML document; ``code`` is the carrier's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Say:
    """Speak text to the callee."""

    text: str
    loop: int = 1


@dataclass(frozen=True)
class Play:
    """Play audio, or send digits."""

    source: str
    digits: str = ""


@dataclass(frozen=True)
class Pause:
    """Keep silent."""

    seconds: float = 1.0


@dataclass(frozen=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True)
class Reject:
    """Refuse an incoming call; an answered one is simply ended."""

    reason: str = "rejected"


@dataclass(frozen=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True)
class StartRecording:
    """Record the call from here to its end."""

    callback: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)
    channels: str = "dual"
    track: str = "both"


@dataclass(frozen=True)
class StopRecording:
    """Stop what Start started."""


@dataclass(frozen=True)
class Relay:
    """The ConversationRelay noun: a websocket that carries text both ways."""

    url: str
    attributes: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    languages: tuple[dict[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Read one attribute of the noun."""
        return self.attributes.get(name, default)


@dataclass(frozen=True)
class Connect:
    """Hand the call to a relay; ``action`` is asked what comes next."""

    relay: Relay
    action: str = ""
    method: str = "POST"


@dataclass(frozen=True)
class Dial:
    """Call another number and bridge it."""

    number: str
    action: str = ""
    method: str = "POST"
    timeout: float = 30.0
    time_limit: float = 14400.0
    caller_id: str = ""
    callback: str = ""
    callback_method: str = "POST"
    callback_events: tuple[str, ...] = ("completed",)
    whisper: str = ""
    ignored: int = 0
    """Further nouns that this simulator does not dial."""


Verb = Say | Play | Pause | Hangup | Reject | Redirect | StartRecording | StopRecording | Connect | Dial


@dataclass(frozen=True)
class Document:
    """One TwiML document; ``unknown`` names the elements that were skipped."""

    verbs: tuple[Verb, ...]
    unknown: tuple[str, ...] = ()


def parse(text: str) -> Document:
    """Read a document.

    Raises:
        DocumentError: 12100 for text that is not XML or has no Response, 12200 for verbs used wrongly.
    """
    try:
        root = ET.fromstring(text.strip().encode())  # noqa: S314 - our own application's answer, on loopback
    except ParseError as broken:
        raise DocumentError(12100, f"Document parse failure: {broken}") from broken
    if root.tag != "Response":
        raise DocumentError(12100, f"Document parse failure: root element is {root.tag}")
    verbs: list[Verb] = []
    unknown: list[str] = []
    for element in root:
        verb = _verb(element)
        if verb is None:
            unknown.append(element.tag)
        else:
            verbs.append(verb)
    return Document(tuple(verbs), tuple(unknown))


def _verb(element: Element) -> Verb | None:
    reader = READERS.get(element.tag)
    return reader(element) if reader else None


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _events(element: Element, name: str) -> tuple[str, ...]:
    return tuple(element.get(name, "completed").split())


def _say(element: Element) -> Verb:
    return Say(_text(element), max(1, int(element.get("loop", "1"))))


def _play(element: Element) -> Verb:
    return Play(_text(element), element.get("digits", ""))


def _redirect(element: Element) -> Verb:
    return Redirect(_text(element), element.get("method", "POST").upper())


def _start(element: Element) -> Verb | None:
    recording = element.find("Recording")
    if recording is None:
        return None
    return StartRecording(
        callback=recording.get("recordingStatusCallback", ""),
        method=recording.get("recordingStatusCallbackMethod", "POST").upper(),
        events=_events(recording, "recordingStatusCallbackEvent"),
        channels=recording.get("channels", "dual"),
        track=recording.get("track", "both"),
    )


def _connect(element: Element) -> Verb:
    noun = element.find("ConversationRelay")
    if noun is None or not noun.get("url", "").startswith("wss://"):
        raise DocumentError(64101, "Connect needs a ConversationRelay whose url starts with wss://")
    relay = Relay(
        url=noun.get("url", ""),
        attributes=dict(noun.attrib),
        parameters={child.get("name", ""): child.get("value", "") for child in noun.findall("Parameter")},
        languages=tuple(dict(child.attrib) for child in noun.findall("Language")),
    )
    return Connect(relay, element.get("action", ""), element.get("method", "POST").upper())


def _dial(element: Element) -> Verb:
    nouns = element.findall("Number")
    first = nouns[0] if nouns else element
    number = _text(first)
    if not number.startswith("+"):
        raise DocumentError(13224, f"Dial: {number!r} is not a phone number")
    return Dial(
        number=number,
        action=element.get("action", ""),
        method=element.get("method", "POST").upper(),
        timeout=float(element.get("timeout", "30")),
        time_limit=float(element.get("timeLimit", "14400")),
        caller_id=element.get("callerId", ""),
        callback=first.get("statusCallback", ""),
        callback_method=first.get("statusCallbackMethod", "POST").upper(),
        callback_events=_events(first, "statusCallbackEvent"),
        whisper=first.get("url", ""),
        ignored=max(0, len(element) - 1),
    )


READERS = {
    "Say": _say,
    "Play": _play,
    "Pause": lambda element: Pause(float(element.get("length", "1"))),
    "Hangup": lambda _: Hangup(),
    "Reject": lambda element: Reject(element.get("reason", "rejected")),
    "Redirect": _redirect,
    "Start": _start,
    "Stop": lambda _: StopRecording(),
    "Connect": _connect,
    "Dial": _dial,
}
