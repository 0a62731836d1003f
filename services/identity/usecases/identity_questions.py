"""Asking somebody what only the patient of a record knows, with the same work where there is no such record (S19)."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.chassis.db import Tx
from services.identity.domain.demographics import Demographics, typed_form
from services.identity.domain.identity_questions import (
    CHOICES,
    EXAM_KINDS,
    NONE_OF_THESE,
    PHYSICIANS,
    TOPICS,
    Question,
    Values,
    draw_questions,
    is_askable,
    is_right,
    looks_true,
    months_around,
    values_of,
)
from services.identity.domain.registrations import AnswersIncomplete, count_wrong, is_closed
from services.identity.parts import Parts
from services.identity.store import identity_questions as store


def find_facts(tx: Tx, parts: Parts, patient_id: str | None, now: datetime) -> Values:
    """Give what a patient may be asked about; nothing of nobody."""
    visits = store.find_visits_of(tx, patient_id or "", now)
    return values_of(visit for visit in visits if visit.location_id in parts.locations)


def begin_asking(tx: Tx, parts: Parts, typed: Demographics, patient_id: str | None, now: datetime) -> str:
    """Keep questions for whoever typed this, unless they were asked before; gives under what (a keyed hash).

    *patient_id*: the record that is like it. One record is one person, however its demographics are typed.
    """
    of = f"record\n{patient_id}" if patient_id else f"typed\n{typed_form(typed)}"
    person = hmac.new(parts.codes_key, f"person\n{of}".encode(), hashlib.sha256).hexdigest()
    if not store.find_questions(tx, person):
        store.add_questions(tx, person, _draw(tx, parts, person, find_facts(tx, parts, patient_id, now), now), now)
    return person


def _draw(tx: Tx, parts: Parts, person: str, facts: Values, now: datetime) -> list[Question]:
    key, begin = parts.codes_key, person[:32]
    model = values_of(
        one for one in store.find_other_visits(tx, begin, None, now) if one.location_id in parts.locations
    )
    where = looks_true(key, person, "location", facts["location"] or model["location"])
    month = looks_true(key, person, "month", facts["month"] or model["month"]) or [f"{now:%Y-%m}"]
    near = values_of(store.find_other_visits(tx, begin, where[0] if where else None, now))
    pools: Values = {
        "location": tuple(parts.locations.by_id),
        "month": tuple(months_around(key, person, month[0], now.date())),
        "kind": EXAM_KINDS,
        "physician": _plenty(near["physician"], model["physician"], PHYSICIANS),
    }
    return draw_questions(key, person, facts, model, pools)


def _plenty(*sources: Sequence[str]) -> tuple[str, ...]:
    """Give the first of *sources*, with the next ones where they are too few to hide a true one among."""
    found: dict[str, None] = {}
    for source in sources:
        if len(found) < 2 * CHOICES:
            found.update(dict.fromkeys(source))
    return tuple(found)


def find_asked(tx: Tx, person: str) -> list[Question]:
    """Give the questions kept under *person*."""
    return store.find_questions(tx, person)


def try_answers(
    tx: Tx, parts: Parts, person: str, patient_id: str | None, answers: Sequence[tuple[str, str]], now: datetime
) -> bool:
    """Whether *answers*, ``(question id, choice id)``, prove somebody the patient; wrong ones are counted.

    Never of nobody, who is not counted either, nor after too many wrong ones. Commit *tx* before you refuse. Raises
    AnswersIncomplete, counting nothing.
    """
    asked = store.find_questions(tx, person)
    chosen = _chosen(asked, answers)
    answering = store.lock_answering(tx, person)
    facts = find_facts(tx, parts, patient_id, now)
    are_right = [is_right(question, chosen[question.topic], facts) for question in asked]
    is_open = not is_closed(answering, now)
    is_proven = is_open and all(are_right) and is_askable(facts)
    if is_open and not is_proven and patient_id is not None:
        answering = count_wrong(answering, now)
    store.save_answering(tx, person, answering, now)
    return is_proven


def _chosen(asked: Sequence[Question], answers: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Give the value chosen for each topic. Raises AnswersIncomplete."""
    chosen = dict(answers)
    if len(chosen) != len(answers) or set(chosen) != set(TOPICS):
        raise AnswersIncomplete(field="answers")
    values = {question.topic: choices_of(question).get(chosen[question.topic]) for question in asked}
    if None in values.values():
        raise AnswersIncomplete(field="answers")
    return {topic: value for topic, value in values.items() if value is not None}


def choices_of(question: Question) -> dict[str, str]:
    """Give the values that a question offers, by the choice's id, in order."""
    return {str(number): value for number, value in enumerate((*question.values, NONE_OF_THESE), start=1)}
