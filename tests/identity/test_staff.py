"""The front desk, other systems, and what an operator does by hand."""

import io
from datetime import timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.exams import VisitChanged
from contracts.tokens import SystemGrants
from services.chassis.auth import Unauthenticated
from services.identity.api.by_hand import run_by_hand
from services.identity.usecases.staff import end_system, issue_system_token
from tests.identity.conftest import PASSWORD, a_patient, a_visit, an_exam, details
from tests.servers import NOON


@pytest.fixture
def two_places(house):
    """Anna's visit in Houston, and one of Bert's in New York."""
    house.hear(
        a_patient("bert"),
        a_visit("visit-2", patient_id="bert", location_id="NY-NYC-01", state="NY"),
        details("visit-2", exams=("us",), patient_id="bert", location_id="NY-NYC-01"),
        an_exam("us", patient_id="bert", visit_id="visit-2"),
    )
    return house


def find(house, token, status=200, **asked):
    answer = house.call("GET", "/staff/visits", status, token, query_string=asked)
    return [visit["id"] for visit in answer["visits"]] if status == 200 else answer


@pytest.mark.parametrize(
    "asked",
    [
        {"accession": "ACC-mri"}, {"mrn": "MRN-anna"}, {"visitNumber": "V-visit-1"},
        {"lastName": "doe", "dateOfBirth": "1980-05-17", "locationId": "TX-HOU-01"},
        {"date": "2026-03-02", "locationId": "TX-HOU-01"},
    ],
)  # fmt: skip
def test_the_front_desk_finds_a_visit_by_what_is_on_its_papers(two_places, asked):
    assert find(two_places, two_places.desk(), **asked) == ["visit-1"]


def test_a_visit_is_shown_with_its_patient_and_exams(any_house):
    answer = any_house.call("GET", "/staff/visits", 200, any_house.desk(), query_string={"accession": "ACC-ct"})
    assert answer["visits"] == [
        {
            "id": "visit-1", "mrn": "MRN-anna", "date": "2026-03-02", "locationId": "TX-HOU-01", "isProtected": False,
            "patient": {"id": "anna", "name": "Anna Doe", "dateOfBirth": "1980-05-17"},
            "exams": [
                {"id": "ct", "accession": "ACC-ct", "description": "CT"},
                {"id": "mri", "accession": "ACC-mri", "description": "MRI"},
            ],
        }
    ]  # fmt: skip


@pytest.mark.parametrize("asked", [{"lastName": "doe", "date": "2026-03-03"}, {"accession": "' OR 1=1 --"}])
def test_what_does_not_fit_is_not_found(two_places, asked):
    assert find(two_places, two_places.desk(), **asked) == []


def test_a_long_list_comes_in_pages_newest_first(house):
    house.hear(*(a_visit(f"v{hour}", starts_at=NOON.replace(hour=hour)) for hour in (13, 14, 15)))
    desk, pages, cursor = house.desk(), [], None
    while cursor is not None or not pages:
        asked = {"date": "2026-03-02", "limit": 2, "cursor": cursor or 0}
        answer = house.call("GET", "/staff/visits", 200, desk, query_string=asked)
        pages.append([visit["id"] for visit in answer["visits"]])
        cursor = answer["next"]
    assert pages == [["v15", "v14"], ["v13", "visit-1"]]


def test_a_search_without_anything_is_refused(house):
    assert find(house, house.desk(), 422)["type"].endswith("search-too-wide")


def test_a_visits_day_is_the_day_at_its_location(house):
    house.hear(a_visit("late", VisitChanged, version=1, starts_at=NOON.replace(day=3, hour=4)))
    assert find(house, house.desk(), date="2026-03-02") == ["late", "visit-1"]
    assert find(house, house.desk(), date="2026-03-03") == []


def test_outside_ones_own_locations_a_reason_is_asked_and_kept(two_places):
    desk = two_places.add_staff("houston", "front-desk", locations=["TX-HOU-01"])
    assert find(two_places, desk, lastName="Doe") == ["visit-1"]
    assert find(two_places, desk, 422, mrn="MRN-bert")["type"].endswith("reason-needed")
    assert find(two_places, desk, 422, locationId="NY-NYC-01", lastName="Doe")["type"].endswith("reason-needed")
    assert find(two_places, desk, mrn="MRN-bert", reason="called from Houston") == ["visit-2"]
    act = two_places.told(ActRecorded)[-1]
    assert (act.action, act.patient_id, act.reason) == ("visit.find", "bert", "called from Houston")
    two_places.call("POST", "/staff/visits/visit-2/icodes", 422, desk, json={})
    two_places.call("POST", "/staff/visits/visit-2/icodes", 201, desk, json={"reason": "called from Houston"})


