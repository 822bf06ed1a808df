"""A wrong password for MongoDB is told as what it is: a setting to correct."""

from runtime.embedded.stack import EmbeddedStack
from tests.starter.conftest import ended, started


async def test_a_wrong_password_is_a_wrong_setting(stack: EmbeddedStack) -> None:
    """Exit code 2, where and what to correct, no password and no traceback."""
    uri = stack.environment["RINGBACK_MONGODB_URI"].replace("://", "://nobody:hidden@")
    refused = await ended(await started("list", environment={**stack.environment, "RINGBACK_MONGODB_URI": uri}))
    assert refused.code == 2
    assert "does not let us in: set user and password in RINGBACK_MONGODB_URI right" in refused.err
    assert "hidden" not in refused.err
    assert "Traceback" not in refused.err
