"""Strangers: callbacks that are not signed, are replayed or belong to another call; requests without a key.

They know what an eavesdropper could: the addresses in the carrier's ledger. Replays and foreign callbacks carry a good
signature (https://www.twilio.com/docs/usage/security), which is what makes them worth trying.
"""

import base64
import hashlib
import hmac
import random
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.chaos.deeds import NO_ANSWER, Deeds, Intrusion
from bench.chaos.plan import PlannedIntrusion

FORGED_SIP_CODE = 599
"""In no callback of the simulator; found in a history, it proves that a forgery was believed."""
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)
_REFUSED = (HTTPStatus.FORBIDDEN,)
_ANSWERED = (HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)


class Strangers:
    """Whoever can reach the gateway. `auth_token` is used for what was really signed once, or by the carrier itself."""

    def __init__(
        self, session: aiohttp.ClientSession, simulator_url: str, account_sid: str, auth_token: str, deeds: Deeds
    ) -> None:
        self._session = session
        self._ledger = f"{simulator_url}/_sim/ledger"
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._deeds = deeds

    async def intrude(self, planned: PlannedIntrusion) -> None:
        """Try one thing on a call that is alive, or was."""
        legs = [leg for leg in await self._legs() if _status_url(leg)]
        if not legs:
            return
        dice = random.Random(planned.which)
        victim = dice.choice([leg for leg in legs if leg["ended_at"] is None] or legs)
        marker = f"{planned.which:06d}"
        match planned.kind:
            case "unsigned":
                await self._unsigned(victim, marker)
            case "replayed":
                await self._replayed(victim, dice)
            case "misdirected":
                others = [leg for leg in legs if leg["sid"] != victim["sid"]]
                if others:
                    await self._misdirected(victim, dice.choice(others))
            case "foreign":
                others = [leg for leg in legs if leg["sid"] != victim["sid"]]
                if others:
                    await self._foreign(victim, dice.choice(others))
            case _:
                await self._keyless(victim)

    async def _unsigned(self, victim: dict[str, Any], marker: str) -> None:
        """The end of the call, with the signature of another token."""
        form = self._form(victim, "completed") | {"SipResponseCode": str(FORGED_SIP_CODE), "CallDuration": "1"}
        await self._send(victim, "unsigned", form, token=f"not-the-token-{marker}", expected=_REFUSED, marker="599")

    async def _replayed(self, victim: dict[str, Any], dice: random.Random) -> None:
        """Something that was true once, said again; that it changes nothing, the true reasons and the storm show."""
        happened = [name for name in ("initiated", "ringing", "answered") if victim[f"{name}_at"]]
        if happened:
            status = dice.choice(happened).replace("answered", "in-progress")
            await self._send(victim, "replayed", self._form(victim, status), expected=_ANSWERED, marker="")

    async def _misdirected(self, victim: dict[str, Any], other: dict[str, Any]) -> None:
        """What was signed for another call's address, to the letter, at this one's."""
        form = self._form(other, "completed") | {"SipResponseCode": str(FORGED_SIP_CODE), "CallDuration": "1"}
        signed = signature(self._auth_token, _status_url(other), form)
        await self._send(victim, "misdirected", form, expected=_REFUSED, marker="599", signed=signed)

    async def _foreign(self, victim: dict[str, Any], other: dict[str, Any]) -> None:
        """The end of another call, at this one's address."""
        form = self._form(other, "completed") | {"SipResponseCode": str(FORGED_SIP_CODE), "CallDuration": "1"}
        await self._send(victim, "foreign", form, expected=_ANSWERED, marker=other["sid"])

    async def _keyless(self, victim: dict[str, Any]) -> None:
        """An end request without a key."""
        call_id = _call_id(victim)
        done = Intrusion("keyless", call_id, "end-of-a-stranger", (HTTPStatus.UNAUTHORIZED,), time.time())
        self._deeds.intrusions.append(done)
        body = {"request_id": "end-of-a-stranger"}
        done.status = await self._post(f"/v1/calls/{call_id}/end", json=body, headers={"Authorization": ""})

    async def _send(
        self,
        victim: dict[str, Any],
        kind: str,
        form: dict[str, str],
        *,
        expected: Sequence[int],
        marker: str,
        token: str = "",
        signed: str = "",
    ) -> None:
        url = _status_url(victim)
        done = Intrusion(kind, _call_id(victim), marker, tuple(expected), time.time())
        self._deeds.intrusions.append(done)
        signed = signed or signature(token or self._auth_token, url, form)
        headers = {"X-Twilio-Signature": signed, "Authorization": ""}
        done.status = await self._post(urlsplit(url).path, data=form, headers=headers)

    async def _post(self, path: str, **what: Any) -> int:
        try:
            async with self._session.post(path, **what) as answer:
                return answer.status
        except _BROKEN:
            return NO_ANSWER

    async def _legs(self) -> list[dict[str, Any]]:
        try:
            async with self._session.get(self._ledger) as answer:
                legs: list[dict[str, Any]] = await answer.json()
        except _BROKEN:
            return []
        return [leg for leg in legs if leg["direction"] == "outbound-api"]

    def _form(self, leg: dict[str, Any], status: str) -> dict[str, str]:
        about = {"CallSid": leg["sid"], "AccountSid": self._account_sid, "From": leg["from"], "To": leg["to"]}
        return about | {"CallStatus": status, "Direction": "outbound-api", "ApiVersion": "2010-04-01"}


def signature(token: str, url: str, form: dict[str, str]) -> str:
    """The carrier's signature: HMAC-SHA1 over the URL without its fragment and the sorted fields."""
    text = url.partition("#")[0] + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _status_url(leg: dict[str, Any]) -> str:
    """The address that this call's status is reported to."""
    return next((str(sent["url"]) for sent in leg["callbacks"] if sent["kind"] == "status"), "").partition("#")[0]


def _call_id(leg: dict[str, Any]) -> str:
    return urlsplit(_status_url(leg)).path.split("/")[3]
