"""Any order and any duplication of what is heard gives the same mails."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.archiver import PackageExpiring, PackageReady
from contracts.exams import ExamMoved, ReportReleased, ReportWithdrawn
from contracts.sharing import ShareLocked
from tests.notifier.conftest import (
    a_contact,
    a_message,
    a_package,
    a_post_office,
    a_share,
    an_exam,
)
from tests.servers import NOON, SetClock
from tests.service_twin import enveloped

TO_PACKAGE = a_contact("package", "p1", "anna@example.org")


HEARD = [
    TO_PACKAGE,
    a_contact("package", "p1", "newer@example.org", version=2),
    a_package(PackageReady, 3, holder="account:1"),
    a_package(PackageExpiring, 4, holder="account:1"),
    a_contact("holder", "account:1", "account@example.org", language="es"),
    a_share(version=2, holder="account:1"),
    a_share(ShareLocked, version=3, holder="account:1"),
    a_contact("patient", "anna", "anna@example.org"),
    a_contact("patient", "bob", "bob@example.org"),
    an_exam(version=1),
    an_exam(ExamMoved, 2, patient_id="bob", from_patient_id="anna", to_patient_id="bob", reason="corrected"),
    ReportReleased(id="mri", version=1, at=NOON, exam_id="mri", patient_id="anna", report_version=1, released_at=NOON),
    ReportReleased(id="mri", version=3, at=NOON, exam_id="mri", patient_id="bob", report_version=2, released_at=NOON),
    ReportWithdrawn(id="mri", version=2, at=NOON, exam_id="mri", patient_id="bob", report_version=1),
    a_message("validation-code", facts={"code": "123456"}, email="new@example.org"),
]
EXPECTED = sorted(
    [
        ("newer@example.org", "The images you asked for are ready"),
        ("newer@example.org", "Your download ends soon"),
        ("account@example.org", "Se abrió un enlace que usted compartió"),
        ("account@example.org", "Se bloqueó un enlace que usted compartió"),
        ("bob@example.org", "New images are in the Patient Portal"),
        ("bob@example.org", "A report is in the Patient Portal"),
        ("new@example.org", "Your validation code"),
    ]
)


@settings(max_examples=15, deadline=timedelta(seconds=20))
@given(
    st.permutations(range(len(HEARD))), st.lists(st.tuples(st.integers(0, len(HEARD) - 1), st.booleans()), max_size=10)
)
def test_any_order_and_any_duplication_of_what_is_heard_gives_the_same_mails(order, again):
    with TemporaryDirectory() as folder:
        office = a_post_office(f"sqlite:///{folder}/test.db", Path(folder), SetClock())
        for index, is_retold in [*((index, False) for index in order), *again]:
            body = enveloped(HEARD[index], None if is_retold else f"message-{index}")
            assert office.service.inbox.deliver(body, 1).kind == "settled"
        office.send()
        office.send()
        assert sorted((mail["to"], mail["subject"]) for mail in office.mails()) == EXPECTED
        office.service.db.close()