@pytest.mark.parametrize("protect", ["patient", "visit"])
def test_a_protected_record_gets_no_code_without_a_reason_on_record(any_house, protect):
    any_house.hear(
        a_patient(version=2, is_protected=True) if protect == "patient" else details(version=2, is_protected=True)
    )
    refused = any_house.issue(status=422)
    assert (refused["type"].rsplit("/")[-1], refused["errors"][0]["field"]) == ("reason-needed", "reason")
    any_house.issue(reason="asked at the desk, photo ID seen")
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.reason) == ("icode.issue", "asked at the desk, photo ID seen")


def test_every_code_that_was_printed_is_listed_with_its_state_and_without_the_code(any_house, clock):
    desk = any_house.desk()
    first, second = any_house.issue(), any_house.issue()
    lost = any_house.issue(examIds=["ct"])
    any_house.call("DELETE", f"/staff/icodes/{lost['id']}", 204, desk, json={"reason": "lost on the bus"})
    listed = any_house.call("GET", "/staff/visits/visit-1/icodes", 200, desk)["icodes"]
    states = {one["id"]: (one["examIds"], one["state"], one["endedReason"]) for one in listed}
    assert states == {
        first["id"]: (None, "ended", "reprinted"),
        second["id"]: (None, "active", None),
        lost["id"]: (["ct"], "ended", "lost"),
    }
    assert second["icode"] not in str(listed)
    clock.advance(timedelta(days=90))
    desk = any_house.desk()
    listed = any_house.call("GET", "/staff/visits/visit-1/icodes", 200, desk)["icodes"]
    assert {one["state"] for one in listed if one["id"] == second["id"]} == {"expired"}


def test_the_code_of_a_lost_pass_opens_nothing_and_its_sessions_end(any_house):
    issued = any_house.issue()
    came_in = any_house.enter(issued["icode"])
    any_house.call("DELETE", f"/staff/icodes/{issued['id']}", 204, any_house.desk(), json={"reason": "lost"})
    any_house.enter(issued["icode"], 401)
    any_house.call("GET", "/me", 401, came_in["accessToken"])


