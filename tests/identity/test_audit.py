"""The audit: what operators see of it, every look on record, addresses for 90 days, and whether its chains hold."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from contracts.audit import ActRecorded
from services.chassis.audit import FIRST_HASH, canonical, chain_hash
from services.chassis.tables import Act
from services.identity.api.by_hand import run_by_hand
from services.identity.store.audit import AuditEntryRow
from services.identity.usecases.audit import find_breaks
from services.identity.usecases.tidying import tidy
from tests.identity.test_handlers import merged, unmerged
from tests.servers import NOON


def merge_audit(house):
    """Bring identity's acts back to it, as the bus does."""
    house.hear(*house.told(ActRecorded))


def look(house, token, status=200, **asked):
    return house.call("GET", "/staff/audit", status, token, query_string=asked)


def actions(answer):
    return [entry["action"] for entry in answer["entries"]]


def test_an_operator_sees_who_did_what_when_and_from_where(any_house):
    desk, operator = any_house.add_staff("desk", "front-desk"), any_house.add_staff("op", "operator")
    headers = {"X-Client-Address": "192.0.2.7"}
    body = {"reason": "the first one is lost"}
    issued = any_house.call("POST", "/staff/visits/visit-1/icodes", 201, desk, json=body, headers=headers)
    merge_audit(any_house)
    (newest,) = look(any_house, operator, limit=1)["entries"]
    del newest["position"]
    assert newest["actor"].startswith("staff:")
    assert newest | {"actor": "staff"} == {
        "at": "2026-03-02T12:00:00Z", "actor": "staff", "actorUserId": "desk", "action": "icode.issue",
        "patient": "anna", "object": f"icode:{issued['id']}", "from": "192.0.2.7", "outcome": "done", "slug": None,
        "reason": "the first one is lost", "phiAcknowledged": None, "service": "identity",
    }  # fmt: skip


def test_what_other_services_did_stands_among_it(any_house, clock):
    operator = any_house.add_staff("op", "operator")
    clock.advance(timedelta(minutes=1))
    act = ActRecorded(
        id="archiver:1", version=1, at=clock.now(), service="archiver", position=1, actor="account:a",
        action="package.request", patient_id="anna", object="package:p", outcome="done", slug=None,
        from_address="192.0.2.9", phi_acknowledged=True, previous_hash=FIRST_HASH, hash="",
    )  # fmt: skip
    any_house.hear(act.model_copy(update={"hash": chain_hash(FIRST_HASH, canonical(act))}))
    merge_audit(any_house)
    (newest,) = look(any_house, operator, limit=1)["entries"]
    assert (newest["service"], newest["action"], newest["phiAcknowledged"]) == ("archiver", "package.request", True)
    with any_house.parts.db.read() as tx:
        assert find_breaks(tx) == {}


def test_what_was_refused_says_why(house):
    house.open_account()
    house.log_in(password="a wrong and quiet password", status=401)
    merge_audit(house)
    (newest,) = look(house, house.add_staff("op", "operator"), limit=1)["entries"]
    assert (newest["action"], newest["outcome"], newest["slug"]) == ("session.begin", "refused", "wrong-credentials")
    assert newest["actorUserId"] is None


def test_acts_are_found_by_patient_actor_and_time(any_house, clock):
    operator = any_house.add_staff("op", "operator")
    any_house.issue()
    account = any_house.open_account()
    clock.advance(timedelta(minutes=1))
    any_house.log_in()
    merge_audit(any_house)
    assert actions(look(any_house, operator, patient="anna")) == ["account.open", "icode.issue"]
    assert actions(look(any_house, operator, actor=f"account:{account}")) == ["session.begin"]
    assert actions(look(any_house, operator, since="2026-03-02T12:01:00Z")) == ["session.begin"]
    assert actions(look(any_house, operator, since="2026-03-02T12:01:01Z")) == []
    assert actions(look(any_house, operator, patient="anna", since="2026-03-02T12:01:00Z")) == []
    assert len(actions(look(any_house, operator, since="2026-03-02"))) > 3
    assert actions(look(any_house, operator, patient="nobody")) == []


def test_a_persons_acts_are_found_by_any_of_their_merged_records(any_house):
    operator = any_house.add_staff("op", "operator")
    any_house.issue()
    merge_audit(any_house)
    any_house.hear(merged("anna", "anna2"), merged("anna2", "anna3"), merged("bert", "bert2"))
    assert actions(look(any_house, operator, patient="anna3")) == ["icode.issue"]
    any_house.hear(unmerged("anna", "anna2"))
    assert actions(look(any_house, operator, patient="anna3")) == []


