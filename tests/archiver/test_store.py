"""Claims, leases and joins, on SQLite and PostgreSQL, with workers and holders at the same instant."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from services.archiver.store import builds
from tests.archiver.house import an_account

OWNER = an_account()
MINUTE = timedelta(minutes=1)


def at_once(number, do):
    """Call *do* with 0, 1, … on as many threads, all let go at one instant; their results."""
    gate = threading.Barrier(number)

    def one(index):
        gate.wait()
        return do(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def claim(house, build_id, owner="worker"):
    with house.parts.db.begin() as tx:
        return builds.claim(tx, build_id, owner, MINUTE, house.clock.now())


def renew(house, lease):
    with house.parts.db.begin() as tx:
        return builds.renew(tx, lease, MINUTE, 0.5)


def test_of_workers_that_claim_at_once_one_has_the_build(each_house):
    each_house.add_exam("exam-1")
    package = each_house.ask(OWNER, "exam-1")
    leases = at_once(6, lambda index: claim(each_house, package.build_id, f"worker-{index}"))
    assert [lease.fence for lease in leases if lease] == [1]


def test_a_lease_that_passed_goes_to_the_next_with_a_higher_fence(each_house):
    each_house.add_exam("exam-1")
    package = each_house.ask(OWNER, "exam-1")
    first = claim(each_house, package.build_id)
    assert claim(each_house, package.build_id) is None
    assert renew(each_house, first)
    each_house.age_lease(package.build_id)
    second = claim(each_house, package.build_id)
    assert (first.fence, second.fence) == (1, 2)
    assert not renew(each_house, first)
    assert renew(each_house, second)
    with each_house.parts.db.begin() as tx:
        assert builds.lock_held(tx, first) is None
        assert builds.lock_held(tx, second) is not None


def test_holders_who_ask_at_once_join_one_build(each_house):
    each_house.add_exam("exam-1")
    rows = at_once(5, lambda index: each_house.ask(an_account(holder=f"account:{index}"), "exam-1"))
    assert len({row.build_id for row in rows}) == 1
    assert len({row.id for row in rows}) == 5


def test_one_holder_who_asks_at_once_has_one_package(each_house):
    each_house.add_exam("exam-1")
    rows = at_once(5, lambda _: each_house.ask(OWNER, "exam-1"))
    assert len({row.id for row in rows}) == 1


def test_the_limit_of_a_holder_holds_for_requests_at_once(each_house):
    for number in range(8):
        each_house.add_exam(f"exam-{number}")

    def ask(index):
        try:
            return each_house.ask(OWNER, f"exam-{index}").id
        except Exception as refusal:
            return type(refusal).__name__

    answers = at_once(8, ask)
    assert answers.count("TooManyPackages") == 3


def test_a_finish_and_a_withdrawal_at_once_never_leave_the_report(each_house):
    house = each_house
    for number in range(3):
        exam_id = f"exam-{number}"
        house.add_exam(exam_id)
        house.release_report(exam_id)
        package = house.ask(OWNER, exam_id, include_report=True)
        taken_back = house.taken_back(exam_id)
        at_once(2, lambda index: house.work() if index else house.tell(taken_back))  # noqa: B023 - used at once
        house.work()
        view = house.look(OWNER, package.id)
        assert view.reason == "report-withdrawn" or not any(
            name.startswith("REPORT/") for name in house.names_in(package.id)
        )