@pytest.mark.parametrize("reason", [{}, {"reason": " "}])
def test_ending_a_code_needs_a_reason(house, reason):
    issued = house.issue()
    house.call("DELETE", f"/staff/icodes/{issued['id']}", 422, house.desk(), json=reason)
    house.enter(issued["icode"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/staff/visits/none/icodes", {}), ("GET", "/staff/visits/none/icodes", None),
     ("DELETE", "/staff/icodes/none", {"reason": "lost"})],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(house, method, path, body):
    house.call(method, path, 404, house.desk(), json=body) if body is not None else house.call(
        method, path, 404, house.desk()
    )


def test_a_code_for_exams_of_another_visit_is_refused_S67(two_places):
    refused = two_places.issue(examIds=["mri", "us"], status=422)
    assert refused["type"].endswith("exams-not-of-visit")


@pytest.mark.parametrize("who", ["account", "icode", "operator", "nobody"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/staff/visits?mrn=x"), ("POST", "/staff/visits/visit-1/icodes"), ("GET", "/staff/visits/visit-1/icodes"),
     ("DELETE", "/staff/icodes/x")],
)  # fmt: skip
def test_the_front_desks_doors_are_closed_to_everybody_else(house, who, method, path):
    token = None
    if who == "account":
        house.open_account()
        token = house.log_in()["accessToken"]
    elif who == "icode":
        token = house.enter(house.issue()["icode"])["accessToken"]
    elif who == "operator":
        token = house.add_staff("op", "operator")
    body = {"reason": "x"} if method in {"POST", "DELETE"} else None
    house.call(method, path, 401 if who == "nobody" else 403, token, **({"json": body} if body else {}))


def test_staff_and_accounts_log_in_by_different_doors(house):
    house.open_account("anna80")
    house.call("POST", "/staff/sessions", 401, json={"userId": "anna80", "password": PASSWORD})
    house.add_staff("desk", "front-desk")
    house.log_in("desk", status=401)


def test_every_act_of_staff_is_on_record_with_who_and_where_from(house):
    desk = house.desk()
    find_headers = {"X-Client-Address": "192.0.2.7"}
    house.call("GET", "/staff/visits?mrn=MRN-anna", 200, desk, headers=find_headers)
    act = house.told(ActRecorded)[-1]
    assert act.actor.startswith("staff:")
    assert (act.action, act.patient_id, act.from_address, act.outcome) == ("visit.find", "anna", "192.0.2.7", "done")


# --- systems and the operator's commands ----------------------------------------------------------------------------


def test_a_systems_token_has_its_scopes_for_a_year_and_can_be_ended(any_house, clock):
    with any_house.parts.db.begin() as tx:
        holder, token = issue_system_token(tx, any_house.parts, "PACS", ["images.store"], NOON)
    claims = any_house.claims(token)
    assert (claims.sub, claims.grants, claims.aud) == (holder, SystemGrants(scopes=["images.store"]), ["exams"])
    clock.move_to(NOON + timedelta(days=365, seconds=-1))
    any_house.claims(token)
    with any_house.parts.db.begin() as tx:
        assert end_system(tx, holder, NOON)
        assert not end_system(tx, holder, NOON)
    with pytest.raises(Unauthenticated):
        any_house.claims(token)


def by_hand(house, monkeypatch, argv, stdin=""):
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return run_by_hand(lambda: house.service, argv)


def test_an_operator_adds_staff_and_accounts_by_hand(house, monkeypatch, capsys):
    argv = ["add-staff", "--user-id", "desk", "--roles", "front-desk", "support", "--locations", "TX-HOU-01"]
    assert by_hand(house, monkeypatch, argv, f"{PASSWORD}\n") == 0
    argv = ["open-account", "--user-id", "anna80", "--email", "anna@example.org", "--patients", "anna"]
    assert by_hand(house, monkeypatch, argv, f"{PASSWORD}\n") == 0
    said = capsys.readouterr().out.split()
    assert [line.partition(":")[0] for line in said] == ["staff", "account"]
    came_in = house.call("POST", "/staff/sessions", 201, json={"userId": "desk", "password": PASSWORD})
    assert came_in["viewer"]["roles"] == ["front-desk", "support"]
    assert came_in["viewer"]["locations"] == ["TX-HOU-01"]
    house.log_in()


def test_what_is_refused_by_hand_is_named(house, monkeypatch, capsys):
    argv = ["add-staff", "--user-id", "desk", "--roles", "operator"]
    assert by_hand(house, monkeypatch, argv, "short\n") == 1
    assert by_hand(house, monkeypatch, argv, f"{PASSWORD}\n") == 0
    assert by_hand(house, monkeypatch, argv, f"{PASSWORD}\n") == 1
    said = capsys.readouterr().err
    assert "password-refused" in said
    assert "user-id-taken" in said
    assert "short" not in said.replace("password-refused", "")


def test_a_system_token_is_printed_alone_and_ended_by_its_holder(house, monkeypatch, capsys):
    assert by_hand(house, monkeypatch, ["system-token", "--scopes", "hl7.send", "images.store"]) == 0
    said = capsys.readouterr()
    token, holder = said.out.strip(), said.err.strip()
    assert house.claims(token).sub == holder
    assert by_hand(house, monkeypatch, ["end-system", holder]) == 0
    assert by_hand(house, monkeypatch, ["end-system", holder]) == 1
    with pytest.raises(Unauthenticated):
        house.claims(token)


def test_the_audits_chains_are_verified_by_hand(house, monkeypatch, capsys):
    house.desk()
    first, second, *_ = house.told(ActRecorded)
    house.hear(first, second)
    assert by_hand(house, monkeypatch, ["verify-audit"]) == 0
    house.hear(second.model_copy(update={"id": "identity:5", "position": 5}))
    assert by_hand(house, monkeypatch, ["verify-audit"]) == 1
    assert "identity: act 3 is missing or altered" in capsys.readouterr().err
