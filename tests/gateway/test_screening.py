"""Destinations that are refused at the request: nothing is registered, nothing is dialled."""

from datetime import UTC, datetime, timedelta

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


async def test_an_agents_callees_have_their_hours(rig: Rig) -> None:
    """Outside them a request is refused, and told from when on it will not be; on a day of theirs it is taken."""
    week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    in_three_days = week[(datetime.now(UTC).weekday() + 3) % 7]
    for days, status in (([in_three_days], 403), (list(week), 201)):
        hours = {"from": "00:00", "until": "24:00", "days": days}
        settings = {"ai_agent_name": "Rita", "llm_websocket_url": "wss://rita.test", "calling_hours": hours}
        agent = (await rig.http.post("/v2/ai-agents", json=settings)).json()
        assert agent["calling_hours"] == hours
        answer = await rig.dial(override_ai_agent_id=agent["ai_agent_id"])
        assert answer.status_code == status, answer.text
        if status == 403:
            assert answer.json()["code"] == "outside_calling_hours"
            begins = datetime.fromisoformat(answer.json()["detail"].split("call at ")[1].removesuffix(" or later"))
            assert timedelta(days=1) < begins - datetime.now(UTC) < timedelta(days=4)
            assert await rig.nothing_happened()
