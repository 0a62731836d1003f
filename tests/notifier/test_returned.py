"""What comes back: reports of mail servers settle their letters, once; strangers' reports and what is none do not."""

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.exams import ReportReleased
from contracts.messages import MessageBounced, MessageSent
from services.chassis import metrics
from services.chassis.clock import Clock
from services.chassis.tables import OutboxRow
from services.notifier.__main__ import bounce
from services.notifier.bounce_addresses import BounceAddresses
from services.notifier.domain import BOUNCES_COME_WITHIN
from services.notifier.store.tables import AddressRow, MailRow
from services.notifier.usecases.returning import measure_returned, take_returned
from tests.notifier.conftest import a_contact, a_message, a_package, a_post_office, a_share
from tests.notifier.returned_mails import TO, an_absence, from_exchange, from_gmail, from_postfix, in_short, in_utf_8
from tests.servers import NOON

ROOT = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)
ANNA = a_contact("patient", "anna", TO)
FAILED = "Final-Recipient: rfc822; anna@example.org\nAction: failed\nStatus: 5.1.1"
PERMANENT = [
    from_postfix,
    from_exchange,
    from_gmail,
    in_utf_8,
    partial(from_postfix, status="5.0.0", said="550 5.1.1 no"),
]
NOT_ITS_FAULT = [
    partial(from_postfix, status="5.7.1"),
    partial(from_postfix, status="5.0.0", said="550 5.7.26 unauthenticated"),
    partial(from_exchange, status="5.2.2"),
    partial(from_postfix, status="4.4.7"),
]


def a_report(version=1):
    facts = {"exam_id": "mri", "patient_id": "anna", "report_version": version, "released_at": NOON}
    return ReportReleased(id="mri", version=version, at=NOON, **facts)


@pytest.fixture
def office(database_url, tmp_path, clock, smtp):
    """The service on a real mail server and both databases, with an address for what comes back."""
    made = a_post_office(database_url, tmp_path, clock, smtp.url, bounce_address="bounces@portal.example")
    made.hear(ANNA, a_report())
    made.send()
    yield made
    made.service.parts.mailer.close()
    made.service.db.close()


@pytest.fixture
def returns_to(office, smtp):
    """The address in the envelope of the one letter that was sent."""
    return smtp.wait_for(1)[0].sender


def take(office, content, recipient=""):
    return take_returned(office.service.parts, content, recipient)


def states(office):
    with office.service.db.read() as tx:
        return list(tx.scalars(select(MailRow.state)))


def is_refused(office):
    with office.service.db.read() as tx:
        return [row.refused_at is not None for row in tx.scalars(select(AddressRow))] == [True]


def test_a_letter_goes_out_with_its_own_return_address_which_says_nothing_of_its_reader(smtp, returns_to):
    (mail,) = smtp.mails
    local, _, domain = returns_to.partition("@")
    assert (local[:8], len(local), domain) == ("bounces+", 56, "portal.example")
    assert mail.message["From"].endswith("<no-reply@portal.example>")
    assert "anna" not in returns_to


@pytest.mark.parametrize("shape", PERMANENT)
def test_a_report_of_permanent_failure_settles_its_letter_once_and_is_told(office, returns_to, shape):
    assert take(office, shape(returns_to)) == "bounced"
    assert states(office) == ["bounced"]
    assert is_refused(office)
    assert take(office, shape(returns_to)) == "known"
    sent, told = office.told(MessageSent, MessageBounced)
    assert (told.id, sent.version, told.version, told.template) == (sent.id, 1, 2, "report-available")
    assert office.told(MessageBounced) == [told]


@pytest.mark.parametrize("shape", NOT_ITS_FAULT)
def test_a_failure_that_is_not_the_addresss_settles_the_letter_and_nothing_more(office, returns_to, shape):
    assert take(office, shape(returns_to)) == "bounced"
    assert states(office) == ["bounced"]
    assert not is_refused(office)
    assert len(office.told(MessageBounced)) == 1


def test_a_delay_changes_nothing_and_the_failure_after_it_settles_the_letter(office, returns_to):
    assert take(office, from_postfix(returns_to, "4.4.1", "delayed", "451 4.4.1 timed out")) == "delayed"
    assert states(office) == ["sent"]
    assert take(office, from_postfix(returns_to)) == "bounced"


