"""A new code for the same exams: the old one and its sessions end, what hangs on the holder goes on."""

from concurrent.futures import ThreadPoolExecutor

from contracts.access import AccessEnded
from contracts.identity import ICodeEnded, ICodeIssued


def test_a_reprint_ends_the_old_code_and_its_sessions_and_keeps_the_holder(any_house):
    first = any_house.issue()
    came_in = any_house.enter(first["icode"])
    holder = any_house.claims(came_in["accessToken"]).sub
    second = any_house.issue()
    any_house.enter(first["icode"], 401)
    any_house.call("GET", "/me", 401, came_in["accessToken"])
    any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": came_in["refreshToken"]})
    again = any_house.enter(second["icode"])
    assert any_house.claims(again["accessToken"]).sub == holder
    (ended,) = any_house.told(AccessEnded)
    assert (ended.id, ended.version, ended.reason) == (holder, 2, "reprinted")
    assert [event.reason for event in any_house.told(ICodeEnded)] == ["reprinted"]
    assert [event.id for event in any_house.told(ICodeIssued)] == [first["id"], second["id"]]


def test_a_reprint_of_one_part_leaves_the_other_parts_alone_S65(house):
    mri, ct = (house.issue(examIds=[exam]) for exam in ("mri", "ct"))
    of_ct = house.enter(ct["icode"])
    house.issue(examIds=["mri"])
    house.enter(mri["icode"], 401)
    house.enter(ct["icode"])
    house.claims(of_ct["accessToken"])


def test_parallel_reprints_leave_one_code(any_house):
    desk = any_house.desk()
    app = any_house.client.application

    def issue(_: int) -> str:
        headers = {"Authorization": f"Bearer {desk}"}
        return app.test_client().post("/staff/visits/visit-1/icodes", json={}, headers=headers).json["icode"]

    with ThreadPoolExecutor(6) as pool:
        icodes = list(pool.map(issue, range(6)))
    statuses = [any_house.client.post("/icode-sessions", json={"icode": one}).status_code for one in icodes]
    assert sorted(statuses) == [201] + [401] * 5
