"""Reports: released at the instant, told once; corrected and withdrawn at once; never a word before."""

import hashlib
from datetime import timedelta

import pytest

from services.exams.report_pdf import ReportNotSet
from services.exams.store.tables import ReportRow
from services.exams.usecases import release, report_sheets
from tests.exams.conftest import Desk, Ris, a_desk
from tests.servers import SetClock

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
SECRET = "UNMISTAKABLE FINDING"
TEXT = rf"FINDINGS: {SECRET}.\.br\IMPRESSION: {SECRET} indeed."


def texan(clock: SetClock, **more) -> Ris:
    return Ris(clock, **({"location": "TX-HOU-01"} | more))


def exam_of(desk: Desk) -> tuple[str, dict[str, str]]:
    """Give the exam's id, and its patient's headers at the time."""
    with desk.service.db.read() as tx:
        row = tx.query(ReportRow).one()
        return row.exam_id, desk.account(row.patient_id)


def gate(desk: Desk) -> dict:
    exam_id, who = exam_of(desk)
    return desk.get(f"/exams/{exam_id}", who).json["report"]


def everything_shown(desk: Desk) -> str:
    exam_id, who = exam_of(desk)
    paths = [
        "/exams",
        *(f"/exams/{exam_id}{tail}" for tail in ("", "/report", "/report.pdf", "/visit-summary", "/images")),
    ]
    return "".join(desk.get(path, who).data.decode("latin-1") for path in paths)


@pytest.mark.parametrize("location", ["TX-HOU-01", "CA-LA-01"])
def test_a_report_is_hidden_at_4_days_less_a_second_and_seen_at_4_days_S5_S6(any_desk: Desk, clock: SetClock, location):
    desk, ris, signed = any_desk, Ris(clock, location=location), clock.now()
    desk.hl7(ris.completed())
    assert desk.hl7(ris.reported(signed, sent=signed, text=TEXT)) == "AA"
    clock.move_to(signed + 4 * DAY - SECOND)
    desk.settle()
    exam_id, who = exam_of(desk)
    hidden = desk.get(f"/exams/{exam_id}/report", who)
    assert (hidden.status_code, hidden.json["type"]) == (404, "/problems/report-not-released")
    assert hidden.json["availableAt"] == gate(desk)["availableAt"] == "2026-03-06T12:00:00Z"
    assert hidden.json["why"]["slug"] == "release-rule"
    assert desk.told("report.released", "report.stored") == []
    assert SECRET not in everything_shown(desk)
    clock.move_to(signed + 4 * DAY)
    assert gate(desk)["status"] == "available"
    shown = desk.get(f"/exams/{exam_id}/report", exam_of(desk)[1]).json
    assert (shown["impression"], shown["releasedAt"]) == (f"{SECRET} indeed.", "2026-03-06T12:00:00Z")
    assert (shown["signedAt"], shown["interpreter"]) == ("2026-03-02T12:00:00Z", "GREGORY HOUSE, MD")


def test_signed_on_day_0_and_sent_on_day_2_is_seen_on_day_6_S7(desk: Desk, clock: SetClock):
    ris, signed = texan(clock), clock.now()
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(signed))
    clock.advance(2 * DAY)
    assert gate(desk)["why"]["slug"] == "not-sent"
    desk.hl7(ris.reported(signed, sent=clock.now()))
    clock.move_to(signed + 6 * DAY - SECOND)
    assert gate(desk)["status"] == "held"
    clock.move_to(signed + 6 * DAY)
    assert gate(desk)["status"] == "available"


def test_a_report_never_sent_stays_hidden_and_operators_are_alerted_S7(desk: Desk, clock: SetClock):
    ris = texan(clock)
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), text=TEXT))
    clock.advance(100 * DAY)
    desk.settle()
    assert gate(desk)["status"] == "held"
    assert "availableAt" not in gate(desk)
    assert "exams_reports_never_sent 1.0" in desk.client.get("/metrics").text
    assert SECRET not in everything_shown(desk)


def test_the_setting_takes_the_signing_for_the_sending_S7(tmp_path, sqlite_url, clock: SetClock):
    desk = a_desk(tmp_path, sqlite_url, clock, sent_when_signed=True)
    ris, signed = texan(clock), clock.now()
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(signed))
    clock.move_to(signed + 4 * DAY)
    desk.settle()
    assert desk.names("report.released") == ["report.released"]


