"""Makes ``schemas/*.json`` and ``asyncapi.yaml`` from the models: ``python -m contracts.generate``."""

import json
from pathlib import Path
from typing import Any

import yaml

from contracts import topology
from contracts.archiver import BuildPackage
from contracts.manifest import Manifest
from contracts.tokens import Claims
from contracts.wire import Command, Event, Wire

HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
ASYNCAPI = HERE / "asyncapi.yaml"
OTHERS: dict[str, type[Wire]] = {"manifest.v1": Manifest, "access-token.v1": Claims}


def schemas() -> dict[str, str]:
    """Give every schema's text by file name (``exam.completed.v1.json``), JSON Schema 2020-12."""
    kinds: dict[str, type[Wire]] = {f"{kind.NAME}.v{kind.VERSION}": kind for kind in topology.EVENT_TYPES.values()}
    kinds |= {f"{BuildPackage.NAME}.v{BuildPackage.VERSION}": BuildPackage} | OTHERS
    return {f"{name}.json": _text(kind) for name, kind in sorted(kinds.items())}


def _text(kind: type[Wire]) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | kind.model_json_schema(by_alias=True)
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def asyncapi() -> str:
    """Give the AsyncAPI 3 document: a channel an exchange, a message a type, who sends and who receives."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Patient portal",
            "version": "1",
            "description": "CloudEvents 1.0 structured JSON on RabbitMQ. portal.events is open to other systems.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {exchange: _channel(exchange, kind) for exchange, kind in topology.EXCHANGES.items()},
        "operations": _operations(),
        "components": {"messages": {_name(kind): _message(kind) for kind in _all_kinds()}},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _all_kinds() -> list[type[Event] | type[Command]]:
    return [*sorted(topology.EVENT_TYPES.values(), key=_name), BuildPackage]


def _name(kind: type[Event] | type[Command]) -> str:
    return f"{kind.NAME}.v{kind.VERSION}"


def _exchange(kind: type[Event] | type[Command]) -> str:
    return kind.EXCHANGE if issubclass(kind, Event) else topology.COMMANDS


def _channel(exchange: str, kind: str) -> dict[str, Any]:
    names = [_name(one) for one in _all_kinds() if _exchange(one) == exchange]
    return {
        "address": exchange,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": exchange, "type": kind, "durable": True}}},
    }


def _message(kind: type[Event] | type[Command]) -> dict[str, Any]:
    return {
        "name": kind.type_name(),
        "summary": (kind.__doc__ or "").strip().splitlines()[0],
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": {"$ref": _ref(kind)}},
    }


def _ref(kind: type[Event] | type[Command]) -> str:
    return f"./schemas/{_name(kind)}.json"


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for service in topology.SERVICES:
        for action, kinds in (("send", topology.TELLS[service]), ("receive", topology.HEARS[service])):
            for exchange in (topology.EVENTS, topology.PRIVATE):
                named = [_name(kind) for kind in kinds if exchange == kind.EXCHANGE]
                if named:
                    operations[f"{service}.{action}.{exchange}"] = _operation(action, exchange, named)
    for action in ("send", "receive"):
        operations[f"archiver.{action}.commands"] = _operation(action, topology.COMMANDS, [_name(BuildPackage)])
    return operations


def _operation(action: str, exchange: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{exchange}"},
        "messages": [{"$ref": f"#/channels/{exchange}/messages/{name}"} for name in names],
    }


def main() -> None:
    """Write all of it."""
    SCHEMAS.mkdir(exist_ok=True)
    wanted = schemas()
    for path in SCHEMAS.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")
    ASYNCAPI.write_text(asyncapi(), encoding="utf-8")


if __name__ == "__main__":
    main()
