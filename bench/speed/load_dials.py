"""`python -m bench.speed.load_dials JSON`: a customer who dials through the API, all at once or evenly."""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import aiohttp


@dataclass(frozen=True)
class Dials:
    """Whom to call, and how many seconds between two requests (0: all at once)."""

    url: str
    api_key: str
    from_number: str
    to_numbers: list[str]
    every: float


@dataclass
class DialResult:
    """`first` and `last` are `perf_counter` times, which processes of one machine share (Linux)."""

    call_ids: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    first: float = 0.0
    last: float = 0.0


async def dial_all(dials: Dials) -> DialResult:
    """Dial everybody."""
    result = DialResult()
    bearer = {"Authorization": f"Bearer {dials.api_key}"}
    connector = aiohttp.TCPConnector(limit=len(dials.to_numbers))
    async with aiohttp.ClientSession(dials.url, headers=bearer, connector=connector) as http:
        result.first = perf_counter()
        waits = [number * dials.every for number in range(len(dials.to_numbers))]
        await asyncio.gather(
            *(_dial(http, dials, to, wait, result) for to, wait in zip(dials.to_numbers, waits, strict=True))
        )
    return result


async def _dial(http: aiohttp.ClientSession, dials: Dials, to_number: str, wait: float, result: DialResult) -> None:
    body: dict[str, Any] = {"from_number": dials.from_number, "to_number": to_number, "direction": "outbound"}
    await asyncio.sleep(wait)
    begin = perf_counter()
    async with http.post("/v1/calls/dial-outbound-phone-call", json=body) as answer:
        said = await answer.json()
        result.last = perf_counter()
        if not answer.ok:
            result.refused.append(f"{answer.status}: {said}"[:300])
            return
        result.latencies.append(result.last - begin)
        result.call_ids.append(said["call_id"])


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(dial_all(Dials(**json.loads(sys.argv[1])))))), flush=True)
