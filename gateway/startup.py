"""A start that fails says why in a sentence, instead of a traceback."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class CannotStartError(Exception):
    """Something that the gateway needs is not there; the text names it and says what to do."""


class StartupReport:
    """Shortens what the server is told about a start that failed by CannotStartError."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; only a failed start is told in other words."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        failures: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failures.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except CannotStartError as error:
            await send({"type": "lifespan.startup.failed", "message": f"the gateway cannot start: {error}"})
        except BaseException:
            for failure in failures:
                await send(failure)
            raise