def test_an_address_that_leads_to_several_is_dead_when_all_of_them_are(office, returns_to):
    relayed = "Final-Recipient: rfc822; anna@elsewhere.example\nAction: relayed\nStatus: 2.0.0"
    assert take(office, in_short(returns_to, FAILED, relayed)) == "delivered"
    full = FAILED.replace("5.1.1", "5.2.2")
    assert take(office, in_short(returns_to, FAILED, full)) == "bounced"
    assert not is_refused(office)


def test_a_dead_address_gets_only_what_was_asked_for_or_protects_until_it_is_given_again(office, smtp, returns_to):
    take(office, from_postfix(returns_to))
    office.hear(a_contact("package", "p1", TO), a_package(), a_report(2), a_contact("share", "s1", TO), a_share())
    office.hear(a_message("password-reset", facts={"code": "123456"}))
    office.send()
    subjects = {mail.message["subject"] for mail in smtp.mails[1:]}
    assert subjects == {"The images you asked for are ready", "Your code for a new password"}
    office.clock.advance(SECOND)
    office.hear(a_contact("patient", "anna", TO, version=2, at=office.clock.now()))
    office.send()
    assert [mail.message["subject"] for mail in smtp.mails[3:]] == ["A report is in the Patient Portal"]


def test_what_waited_for_another_address_goes_there(office, smtp, returns_to):
    take(office, from_postfix(returns_to))
    office.hear(a_report(2))
    office.send()
    office.hear(a_contact("patient", "anna", "new@example.org", version=2))
    office.send()
    assert [mail.recipients for mail in smtp.mails] == [(TO,), ("new@example.org",)]


def test_an_opening_is_told_to_the_account_where_the_address_left_with_the_share_is_dead(office, smtp, returns_to):
    take(office, from_postfix(returns_to))
    office.hear(a_contact("share", "s1", TO), a_contact("holder", "account:1", "acc@example.org"))
    office.hear(a_share(holder="account:1"))
    office.send()
    assert smtp.mails[-1].recipients == ("acc@example.org",)


def test_an_address_that_is_refused_at_once_is_dead_too(office, smtp):
    office.hear(a_report(2))
    smtp.fail_next(1, "550 5.1.1 no such user")
    office.send()
    assert is_refused(office)
    office.hear(a_report(3))
    assert office.send() == 0


def test_a_letter_that_waits_for_room_is_not_sent_once_its_address_is_dead(office, smtp, returns_to):
    office.hear(a_report(2))
    smtp.fail_next(1)
    office.send()
    take(office, from_postfix(returns_to))
    office.clock.advance(timedelta(minutes=1))
    office.send()
    assert sorted(states(office)) == ["bounced", "dropped"]


def test_strangers_cannot_silence_anybody(office, returns_to):
    local, _, domain = returns_to.partition("@")
    other = BounceAddresses(b"another key", "bounces@portal.example").of("0" * 32)
    changed = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    for forged in ("bounces@portal.example", other, changed, f"{local}@elsewhere.example", f"{local}a@{domain}"):
        assert take(office, from_postfix(forged)) == "unsigned"
    with office.service.db.read() as tx:
        message_id = tx.scalars(select(MailRow.id)).one()
    assert take(office, from_postfix(f"{message_id}@portal.example")) == "unsigned"
    assert states(office) == ["sent"]
    assert not is_refused(office)


@pytest.mark.parametrize(
    ("after", "outcome"), [(BOUNCES_COME_WITHIN, "bounced"), (BOUNCES_COME_WITHIN + SECOND, "late")]
)
def test_a_report_is_believed_for_ten_days(office, returns_to, after, outcome):
    office.clock.advance(after)
    assert take(office, from_postfix(returns_to)) == outcome


def test_a_letter_that_we_do_not_know_any_more_is_left_alone(office):
    assert take(office, from_postfix(office.service.parts.bounce_addresses.of("0" * 32))) == "late"


def test_the_address_that_the_message_came_to_is_enough(office, returns_to):
    assert take(office, in_short("undisclosed-recipients:;", FAILED), returns_to) == "bounced"


def test_what_is_no_report_is_dropped_and_settles_nothing(office, returns_to):
    read_receipt = from_postfix(returns_to).replace(b"delivery-status", b"disposition-notification")
    for content in (an_absence(returns_to), read_receipt, b"", b"\x00\xff" * 99, returns_to.encode()):
        assert take(office, content) == "no-report"
    assert states(office) == ["sent"]


