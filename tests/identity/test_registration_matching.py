"""Whether what somebody types of themselves is what is on record, and whose questions they are asked (S18, S19)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.demographics import (
    Demographics,
    RecordedPerson,
    agrees,
    agrees_with_invited,
    find_alike,
    is_alike,
    typed_form,
)
from tests.identity.conftest import a_patient
from tests.identity.registering import STRANGER, answer, asked, begin

TYPED = Demographics("Anna", "Doe", date(1980, 5, 17), "F", "77002", "713-555-0000")
ANNA = RecordedPerson("anna", "Anna Marie", "Doe", date(1980, 5, 17), "F", "77002", ("+17135550000", "832 555 0001"))


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ({}, {}),
        ({"first_name": " ANNA  marie "}, {}),
        ({"first_name": "Anna"}, {"given_names": "ANNA"}),
        ({"first_name": "Anna M"}, {"given_names": "Anna"}),
        ({"first_name": "Ánna"}, {"given_names": "A\u0301NNA MARIE"}),
        ({"last_name": "O’Neill-Nuñez"}, {"family_name": "ONEILL NUNEZ"}),
        ({"last_name": "de la Cruz"}, {"family_name": "DELACRUZ"}),
        ({"last_name": "Doe Jr."}, {"family_name": "DOE"}),
        ({"last_name": "Doe"}, {"family_name": "DOE III"}),
        ({"last_name": "Søndergård"}, {"family_name": "SONDERGARD"}),
        ({"last_name": "Weiß"}, {"family_name": "WEISS"}),
        ({"last_name": "王", "first_name": "芳"}, {"family_name": "王", "given_names": "芳"}),
        ({"zip_code": "77002-1234"}, {}),
        ({"zip_code": "77002"}, {"postal_code": "770021234"}),
        ({"phone": "+1 (713) 555-0000"}, {}),
        ({"phone": "1.713.555.0000"}, {}),
        ({"phone": "8325550001"}, {}),
    ],
)
def test_what_is_written_otherwise_is_the_same_S18(typed, recorded):
    assert agrees(replace(TYPED, **typed), replace(ANNA, **recorded))


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ({"first_name": "Ann"}, {}), ({"first_name": "Anne"}, {}), ({"first_name": "Marie"}, {}),
        ({"first_name": "Anna Louise"}, {}), ({"first_name": "-"}, {"given_names": "'"}),
        ({"last_name": "Do"}, {}), ({"last_name": "Doe Roe"}, {}), ({"last_name": "—"}, {"family_name": "-"}),
        ({"birth_date": date(1980, 5, 18)}, {}), ({}, {"birth_date": None}),
        ({"sex": "M"}, {}), ({"sex": "U"}, {}),
        ({"zip_code": "77003"}, {}), ({}, {"postal_code": None}), ({}, {"postal_code": "7700"}),
        ({"phone": "713-555-0001"}, {}), ({}, {"phones": ()}), ({}, {"phones": ("5550000",)}), ({}, {"phones": ("",)}),
    ],
)  # fmt: skip
def test_one_letter_or_digit_is_enough_to_differ_S18(typed, recorded):
    assert not agrees(replace(TYPED, **typed), replace(ANNA, **recorded))


TWINS = [replace(ANNA, patient_id="marie"), replace(ANNA, patient_id="louise", given_names="Anna Louise")]


@pytest.mark.parametrize("first_name", ["Anna", "Anna Marie", "Anna Louise"])
def test_of_twins_who_share_a_first_name_neither_is_taken_for_the_other_S18(first_name):
    assert find_alike(replace(TYPED, first_name=first_name), TWINS) == []


def test_two_records_whose_names_go_on_from_each_other_are_one_person_S18():
    records = [ANNA, replace(ANNA, patient_id="anna-2", given_names="Anna")]
    assert find_alike(TYPED, records) == records


def test_who_has_no_number_of_their_own_is_compared_by_the_rest_when_staff_invited_them_S18():
    alone = replace(ANNA, phones=())
    assert agrees_with_invited(TYPED, alone)
    assert not agrees_with_invited(replace(TYPED, zip_code="77003"), alone)
    assert not agrees_with_invited(replace(TYPED, phone="713-555-0001"), ANNA)


NAMES = st.sampled_from(["Anna", "ANNA", "Ánna", "Anna Q", "Anne", "-", "Doe", "Doe Jr", "D'oe", "Roe"])


@given(st.builds(Demographics, NAMES, NAMES, st.dates(), st.just("F"), st.sampled_from(["77002", "77002-9"]),
                 st.sampled_from(["7135550000", "8325550001", "9995550000"])), NAMES, NAMES, st.data())  # fmt: skip
def test_whose_questions_are_asked_hangs_on_the_typed_form_alone_S19(typed, first_name, last_name, data):
    """Else whoever varies what they type would learn that there is a record."""
    other = replace(typed, first_name=first_name, last_name=last_name, phone=data.draw(st.just("1112223333")))
    record = replace(ANNA, birth_date=typed.birth_date)
    if typed_form(typed) == typed_form(other):
        assert is_alike(typed, record) == is_alike(other, record)
    elif is_alike(typed, record):
        assert not is_alike(other, record)


@pytest.mark.parametrize("who", [{}, STRANGER], ids=["on record", "not on record"])
@pytest.mark.parametrize(
    "more",
    [
        {"phone": "+1 999-888-7777"}, {"firstName": "Anna Q"}, {"firstName": " ÁNNA"}, {"zip": "77002-9999"},
        {"phone": "713.555.0000", "firstName": "anna maria luisa"},
    ],
)  # fmt: skip
def test_the_same_is_asked_however_one_types_on_record_or_not_S19(house, who, more):
    assert asked(house, begin(house, **who | more)) == asked(house, begin(house, **who))


@pytest.mark.parametrize("who", [{}, STRANGER], ids=["on record", "not on record"])
@pytest.mark.parametrize("more", [{"firstName": "Anne"}, {"lastName": "Poe"}, {"sex": "M"}, {"zip": "77003"}])
def test_somebody_else_is_asked_something_else_on_record_or_not_S19(house, who, more):
    assert asked(house, begin(house, **who | more)) != asked(house, begin(house, **who))


@pytest.mark.parametrize("more", [{"phone": "+1 999-888-7777"}, {"firstName": "Anna Louise"}])
def test_who_is_asked_but_does_not_agree_in_all_proves_nothing_and_counts_against_nobody_S18_S19(house, more):
    house.hear(a_patient(version=2, name=a_patient().name.model_copy(update={"middle": "Marie"})))
    for _ in range(12):
        answer(house, begin(house, **more), 403)
    answer(house, begin(house))
