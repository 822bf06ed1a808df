"""Destinations that are refused at the request: nothing is registered, nothing is dialled."""

import pytest

from tests.gateway.conftest import Rig


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+19005551234", "premium_rate_number"),
        ("+881612345678", "satellite_number"),
        ("+999123456789", "invalid_number"),
    ],
)
async def test_refused(rig: Rig, number: str, code: str) -> None:
    """A destination that must not be rung is refused with a code for programs and a sentence for people."""
    answer = await rig.dial(to_number=number)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert "to_number" in answer.json()["detail"]
    assert await rig.nothing_happened()
