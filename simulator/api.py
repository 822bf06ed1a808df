"""The REST API's door: who may come in, and where each request goes."""

import base64
import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.calls_api import CallsApi
from simulator.errors import ApiError
from simulator.ids import API_VERSION
from simulator.recordings_api import RecordingsApi
from simulator.switchboard import Switchboard

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(board: Switchboard) -> list[Route]:
    """Give every route of the API below the account."""
    calls, recordings = CallsApi(board), RecordingsApi(board)
    root = f"/{API_VERSION}/Accounts/{{account}}"
    table: list[tuple[str, str, Endpoint]] = [
        ("/Calls.json", "POST", calls.create),
        ("/Calls.json", "GET", calls.list),
        ("/Calls/{call}.json", "GET", calls.fetch),
        ("/Calls/{call}.json", "POST", calls.update),
        ("/Calls/{call}.json", "DELETE", calls.delete),
        ("/Calls/{call}/Notifications.json", "GET", calls.notifications),
        ("/Calls/{call}/Recordings.json", "GET", recordings.list),
        ("/Calls/{call}/Recordings.json", "POST", recordings.create),
        ("/Calls/{call}/Recordings/{recording}.json", "GET", recordings.fetch),
        ("/Calls/{call}/Recordings/{recording}.json", "POST", recordings.update),
        ("/Calls/{call}/Recordings/{recording}.json", "DELETE", recordings.delete),
        ("/Notifications.json", "GET", calls.notifications),
        ("/Recordings.json", "GET", recordings.list),
        ("/Recordings/{recording}.json", "GET", recordings.fetch),
        ("/Recordings/{recording}.json", "DELETE", recordings.delete),
        ("/Recordings/{recording}.wav", "GET", recordings.media),
        ("/Recordings/{recording}.mp3", "GET", recordings.no_media),
        ("/Recordings/{recording}", "GET", recordings.media),
        ("/Balance.json", "GET", _balance(board)),
    ]
    found = [Route(root + path, _guarded(board, endpoint), methods=[method]) for path, method, endpoint in table]
    return [
        *found,
        Route(f"/{API_VERSION}/{{rest:path}}", _guarded(board, _unknown), methods=["GET", "POST", "DELETE"]),
    ]


def _guarded(board: Switchboard, endpoint: Endpoint) -> Endpoint:
    """Let in who knows the account and its token; answer refusals as the API does."""

    async def guarded(request: Request) -> Response:
        try:
            _authenticate(board, request)
            return await endpoint(request)
        except ApiError as refused:
            return refused.response()

    return guarded


def _authenticate(board: Switchboard, request: Request) -> None:
    expected = f"{board.account.sid}:{board.account.auth_token}"
    given = "Basic " + base64.b64encode(expected.encode()).decode()
    if not hmac.compare_digest(given, request.headers.get("authorization", "")):
        raise ApiError(20003)
    if request.path_params.get("account", board.account.sid) != board.account.sid:
        raise ApiError(20404, request.url.path)


async def _unknown(request: Request) -> Response:
    raise ApiError(20404, request.url.path)


def _balance(board: Switchboard) -> Endpoint:
    async def balance(_: Request) -> Response:
        return JSONResponse({"account_sid": board.account.sid, "balance": "100.00", "currency": "USD"})

    return balance
