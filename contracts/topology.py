"""Every exchange, queue and binding of the bus, and who owns it; the broker's definitions come from here.

Per service: ``<service>.events``; ``<service>.urgent`` (what takes access away); ``<service>.dead``; retry queues with
fixed delays that dead-letter through the default exchange back to their own queue, never to an exchange others hear.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from contracts import access, archiver, audit, exams, identity, messages, sharing
from contracts.wire import Command, Event, OpenEvent

EVENTS: Final = "portal.events"
PRIVATE: Final = "portal.private"
COMMANDS: Final = "portal.commands"
EXCHANGES: Final = {EVENTS: "topic", PRIVATE: "topic", COMMANDS: "direct"}

JOBS_SMALL: Final = "archiver.build-package.small"
JOBS_LARGE: Final = "archiver.build-package.large"

SERVICES: Final = ("identity", "exams", "sharing", "archiver", "notifier")

RETRY_DELAYS_S: Final = (1, 10, 60, 600)
"""A foreign fault is retried after these seconds in turn, then with the last again."""
DELIVERY_LIMIT: Final = 20
"""Deliveries that die with their consumer before the broker dead-letters; deaths of pods count, so it is generous."""

_EXAM_EVENTS: tuple[type[Event], ...] = (
    exams.ExamOrdered,
    exams.ExamChanged,
    exams.ExamCompleted,
    exams.ExamCancelled,
    exams.ExamImagesAvailable,
    exams.ExamImagesChanged,
    exams.ExamMoved,
    exams.ExamRemoved,
)
_ISSUED: tuple[type[Event], ...] = (access.AccessEnded, access.SigningKeyPublished)

TELLS: Final[dict[str, tuple[type[Event], ...]]] = {
    "identity": (
        identity.ICodeIssued,
        identity.ICodeEnded,
        identity.ICodeReactivated,
        identity.AccountOpened,
        identity.AccountClosed,
        identity.HelpRequestMade,
        identity.HelpRequestGranted,
        identity.HelpRequestRefused,
        messages.ContactChanged,
        messages.MessageRequested,
        *_ISSUED,
        audit.ActRecorded,
    ),
    "exams": (
        exams.VisitRegistered,
        exams.VisitChanged,
        exams.VisitDetailsChanged,
        exams.PatientDemographicsChanged,
        exams.PatientMerged,
        exams.PatientUnmerged,
        *_EXAM_EVENTS,
        exams.ExamManifestStored,
        exams.ReportReleased,
        exams.ReportStored,
        exams.ReportCorrected,
        exams.ReportWithdrawn,
        exams.Beat,
        messages.MessageRequested,
        audit.ActRecorded,
    ),
    "sharing": (
        sharing.ShareCreated,
        sharing.ShareChanged,
        sharing.ShareOpened,
        sharing.ShareLocked,
        sharing.ShareEnded,
        messages.ContactChanged,
        *_ISSUED,
        audit.ActRecorded,
    ),
    "archiver": (
        archiver.PackageRequested,
        archiver.PackageReady,
        archiver.PackageFailed,
        archiver.PackageCancelled,
        archiver.PackageExpiring,
        archiver.PackageExpired,
        archiver.PackageDownloaded,
        messages.ContactChanged,
        messages.MessageRequested,
        audit.ActRecorded,
    ),
    "notifier": (messages.MessageSent, messages.MessageBounced, audit.ActRecorded),
}
"""What each service may publish."""

HEARS: Final[dict[str, tuple[type[Event], ...]]] = {
    "identity": (
        exams.VisitRegistered,
        exams.VisitChanged,
        exams.VisitDetailsChanged,
        exams.PatientDemographicsChanged,
        exams.PatientMerged,
        exams.PatientUnmerged,
        *_EXAM_EVENTS,
        audit.ActRecorded,
        *_ISSUED,
    ),
    "exams": _ISSUED,
    "sharing": (*_EXAM_EVENTS, *_ISSUED),
    "archiver": (
        *_EXAM_EVENTS,
        exams.ExamManifestStored,
        exams.ReportStored,
        exams.ReportCorrected,
        exams.ReportWithdrawn,
        exams.Beat,
        *_ISSUED,
    ),
    "notifier": (
        *_EXAM_EVENTS,
        exams.ReportReleased,
        exams.ReportCorrected,
        exams.ReportWithdrawn,
        messages.ContactChanged,
        messages.MessageRequested,
        sharing.ShareCreated,
        sharing.ShareChanged,
        sharing.ShareOpened,
        sharing.ShareLocked,
        sharing.ShareEnded,
        archiver.PackageRequested,
        archiver.PackageReady,
        archiver.PackageFailed,
        archiver.PackageCancelled,
        archiver.PackageExpiring,
        archiver.PackageExpired,
        archiver.PackageDownloaded,
        *_ISSUED,
    ),
}
"""What each service hears; its ``handlers.HANDLERS`` has exactly these (a test says so)."""

COMMANDS_TOLD: Final[dict[str, tuple[type[Command], ...]]] = {"archiver": (archiver.BuildPackage,)}

EVENT_TYPES: Final[dict[str, type[Event]]] = {kind.type_name(): kind for told in TELLS.values() for kind in told}
"""By CloudEvents type."""


@dataclass(frozen=True)
class Queue:
    """A queue, who consumes it, and its ``x-`` arguments."""

    name: str
    owner: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Binding:
    """*queue* hears *routing_key* of *exchange*."""

    exchange: str
    routing_key: str
    queue: str


@dataclass(frozen=True)
class Topology:
    """All that must stand before anyone publishes."""

    queues: list[Queue] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)


def events_queue(service: str) -> str:
    """The queue of *service* for what may wait its turn."""
    return f"{service}.events"


def urgent_queue(service: str) -> str:
    """The queue of *service* for what takes access away."""
    return f"{service}.urgent"


def dead_queue(service: str) -> str:
    """Where messages end that *service* cannot read."""
    return f"{service}.dead"


def retry_queue(queue: str, delay_s: int) -> str:
    """Where a message waits *delay_s* before it returns to *queue*."""
    return f"{queue}.retry-{delay_s}s"


def queue_for(service: str, kind: type[Event]) -> str:
    """The queue by which *service* hears *kind*."""
    return urgent_queue(service) if kind.IS_URGENT else events_queue(service)


def hearers(kind: type[Event]) -> list[str]:
    """The services that hear *kind*, in fixed order."""
    return [service for service in SERVICES if kind in HEARS[service]]


def may_hear(queue: str, kind: type[Event]) -> bool:
    """Whether the owner of *queue* hears *kind*; queues of other systems hear the open ones."""
    owner = queue.split(".", maxsplit=1)[0]
    return kind in HEARS[owner] if owner in SERVICES else issubclass(kind, OpenEvent)


def is_mandatory(exchange: str) -> bool:
    """Whether a message on *exchange* must reach a queue; an event on ``portal.events`` may have no hearer."""
    return exchange != EVENTS


def _quorum(**more: Any) -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-overflow": "reject-publish", **more}


def _working_queue(name: str, service: str) -> list[Queue]:
    dead_lettering = {"x-dead-letter-exchange": "", "x-dead-letter-strategy": "at-least-once"}
    main = Queue(
        name,
        service,
        _quorum(
            **dead_lettering, **{"x-dead-letter-routing-key": dead_queue(service), "x-delivery-limit": DELIVERY_LIMIT}
        ),
    )
    retries = [
        Queue(
            retry_queue(name, delay_s),
            service,
            _quorum(**dead_lettering, **{"x-dead-letter-routing-key": name, "x-message-ttl": delay_s * 1000}),
        )
        for delay_s in RETRY_DELAYS_S
    ]
    return [main, *retries]


def topology() -> Topology:
    """Give every queue (dead-letter queues first) and every binding."""
    queues = [Queue(dead_queue(service), service, _quorum()) for service in SERVICES]
    bindings = []
    for service in SERVICES:
        queues += _working_queue(urgent_queue(service), service)
        queues += _working_queue(events_queue(service), service)
        bindings += [Binding(kind.EXCHANGE, kind.routing_key(), queue_for(service, kind)) for kind in HEARS[service]]
    for name in (JOBS_SMALL, JOBS_LARGE):
        queues += _working_queue(name, "archiver")
        bindings.append(Binding(COMMANDS, name, name))
    return Topology(queues, bindings)
