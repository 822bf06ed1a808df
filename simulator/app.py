"""The simulator as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from simulator.account import Account
from simulator.api import routes
from simulator.control import Control
from simulator.switchboard import Switchboard


def create(account: Account) -> Starlette:
    """Build the application; its switchboard is at ``app.state.board``."""
    board = Switchboard(account)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await board.open()
        try:
            yield
        finally:
            await board.close()

    app = Starlette(routes=[*Control(board).routes(), *routes(board)], lifespan=lifespan)
    app.state.board = board
    return app
