"""What every exam page needs: the list at the left, the chosen exam, and for a recipient what the share allows.

An owner may look as a recipient would (``look_as_recipient``): the same pages from the owner's own calls, cut to the
share, so that nothing is counted as an opening.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import abort, g

from gateway.edge import composing
from gateway.edge.context import edge
from gateway.edge.upstream import Answer
from gateway.portal import calls, paging, rows, session, words
from gateway.portal.calls import Refused
from gateway.portal.paging import Page
from gateway.portal.rows import Row

SHOWN, BESIDE = 20, 7
"""Exams on a page of the list, and of the list beside an exam."""
ASKED = 200
"""Exams asked for at once, the most that are given."""
FEW = 3
"""Exams asked for one by one."""
MOST_PAGES = 500


@dataclass(frozen=True)
class Listed:
    """The caller's exams, newest first, and the page of them that is shown."""

    exams: tuple[dict[str, Any], ...]
    page: Page[Row]
    own_page: int
    """The number of the list's own page with what is shown beside an exam."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the page shows of each."""
        return self.page.items

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


def load(asked: str | None = None, exam_id: str = "", shown: int = SHOWN) -> Listed:
    """Give the caller's list, or the part that a recipient would see: the page asked for, or the one with that exam.

    Raises as ``calls.ask`` does.
    """
    its_cut, number = cut(), paging.within(asked, MOST_PAGES)
    exams = _ask_exams(number * SHOWN + 1) if its_cut is None else _cut_to(its_cut)  # one more tells of older ones
    at = next((at for at, exam in enumerate(exams) if str(exam["id"]) == exam_id), (number - 1) * SHOWN)
    page = paging.page_with(exams, shown, at)
    return Listed(tuple(exams), Page(rows_of(page.items), page.number, page.count), at // SHOWN + 1)


def _cut_to(its_cut: Cut) -> list[dict[str, Any]]:
    return [its_cut.shown(exam) for exam in exams_of(its_cut.exam_ids, _ask_exams(SHOWN))]


def exams_of(exam_ids: Sequence[str], known: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the exams *exam_ids* in the list's order; those that *known* lacks are asked for, those gone left out."""
    missing = set(exam_ids) - {str(exam["id"]) for exam in known}
    if len(missing) > FEW:
        known, missing = all_exams(), set()
    older = [exam for exam in (_ask_exam_or_none(exam_id) for exam_id in missing) if exam]
    return [exam for exam in known if str(exam["id"]) in exam_ids] + older


def _ask_exam_or_none(exam_id: str) -> dict[str, Any] | None:
    try:
        return _ask_exam(exam_id)
    except Refused as refused:
        if refused.status != 404:
            raise
        return None


def all_exams() -> list[dict[str, Any]]:
    """Give every exam of the caller, newest first."""
    return _ask_exams(MOST_PAGES * SHOWN)


def _ask_exams(most: int, narrowed: str = "") -> list[dict[str, Any]]:
    """Give the caller's newest exams, so many at most."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        limit = min(ASKED, most - len(found))
        answer = calls.decode(calls.as_caller(_asking(f"limit={limit}{narrowed}{cursor}")))
        found += answer.get("exams", [])
        if not answer.get("next") or len(found) >= most:
            return found
        cursor = f"&cursor={calls.at('{}', str(answer['next']))}"


def _asking(query: str) -> Callable[[dict[str, str]], Answer]:
    return lambda headers: composing.ask_exams(edge().upstream, headers, query)


def rows_of(exams: Sequence[dict[str, Any]]) -> tuple[Row, ...]:
    """Give the rows of *exams*."""
    now = edge().now()
    return tuple(rows.row_of(exam, now) for exam in exams)


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
    its_list = load(exam_id=exam_id, shown=BESIDE)
    exam = next((one for one in its_list.exams if str(one["id"]) == exam_id), None)
    if exam is None:
        if cut() is not None:
            abort(404)
        exam = _ask_exam(exam_id)
        its_list = _older_from(exam) if len(its_list.exams) > SHOWN else its_list
    row = rows.row_of(exam, edge().now())
    zone = rows.zone_of(exam)
    return {"list": its_list, "exam": exam, "row": row, "zone": zone, "tab": tab, "share": share_facts(its_list.exams)}


def _older_from(exam: dict[str, Any]) -> Listed:
    """Give *exam*, which stands far down the list, with those after it."""
    its_date = words.parse(exam.get("date"))
    to = (its_date + timedelta(seconds=1)).isoformat() if its_date else ""
    exams = _ask_exams(BESIDE, f"&to={calls.at('{}', to)}" if to else "")
    return Listed(tuple(exams), Page(rows_of(exams), 2, 2), 1)


def _ask_exam(exam_id: str) -> dict[str, Any]:
    path = calls.at("/exams/{}", exam_id)
    answer = calls.as_caller(lambda headers: composing.ask_exam(edge().upstream, headers, path))
    exam = calls.decode(answer)
    if not isinstance(exam, dict):
        abort(404)
    return exam
