"""Reading the carrier's side: the ledger, and the recordings as the carrier would give them to anybody."""

import contextlib
import hashlib
from typing import Any

import aiohttp

from bench.chaos.evidence import Document


async def read_ledger(session: aiohttp.ClientSession, simulator_url: str) -> list[Document]:
    """The whole ledger, oldest call first."""
    async with session.get(f"{simulator_url}/_sim/ledger") as answer:
        answer.raise_for_status()
        legs: list[Document] = await answer.json()
    for leg in legs:  # two who speak at once end in another order than they began in; a record keeps how they began
        leg["spoken"].sort(key=lambda said: said["at"])
    return legs


async def read_audio(
    session: aiohttp.ClientSession, simulator_url: str, account_sid: str, auth_token: str, legs: list[Document]
) -> dict[str, Document]:
    """Every recording of the carrier: its status, and length and digest of its sound on two channels."""
    base = f"{simulator_url}/2010-04-01/Accounts/{account_sid}/Recordings"
    headers = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
    found: dict[str, Document] = {}
    for sid in (sid for leg in legs for sid in leg["recordings"]):
        async with session.get(f"{base}/{sid}.json", headers=headers) as answer:
            found[sid] = {"status": (await answer.json()).get("status", str(answer.status))}
        if found[sid]["status"] == "completed":
            found[sid] |= await _digested(session, f"{base}/{sid}.wav?RequestedChannels=2", headers)
    return found


async def _digested(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> dict[str, Any]:
    for _ in range(5):  # a fault may have left refusals over
        with contextlib.suppress(aiohttp.ClientError):  # a carrier that cannot give its own audio is found out later
            async with session.get(url, headers=headers) as answer:
                if answer.ok:
                    audio = await answer.read()
                    return {"bytes": len(audio), "sha256": hashlib.sha256(audio).hexdigest()}
    return {"bytes": -1, "sha256": ""}
