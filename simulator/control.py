"""The control API under ``/_sim``: ledger, stories, faults. Not the carrier's, and open to whoever reaches it."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.cast import CAST
from simulator.faults import Faults
from simulator.outbound import come_in
from simulator.request import Callback, CallRequest, Direction
from simulator.stories import Story
from simulator.switchboard import Switchboard

M = TypeVar("M", bound=BaseModel)


class Inbound(BaseModel):
    """A call that comes in: who calls which number, and where its instructions are."""

    model_config = ConfigDict(extra="forbid")

    from_: str = Field(alias="from")
    to: str
    voice_url: str
    status_callback: str = ""


class Control:
    """What a test or an operator may ask of the simulator itself."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    def routes(self) -> list[Route]:
        """Give every route of the control API."""
        return [
            Route("/healthz", self.health, methods=["GET"]),
            Route("/_sim/ledger", self.ledger, methods=["GET"]),
            Route("/_sim/ledger/{sid}", self.ledger_call, methods=["GET"]),
            Route("/_sim/stories", self.stories, methods=["GET"]),
            Route("/_sim/stories/{number}", self.put_story, methods=["PUT"]),
            Route("/_sim/stories/{number}", self.delete_story, methods=["DELETE"]),
            Route("/_sim/faults", self.faults, methods=["GET"]),
            Route("/_sim/faults", self.put_faults, methods=["PUT"]),
            Route("/_sim/faults", self.delete_faults, methods=["DELETE"]),
            Route("/_sim/faults/fallen", self.fallen, methods=["GET"]),
            Route("/_sim/inbound", self.inbound, methods=["POST"]),
            Route("/_sim/reset", self.reset, methods=["POST"]),
        ]

    async def health(self, _: Request) -> Response:
        """Say that the simulator is up."""
        return JSONResponse({"status": "ok"})

    async def ledger(self, request: Request) -> Response:
        """Give all calls, or those to or from a number. An unescaped plus sign in the query is understood."""
        to, from_ = _number(request, "to"), _number(request, "from")
        return JSONResponse([call.as_json() for call in self._board.ledger.search(to, from_)])

    async def ledger_call(self, request: Request) -> Response:
        """Give one call."""
        call = self._board.ledger.calls.get(request.path_params["sid"])
        return JSONResponse({"error": "no such call"}, 404) if call is None else JSONResponse(call.as_json())

    async def stories(self, _: Request) -> Response:
        """Give every number that has a story of its own."""
        stories = {**CAST, **self._board.stories}
        return JSONResponse({number: story.model_dump(mode="json") for number, story in sorted(stories.items())})

    async def put_story(self, request: Request) -> Response:
        """Give a number another story, for calls from now on."""
        story = await _read(request, Story)
        if isinstance(story, Response):
            return story
        self._board.stories[request.path_params["number"]] = story
        return JSONResponse(story.model_dump(mode="json"))

    async def delete_story(self, request: Request) -> Response:
        """Give a number its default story back."""
        self._board.stories.pop(request.path_params["number"], None)
        return Response(status_code=204)

    async def faults(self, _: Request) -> Response:
        """Give all switches as they stand."""
        return JSONResponse(self._board.dice.faults.model_dump(mode="json"))

    async def put_faults(self, request: Request) -> Response:
        """Set the switches; those not named go back to their defaults."""
        faults = await _read(request, Faults)
        if isinstance(faults, Response):
            return faults
        self._board.set_faults(faults)
        return JSONResponse(faults.model_dump(mode="json"))

    async def delete_faults(self, _: Request) -> Response:
        """Turn every switch off."""
        self._board.set_faults(Faults(seed=self._board.account.seed))
        return Response(status_code=204)

    async def fallen(self, _: Request) -> Response:
        """Give how often each chance switch took effect since the switches were set."""
        return JSONResponse(self._board.dice.fallen)

    async def inbound(self, request: Request) -> Response:
        """Let somebody call one of the account's numbers."""
        wish = await _read(request, Inbound)
        if isinstance(wish, Response):
            return wish
        status = Callback(wish.status_callback)
        leg = come_in(
            self._board,
            CallRequest(to=wish.to, from_=wish.from_, direction=Direction.INBOUND, url=wish.voice_url, status=status),
        )
        return JSONResponse({"sid": leg.sid})

    async def reset(self, _: Request) -> Response:
        """Drop every call without a word and forget everything."""
        await self._board.reset()
        return Response(status_code=204)


async def _read(request: Request, model: type[M]) -> M | Response:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as wrong:
        return JSONResponse({"error": wrong.errors(include_url=False, include_context=False)}, 422)


def _number(request: Request, name: str) -> str | None:
    value = request.query_params.get(name)
    return "+" + value.strip().lstrip("+") if value else None
