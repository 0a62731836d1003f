"""Who did and opened what, told to the owner of the account and records, in plain words."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.audit import ActRecorded
from services.identity.api.activity_words import WORDS, act_text
from tests.identity.conftest import PASSWORD, a_patient, a_visit, an_exam
from tests.servers import NOON

BY_SYSTEMS = {"identifiers.read"}
NOBODYS = {"guest-appointment.ask", "guest-appointment.find", "staff.add", "system.add", "system.end"}
NOBODYS |= {"unmatched-studies.list", "messages.bounce"}
"""Acts on no patient's record and no account."""


class Elsewhere:
    """What the other services tell of acts, one after the other."""

    def __init__(self, house):
        self.house, self.positions = house, {}

    def tell(self, service, action, actor, minutes=0, **more):
        position = self.positions[service] = self.positions.get(service, 0) + 1
        at = NOON + timedelta(minutes=minutes)
        state = {
            "id": f"{service}:{position}", "version": 1, "at": at, "service": service, "position": position,
            "actor": actor, "action": action, "patient_id": None, "object": None, "outcome": "done", "slug": None,
            "from_address": "203.0.113.77", "previous_hash": "", "hash": f"{service}{position}",
        }  # fmt: skip
        self.house.hear(ActRecorded(**(state | more)))


def own_acts(house):
    """Let identity hear its own acts, as it does by the bus."""
    for act in house.told(ActRecorded):
        house.deliver(act, f"own-{act.id}")


def activity(house, token, query="", language="en"):
    return house.call("GET", f"/me/activity{query}", 200, token, headers={"Accept-Language": language})


@pytest.fixture
def anna(any_house):
    """Anna's account, by id, and what others did."""
    return any_house.open_account(), Elsewhere(any_house)