@pytest.mark.parametrize("location", ["MD-BAL-01", "NY-NYC-01", "NJ-EDI-01"])
def test_elsewhere_a_report_is_seen_once_signed_S4_S8(desk: Desk, clock: SetClock, location):
    ris = Ris(clock, location=location)
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(None, code="P", text=TEXT))
    assert gate(desk) == {"status": "awaited"}
    assert SECRET not in everything_shown(desk)
    desk.hl7(ris.reported(clock.now(), text=TEXT))
    assert gate(desk)["status"] == "available"


def test_a_release_is_told_exactly_once_with_the_pdf_that_it_names_S4(any_desk: Desk, ris: Ris, clock: SetClock):
    desk = any_desk
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now()))
    for _ in range(3):
        desk.settle()
    released, stored = desk.told("report.released", "report.stored")
    assert (released["type"], stored["type"]) == ("report.released", "report.stored")
    assert released["reportVersion"] == stored["reportVersion"] == 1
    pdf = desk.parts.objects.read(stored["pdfKey"])
    assert pdf.startswith(b"%PDF")
    assert hashlib.sha256(pdf).hexdigest() == stored["sha256"]
    exam_id, who = exam_of(desk)
    assert desk.get(f"/exams/{exam_id}/report.pdf", who).data == pdf


def test_no_event_names_the_pdf_before_its_release_though_it_is_made(desk: Desk, clock: SetClock):
    ris = texan(clock)
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), sent=clock.now()))
    release.prepare_pdfs(desk.parts)
    with desk.service.db.read() as tx:
        key = tx.query(ReportRow).one().pdf_key
    assert key is not None
    assert key not in str(desk.told())


def test_a_corrected_report_hides_the_old_text_at_once_and_has_its_own_clock_S5(desk: Desk, clock: SetClock):
    ris, signed = texan(clock), clock.now()
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(signed, sent=signed, text=TEXT))
    clock.move_to(signed + 5 * DAY)
    desk.settle()
    assert desk.names("report.released") == ["report.released"]
    desk.hl7(ris.reported(clock.now(), sent=clock.now(), code="C", text="ALL WELL"))
    (corrected,) = desk.told("report.corrected", "report.withdrawn")
    assert (corrected["type"], corrected["reportVersion"]) == ("report.corrected", 1)
    assert gate(desk)["why"]["slug"] == "being-corrected"
    assert gate(desk)["availableAt"] == "2026-03-11T12:00:00Z"
    assert SECRET not in everything_shown(desk)
    clock.advance(4 * DAY)
    desk.settle()
    (released,) = desk.told("report.released")
    assert (released["reportVersion"], released["version"]) == (2, 3)
    assert "ALL WELL" in everything_shown(desk)


def test_a_correction_before_the_release_takes_nothing_back(desk: Desk, clock: SetClock):
    ris, signed = texan(clock), clock.now()
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(signed, sent=signed))
    desk.hl7(ris.reported(signed + SECOND, sent=signed + SECOND, code="C", text="OTHER"))
    assert desk.told("report.corrected") == []
    assert gate(desk)["availableAt"] == "2026-03-06T12:00:01Z"


@pytest.mark.parametrize(("code", "line"), [("F", "W"), ("X", "X")])
def test_a_withdrawn_report_vanishes_at_once_and_who_opened_it_is_told(any_desk: Desk, clock: SetClock, code, line):
    desk, ris = any_desk, Ris(clock)
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), text=TEXT))
    desk.settle()
    exam_id, who = exam_of(desk)
    assert desk.get(f"/exams/{exam_id}/report", who).status_code == 200
    desk.told()
    clock.advance(timedelta(hours=2))
    desk.hl7(ris.reported(clock.now(), code=code, text=None, line=line))
    withdrawn, message = desk.told("report.withdrawn", "message.requested")
    assert withdrawn["reportVersion"] == 1
    assert (message["template"], message["about"]) == ("report-taken-back", {"kind": "holder", "id": "account:a1"})
    answer = desk.get(f"/exams/{exam_id}/report", exam_of(desk)[1])
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/report-withdrawn")
    assert answer.json["withdrawnAt"] == "2026-03-02T14:00:00Z"
    assert answer.json["contact"]["phone"]
    assert gate(desk)["status"] == "withdrawn"
    assert SECRET not in everything_shown(desk)


def test_a_withdrawn_report_is_not_brought_back_by_an_older_message(desk: Desk, ris: Ris, clock: SetClock):
    desk.hl7(ris.completed())
    first = ris.reported(clock.now(), text=TEXT)
    desk.hl7(first)
    clock.advance(timedelta(hours=3))
    desk.hl7(ris.reported(clock.now(), code="X", text=None, line="X"))
    desk.hl7(first + "\rNTE|1||sent again")
    assert gate(desk)["status"] == "withdrawn"


