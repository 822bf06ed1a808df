"""How the world's failures reach the engine: permanent ones are not retried, passing ones are."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ApplicationError

from calls.ports.carrier import CarrierError
from calls.ports.pages import StoreUnavailableError


@contextmanager
def translated() -> Iterator[None]:
    """Turn a port's error into the engine's. Raises ApplicationError."""
    try:
        yield
    except CarrierError as error:
        raise ApplicationError(
            str(error), dict(error.evidence), type=type(error).__name__, non_retryable=error.permanent
        ) from error
    except StoreUnavailableError as error:
        raise ApplicationError(str(error), type=type(error).__name__) from error
