"""The broker's definitions from ``contracts.topology``: every exchange, queue and binding, and who may do what.

Nobody declares anything: a service's user has no configure permission, writes to the exchanges it tells (on topic
exchanges its own routing keys alone) and reads its own queues. The default exchange is open to services, since a retry
goes straight to a queue of one's own. Another system's user may make queues below ``ext.<name>.`` and bind them to
what it was granted, and nothing else.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts.topology import COMMANDS, COMMANDS_TOLD, EVENTS, EXCHANGES, SERVICES, TELLS, topology
from contracts.wire import Event

VHOST = "/"
OPERATOR = "operator"
NOTHING = "^$"
DEFAULT_EXCHANGE = "amq.default"
"""The name by which permissions know the exchange without one."""
TOPIC_EXCHANGES = [name for name, kind in EXCHANGES.items() if kind == "topic"]
EXTERNAL_CAPS = {"max-length": 100_000, "overflow": "drop-head", "expires": 7 * 24 * 3600 * 1000, "delivery-limit": 20}
EXTERNAL_LIMITS = {"max-connections": 5, "max-channels": 20}


def definitions(
    passwords: Mapping[str, str], externals: Mapping[str, Sequence[type[Event]]] | None = None
) -> dict[str, Any]:
    """Give what ``load_definitions`` reads; salts make it other bytes each time.

    *passwords* has one for each service and each of *externals*, which maps another system's user to the events of
    ``portal.events`` that it may hear; with one for ``operator`` there is a user who may do everything.
    Raises KeyError for a missing password, ValueError for an event that is not open.
    """
    granted = externals or {}
    operators = [OPERATOR] if OPERATOR in passwords else []
    for name, kinds in granted.items():
        _check_grantable(name, kinds)
    return {
        "vhosts": [{"name": VHOST}],
        "users": [
            *(_user(name, passwords[name], {}) for name in SERVICES),
            *(_user(name, passwords[name], EXTERNAL_LIMITS) for name in granted),
            *(_user(name, passwords[name], {}, "administrator") for name in operators),
        ],
        "permissions": [
            *map(_service_permission, SERVICES),
            *map(_external_permission, granted),
            *(_permission(name, configure=".*", write=".*", read=".*") for name in operators),
        ],
        "topic_permissions": [
            *(_topic(name, exchange, write=_told(name, exchange)) for name in SERVICES for exchange in TOPIC_EXCHANGES),
            *(_topic(name, EVENTS, read=_exactly(kind.routing_key() for kind in granted[name])) for name in granted),
        ],
        "policies": [_external_policy()],
        **_layout(),
    }


def _check_grantable(name: str, kinds: Sequence[type[Event]]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,30}", name) or name in {*SERVICES, OPERATOR}:
        raise ValueError(f"not a name for another system: {name!r}")
    closed = [kind.NAME for kind in kinds if kind.EXCHANGE != EVENTS]
    if closed:
        raise ValueError(f"only events of {EVENTS} are open to other systems, not {', '.join(closed)}")


def _layout() -> dict[str, Any]:
    whole = topology()
    lasting = {"vhost": VHOST, "durable": True, "auto_delete": False}
    return {
        "exchanges": [
            {"name": name, "type": kind, "internal": False, "arguments": {}, **lasting}
            for name, kind in EXCHANGES.items()
        ],
        "queues": [{"name": queue.name, "arguments": queue.arguments, **lasting} for queue in whole.queues],
        "bindings": [
            {
                "source": binding.exchange,
                "vhost": VHOST,
                "destination": binding.queue,
                "destination_type": "queue",
                "routing_key": binding.routing_key,
                "arguments": {},
            }
            for binding in whole.bindings
        ],
    }


def _user(name: str, password: str, limits: dict[str, int], *tags: str) -> dict[str, Any]:
    return {
        "name": name,
        "password_hash": password_hash(password, secrets.token_bytes(4)),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": list(tags),
        "limits": limits,
    }


def password_hash(password: str, salt: bytes) -> str:
    """Give RabbitMQ's form of a password: base64 of the 4 bytes of *salt* and SHA-256 of salt and password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode("ascii")


def _service_permission(name: str) -> dict[str, str]:
    told = {kind.EXCHANGE for kind in TELLS[name]} | ({COMMANDS} if name in COMMANDS_TOLD else set())
    return _permission(name, write=_exactly([DEFAULT_EXCHANGE, *told]), read=f"^{re.escape(name)}\\.")


def _external_permission(name: str) -> dict[str, str]:
    own = f"ext\\.{re.escape(name)}\\."
    return _permission(name, configure=f"^{own}", write=f"^{own}", read=f"^({own}|{re.escape(EVENTS)}$)")


def _permission(name: str, write: str, read: str, configure: str = NOTHING) -> dict[str, str]:
    return {"user": name, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _topic(name: str, exchange: str, write: str = NOTHING, read: str = NOTHING) -> dict[str, str]:
    """*read* is matched against the key of a binding, so no wildcard passes that is not granted letter by letter."""
    return {"user": name, "vhost": VHOST, "exchange": exchange, "write": write, "read": read}


def _told(name: str, exchange: str) -> str:
    return _exactly(kind.routing_key() for kind in TELLS[name] if exchange == kind.EXCHANGE)


def _exactly(words: Iterable[str]) -> str:
    """Give a pattern that matches each of *words* whole and nothing else."""
    several = "|".join(sorted(re.escape(word) for word in words))
    return f"^({several})$" if several else NOTHING


def _external_policy() -> dict[str, Any]:
    return {
        "vhost": VHOST,
        "name": "ext-caps",
        "pattern": "^ext\\.",
        "apply-to": "queues",
        "priority": 0,
        "definition": EXTERNAL_CAPS,
    }
