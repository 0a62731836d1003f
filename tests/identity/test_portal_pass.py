"""The Portal Pass: what stands on it, and who can print it for how long (S1, S2, S65)."""

import io
import logging
import re
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import segno
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select

from contracts.audit import ActRecorded
from services.identity.portal_pass import PassSheet, make_html, make_pdf
from services.identity.seal import Seal
from services.identity.store.portal_passes import PortalPassRow
from services.identity.usecases.portal_passes import sweep_passes
from tests.identity.conftest import PASSWORD

SHEET = PassSheet(
    code="7K2MQ-4XW9-P3TB",
    entry_url="https://portal.example/enter#7K2MQ-4XW9-P3TB",
    address="portal.example/r/texas",
    patient_name="Vega, Marisol",
    visit_day=date(2026, 11, 23),
    location="Bayou Imaging Center",
    state="TX",
    exams=("MRI of the brain",),
    last_day=date(2027, 2, 21),
    support_phone="1-800-555-0123",
    made_at=datetime(2026, 11, 23, 20, tzinfo=UTC),
)


class Desk:
    """A session of a member of staff at a house."""

    def __init__(self, house, user_id="dana"):
        self.house, self.tokens = house, {}
        self.begin(user_id)

    def begin(self, user_id="dana"):
        """Begin another session."""
        ask = {"userId": user_id, "password": PASSWORD}
        self.tokens = self.house.call("POST", "/staff/sessions", 201, json=ask)

    def go_on(self):
        """Go on with the same session, by its refresh token."""
        ask = {"refreshToken": self.tokens["refreshToken"]}
        self.tokens = self.house.call("POST", "/sessions/refresh", 200, json=ask)

    def issue(self, **more):
        return self.house.call("POST", "/staff/visits/visit-1/icodes", 201, self.tokens["accessToken"], json=more)

    def ask(self, issued, ending="", **query):
        path = issued["portalPassUrl"].removeprefix("/api/v1") + ending
        bearer = {"Authorization": f"Bearer {self.tokens['accessToken']}"}
        return self.house.client.get(path, query_string=query, headers=bearer)


def but(**more):
    return replace(SHEET, **more)


@pytest.fixture
def desk(any_house):
    any_house.add_staff("dana", "front-desk")
    return Desk(any_house)


def printed(pdf, tmp_path, program="pdftotext"):
    (tmp_path / "pass.pdf").write_bytes(pdf)
    rest = ["-"] if program == "pdftotext" else []
    done = subprocess.run([program, "pass.pdf", *rest], capture_output=True, check=True, cwd=tmp_path)
    return " ".join(done.stdout.decode().split())


def read(html):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html).split())


def test_registering_a_visit_yields_a_pass_as_a_page_and_as_a_pdf_S1(desk, tmp_path):
    issued = desk.issue()
    assert issued["portalPassUrl"] == f"/api/v1/staff/icodes/{issued['id']}/portal-pass"
    page, pdf = desk.ask(issued), desk.ask(issued, ".pdf")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert (pdf.status_code, pdf.content_type) == (200, "application/pdf")
    assert page.headers["Cache-Control"] == pdf.headers["Cache-Control"] == "no-store"
    for words in (read(page.text), printed(pdf.data, tmp_path)):
        for said in (issued["icode"], "Doe, Anna", "March 2, 2026", "127.0.0.1:8080/r/texas", "Bayou Imaging Center",
                     "CT", "MRI", "May 31, 2026"):  # fmt: skip
            assert said in words
    desk.house.enter(issued["icode"])


@pytest.mark.parametrize("make", ["page", "pdf"])
@pytest.mark.parametrize("lang", ["en", "es"])
def test_both_ways_in_are_on_the_pass_in_english_and_spanish_S2(desk, tmp_path, make, lang):
    answer = desk.ask(desk.issue(), ".pdf" if make == "pdf" else "", lang=lang)
    words = printed(answer.data, tmp_path) if make == "pdf" else read(answer.text)
    for said in ("Use your I-Code", "Use su I-Code", "Create an Account", "Cree una cuenta", "Patient Portal Login",
                 "Entrar al Portal del paciente", "minors cannot create accounts", "(SB922)"):  # fmt: skip
        assert said in words
    first = {"en": "A. Use your I-Code / Use su I-Code", "es": "A. Use su I-Code / Use your I-Code"}
    assert first[lang] in words
    if make == "page":
        assert f'<html lang="{lang}">' in answer.text


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_word_icode_is_never_broken_at_its_hyphen(tmp_path, lang):
    page = re.sub(r'aria-label="[^"]*"', "", make_html(but(language=lang)))
    assert page.count("I-Code") == page.count('<span class="whole">I-Code</span>') >= 8
    assert "I- Code" not in printed(make_pdf(but(language=lang)), tmp_path)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_pdf_is_one_tagged_letter_page_even_with_long_names_S1(tmp_path, lang):
    long = but(
        language=lang,
        patient_name="Vega de la Torre y Castellanos, " * 12,
        exams=("MRI of the spine " * 17,) * 9,
        location="Lower Manhattan Imaging Center",
    )
    info = printed(make_pdf(long), tmp_path, "pdfinfo")
    assert "Tagged: yes" in info
    assert "Pages: 1 " in info
    assert "612 x 792 pts (letter)" in info
    assert "+3" in printed(make_pdf(long), tmp_path)


def test_the_qr_code_holds_the_way_in_with_the_code_in_the_fragment_S1(desk):
    issued = desk.issue()
    page = desk.ask(issued).text
    url = f"http://127.0.0.1:8080/enter#{issued['icode']}"
    drawn = io.BytesIO()
    segno.make_qr(url, error="m").save(drawn, kind="svg", xmldecl=False, omitsize=True, nl=False)
    assert drawn.getvalue().decode() in page
    assert url not in page


