"""The OpenAPI document, and a page that shows it without loading anything from anywhere."""

import html
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.responses import HTMLResponse

from calls.agents import Agent
from calls.call_object import CallObject
from workflows.messages import Ack

Responses = dict[int | str, dict[str, Any]]

_REF = "#/components/schemas/{model}"
_KEY = "x-body-schema"


class CallPage(BaseModel):
    """A page of calls."""

    calls: list[CallObject]
    next_page_token: str | None
    total_count: int


class AgentPage(BaseModel):
    """A page of agents."""

    ai_agents: list[Agent]
    next_page_token: str | None
    total_count: int


CALL: Responses = {200: {"model": CallObject, "description": "The call"}}
DIALLED: Responses = {
    200: {"model": CallObject, "description": "The same request was made before; nothing was dialled"},
    201: {"model": CallObject, "description": "The call"},
    409: {"description": "The call_id belongs to another request"},
}
CALLS: Responses = {200: {"model": CallPage, "description": "A page of calls"}}
AGENT: Responses = {200: {"model": Agent, "description": "The agent"}}
AGENTS: Responses = {200: {"model": AgentPage, "description": "A page of agents"}}
ACKNOWLEDGED: Responses = {
    202: {"model": Ack, "description": "The call took the request"},
    409: {"model": Ack, "description": "The call refused; why says so"},
}
NOT_FOUND: Responses = {404: {"description": "No such thing"}}
IN_USE: Responses = {409: {"description": "A phone number is still bound to it"}}
TAKEN: Responses = {409: {"description": "Taken already"}}
UNDECIDED: Responses = {
    504: {"description": "Nobody can tell now whether the call is placed: repeat with the `call_id`"}
}
UNAVAILABLE: Responses = {503: {"description": "Engine or store unavailable: nothing was done. See Retry-After"}}
UNANSWERED: Responses = {
    503: {
        "description": "No answer in time. Where it holds a `request_id`, the call may take the request: repeat with it"
    }
}


def body_of(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """What a route says of its body, which it reads itself."""
    schema = {"$ref": _REF.format(model=model.__name__)}
    body = {"required": required, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body, _KEY: {"title": model.__name__, **model.model_json_schema(ref_template=_REF)}}


def describe(app: FastAPI) -> None:
    """Serve /docs, and complete /openapi.json by the bodies that routes read themselves."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            )
        return app.openapi_schema

    async def docs() -> HTMLResponse:
        """Every operation on one page."""
        return HTMLResponse(_page(document()))

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema
    app.get("/docs", include_in_schema=False)(docs)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the key that is needed, and all bodies' schemas where its references look for them."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key"}}
    schemas = components.setdefault("schemas", {})
    for _, _, operation in _operations(document):
        operation["security"] = [] if "health" in operation.get("tags", []) else [{"key": []}]
        if schema := operation.pop(_KEY, None):
            for name, definition in schema.pop("$defs", {}).items():
                schemas.setdefault(name, definition)
            schemas.setdefault(schema["title"], schema)
    return document


_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
code,pre{font:13px/1.4 ui-monospace,monospace}pre{background:#f5f5f2;padding:.7rem;overflow:auto}
details{border-top:1px solid #ddd;padding:.4rem 0}summary{cursor:pointer}.m{display:inline-block;width:4.5rem;
font-weight:600;text-transform:uppercase}.s{color:#666}td{padding:.1rem 1rem .1rem 0;vertical-align:top}"""


def _page(document: dict[str, Any]) -> str:
    operations = "".join(_entry(*operation) for operation in _operations(document))
    title = html.escape(document["info"]["title"])
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>{html.escape(document['info'].get('description', ''))} "
        f'The whole description: <a href="/openapi.json">openapi.json</a>.</p>{operations}</html>'
    )


def _entry(method: str, path: str, operation: dict[str, Any]) -> str:
    summary, text = (html.escape(operation.get(name, "")) for name in ("summary", "description"))
    rows = [(asked["name"], f"in {asked['in']}") for asked in operation.get("parameters", [])]
    rows += [(code, answer.get("description", "")) for code, answer in operation.get("responses", {}).items()]
    body = operation.get("requestBody", {}).get("content", {})
    rows += [("body", f"{kind}: {said['schema'].get('$ref', '').rpartition('/')[2]}") for kind, said in body.items()]
    table = "".join(f"<tr><td><code>{html.escape(a)}</code><td>{html.escape(b)}</tr>" for a, b in rows)
    return (
        f"<details><summary><span class=m>{method}</span> <code>{html.escape(path)}</code> "
        f"<span class=s>{summary}</span></summary><p>{text}</p><table>{table}</table></details>"
    )
