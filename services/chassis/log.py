"""Structured logs: one JSON object a line, only fields of the allow-list, so that nothing about a person gets in.

Log ids, states, slugs, sizes and durations. Never a body, query string, name, code, password, token or address.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "service", "process", "correlation_id", "message_id", "type", "queue",
        "route", "method", "status", "duration_ms", "slug", "error", "where", "attempt", "delay_s", "count", "bytes",
        "exam_id", "study_id", "package_id", "build_id", "share_id", "visit_id", "holder_kind", "state", "version",
        "fence", "port", "bus", "seq", "chore", "template", "age_s", "kid", "series", "instances", "ratio", "reason",
    }
)  # fmt: skip


def _only_allowed(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [name for name in fields if name not in ALLOWED]
    for name in dropped:
        del fields[name]
    if dropped:
        fields["reason"] = "fields left out: " + ",".join(sorted(dropped))
    return fields


def _error_by_name(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its class and place: its text may quote what was sent."""
    error = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if error is True else error
    if isinstance(error, BaseException):
        fields["error"] = type(error).__name__
        fields["where"] = _where(error)
    return fields


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(places[-4:])


class _ByNameHandler(logging.Handler):
    """Foreign libraries' records: their logger and level; their texts may quote data, so only warnings' names pass."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning("library-warning", logger=record.name, error=_exception_name(record))


def _exception_name(record: logging.LogRecord) -> str | None:
    return type(record.exc_info[1]).__name__ if record.exc_info and record.exc_info[1] else None


def set_up(service: str, process: str) -> None:
    """Send this process's logs to stdout; *process* is its kind: api, background, worker."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error_by_name,
            _only_allowed,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service, process=process)
    root = logging.getLogger()
    root.handlers[:] = [_ByNameHandler(logging.WARNING)]


def get() -> Any:
    """Give a logger: ``log.get().info("package-ready", package_id=…)``."""
    return structlog.get_logger()