@pytest.mark.parametrize("text", ["<script>x</script>", '#panic("x") $x$ *a* \\', '"]; #import "x"'])
def test_nothing_in_a_name_becomes_markup(text, tmp_path):
    sheet = but(patient_name=text)
    assert " ".join(text.split()) in printed(make_pdf(sheet), tmp_path)
    assert "<script>x" not in make_html(sheet)


def test_letters_that_the_fonts_lack_become_question_marks_on_the_pdf_alone(tmp_path):
    sheet = but(patient_name="王, Łucja")
    assert "?, Łucja" in printed(make_pdf(sheet), tmp_path)
    assert "王, Łucja" in make_html(sheet)


def test_a_visits_several_codes_each_have_a_pass_with_its_exams_S65(desk, tmp_path):
    mri, ct = desk.issue(examIds=["mri"]), desk.issue(examIds=["ct"])
    pages = {one["id"]: read(desk.ask(one).text) for one in (mri, ct)}
    assert (mri["icode"] in pages[mri["id"]], ct["icode"] in pages[mri["id"]]) == (True, False)
    assert (" MRI " in pages[mri["id"]], " CT " in pages[mri["id"]]) == (True, False)
    assert (" MRI " in pages[ct["id"]], " CT " in pages[ct["id"]]) == (False, True)


def test_one_code_of_a_whole_visit_has_all_its_exams_on_the_pass_S65(desk):
    page = read(desk.ask(desk.issue()).text)
    assert " CT MRI Works until" in page


def test_a_pass_can_be_printed_for_15_minutes_and_not_an_instant_longer_S1(desk, clock):
    issued = desk.issue()
    clock.advance(timedelta(minutes=8))
    desk.go_on()
    clock.advance(timedelta(minutes=7) - timedelta(microseconds=1))
    desk.go_on()
    assert desk.ask(issued).status_code == 200
    clock.advance(timedelta(microseconds=1))
    assert desk.ask(issued).status_code == 404
    assert desk.ask(issued, ".pdf").json["type"].endswith("portal-pass-not-found")
    desk.house.enter(issued["icode"])  # what is on the paper goes on


def test_after_15_minutes_the_sealed_code_is_gone_from_the_database_S1(desk, clock):
    desk.issue(examIds=["ct"])
    clock.advance(timedelta(minutes=1))
    desk.issue(examIds=["mri"])
    for passed, left in ((timedelta(minutes=14) - timedelta(microseconds=1), 2), (timedelta(microseconds=1), 1)):
        clock.advance(passed)
        with desk.house.parts.db.begin() as tx:
            sweep_passes(tx, clock.now())
        assert kept(desk) == left


def kept(desk):
    with desk.house.parts.db.read() as tx:
        return tx.scalar(select(func.count()).select_from(PortalPassRow))


def test_another_session_of_the_same_member_of_staff_finds_no_pass_S1(desk):
    issued = desk.issue()
    desk.begin()
    assert desk.ask(issued).status_code == desk.ask(issued, ".pdf").status_code == 404


def test_nobody_but_staff_is_answered_at_all(desk):
    issued = desk.issue()
    path = issued["portalPassUrl"].removeprefix("/api/v1")
    came_in = desk.house.enter(issued["icode"])
    desk.house.call("GET", path, 401)
    desk.house.call("GET", path, 403, came_in["accessToken"])
    desk.house.call("GET", f"{path}?lang=fr", 422, desk.tokens["accessToken"])


@pytest.mark.parametrize("how", ["reprint", "lost", "log-out"])
def test_a_reprint_or_an_end_takes_the_pass_away_at_once_S1(desk, how):
    issued = desk.issue()
    if how == "reprint":
        again = desk.issue()
        assert again["icode"] in desk.ask(again).text
    elif how == "lost":
        end = {"reason": "lost"}
        desk.house.call("DELETE", f"/staff/icodes/{issued['id']}", 204, desk.tokens["accessToken"], json=end)
    else:
        desk.house.call("DELETE", "/sessions/current", 204, desk.tokens["accessToken"])
    assert desk.ask(issued).status_code == (401 if how == "log-out" else 404)
    assert kept(desk) == (0 if how == "lost" else 1)


def test_the_code_stands_in_clear_in_no_table_and_no_log_S1(desk, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    issued = desk.issue()
    assert desk.ask(issued).status_code == desk.ask(issued, ".pdf").status_code == 200
    said = capfd.readouterr()
    for place in (desk.house.everything_stored(), said.out, said.err, caplog.text, repr(SHEET), repr(desk.house.parts)):
        assert issued["icode"] not in place
        assert issued["icode"].replace("-", "")[5:] not in place
        assert SHEET.code not in place


def test_a_sealed_code_opens_only_with_its_key_and_for_its_own_pass():
    seal = Seal(b"k" * 32, "portal-pass")
    sealed = seal.close("7K2MQ-4XW9-P3TB", "one")
    assert b"7K2MQ" not in sealed
    assert seal.open(sealed, "one") == "7K2MQ-4XW9-P3TB"
    for other, name in ((seal, "two"), (Seal(b"x" * 32, "portal-pass"), "one")):
        with pytest.raises(InvalidTag):
            other.open(sealed, name)


def test_showing_a_pass_is_on_record(desk):
    issued = desk.issue()
    desk.ask(issued)
    act = desk.house.told(ActRecorded)[-1]
    assert (act.action, act.patient_id, act.object) == ("portal-pass.show", "anna", f"icode:{issued['id']}")
