"""What every exam page needs: the list at the left, the chosen exam, and for a recipient what the share allows.

An owner may look as a recipient would (``look_as_recipient``): the same pages from the owner's own calls, cut to the
share, so that nothing is counted as an opening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import abort, g

from gateway.edge import composing
from gateway.edge.context import edge
from gateway.portal import calls, rows, session
from gateway.portal.calls import Refused
from gateway.portal.rows import Row

PAGE = 100
"""Exams a page of the list."""


@dataclass(frozen=True)
class Listed:
    """The caller's exams, newest first, as asked and as shown; ``next`` is the cursor of the older ones."""

    exams: tuple[dict[str, Any], ...]
    rows: tuple[Row, ...]
    next: str | None

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Rows under their headings: what is coming up (an empty heading) first, then years."""
        upcoming = [row for row in self.rows if row.is_upcoming]
        past = [row for row in self.rows if not row.is_upcoming]
        years = [(year, list(group)) for year, group in groupby(past, key=lambda row: row.group)]
        return ([("", upcoming)] if upcoming else []) + years


@dataclass(frozen=True)
class Cut:
    """What a recipient would see: these exams alone, with what the share allows, and until when."""

    exam_ids: tuple[str, ...]
    allows: dict[str, Any]
    """As sharing tells a recipient: ``expiresAt``, ``mayDownload``, ``includeReport``, ``includeVisitSummary``."""

    def shown(self, exam: dict[str, Any]) -> dict[str, Any]:
        """Give *exam* as exams would give it to the recipient, who has no packages yet."""
        report = {} if self.allows["includeReport"] else {"report": {"status": "none"}}
        return exam | report | {"packages": []}


def look_as_recipient(share: dict[str, Any]) -> None:
    """Cut everything that this request shows to *share*, one of the caller's own."""
    g.cut = Cut(tuple(share["examIds"]), {"expiresAt": share["expiresAt"], **share["permissions"]})


def cut() -> Cut | None:
    """Give what this request is cut to; None for all that the caller may see."""
    found: Cut | None = g.get("cut")
    return found


def load(cursor: str | None = None) -> Listed:
    """Give the caller's list, or the part that a recipient would see. Raises as ``calls.ask`` does."""
    its_cut = cut()
    return _load(cursor) if its_cut is None else listed(exams_of(its_cut.exam_ids, _load().exams))


def exams_of(exam_ids: Sequence[str], known: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the exams *exam_ids* in the list's order; those that *known* lacks are asked for, those gone left out."""
    missing = [exam_id for exam_id in exam_ids if all(str(exam["id"]) != exam_id for exam in known)]
    older = [exam for exam in (_ask_exam_or_none(exam_id) for exam_id in missing) if exam]
    return [exam for exam in known if str(exam["id"]) in exam_ids] + older


def _ask_exam_or_none(exam_id: str) -> dict[str, Any] | None:
    try:
        return _ask_exam(exam_id)
    except Refused as refused:
        if refused.status != 404:
            raise
        return None


def _load(cursor: str | None = None) -> Listed:
    query = f"limit={PAGE}" + (f"&cursor={calls.at('{}', cursor)}" if cursor else "")
    answer = calls.as_caller(lambda headers: composing.ask_exams(edge().upstream, headers, query))
    body = calls.decode(answer)
    return listed(body.get("exams", []), body.get("next"))


def listed(exams: Sequence[dict[str, Any]], cursor: str | None = None) -> Listed:
    """Give *exams* with their rows."""
    now, its_cut = edge().now(), cut()
    shown = exams if its_cut is None else [its_cut.shown(exam) for exam in exams]
    return Listed(tuple(shown), tuple(rows.row_of(exam, now) for exam in shown), cursor)


def share_facts(exams: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give what the recipient's share allows and until when, with the ``name`` of its owner; empty for others."""
    its_cut = cut()
    if its_cut is None and session.current().kind != "share":
        return {}
    name = next((exam["patientName"] for exam in exams if exam.get("patientName")), None)
    allows = calls.ask("sharing", "GET", "/me").get("share") or {} if its_cut is None else its_cut.allows
    return {"name": name, **allows}


def zone_of(exams: Sequence[dict[str, Any]]) -> str | None:
    """Give the time zone that a list's own dates are said in: its first exam's."""
    return rows.zone_of(exams[0]) if exams else None


def context(exam_id: str, tab: str) -> dict[str, Any]:
    """Give what the templates of an exam's page know. Aborts with 404 for an exam that is not the caller's."""
    its_list = load()
    exam = next((one for one in its_list.exams if str(one["id"]) == exam_id), None)
    if exam is None:
        if cut() is not None:
            abort(404)
        exam = _ask_exam(exam_id)
    row = rows.row_of(exam, edge().now())
    zone = rows.zone_of(exam)
    return {"list": its_list, "exam": exam, "row": row, "zone": zone, "tab": tab, "share": share_facts(its_list.exams)}


def _ask_exam(exam_id: str) -> dict[str, Any]:
    path = calls.at("/exams/{}", exam_id)
    answer = calls.as_caller(lambda headers: composing.ask_exam(edge().upstream, headers, path))
    exam = calls.decode(answer)
    if not isinstance(exam, dict):
        abort(404)
    return exam
