"""Makes ``contracts/openapi.yaml``: the public face, from the services' own doors: ``python -m deploy.openapi``.

The gateway's table of routes says which calls are public; each service's app says what they take and give. Every slug
that a refusal can have is listed, from the refusals themselves.
"""

import importlib
import pkgutil
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from contracts.refusal import Refusal
from deploy.local.places import ROOT
from gateway.edge.routes import BASE, ROUTES
from services.chassis.settings import Settings

FILE = ROOT / "contracts" / "openapi.yaml"
SERVICES = ("identity", "exams", "sharing", "archiver", "notifier")
SCHEMAS = "#/components/schemas/"
PROBLEM = {"$ref": f"{SCHEMAS}Problem"}


def document() -> dict[str, Any]:
    """Give the OpenAPI 3.1 document."""
    specs = {name: _spec(name) for name in SERVICES}
    schemas: dict[str, Any] = {"Problem": _problem()}
    for name, spec in specs.items():
        for schema_name, schema in spec.get("components", {}).get("schemas", {}).items():
            if schema_name not in {"ValidationError", "HTTPError"}:
                schemas[f"{name}.{schema_name}"] = _renamed(schema, name)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Patient portal",
            "version": "1",
            "description": "The calls of patients, recipients and staff.",
        },
        "servers": [{"url": BASE}],
        "security": [{"bearer": []}],
        "paths": _paths(specs),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _paths(specs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        for method in route.methods:
            found = _find(specs, route.to, route.path, method.lower())
            if found is not None:
                service, operation = found
                paths.setdefault(route.path, {})[method.lower()] = _operation(operation, service, route.path)
    return paths


def _find(specs: dict[str, dict[str, Any]], to: str, path: str, method: str) -> tuple[str, dict[str, Any]] | None:
    """Give the operation of whoever answers *path*; what the gateway composes is told as its chief source tells it."""
    order = [to] if to in specs else ["exams", "archiver", "identity", "sharing"]
    wanted = _shape(path)
    for service in order:
        for candidate, operations in specs[service]["paths"].items():
            if _shape(candidate) == wanted and method in operations:
                return service, operations[method]
    return None


def _shape(path: str) -> tuple[str, ...]:
    return tuple("{}" + part.partition("}")[2] if part.startswith("{") else part for part in path.split("/"))


def _operation(operation: dict[str, Any], service: str, path: str) -> dict[str, Any]:
    changed: dict[str, Any] = _renamed(operation, service)
    public_names = iter(re.findall(r"{(\w+)}", path))
    changed["parameters"] = [
        one | {"name": next(public_names)} if one["in"] == "path" else one for one in changed.get("parameters", [])
    ]
    responses = {status: answer for status, answer in changed["responses"].items() if status.startswith("2")}
    problem = {"description": "A refusal", "content": {"application/problem+json": {"schema": PROBLEM}}}
    return changed | {"responses": responses | {"default": problem}, "tags": [service]}


def _renamed(value: Any, service: str) -> Any:
    """Give *value* with its schema references under the service's own name."""
    if isinstance(value, dict):
        return {key: _renamed(one, service) for key, one in value.items()}
    if isinstance(value, str) and value.startswith(SCHEMAS):
        return value.replace(SCHEMAS, f"{SCHEMAS}{service}.")
    return [_renamed(one, service) for one in value] if isinstance(value, list) else value


def _problem() -> dict[str, Any]:
    slugs = sorted({kind.slug for kind in _refusals(Refusal) if "slug" in vars(kind) and _is_public(kind)})
    return {
        "type": "object",
        "description": "RFC 9457. The slug is the last part of ``type``; it never echoes what was sent.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "examples": [f"/problems/{slugs[0]}"]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("field", "slug", "detail")},
                },
            },
        },
        "x-slugs": slugs,
    }


def _is_public(kind: type[Refusal]) -> bool:
    """Whether a refusal is one of the public services' or the chassis's, whatever else is loaded."""
    return kind.__module__.startswith(tuple(f"services.{name}." for name in (*SERVICES, "chassis")))


def _refusals(kind: type[Refusal]) -> list[type[Refusal]]:
    return [one for direct in kind.__subclasses__() for one in [direct, *_refusals(direct)]]


def _spec(name: str) -> dict[str, Any]:
    package = importlib.import_module(f"services.{name}")
    for module in pkgutil.walk_packages(package.__path__, f"services.{name}."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    settings = importlib.import_module(f"services.{name}.settings")
    kind = next(
        one
        for one in vars(settings).values()
        if isinstance(one, type) and issubclass(one, Settings) and one is not Settings
    )
    with tempfile.TemporaryDirectory() as folder:
        service = importlib.import_module(f"services.{name}.app").make(kind(**_values(kind, Path(folder))))
        spec: dict[str, Any] = service.make_app().spec
        service.db.close()
    return spec


def _values(kind: type[Settings], folder: Path) -> dict[str, Any]:
    """Give settings good enough to wire a service that will answer nothing."""
    wanted = {
        "database_url": f"sqlite:///{folder}/none.db",
        "files_url": f"file://{folder}/files",
        "keys_dir": folder / "keys",
        "PORTAL_OBJECTS_URL": f"file://{folder}/objects",
        "PORTAL_LOCATIONS_FILE": ROOT / "deploy" / "locations.yaml",
        "sent_when_signed": True,
        "mail_url": f"file://{folder}/mail",
    }
    names = set(kind.model_fields) | {str(field.validation_alias) for field in kind.model_fields.values()}
    return {name: value for name, value in wanted.items() if name in names}


def text() -> str:
    """Give the file's text."""
    return yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)


def main() -> None:
    """Write it."""
    FILE.write_text(text(), encoding="utf-8")
    print(f"{FILE.name} written", file=sys.stderr)


if __name__ == "__main__":
    main()
