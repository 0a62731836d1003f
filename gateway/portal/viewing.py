"""What every exam page needs: the list at the left, the chosen exam, and for a recipient what the share allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import abort

from gateway.edge import composing
from gateway.edge.context import edge
from gateway.portal import calls, rows, session
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


def load(cursor: str | None = None) -> Listed:
    """Give the caller's list. Raises as ``calls.ask`` does."""
    query = f"limit={PAGE}" + (f"&cursor={calls.at('{}', cursor)}" if cursor else "")
    answer = calls.as_caller(lambda headers: composing.ask_exams(edge().upstream, headers, query))
    body = calls.decode(answer)
    return listed(body.get("exams", []), body.get("next"))


def listed(exams: Sequence[dict[str, Any]], cursor: str | None = None) -> Listed:
    """Give *exams* with their rows."""
    now = edge().now()
    return Listed(tuple(exams), tuple(rows.row_of(exam, now) for exam in exams), cursor)


def share_facts(exams: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give what the recipient's share allows and until when, with the ``name`` of its owner; empty for others."""
    if session.current().kind != "share":
        return {}
    me = calls.ask("sharing", "GET", "/me")
    name = me.get("name") or next((exam["patientName"] for exam in exams if exam.get("patientName")), None)
    return {"name": name, **(me.get("share") or {})}


def zone_of(exams: Sequence[dict[str, Any]]) -> str | None:
    """Give the time zone that a list's own dates are said in: its first exam's."""
    return rows.zone_of(exams[0]) if exams else None


def context(exam_id: str, tab: str) -> dict[str, Any]:
    """Give what the templates of an exam's page know. Aborts with 404 for an exam that is not the caller's."""
    its_list = load()
    exam = next((one for one in its_list.exams if str(one["id"]) == exam_id), None) or _ask_exam(exam_id)
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