def test_a_process_that_died_before_it_noted_the_sending_does_not_send_what_came_back(office, smtp, returns_to):
    with office.service.db.begin() as tx:
        row = tx.scalars(select(MailRow)).one()
        row.state, row.address, row.settled_at = "pending", TO, None
    assert take(office, from_postfix(returns_to)) == "bounced"
    office.clock.advance(timedelta(hours=1))
    assert office.send() == 0
    assert len(smtp.mails) == 1


def test_nothing_of_a_report_is_kept_told_or_logged_but_what_came_of_it(office, returns_to, logs):
    read = logs()
    take(office, from_postfix(returns_to))
    take(office, b"Content-Type: multipart/report; report-type=delivery-status\n\nanna@example.org")
    with office.service.db.read() as tx:
        told = "".join(tx.scalars(select(OutboxRow.body)))
    stored = office.everything_stored()
    assert TO not in read() + told
    for text in (read(), told, stored):
        assert "User unknown" not in text
        assert returns_to not in text


def test_what_came_back_is_counted_though_whoever_took_it_has_ended(office, returns_to):
    take(office, from_postfix(returns_to))
    for _ in range(2):
        take(office, an_absence(returns_to))
    measure_returned(office.service.parts)
    text = metrics.text().decode()
    assert 'notifier_returned_mails{outcome="bounced"} 1.0' in text
    assert 'notifier_returned_mails{outcome="no-report"} 2.0' in text


def at_the_door(office, content, *argv):
    return bounce(lambda: office.service, argv, BytesIO(content))


def test_a_mail_server_is_told_whether_to_drop_or_to_refuse(office, returns_to, capsys):
    long = from_postfix(returns_to) + b"x" * (3 << 20)
    forged = from_postfix("bounces@portal.example")
    broken = in_short(returns_to, "Action: failed")
    for content, status, words in (
        (long, os.EX_OK, "settled as bounced"),
        (from_postfix(returns_to), os.EX_OK, "settled before"),
        (an_absence(returns_to), os.EX_OK, "not a delivery report"),
        (forged, os.EX_DATAERR, "no return address of ours"),
        (broken, os.EX_DATAERR, "does not say"),
    ):
        assert at_the_door(office, content, "--\udcff@elsewhere.example") == status
        said = capsys.readouterr().err
        assert words in said
        assert "anna" not in said


def test_a_mail_server_keeps_the_message_while_we_are_not_well(office, post, tmp_path, clock, capsys):
    assert at_the_door(post, b"", "-x", "\udcff") == os.EX_TEMPFAIL  # no address is set
    assert "BOUNCE_ADDRESS is not set" in capsys.readouterr().err
    away = a_post_office(f"sqlite:///{tmp_path}/away.db", tmp_path, clock, bounce_address="b@portal.example")
    (tmp_path / "away.db").unlink()
    away.service.db.close()
    assert at_the_door(away, from_postfix("b@portal.example")) == os.EX_TEMPFAIL

    def unset():
        raise SystemExit(2)

    assert bounce(unset, [], BytesIO(b"")) == os.EX_TEMPFAIL


def test_the_command_takes_what_is_piped_into_it(office, returns_to, tmp_path):
    settings = office.service.settings
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_NOTIFIER_DATABASE_URL": settings.database_url,
        "PORTAL_NOTIFIER_KEYS_DIR": str(settings.keys_dir),
        "PORTAL_NOTIFIER_MAIL_URL": settings.mail_url,
        "PORTAL_NOTIFIER_BOUNCE_ADDRESS": settings.bounce_address,
        "PORTAL_PUBLIC_URL": settings.public_url,
    }
    command = [sys.executable, "-m", "services.notifier", "bounce", returns_to]
    with office.service.db.begin() as tx:
        tx.scalars(select(MailRow)).one().settled_at = Clock().now()  # the command has a clock of its own
    run = partial(subprocess.run, command, input=from_gmail(returns_to), cwd=ROOT, capture_output=True, check=False)
    done = run(env=environment)
    assert (done.returncode, done.stdout) == (os.EX_OK, b"")
    assert states(office) == ["bounced"]
    del environment["PORTAL_NOTIFIER_DATABASE_URL"]
    assert run(env=environment).returncode == os.EX_TEMPFAIL
