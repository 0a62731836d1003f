"""Settings come from the environment and are all read at start: what is missing or malformed is named at once.

A service has one settings class, a subclass of Settings with its own prefix; shared names (``PORTAL_…``) stand here.
"""

import sys
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.chassis.clock import Clock, parse_offset


def _offset(value: Any) -> Any:
    return parse_offset(value) if isinstance(value, str) else value


class ServerSettings(BaseSettings):
    """What every part that serves HTTP needs to know, the gateway too."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", frozen=True, extra="ignore")

    bind: str = "127.0.0.1:0"
    """Where the HTTP server listens."""
    threads: int = Field(default=16, ge=1)
    """Threads of the HTTP server."""
    clock_offset: Annotated[timedelta, NoDecode, BeforeValidator(_offset)] = Field(
        default=timedelta(), validation_alias="PORTAL_CLOCK_OFFSET"
    )
    is_local: bool = Field(default=False, validation_alias="PORTAL_STARTED_BY_LAUNCHER")
    """Set by the local launcher alone; without it an offset clock is refused."""
    public_url: str = Field(default="http://127.0.0.1:8080", validation_alias="PORTAL_PUBLIC_URL")
    """Where people reach the gateway, without a slash at the end."""

    def clock(self) -> Clock:
        """Give the part's clock. Raises ValueError for an offset that the launcher did not set."""
        if self.clock_offset and not self.is_local:
            raise ValueError("PORTAL_CLOCK_OFFSET is for the local launcher alone")
        return Clock(self.clock_offset)


class Settings(ServerSettings):
    """What every service needs to know; ``PORTAL_<SERVICE>_DATABASE_URL``, ``…_AMQP_URL``, ``…_BIND`` are its own."""

    database_url: str
    """SQLAlchemy URL: ``sqlite:////data/exams.db`` or ``postgresql+psycopg://…``."""
    amqp_url: str | None = None
    """``amqp://user:password@host:port/vhost``; None: the local bus, all services in one process."""


S = TypeVar("S", bound=ServerSettings)


class SettingsRefused(Exception):
    """Raised when the environment lacks names or holds malformed ones; says all of them, and never a value."""


def load(kind: type[S]) -> S:
    """Read *kind* from the environment. Raises SettingsRefused naming every missing and malformed name."""
    try:
        settings = kind()
        settings.clock()
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        lines = [f"{_name(prefix, problem['loc'])}: {problem['msg']}" for problem in error.errors(include_input=False)]
        raise SettingsRefused("\n".join(lines)) from error
    except ValueError as error:
        raise SettingsRefused(str(error)) from error
    return settings


def load_or_exit(kind: type[S]) -> S:
    """Read *kind*, or say on stderr what is wrong and end the process with status 2."""
    try:
        return load(kind)
    except SettingsRefused as error:
        print(f"settings of {kind.__module__}:\n{error}", file=sys.stderr)  # noqa: T201 - before logging stands
        raise SystemExit(2) from error


def _name(prefix: str, loc: tuple[int | str, ...]) -> str:
    first = str(loc[0]) if loc else "?"
    return first if first.startswith("PORTAL_") else f"{prefix}{first}".upper()