def log_in(house, **headers):
    return house.log_in(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"} | headers)["accessToken"]


def test_it_tells_who_opened_what_newest_first_with_the_exam(any_house, anna):
    _, others = anna
    token = log_in(any_house)
    others.tell("exams", "exam.open", "icode:c1", 1, patient_id="anna", object="exam:mri")
    others.tell("exams", "report.open", "staff:s1", 2, patient_id="anna", object="exam:gone")
    found = activity(any_house, token)["activities"]
    assert [(one["who"], one["text"], one["examId"], one["address"]) for one in found] == [
        ("Staff of your imaging center", "Opened a report", None, None),
        ("Somebody with an I-Code", "Opened an exam", "mri", "203.0.113.…"),
    ]  # fmt: skip


def test_a_links_opening_is_told_with_the_name_that_was_typed_O8(any_house, anna):
    account, others = anna
    token = log_in(any_house)
    others.tell("sharing", "share.create", f"account:{account}", 1, object="share:s1")
    others.tell(
        "sharing", "share.open", "share:s1", 2, object="share:s1", person="Dr. <b>Grey</b>", device="Windows computer"
    )  # fmt: skip
    others.tell("sharing", "share.open", "share:s1", 3, object="share:s1", outcome="refused", slug="share-refused")
    found = activity(any_house, token)["activities"]
    assert [(one["who"], one["text"], one["device"]) for one in found] == [
        ("Somebody with a link that was shared", "Tried to open a link, and was refused", None),
        ("Dr. <b>Grey</b>", "Opened a link", "Windows computer"),
        ("You", "Made a link", None),
    ]  # fmt: skip
    spanish = activity(any_house, token, language="es")["activities"][1]
    assert (spanish["text"], spanish["device"]) == ("Abrió un enlace", "Computadora con Windows")


def test_ones_own_log_ins_and_wrong_passwords_for_the_account_are_in_it(any_house, anna):
    del anna
    any_house.log_in(password="a wrong but long password", status=401)
    token = log_in(any_house, **{"X-Client-Address": "198.51.100.23"})
    own_acts(any_house)
    found = activity(any_house, token)["activities"]
    assert [(one["who"], one["text"], one["device"], one["address"]) for one in found] == [
        ("You", "Logged in", "Firefox, Windows", "198.51.100.…"),
        ("Somebody who was not logged in", "Tried to log in, and was refused", None, "127.0.0.…"),
        ("The portal", "Opened the account", None, None),
    ]  # fmt: skip
    assert "198.51.100.23" not in str(found)


def test_it_is_told_in_spanish_too(any_house, anna):
    _, others = anna
    token = log_in(any_house)
    others.tell("archiver", "package.request", "icode:c1", patient_id="anna", object="package:p1")
    others.tell("archiver", "package.download", "icode:c1", 1, object="package:p1")
    found = activity(any_house, token, language="es-US")["activities"]
    assert [(one["who"], one["text"]) for one in found] == [
        ("Alguien con un I-Code", "Descargó imágenes"), ("Alguien con un I-Code", "Pidió imágenes para descargar"),
    ]  # fmt: skip


def test_nothing_of_anybody_else_is_in_it(any_house, anna):
    _, others = anna
    token = log_in(any_house)
    any_house.hear(a_patient("bert"), a_visit("visit-2", patient_id="bert"))
    any_house.hear(an_exam("berts", patient_id="bert", visit_id="visit-2"))
    bert = any_house.open_account("bert70", ("bert",))
    others.tell("exams", "exam.open", f"account:{bert}", patient_id="bert", object="exam:berts")
    others.tell("sharing", "share.create", f"account:{bert}", object="share:b", patient_id="bert")
    others.tell("sharing", "share.open", "share:b", object="share:b", person="Anna")
    others.tell("archiver", "package.cancel", f"account:{bert}", object="package:b")
    others.tell("sharing", "share.open", "share:unheard", object="share:unheard")
    others.tell("exams", "unmatched-studies.list", "staff:s1")
    assert activity(any_house, token) == {"activities": [], "next": None}


def test_an_act_on_several_patients_at_once_is_told_once_and_on_one_of_them_too(any_house):
    any_house.hear(a_patient("anna-2"))
    any_house.open_account("both", ("anna", "anna-2"))
    any_house.open_account("second", ("anna-2",))
    others = Elsewhere(any_house)
    for patient in ("anna", "anna-2"):
        others.tell("archiver", "package.request", "account:x", patient_id=patient, object="package:p1")
    for user in ("both", "second"):
        assert len(activity(any_house, any_house.log_in(user)["accessToken"])["activities"]) == 1


def test_a_page_goes_on_where_the_last_ended_whatever_was_told_meanwhile(any_house, anna):
    _, others = anna
    token = log_in(any_house)
    for minute in range(5):
        others.tell("exams", "exam.open", f"icode:c{minute}", minute, patient_id="anna", object="exam:mri")
    first = activity(any_house, token, "?limit=2")
    others.tell("exams", "exam.open", "icode:c1", 9, patient_id="anna", object="exam:mri")
    pages = [first]
    while pages[-1]["next"]:
        pages.append(activity(any_house, token, f"?limit=2&cursor={pages[-1]['next']}"))
    times = [one["at"] for page in pages for one in page["activities"]]
    assert times == [f"2026-03-02T12:0{minute}:00Z" for minute in (4, 3, 2, 1, 0)]


def test_what_somebody_opens_again_and_again_stands_there_once_an_hour_and_each_refused_try(any_house, anna):
    _, others = anna
    token = log_in(any_house)
    for minute in (0, 1, 2, 61, 62):
        others.tell("exams", "images.list", "icode:c1", minute, patient_id="anna", object="exam:mri")
    refused = {"object": f"account:{anna[0]}", "outcome": "refused", "slug": "wrong-credentials"}
    for minute in (70, 71):
        others.tell("identity", "session.begin", "nobody", minute, **refused)
    found = activity(any_house, token)["activities"]
    assert [one["at"][11:16] for one in found] == ["13:11", "13:10", "13:02", "12:02"]


def test_a_cursor_of_anothers_act_gives_nothing_and_a_made_up_one_is_refused(any_house, anna):
    _, others = anna
    token = log_in(any_house)
    others.tell("exams", "exam.open", "icode:c1", patient_id="anna", object="exam:mri")
    others.tell("exams", "exam.open", "icode:c2", 1, patient_id="bert", object="exam:berts")
    assert activity(any_house, token, "?cursor=exams.2")["activities"] == []
    for cursor in ("x", "exams.-1", "Exams.1", "exams.1;"):
        any_house.call("GET", f"/me/activity?cursor={cursor}", 422, token)


def test_every_act_that_may_concern_somebody_has_words_in_both_languages():
    source = "\n".join(path.read_text("utf-8") for path in Path("services").rglob("usecases/*.py"))
    actions = set(re.findall(r'"((?:[a-z]+-)*[a-z]+\.(?:[a-z]+-)*[a-z]+)"', source))
    assert actions - set(WORDS) - BY_SYSTEMS - NOBODYS == set()
    assert all(
        act_text(one, "en", is_refused=no) != act_text(one, "es", is_refused=no) for one in WORDS for no in (0, 1)
    )


def test_a_refusal_without_words_of_its_own_says_so_and_an_unknown_act_is_named_by_no_code():
    assert act_text("record.add", "es", is_refused=True) == "Agregó un registro con un I-Code (no permitido)"
    assert act_text("x.y", "en", is_refused=False) == "Did something else"
    assert PASSWORD not in str(WORDS)
