"""The vendor's published response schemas, made usable: nullable in JSON Schema's own words, RFC 2822 dates checked."""

import json
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

DATA = Path(__file__).parents[1] / "data" / "twilio_voice_subset.json"
LIVE_ONLY_SOURCE = "StartCallRecordingTwiML"
"""What the live API names a recording that a document started; the published enumeration lacks it."""
CHECKER = FormatChecker()


@CHECKER.checks("date-time-rfc-2822", raises=(ValueError, TypeError))
def _is_rfc2822(value: object) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value) is not None


def _usable(node: Any) -> Any:
    if isinstance(node, list):
        return [_usable(item) for item in node]
    if not isinstance(node, dict):
        return node
    fields = {key: _usable(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True and "type" in fields:
        fields["type"] = [fields["type"], "null"]
    if "enum" in fields and "StartCallRecordingAPI" in fields["enum"]:
        fields["enum"] = [*fields["enum"], LIVE_ONLY_SOURCE]
    return fields


SPECIFICATION: dict[str, Any] = _usable(json.loads(DATA.read_text()))


def validate(method: str, path: str, status: int, body: object) -> set[str]:
    """Check an answer against the published schema of its operation; give the property names it knows."""
    answer = SPECIFICATION["paths"]["/2010-04-01/Accounts/{AccountSid}" + path][method]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"]
    document = {**schema, "components": SPECIFICATION["components"]}
    Draft202012Validator(document, format_checker=CHECKER).validate(body)
    return _properties(schema)


def _properties(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _properties(SPECIFICATION["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return set(schema["properties"])
