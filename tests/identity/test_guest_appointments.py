"""Guest appointments: asked for in the portal, made by the front desk (S63)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from contracts.audit import ActRecorded
from services.identity.store.accounts import AccountRow
from services.identity.store.patients import PatientRow
from services.identity.store.visits import ExamRow, VisitRow
from services.identity.usecases.tidying import tidy
from tests.servers import NOON

ASKED = {
    "firstName": "Mia", "lastName": "Doe", "dateOfBirth": "2015-06-01", "guardian": "Anna Doe",
    "phone": "+1 713-555-0000", "email": "anna@example.org", "locationId": "TX-HOU-01", "examWanted": "X-ray, left arm",
    "preferredTimes": "mornings", "language": "es",
}  # fmt: skip


def ask(house, **more):
    return house.call("POST", "/guest-appointments", 202, json=ASKED | more)


def listed(house, token, status=200, **asked):
    answer = house.call("GET", "/staff/guest-appointments", status, token, query_string=asked)
    return answer["guestAppointments"] if status == 200 else answer["type"].rsplit("/")[-1]


def test_a_minors_appointment_is_asked_for_as_a_guest_and_reaches_the_front_desk_S63(any_house):
    assert ask(any_house) == {"state": "received"}
    (request,) = listed(any_house, any_house.desk())
    assert {name: request[name] for name in ASKED} == ASKED


def test_the_portal_schedules_none_S63(any_house):
    before = any_house.told()
    ask(any_house)
    (act,) = any_house.told()[len(before) :]
    assert isinstance(act, ActRecorded)
    assert (act.action, act.patient_id, act.actor) == ("guest-appointment.ask", None, "nobody")
    assert "Mia" not in str(act.to_json())
    kept = (VisitRow, ExamRow, AccountRow, PatientRow)
    with any_house.parts.db.read() as tx:
        counts = [tx.scalar(select(func.count()).select_from(table)) for table in kept]
    assert counts == [1, 2, 0, 1]


def test_a_front_desk_sees_its_own_locations_requests_and_others_with_a_reason_S63(any_house, clock):
    ask(any_house)
    clock.advance(timedelta(minutes=1))
    ask(any_house, locationId="NY-NYC-01")
    houston = any_house.add_staff("houston", "front-desk", locations=["TX-HOU-01"])
    assert [one["locationId"] for one in listed(any_house, houston)] == ["TX-HOU-01"]
    assert listed(any_house, houston, 422, locationId="NY-NYC-01") == "reason-needed"
    far = listed(any_house, houston, locationId="NY-NYC-01", reason="they called us")
    assert [one["locationId"] for one in far] == ["NY-NYC-01"]
    assert any_house.told(ActRecorded)[-1].reason == "they called us"
    assert [one["locationId"] for one in listed(any_house, any_house.desk())] == ["NY-NYC-01", "TX-HOU-01"]


@pytest.mark.parametrize(
    "more",
    [{"firstName": " "}, {"phone": "call me"}, {"email": "anna"}, {"dateOfBirth": "2015"}, {"examWanted": ""},
     {"locationId": "MARS-01"}],
)  # fmt: skip
def test_a_request_that_cannot_be_read_is_refused_by_field(house, more):
    refused = house.call("POST", "/guest-appointments", 422, json=ASKED | more)
    assert [one["field"] for one in refused["errors"]] == list(more)


def test_patients_and_operators_see_no_requests(house):
    for token in (house.add_staff("olga", "operator"), house.enter(house.issue()["icode"])["accessToken"]):
        house.call("GET", "/staff/guest-appointments", 403, token)


def test_a_request_is_kept_for_two_years(any_house):
    ask(any_house)
    for days, left in ((730, 1), (731, 0)):
        with any_house.parts.db.begin() as tx:
            tidy(tx, NOON + timedelta(days=days))
        assert len(listed(any_house, any_house.desk())) == left