def test_a_report_that_came_before_its_order_waits_unseen(desk: Desk, ris: Ris, clock: SetClock):
    desk.hl7(ris.reported(clock.now()))
    desk.settle()
    assert desk.told("report.released") == []
    desk.hl7(ris.completed())
    desk.settle()
    assert desk.names("report.released") == ["report.released"]


def test_the_clock_follows_the_site_when_the_ris_corrects_it_S8(desk: Desk, clock: SetClock):
    ris, signed = texan(clock), clock.now()
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(signed, sent=signed))
    assert gate(desk)["status"] == "held"
    ris.location = "MD-BAL-01"
    desk.hl7(ris.changed(at=clock.now()))
    assert gate(desk)["status"] == "available"


def test_a_released_report_stays_so_when_the_ris_says_later_when_it_was_sent(desk: Desk, clock: SetClock):
    ris, signed = texan(clock), clock.now()
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(signed, sent=signed))
    clock.advance(4 * DAY)
    desk.settle()
    desk.told()
    desk.hl7(ris.reported(signed, sent=clock.now(), at=clock.now()))
    assert gate(desk)["status"] == "available"
    assert desk.told() == []


def test_a_share_without_the_report_knows_of_none_and_one_with_it_shows_it_S4(desk: Desk, ris: Ris, clock: SetClock):
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), text=TEXT))
    exam_id, _ = exam_of(desk)
    without, with_it = desk.share(exam_id), desk.share(exam_id, include_report=True)
    assert desk.get(f"/exams/{exam_id}", without).json["report"] == {"status": "none"}
    assert desk.get(f"/exams/{exam_id}/report", without).status_code == 404
    assert desk.get(f"/exams/{exam_id}/report.pdf", without).status_code == 404
    assert SECRET in desk.get(f"/exams/{exam_id}/report", with_it).text


def test_a_share_with_the_report_shows_it_only_once_released_S5(desk: Desk, clock: SetClock):
    ris = texan(clock)
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), sent=clock.now(), text=TEXT))
    exam_id, _ = exam_of(desk)
    assert desk.get(f"/exams/{exam_id}/report", desk.share(exam_id, include_report=True)).status_code == 404
    clock.advance(4 * DAY)
    assert desk.get(f"/exams/{exam_id}/report", desk.share(exam_id, include_report=True)).status_code == 200


def test_the_clocks_are_reckoned_anew_at_start(desk: Desk, clock: SetClock):
    ris = texan(clock)
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), sent=clock.now()))
    with desk.service.db.begin() as tx:
        tx.query(ReportRow).one().due_at = clock.now()
    desk.service.migrate()
    with desk.service.db.read() as tx:
        assert tx.query(ReportRow).one().due_at == clock.now() + 4 * DAY


def test_a_report_that_cannot_be_set_holds_up_no_other(desk: Desk, clock: SetClock, monkeypatch):
    for number in range(2):
        ris = Ris(clock, accession=f"A{number}", visit=f"V{number}")
        desk.hl7(ris.completed())
        desk.hl7(ris.reported(clock.now(), text="BROKEN" if number == 0 else "WELL"))
    make = report_sheets.make_pdf

    def make_or_fail(sheet):
        if sheet.text == "BROKEN":
            raise ReportNotSet
        return make(sheet)

    monkeypatch.setattr(report_sheets, "make_pdf", make_or_fail)
    desk.settle()
    assert len(desk.told("report.released")) == 1


def test_nothing_that_a_report_or_a_person_is_called_gets_into_events_or_logs(desk: Desk, clock: SetClock, capsys):
    ris = texan(clock, mrn="MRN-77123", family="UNIQUENAME", accession="ACC-99881")
    desk.hl7(ris.registered())
    desk.hl7(ris.completed())
    desk.hl7(ris.reported(clock.now(), sent=clock.now(), text=TEXT))
    desk.hl7(ris.reported(clock.now(), text=TEXT, code="Z"))
    everything_shown(desk)
    clock.advance(4 * DAY)
    desk.settle()
    told = [one for one in desk.told() if one["type"] not in {"patient.demographics-changed", "visit.details-changed"}]
    told = [one for one in told if one["type"] != "exam.manifest-stored"]
    written = capsys.readouterr()
    for secret in (SECRET, "UNIQUENAME", "MRN-77123", "ACC-99881"):
        assert secret not in str(told)
        assert secret not in written.out + written.err
