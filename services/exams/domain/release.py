"""When a report may be seen by its patient (S4-S8; design/rules.md, "Reports and release").

The hard invariant stands here: nothing that a report says is shown before. Rules are data, a row each. Everything that
decides about a report asks this module, by the clock it is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from contracts.refusal import Refusal

ReportStatus = Literal["preliminary", "final", "corrected", "withdrawn", "cancelled"]
Standing = Literal["none", "awaited", "held", "available", "withdrawn"]
Why = Literal["release-rule", "not-sent", "being-corrected"]
SIGNED: frozenset[str] = frozenset({"final", "corrected"})


@dataclass(frozen=True)
class ReleaseRule:
    """A state's delay: for reports signed from *valid_from* (UTC) on."""

    state: str
    scope: Literal["all", "sensitive"]
    delay: timedelta
    citation: str
    valid_from: datetime


RULES: tuple[ReleaseRule, ...] = (
    ReleaseRule(
        state="TX",
        scope="all",
        delay=timedelta(hours=4 * 24),
        citation="SB922",  # Texas, Occupations Code §159.0062
        valid_from=datetime(2025, 9, 1, tzinfo=UTC),
    ),
    ReleaseRule(
        state="CA",
        scope="all",
        delay=timedelta(hours=4 * 24),
        citation="SB1419",  # California, Health and Safety Code §123148
        valid_from=datetime(2023, 1, 1, tzinfo=UTC),
    ),
)
"""Patient guide: 4 days after a report was signed and sent to the referring physician, taken as 4 x 24 hours."""


class ReportNotReleased(Refusal):
    """The report may not be seen yet, or there is none yet; ``availableAt`` and ``why`` say more where they may."""

    slug = "report-not-released"
    kind = "not-found"
    words = "The report is not available yet."


class ReportWithdrawn(Refusal):
    """The report was wrong and was taken back."""

    slug = "report-withdrawn"
    kind = "not-found"
    words = "The report was withdrawn. Please ask the imaging center or your physician."


class ReportNotShared(Refusal):
    """The share's owner did not include the report: the same as no report at all."""

    slug = "report-not-shared"
    kind = "not-found"
    words = "The owner of this link did not share the report."


@dataclass(frozen=True)
class ReportFacts:
    """What decides about one report."""

    status: ReportStatus
    signed_at: datetime | None
    """When its present text was signed."""
    sent_at: datetime | None
    """When that text went to the referring physician; None: it did not."""
    state: str
    """Of the exam's site (S8)."""
    is_sensitive: bool | None = None
    """None: nobody said; then a rule for sensitive reports holds it."""
    was_signed: bool = False
    """Whether an earlier text of it had been signed."""
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class ReportStanding:
    """How a report stands for its patient: what may be told of it, and no more."""

    status: Standing
    available_at: datetime | None = None
    why: Why | None = None
    citation: str | None = None
    withdrawn_at: datetime | None = None
    is_silent: bool = False
    """A hold of scope *sensitive*: neither its time nor its reason may be told."""


NO_REPORT = ReportStanding("none")
AWAITED = ReportStanding("awaited")


def rule_for(facts: ReportFacts, rules: Sequence[ReleaseRule] = RULES) -> ReleaseRule | None:
    """Give the rule that holds this report, the longest where several do; None: it is seen at signing."""
    if facts.signed_at is None:
        return None
    held_by = [
        rule
        for rule in rules
        if rule.state == facts.state
        and facts.signed_at >= rule.valid_from
        and (rule.scope == "all" or facts.is_sensitive is not False)
    ]
    return max(held_by, key=lambda rule: rule.delay, default=None)


def due_at(facts: ReportFacts, rules: Sequence[ReleaseRule] = RULES) -> datetime | None:
    """Give the instant from which the report may be seen (UTC); None while there is none.

    The clock starts when both have happened, signed and sent (S7); without a rule it is the signing (S4, S8).
    """
    if facts.status not in SIGNED or facts.signed_at is None:
        return None
    rule = rule_for(facts, rules)
    if rule is None:
        return facts.signed_at
    if facts.sent_at is None:
        return None
    return max(facts.signed_at, facts.sent_at) + rule.delay


def is_released(facts: ReportFacts, now: datetime, rules: Sequence[ReleaseRule] = RULES) -> bool:
    """Tell whether the report may be seen at *now*."""
    due = due_at(facts, rules)
    return due is not None and now >= due


def standing(facts: ReportFacts, now: datetime, rules: Sequence[ReleaseRule] = RULES) -> ReportStanding:
    """Give how the report stands at *now* (UTC)."""
    if facts.status == "withdrawn":
        return ReportStanding("withdrawn", withdrawn_at=facts.withdrawn_at)
    if facts.status not in SIGNED:
        return ReportStanding("held", why="being-corrected") if facts.was_signed else AWAITED
    due, rule = due_at(facts, rules), rule_for(facts, rules)
    if due is not None and now >= due:
        return ReportStanding("available", available_at=due)
    if rule is not None and rule.scope == "sensitive":
        return ReportStanding("held", is_silent=True)
    is_correction = facts.status == "corrected" or facts.was_signed
    why: Why = "being-corrected" if is_correction else ("not-sent" if due is None else "release-rule")
    return ReportStanding("held", available_at=due, why=why, citation=rule.citation if rule else None)


def sent_at(signed_at: datetime | None, told: datetime | None, *, sent_when_signed: bool) -> datetime | None:
    """Give when a report counts as sent to the referring physician: as told (ZRP-1), else by the setting."""
    if told is not None:
        return told
    return signed_at if sent_when_signed else None


def rank(status: ReportStatus, status_at: datetime | None, told_at: datetime) -> tuple[datetime, datetime]:
    """Give what orders the messages about one report: a smaller one changes nothing.

    By OBR-22, then by MSH-7. An unsigned status without a time of its own never outranks a signed one; taking a
    report back counts from when it was said, if that is later.
    """
    if status in {"withdrawn", "cancelled"}:
        return max(status_at or told_at, told_at), told_at
    if status_at is None:
        return (told_at if status in SIGNED else datetime.min.replace(tzinfo=UTC)), told_at
    return status_at, told_at
