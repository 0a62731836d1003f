"""The two languages: all said in both, dates as the site and the language say them."""

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import force_locale

from gateway.portal import words

PORTAL = Path(words.__file__).parent
SPANISH = PORTAL / "translations" / "es" / "LC_MESSAGES"
HOUSTON = "America/Chicago"


def _catalogue() -> Catalog:
    with (SPANISH / "messages.po").open("rb") as file:
        return read_po(file, locale="es")


def test_everything_that_is_said_is_said_in_spanish_too():
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
    found = extract_from_dir(str(PORTAL), methods, options, {"_": None, "gettext": None, "ngettext": (1, 2)})
    said = {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id for message in _catalogue() if message.string
    }
    assert said - known == set()
    assert len(said) > 300


def test_every_spanish_sentence_holds_the_same_places():
    errors = [(message.id, error) for message in _catalogue() for error in message.check() if message.id]
    assert errors == []


def test_the_compiled_catalogue_is_the_written_one():
    compiled = BytesIO()
    write_mo(compiled, _catalogue())
    assert (SPANISH / "messages.mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize(
    ("language", "say", "text"),
    [
        ("en", words.say_day, "Monday, November 23, 2026"),
        ("es", words.say_day, "lunes 23 de noviembre de 2026"),
        ("en", words.say_short_day, "Nov 23"),
        ("es", words.say_short_day, "23 nov"),
        ("en", words.say_moment_of_day, "Monday, November 23 at 2:10 pm"),
        ("es", words.say_moment_of_day, "lunes 23 de noviembre a las 2:10 p.\N{NO-BREAK SPACE}m."),
        ("en", words.say_short_moment, "Mon, Nov 23, 2:10 pm"),
    ],
)
def test_a_moment_is_said_at_the_site_and_in_the_language(app_with, language, say, text):
    with app_with().test_request_context(), force_locale(language):
        assert say("2026-11-23T20:10:00Z", HOUSTON) == text


def test_a_spanish_sentence_ends_with_one_full_stop_after_a_time():
    ends = [message.string for message in _catalogue() if str(message.string).rstrip(".").endswith("%(moment)s")]
    assert ends
    assert [text for text in ends if text.endswith(".")] == []  # "p. m." brings it


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Tuesday, October 14, 2025, 1:00 pm", "Tue, Oct 14, 2025, 1:00 pm"]),
        (
            "es",
            [
                "martes 14 de octubre de 2025, 1:00 p.\N{NO-BREAK SPACE}m.",
                "mar, 14 oct 2025, 1:00 p.\N{NO-BREAK SPACE}m.",
            ],
        ),
    ],
)
def test_a_moment_of_another_year_is_said_with_its_year(app_with, language, said):
    with app_with().test_request_context(), force_locale(language):
        assert [say("2025-10-14T18:00:00Z", HOUSTON) for say in (words.say_moment, words.say_short_moment)] == said


def test_one_oclock_is_one_hour_in_spanish(app_with):
    with app_with().test_request_context(), force_locale("es"):
        assert (
            words.say_moment_of_day("2026-11-23T19:05:00Z", HOUSTON)
            == "lunes 23 de noviembre a la 1:05 p.\N{NO-BREAK SPACE}m."
        )


def test_a_day_at_the_site_is_not_utcs(app_with):
    with app_with().test_request_context():
        assert words.say_short_day("2026-11-24T04:00:00Z", HOUSTON) == "Nov 23"


@pytest.mark.parametrize(
    ("size", "text"), [(900, "1 KB"), (138_400_000, "138.4 MB"), (4_700_000_000, "4.70 GB"), (None, "")]
)
def test_a_size_is_said_as_people_say_it(size, text):
    assert words.say_size(size) == text


@pytest.mark.parametrize(("seconds", "text"), [(83_520, "23 h 12 min"), (3599, "59 min"), (5, "1 min")])
def test_what_is_left_is_said_in_hours_and_minutes(seconds, text):
    assert words.say_left(seconds) == text


@pytest.mark.parametrize("text", [None, "", "2026-11-23", "nonsense"])
def test_what_is_no_moment_is_not_said(text):
    assert words.parse(text) is None
    assert words.hours_left(text, datetime.now(UTC)) is None


def test_the_language_is_the_browsers_until_one_is_chosen(client):
    assert 'lang="es"' in client.get("/enter", headers={"Accept-Language": "es-MX,es;q=0.9"}).text
    assert client.get("/language/es?next=/enter").location == "/enter"
    assert "Bienvenido al Portal del paciente" in client.get("/enter", headers={"Accept-Language": "en"}).text


def test_the_other_language_leads_back_to_the_same_page(browser):
    def back(page):
        return re.search(r'href="/language/es\?next=([^"]+)"', page.text)[1]

    assert back(browser.get("/get-help?reason=other")) == "/get-help%3Freason%3Dother"
    assert back(browser.post("/get-help", "/get-help", {})) == "/get-help"
    assert back(browser.post("/enter", "/enter/icode", {"icode": "wrong"})) == "/enter"
    browser.log_in()
    assert back(browser.get("/exams")) == "/exams"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_choosing_a_language_leads_to_no_other_site(client, back):
    assert client.get("/language/es", query_string={"next": back}).location == "/"


def test_every_page_answers_in_spanish(browser, services):
    services.packages["p1"] = {"id": "p1", "examIds": ["e1"], "format": "zip", "state": "queued", "ahead": 2}
    browser.get("/language/es")
    browser.enter()
    for path in (
        "/exams",
        "/exams/e1/visit",
        "/exams/e1/report",
        "/exams/e1/images",
        "/exams/e1/download",
        "/packages/p1",
        "/share",
    ):
        assert 'lang="es"' in browser.get(path).text, path
    assert "2 solicitudes antes que la suya" in browser.get("/packages/p1").text
