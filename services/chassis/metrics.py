"""Every metric of every service, in one table; a metric that is not here does not exist. No label tells of a person."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REQUESTS = Histogram(
    "portal_http_request_seconds", "Duration of HTTP requests by route and status", ["service", "route", "status"]
)
OUTBOX_OLDEST = Gauge("portal_outbox_oldest_seconds", "Age of the oldest message not yet on the bus", ["service"])
OUTBOX_SENT = Counter("portal_outbox_sent_total", "Messages put on the bus", ["service"])
DELIVERIES = Counter("portal_deliveries_total", "Messages heard, by outcome", ["service", "outcome"])
URGENT_STUCK = Gauge("portal_urgent_stuck_seconds", "How long an urgent message has been failing", ["service"])
DEAD = Counter("portal_dead_letters_total", "Messages that nobody could handle", ["service"])
CHORE_FAILURES = Counter("portal_chore_failures_total", "Failures of periodic work", ["service", "chore"])
BUILDS = Counter("archiver_builds_total", "Builds finished, by outcome", ["outcome"])
BUILD_SECONDS = Histogram("archiver_build_seconds", "Duration of builds", ["format"])
BACKLOG_BYTES = Gauge("archiver_backlog_bytes", "Estimated bytes of builds that wait or run")
PACKAGES = Counter("archiver_packages_total", "Packages by state reached", ["state"])
NEVER_SENT = Gauge("exams_reports_never_sent", "Signed reports that were never sent to the referring physician (S7)")
INSTANCES_STORED = Counter("exams_instances_stored_total", "DICOM objects stored, by outcome", ["outcome"])
STUDIES_WAITING = Gauge("exams_studies_waiting", "Studies that no exam claims")
HL7_MESSAGES = Counter("exams_hl7_messages_total", "HL7 messages by type and acknowledgement", ["type", "ack"])
MAILS = Counter("notifier_mails_total", "Mails by template and outcome", ["template", "outcome"])
RETURNED_MAILS = Gauge("notifier_returned_mails", "Mails that came back since the first start, by outcome", ["outcome"])
REFUSED_ENTRIES = Counter("identity_refused_entries_total", "Refused codes and log-ins", ["way"])


def text(registry: CollectorRegistry = REGISTRY) -> bytes:
    """Give all metrics in Prometheus's text format."""
    return generate_latest(registry)