def test_pages_are_whole_though_every_look_adds_an_act(any_house):
    operator = any_house.add_staff("op", "operator")
    for _ in range(3):
        any_house.issue()
    merge_audit(any_house)
    whole = [one["position"] for one in look(any_house, operator, limit=100)["entries"]]
    pages, cursor = [], ""
    while cursor is not None:
        merge_audit(any_house)
        answer = look(any_house, operator, limit=4, **({"cursor": cursor} if cursor else {}))
        pages += [one["position"] for one in answer["entries"]]
        cursor = answer["next"]
    assert pages[-len(whole) :] == whole
    assert len(set(pages)) == len(pages)


@pytest.mark.parametrize(
    "asked",
    [{"cursor": "7"}, {"cursor": "identity.x"}, {"cursor": "identity." + "9" * 19}, {"since": "soon"},
     {"since": "0001-01-01T00:00:00+14:00"}, {"limit": 101}, {"patient": "x" * 65}],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(house, asked):
    look(house, house.add_staff("op", "operator"), 422, **asked)


def test_a_cursor_of_no_page_gives_an_empty_one(house):
    assert look(house, house.add_staff("op", "operator"), cursor="identity.999")["entries"] == []


def test_every_look_is_an_act(any_house):
    operator = any_house.add_staff("op", "operator")
    look(any_house, operator, patient="anna", actor="staff:somebody")
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.patient_id, act.object) == ("audit.find", "anna", "staff:somebody")
    look(any_house, operator, actor="nobody")
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.patient_id, act.object) == ("audit.find", None, None)


@pytest.mark.parametrize("who", ["front-desk", "support", "account", "icode", "nobody"])
def test_the_audit_is_closed_to_everybody_but_operators(house, who):
    token = None
    if who == "account":
        house.open_account()
        token = house.log_in()["accessToken"]
    elif who == "icode":
        token = house.enter(house.issue()["icode"])["accessToken"]
    elif who != "nobody":
        token = house.add_staff("someone", who)
    look(house, token, 401 if who == "nobody" else 403)


# --- keeping --------------------------------------------------------------------------------------------------------


def entries(house):
    with house.parts.db.read() as tx:
        return list(tx.scalars(select(AuditEntryRow).order_by(AuditEntryRow.position)))


@pytest.mark.parametrize(("after", "kept"), [(timedelta(days=90), True), (timedelta(days=90, microseconds=1), False)])
def test_addresses_are_kept_for_90_days_and_the_chain_holds_without_them(any_house, after, kept):
    any_house.desk()
    told = [one.model_copy(update={"from_address": "192.0.2.7"}) for one in any_house.told(ActRecorded)]
    any_house.hear(*told)
    with any_house.parts.db.begin() as tx:
        tidy(tx, NOON + after)
    assert {row.from_address for row in entries(any_house)} == {"192.0.2.7" if kept else None}
    assert "192.0.2.7" not in "".join(row.body for row in entries(any_house))
    with any_house.parts.db.read() as tx:
        assert find_breaks(tx) == {}


# --- verifying ------------------------------------------------------------------------------------------------------


def verify(house, capsys):
    status = run_by_hand(lambda: house.service, ["verify-audit"])
    said = capsys.readouterr()
    return status, said.out + said.err


@pytest.fixture
def audited(any_house):
    any_house.issue()
    merge_audit(any_house)
    return any_house


def test_a_whole_audit_is_said_to_hold(audited, capsys):
    assert verify(audited, capsys) == (0, "every chain holds\n")


@pytest.mark.parametrize(
    "change", [{"actor": "staff:other"}, {"patient_id": "bert"}, {"outcome": "refused"}, {"action": "icode.find"},
               {"object": None}, {"at": NOON + timedelta(hours=1)}, {"body": "{}"}, {"body": "no JSON"},
               {"hash": "f" * 64}],
)  # fmt: skip
def test_an_act_altered_in_the_merged_audit_is_named(audited, capsys, change):
    with audited.parts.db.begin() as tx:
        tx.execute(update(AuditEntryRow).where(AuditEntryRow.position == 2).values(change))
    assert verify(audited, capsys) == (1, "identity: act 2 is missing or altered\n")


def test_an_audit_made_unreadable_is_still_shown(house):
    operator = house.add_staff("op", "operator")
    merge_audit(house)
    with house.parts.db.begin() as tx:
        tx.execute(update(AuditEntryRow).where(AuditEntryRow.position == 2).values(body="no JSON"))
    assert len(look(house, operator)["entries"]) == 2


@pytest.mark.parametrize("position", [1, 2, "last"])
def test_an_act_taken_out_of_identitys_own_record_is_named(audited, capsys, position):
    with audited.parts.db.begin() as tx:
        last = max(tx.scalars(select(Act.position)))
        gone = last if position == "last" else position
        tx.execute(delete(Act).where(Act.position == gone))
    assert verify(audited, capsys) == (1, f"identity's own: act {gone} is missing or altered\n")
