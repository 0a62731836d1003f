"""The questions by which somebody shows that a record is theirs (S19): what is asked, and which answers are right.

Four questions of one shape for everybody: where, in which month, what kind of exam, by whose referral. The choices
are drawn with a keyed hash of the person, known or not, so that they tell nothing of whether there is a record.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Topic = Literal["location", "month", "kind", "physician"]
TOPICS: tuple[Topic, ...] = ("location", "month", "kind", "physician")
CHOICES = 5
"""Besides "none of these", which is right where the record has nothing to ask about."""
NONE_OF_THESE = "none"
LEAST_TOPICS = 3
"""Topics that a record must say something of, else nothing proves that somebody is its patient."""
MONTHS = 25

_MODALITIES = {
    "MR": "mri", "CT": "ct", "US": "ultrasound", "CR": "x-ray", "DX": "x-ray", "RG": "x-ray", "XR": "x-ray",
    "MG": "mammogram", "PT": "pet", "NM": "nuclear", "XA": "angiogram", "RF": "fluoroscopy", "BMD": "bone-density",
}  # fmt: skip
EXAM_KINDS = tuple(dict.fromkeys(_MODALITIES.values()))
PHYSICIANS = (
    "Ellen Park", "David Moreno", "Susan Whitaker", "Anil Mehta", "Karen O'Neill", "James Castillo", "Linda Nguyen",
    "Robert Feldman", "Maria Santos", "Peter Lindqvist",
)  # fmt: skip
"""Decoys for a house so new that it knows too few real ones."""

Values = Mapping[Topic, tuple[str, ...]]


@dataclass(frozen=True)
class PastVisit:
    """What a visit that is over says to the topics; None: nothing."""

    location_id: str
    day: date
    modalities: frozenset[str]
    physician: str | None


@dataclass(frozen=True)
class Question:
    """A question as it is kept; the values' order is that of the choices."""

    topic: Topic
    values: tuple[str, ...]


def values_of(visits: Iterable[PastVisit]) -> Values:
    """Give what *visits*, newest first, say to each topic, newest first, each once."""
    said: dict[Topic, dict[str, None]] = {topic: {} for topic in TOPICS}
    for visit in visits:
        said["location"][visit.location_id] = None
        said["month"][f"{visit.day:%Y-%m}"] = None
        said["kind"].update(dict.fromkeys(sorted({_MODALITIES[m] for m in visit.modalities if m in _MODALITIES})))
        if visit.physician:
            said["physician"][visit.physician] = None
    return {topic: tuple(values) for topic, values in said.items()}


def is_askable(facts: Values) -> bool:
    """Whether a record says enough to prove somebody its patient."""
    return sum(bool(facts[topic]) for topic in TOPICS) >= LEAST_TOPICS


def draw_questions(key: bytes, person: str, facts: Values, model: Values, pools: Values) -> list[Question]:
    """Give the four questions: of each topic one value that looks true, among decoys from its pool.

    It is a fact of the record if there is one, else one of *model*, what another record says; no decoy is true of the
    record. *person* is a hash of who is asked; only it, the key and the record decide what is drawn.
    """
    questions = []
    for topic in TOPICS:
        shown = looks_true(key, person, topic, facts[topic] or model[topic])
        decoys = _drawn(key, person, topic, set(pools[topic]) - set(facts[topic]) - set(shown))
        values = _drawn(key, person, f"order of {topic}", [*shown, *decoys][:CHOICES])
        questions.append(Question(topic, tuple(values)))
    return questions


def looks_true(key: bytes, person: str, topic: Topic, values: Iterable[str]) -> list[str]:
    """Give the one of *values* that is offered to *person* as if it were true; none of none."""
    return _drawn(key, person, topic, values)[:1]


def months_around(key: bytes, person: str, month: str, last: date) -> list[str]:
    """Give 25 months (``2026-03``) in a row with *month* somewhere among them, none after *last* but *month* itself."""
    here = int(month[:4]) * 12 + int(month[5:]) - 1
    ahead = min(_lot(key, person, "months", month)[0] % MONTHS, max(0, last.year * 12 + last.month - 1 - here))
    ordinals = range(here + ahead - MONTHS + 1, here + ahead + 1)
    return [f"{ordinal // 12:04}-{ordinal % 12 + 1:02}" for ordinal in ordinals]


def is_right(question: Question, value: str, facts: Values) -> bool:
    """Whether *value* is true of the record, or nothing that was offered is and "none of these" was chosen."""
    true = set(facts[question.topic]) & set(question.values)
    return value in true if true else value == NONE_OF_THESE


def _drawn(key: bytes, person: str, of: str, values: Iterable[str]) -> list[str]:
    """Give *values* in the order that the keyed hash gives them for *person*."""
    return sorted(values, key=lambda value: _lot(key, person, of, value))


def _lot(key: bytes, person: str, of: str, value: str) -> bytes:
    return hmac.new(key, f"{person}\n{of}\n{value}".encode(), hashlib.sha256).digest()
