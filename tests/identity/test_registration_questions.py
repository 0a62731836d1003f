"""Which questions are asked, and which answers are right (S19)."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.identity_questions import (
    CHOICES,
    EXAM_KINDS,
    MONTHS,
    NONE_OF_THESE,
    PHYSICIANS,
    TOPICS,
    PastVisit,
    Question,
    draw_questions,
    is_askable,
    is_right,
    months_around,
    values_of,
)
from services.identity.domain.registrations import Answering, count_wrong, is_closed
from tests.identity.conftest import a_patient, a_visit, an_exam, details
from tests.identity.registering import KNOWS, STRANGER, answer, asked, begin
from tests.servers import NOON

KEY = b"k" * 32
LAST = date(2026, 3, 1)
VISIT = PastVisit("TX-HOU-01", date(2026, 2, 10), frozenset({"MR", "SR"}), "Ruth Shah")
OTHER = PastVisit("NY-NYC-01", date(2025, 11, 3), frozenset({"CT"}), "Anil Mehta")
SITES = tuple(f"SITE-{number}" for number in range(8))
NOTHING = values_of([])
people = st.text("0123456789abcdef", min_size=8, max_size=8)


def drawn(person, facts, model=None, key=KEY):
    month = (facts["month"] or values_of([OTHER])["month"])[0]
    pools = {
        "location": ("TX-HOU-01", "NY-NYC-01", *SITES),
        "month": tuple(months_around(key, person, month, LAST)),
        "kind": EXAM_KINDS,
        "physician": PHYSICIANS,
    }
    return draw_questions(key, person, facts, model or values_of([OTHER]), pools)


@given(people, st.sampled_from([[VISIT], [OTHER], [VISIT, OTHER], []]))
def test_four_questions_of_one_shape_are_asked_of_everybody_the_same_each_time_S19(person, visits):
    facts = values_of(visits)
    questions = drawn(person, facts)
    assert [one.topic for one in questions] == list(TOPICS)
    assert all(len(set(one.values)) == len(one.values) == CHOICES for one in questions)
    assert questions == drawn(person, facts)


@given(people)
def test_one_choice_of_each_question_is_true_of_the_record_and_no_decoy_is_S19(person):
    facts = values_of([VISIT, OTHER])
    for question in drawn(person, facts):
        assert len(set(question.values) & set(facts[question.topic])) == 1


def test_where_the_right_choice_stands_tells_nothing_S19():
    facts = values_of([VISIT])
    places = Counter(drawn(f"{n:08x}", facts)[0].values.index("TX-HOU-01") for n in range(2000))
    assert set(places) == set(range(CHOICES))
    assert max(places.values()) < 1.35 * min(places.values())


def test_another_key_draws_otherwise_S19():
    facts = values_of([VISIT])
    assert drawn("ab", facts) != drawn("ab", facts, key=b"x" * 32)


@given(people, st.integers(1, 12), st.integers(2020, 2026))
def test_the_months_are_25_in_a_row_none_to_come_with_the_true_one_among_them_S19(person, month, year):
    true = f"{year}-{month:02}"
    if true > f"{LAST:%Y-%m}":
        return
    months = months_around(KEY, person, true, LAST)
    assert len(set(months)) == MONTHS
    assert months == sorted(months)
    assert true in months
    assert months[-1] <= f"{LAST:%Y-%m}"


@pytest.mark.parametrize(
    ("value", "is_true"), [("TX-HOU-01", True), ("SITE-1", False), (NONE_OF_THESE, False), ("NY-NYC-01", False)]
)
def test_a_true_choice_is_right_and_none_of_these_is_not_beside_it_S19(value, is_true):
    question = Question("location", ("SITE-1", "TX-HOU-01", "SITE-2"))
    assert is_right(question, value, values_of([VISIT])) is is_true


@pytest.mark.parametrize(("value", "is_true"), [("Karen O'Neill", False), (NONE_OF_THESE, True)])
def test_none_of_these_is_right_where_nothing_offered_is_true_S19(value, is_true):
    question = Question("physician", ("Karen O'Neill", "Linda Nguyen"))
    assert is_right(question, value, values_of([VISIT])) is is_true


@pytest.mark.parametrize(
    ("more", "is_enough"),
    [({}, True), ({"physician": None}, True), ({"modalities": frozenset()}, True),
     ({"physician": None, "modalities": frozenset()}, False),
     ({"physician": None, "modalities": frozenset({"SR"})}, False)],
)  # fmt: skip
def test_a_record_that_says_too_little_proves_nobody_S19(more, is_enough):
    facts = values_of([PastVisit(**{**VISIT.__dict__, **more})])
    assert is_askable(facts) is is_enough
    assert not is_askable(NOTHING)


# --- how often ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "closed"), [(2, False), (3, True)])
def test_three_wrong_tries_close_a_day_of_24_hours_S19(wrong, closed):
    answering = Answering()
    for hour in range(wrong):
        answering = count_wrong(answering, NOON + timedelta(hours=hour))
    last = NOON + timedelta(hours=24, seconds=-1)
    assert is_closed(answering, last) is closed
    assert not is_closed(answering, NOON + timedelta(hours=24))


@pytest.mark.parametrize(("wrong", "closed"), [(9, False), (10, True)])
def test_ten_wrong_tries_close_the_way_for_good_S19(wrong, closed):
    answering, now = Answering(), NOON
    for _ in range(wrong):
        answering = count_wrong(answering, now)
        now += timedelta(hours=25)
    assert is_closed(answering, now + timedelta(days=4000)) is closed


# --- by the doors ---------------------------------------------------------------------------------------------------


def test_the_questions_stay_the_same_over_days_registrations_and_new_visits_S19(any_house, clock):
    known, strange = asked(any_house, begin(any_house)), asked(any_house, begin(any_house, **STRANGER))
    clock.advance(timedelta(days=40))
    any_house.hear(a_visit("v2", location_id="NY-NYC-01", starts_at=clock.now() - timedelta(hours=1)))
    any_house.hear(details("v2", location_id="NY-NYC-01", starts_at=clock.now() - timedelta(hours=1)))
    assert asked(any_house, begin(any_house)) == known
    assert asked(any_house, begin(any_house, **STRANGER)) == strange


def test_who_is_not_on_record_is_asked_in_the_same_shape_S19(any_house):
    for who in ({}, STRANGER):
        questions = asked(any_house, begin(any_house, **who))
        assert [one["id"] for one in questions] == list(TOPICS)
        assert [[choice["id"] for choice in one["choices"]] for one in questions] == [
            ["1", "2", "3", "4", "5", "6"]
        ] * 4
        assert all(one["choices"][-1]["label"] == "None of these" for one in questions)


def test_questions_are_asked_in_spanish_with_the_same_choices_S19(house):
    path = begin(house)
    english, spanish = (asked(house, path, headers={"Accept-Language": one}) for one in ("en", "es"))
    assert spanish[1]["text"] == "¿En cuál de estos meses le hicieron un examen?"
    assert spanish[3]["choices"][:-1] == english[3]["choices"][:-1]
    assert [len(one["choices"]) for one in spanish] == [len(one["choices"]) for one in english]


@pytest.mark.parametrize("topic", TOPICS)
def test_one_wrong_answer_among_right_ones_is_enough_to_fail_S19(house, topic):
    answer(house, begin(house), 403, KNOWS | {topic: "None of these"})


def test_what_is_yet_to_come_protected_or_cancelled_is_not_asked_about_S19(house):
    """Eve has three visits, and none that proves anything."""
    house.hear(a_patient("eve"))
    for number, more in enumerate(({"starts_at": NOON + timedelta(days=1)}, {}, {})):
        visit = f"v{number}"
        house.hear(a_visit(visit, patient_id="eve", **more), an_exam(f"e{number}", patient_id="eve", visit_id=visit))
        house.hear(details(visit, patient_id="eve", is_protected=number == 1, **more))
    house.hear(an_exam("e2", patient_id="eve", visit_id="v2", status="cancelled", version=2))
    answer(house, begin(house, firstName="Eve"), 403)


KINDS = {
    "CT scan": "CT", "Ultrasound": "US", "X-ray": "DX", "Mammogram": "MG", "Nuclear medicine scan": "NM",
    "PET scan": "PT", "Angiogram": "XA", "Fluoroscopy": "RF", "Bone density scan": "BMD",
}  # fmt: skip


def test_what_was_a_decoy_is_right_once_it_has_become_true_S19(house):
    path = begin(house)
    decoy = next(one["label"] for one in asked(house, path)[2]["choices"] if one["label"] in KINDS)
    house.hear(an_exam("another", modality=KINDS[decoy]))
    answer(house, path, 200, KNOWS | {"kind": decoy})
