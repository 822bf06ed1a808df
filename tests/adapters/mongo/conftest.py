"""Each port's fake and real store under one name, so that one suite proves both.

These fixtures are not coroutines: inside one the database's own fixture could not be asked for.
"""

import pytest

from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.delivery_store import MongoDeliveryStore
from adapters.mongo.do_not_call_list import MongoDoNotCallList
from calls.ports.agent_store import AgentStore
from calls.ports.archive import RecordingArchive
from calls.ports.call_store import CallStore
from calls.ports.delivery_store import DeliveryStore
from calls.ports.do_not_call import DoNotCallList
from tests.fakes.agent_store import FakeAgentStore
from tests.fakes.archive import FakeRecordingArchive
from tests.fakes.call_store import FakeCallStore
from tests.fakes.delivery_store import FakeDeliveryStore
from tests.fakes.do_not_call_list import FakeDoNotCallList


@pytest.fixture(params=["fake", "real"])
def calls(request: pytest.FixtureRequest) -> CallStore:
    """A call store without calls."""
    return FakeCallStore() if request.param == "fake" else MongoCallStore(request.getfixturevalue("mongodb"))


@pytest.fixture(params=["fake", "real"])
def agents(request: pytest.FixtureRequest) -> AgentStore:
    """An agent store without agents."""
    return FakeAgentStore() if request.param == "fake" else MongoAgentStore(request.getfixturevalue("mongodb"))


@pytest.fixture(params=["fake", "real"])
def archive(request: pytest.FixtureRequest) -> RecordingArchive:
    """An empty archive."""
    if request.param == "fake":
        return FakeRecordingArchive()
    return MongoRecordingArchive(request.getfixturevalue("mongodb"))


@pytest.fixture(params=["fake", "real"])
def deliveries(request: pytest.FixtureRequest) -> DeliveryStore:
    """A store of webhooks without any."""
    return FakeDeliveryStore() if request.param == "fake" else MongoDeliveryStore(request.getfixturevalue("mongodb"))


@pytest.fixture(params=["fake", "real"])
def do_not_call(request: pytest.FixtureRequest) -> DoNotCallList:
    """An empty do-not-call list."""
    return FakeDoNotCallList() if request.param == "fake" else MongoDoNotCallList(request.getfixturevalue("mongodb"))
