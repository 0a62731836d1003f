"""The doors of identity, read from its app, each with a body that it can read."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tests.identity.conftest import House

FOR_EVERYBODY = {
    "GET /healthz", "GET /readyz", "GET /metrics", "GET /static/{}", "GET /signing-keys", "GET /regions",
    "GET /regions/{}/locations", "POST /sessions", "POST /staff/sessions", "POST /icode-sessions",
    "POST /sessions/refresh", "POST /sessions/challenges/{}", "POST /passkey-sessions", "POST /password-resets",
    "POST /password-resets/{}", "POST /user-id-reminders", "POST /help-requests", "POST /guest-appointments",
    "POST /registrations", "GET /registrations/{}/questions", "POST /registrations/{}/answers",
    "POST /registrations/{}/credentials", "POST /registrations/{}/validation",
    "POST /registrations/{}/validation-codes",
}  # fmt: skip
"""What stands before a log-in, or is one. Nothing else may be added without being looked at."""


@dataclass(frozen=True)
class Door:
    """A door, with a body that it can read."""

    method: str
    path: str
    body: Any

    @property
    def shape(self) -> str:
        return f"{self.method} {self.path}"


def doors(house: House) -> list[Door]:
    """Give all doors of identity, with ``{}`` for each id."""
    app, found = house.client.application, []
    for rule in app.url_map.iter_rules():
        path = re.sub("<[^>]*>", "{}", rule.rule)
        read = getattr(app.view_functions[rule.endpoint], "_spec", {}).get("body")
        found += [
            Door(one, path, a_body(read) if read else None) for one in set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        ]
    return found


def a_body(wanted: type[BaseModel]) -> Any:
    """Give a body that *wanted* takes."""
    schema = wanted.model_json_schema(by_alias=True)
    return _value(schema, schema.get("$defs", {}))


def _value(schema: dict[str, Any], defs: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], defs)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        return {name: _value(schema["properties"][name], defs) for name in schema.get("required", [])}
    if schema.get("type") == "string":
        return "a@example.org" if "@" in schema.get("pattern", "") else "x" * max(1, schema.get("minLength", 1))
    return {"array": [], "boolean": True, "integer": 1, "number": 1}.get(schema.get("type", ""), {})


def ask(house: House, door: Door, token: str | None = None, **more: Any) -> Any:
    """Ask at *door* with the body that it can read, or another (``json=``)."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {} if door.body is None else {"json": door.body}
    sent: dict[str, Any] = body | more
    return house.client.open(door.path.format(*["none"] * 9), method=door.method, headers=headers, **sent)
