"""Agents over HTTP: /v2/ai-agents."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.responses import JSONResponse, Response

from calls.agents import Agent, AgentSettings, VoicemailAction
from gateway.addresses import insecurity
from gateway.auth import KeyHolder
from gateway.bodies import json_body, refuse
from gateway.listing import PagesQuery
from gateway.openapi import AGENT, AGENTS, IN_USE, NOT_FOUND, body_of
from gateway.parts import GatewayParts

AgentBody = Annotated[AgentSettings, Depends(json_body(AgentSettings))]


def agents_router(parts: GatewayParts) -> APIRouter:
    """The routes below /v2/ai-agents."""
    router = APIRouter(prefix="/v2/ai-agents", tags=["agents"], dependencies=[Depends(KeyHolder(parts.keys))])
    routes = _Agents(parts)
    body = body_of(AgentSettings)
    for path, is_shown in (("", True), ("/", False)):
        router.get(path, responses=AGENTS, include_in_schema=is_shown)(routes.page)
        router.post(path, status_code=201, responses=AGENT, openapi_extra=body, include_in_schema=is_shown)(routes.add)
    router.get("/{ai_agent_id}", responses=AGENT | NOT_FOUND)(routes.one)
    router.put("/{ai_agent_id}", responses=AGENT | NOT_FOUND, openapi_extra=body)(routes.put)
    gone = NOT_FOUND | IN_USE
    router.delete("/{ai_agent_id}", status_code=204, response_class=Response, responses=gone)(routes.delete)
    return router


def _shown(agent: Agent | None, agent_id: str, status: int = 200) -> JSONResponse:
    if agent is None:
        raise HTTPException(404, f"there is no agent {agent_id}")
    return JSONResponse(agent.model_dump(mode="json"), status)


class _Agents:
    def __init__(self, parts: GatewayParts) -> None:
        self._store = parts.agents
        self._allow_insecure_urls = parts.allow_insecure_agent_urls

    async def page(self, query: PagesQuery) -> JSONResponse:
        """A page of agents."""
        page = await self._store.agents(page_size=query.page_size, page_token=query.page_token or None)
        agents = [agent.model_dump(mode="json") for agent in page.items]
        return JSONResponse({"ai_agents": agents, "next_page_token": page.next_page_token, "total_count": page.total})

    async def add(self, body: AgentBody) -> JSONResponse:
        """Create an agent."""
        self._check(body)
        agent = await self._store.add_agent(body)
        return _shown(agent, agent.ai_agent_id, 201)

    async def one(self, ai_agent_id: str) -> JSONResponse:
        """One agent."""
        return _shown(await self._store.agent(ai_agent_id), ai_agent_id)

    async def put(self, ai_agent_id: str, body: AgentBody) -> JSONResponse:
        """Replace an agent's settings. Calls that are under way keep those they began with."""
        self._check(body)
        return _shown(await self._store.put_agent(ai_agent_id, body), ai_agent_id)

    async def delete(self, ai_agent_id: str) -> Response:
        """Delete an agent to which no phone number is bound."""
        if not await self._store.delete_agent(ai_agent_id):
            raise HTTPException(404, f"there is no agent {ai_agent_id}")
        return Response(status_code=204)

    def _check(self, settings: AgentSettings) -> None:
        if settings.voicemail.action is VoicemailAction.LEAVE_MESSAGE and not settings.voicemail.message:
            refuse(["body", "voicemail", "message"], "is needed for the voicemail action leave_message")
        if not self._allow_insecure_urls and (fault := insecurity(settings.llm_websocket_url, "wss", "https")):
            refuse(["body", "llm_websocket_url"], fault)
        hook = settings.webhook_url
        if hook and not self._allow_insecure_urls and (fault := insecurity(hook, "https")):
            refuse(["body", "webhook_url"], fault)
