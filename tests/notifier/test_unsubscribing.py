"""The address behind List-Unsubscribe, and limits per address."""

from datetime import timedelta

import pytest

from contracts.exams import ReportReleased
from services.notifier.app import make_web
from services.notifier.domain import ALTOGETHER, PER_TEMPLATE
from services.notifier.unsubscribe_links import UnsubscribeLinks
from tests.notifier.conftest import a_contact, a_message, a_package, a_share, an_exam
from tests.servers import NOON

ANNA = a_contact("patient", "anna", "anna@example.org")


def a_report(version=1):
    facts = {"exam_id": "mri", "patient_id": "anna", "report_version": version, "released_at": NOON}
    return ReportReleased(id="mri", version=version, at=NOON, **facts)


def token_of(mail):
    return mail["List-Unsubscribe"].strip("<>").rpartition("/")[2]


@pytest.fixture
def door(post):
    return make_web(post.service.parts).test_client()


def test_one_click_stops_that_kind_of_message_alone_and_it_can_be_had_again(post, door):
    (mail,) = post.sent(ANNA, an_exam(), a_report())[-1:]
    kinds = {one["subject"]: one for one in post.mails()}
    mail = kinds["A report is in the Patient Portal"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = f"/unsubscriptions/{token_of(mail)}"
    assert door.get(path).json == {"template": "report-available", "isWanted": True}
    assert door.put(path, json={}).json == {"template": "report-available", "isWanted": False}
    assert len(post.sent(a_report(2))) == 2
    assert len(post.sent(an_exam(id="ct"))) == 3  # another kind goes on
    assert door.put(path, json={"isWanted": True}).json["isWanted"] is True
    assert len(post.sent(a_report(3))) == 4


def test_the_address_says_nothing_of_whom_it_is_for_and_cannot_be_made_up(post, door):
    mail = post.sent(ANNA, a_report())[0]
    token = token_of(mail)
    assert "anna" not in token
    mail_id, _, signature = token.partition(".")
    for other in (mail_id, f"{mail_id}.{'0' * 32}", f"{'0' * 32}.{signature}", "é", "a.b.c", token + "0"):
        assert door.put(f"/unsubscriptions/{other}", json={}).status_code == 404
    assert UnsubscribeLinks(b"another key", "https://portal.example").mail_of(token) is None


def test_what_protects_its_reader_has_no_such_address_and_cannot_be_stopped_by_one(post, door):
    mail = post.sent(a_message("password-changed"))[0]
    assert mail["List-Unsubscribe"] is None
    mail_id = mail["message-id"].strip("<>").partition("@")[0]
    token = post.service.parts.unsubscribe_links.token(mail_id)
    assert door.put(f"/unsubscriptions/{token}", json={}).status_code == 404


def test_whoever_stopped_the_messages_about_a_share_is_not_written_to_elsewhere_instead(post, door):
    post.hear(a_contact("share", "s1", "left@example.org"), a_contact("holder", "account:1", "acc@example.org"))
    (mail,) = post.sent(a_share(holder="account:1"))
    door.put(f"/unsubscriptions/{token_of(mail)}", json={})
    assert len(post.sent(a_share(version=3, holder="account:1"))) == 1


def test_openings_beyond_the_limit_wait_until_there_is_room_and_none_is_lost(any_post):
    any_post.hear(a_contact("share", "s1", "anna@example.org"))
    any_post.hear(*(a_share(version=version) for version in range(2, PER_TEMPLATE.most + 5)))
    while any_post.send():
        pass
    assert len(any_post.mails()) == PER_TEMPLATE.most
    any_post.clock.advance(PER_TEMPLATE.within - timedelta(seconds=1))
    any_post.send()
    assert len(any_post.mails()) == PER_TEMPLATE.most
    any_post.clock.advance(timedelta(seconds=1))
    while any_post.send():
        pass
    assert len(any_post.mails()) == PER_TEMPLATE.most + 3


def test_a_flood_of_one_kind_holds_back_no_other_kind_and_no_other_address(post):
    post.hear(a_contact("share", "s1", "anna@example.org"), a_contact("package", "p1", "anna@example.org"))
    post.hear(*(a_share(version=version) for version in range(2, 30)))
    post.send()
    before = len(post.mails())
    while post.send():
        pass
    post.hear(a_package(), a_message("validation-code", facts={"code": "123456"}))
    post.hear(a_message("validation-code", id="m2", facts={"code": "123456"}, email="bob@example.org"))
    assert post.send() == 3
    assert before <= PER_TEMPLATE.most


def test_an_address_has_a_days_limit_too_which_holds_back_no_code(post):
    post.hear(a_contact("share", "s1", "anna@example.org"))
    for version in range(2, ALTOGETHER.most + 30):
        post.hear(a_share(version=version))
    for _ in range(7):
        while post.send():
            pass
        post.clock.advance(PER_TEMPLATE.within)
    assert len(post.mails()) == ALTOGETHER.most
    until = post.clock.now() + timedelta(hours=1)
    post.hear(a_message("password-reset", facts={"code": "123456"}, expires_at=until))
    assert post.send() == 1
