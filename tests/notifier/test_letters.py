"""What mails look like: both forms, both languages, nothing of a person, nothing that could become a header."""

import re
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from html import unescape
from html.parser import HTMLParser
from typing import get_args

import pytest
from babel.messages.mofile import read_mo
from jinja2 import UndefinedError

from contracts.messages import Template
from deploy.local.places import ROOT
from services.notifier.domain import ALLOWED_FACTS
from services.notifier.letters import Letters
from services.notifier.mail import make_message
from services.notifier.preview import write_all
from tests.notifier.conftest import a_contact, a_message, a_package
from tests.servers import NOON

CATALOGUE = ROOT / "gateway" / "portal" / "translations" / "es" / "LC_MESSAGES" / "messages.mo"
LETTERS = Letters("https://portal.example/enter", "1-800-555-0123")
CODE = "123456"


def write(template, language):
    facts = dict.fromkeys(ALLOWED_FACTS.get(template, ()), CODE)
    return LETTERS.write(template, language, facts)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("template", get_args(Template))
def test_every_letter_exists_in_both_languages_and_both_forms(template, language):
    letter = write(template, language)
    assert letter.subject
    assert "\n" not in letter.subject
    assert "{{" not in letter.text + letter.html
    assert f'<html lang="{language}">' in letter.html
    plain = " ".join(letter.text.split())
    for paragraph in re.findall(r"<p>(.+?)</p>", letter.html):
        assert " ".join(unescape(re.sub(r"<[^>]+>", "", paragraph)).split()) in plain
    assert (CODE in letter.text) == (CODE in letter.html) == (template in ALLOWED_FACTS)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("template", get_args(Template))
def test_the_only_link_is_the_log_in_page_S37(template, language):
    letter = write(template, language)
    for body in (letter.text, letter.html):
        assert set(re.findall(r"https?://[^\s\"<]+", body)) <= {"https://portal.example/enter"}
    assert re.findall(r"(?:src|background)=", letter.html) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_a_letter_quotes_stands_so_in_the_portal(language):
    with CATALOGUE.open("rb") as file:
        portal = [one.id if language == "en" else one.string for one in read_mo(file)]
    letters = [write(template, language).text for template in get_args(Template)]
    quoted = {" ".join(words.split()) for text in letters for words in re.findall(r"[“«](.+?)[”»]", text)}
    assert len(quoted) >= 3
    assert [words for words in quoted if words not in portal] == []


@pytest.mark.parametrize("template", get_args(Template))
def test_the_two_languages_say_different_words(template):
    assert write(template, "en").subject != write(template, "es").subject


class Tags(HTMLParser):
    """Notes what is open, and complains of what closes another."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in {"meta", "hr", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("template", get_args(Template))
def test_the_html_is_well_formed_with_one_heading(template):
    tags = Tags()
    tags.feed(write(template, "es").html)
    assert tags.open == []
    assert tags.seen.count("h1") == 1
    assert tags.seen.count("main") == 1


def test_a_fact_is_escaped_once_in_html_and_not_in_text():
    letter = LETTERS.write("validation-code", "en", {"code": "<b>&"})
    assert "&lt;b&gt;&amp;" in letter.html
    assert "<b>&" in letter.text


def test_an_icode_is_not_broken_across_lines_and_no_tag_gets_in_by_a_fact():
    whole = '<span class="whole">I-Code</span>'
    assert f"<h1>Your {whole} works again</h1>" in write("icode-reactivated", "en").html
    assert "&lt;i&gt;" in LETTERS.write("user-id-reminder", "en", {"maskedUserId": "<i>I-Code"}).html


def test_a_fact_that_looks_like_a_template_is_not_one():
    assert "{{ 7*7 }}" in LETTERS.write("validation-code", "en", {"code": "{{ 7*7 }}"}).text


def test_a_letter_without_its_fact_is_not_written():
    with pytest.raises(UndefinedError):
        LETTERS.write("validation-code", "en", {})


def a_mail(**more):
    fields = {
        "message_id": "<1@portal.example>", "at": NOON,
        "sender": Address("RadNet", addr_spec="no-reply@portal.example"),
        "to": "anna@example.org", "subject": "Su código", "text": "¿Sí?\n", "html": "<p>¿Sí?</p>", "language": "es",
        "headers": {},
    }  # fmt: skip
    return make_message(**(fields | more))


def test_a_mail_has_both_forms_quoted_printable_in_utf_8():
    raw = a_mail().as_bytes()
    raw.decode("ascii")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    read = message_from_bytes(raw, policy=default)
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in read.iter_parts()] == ["quoted-printable"] * 2
    assert read["Subject"] == "Su código"
    assert read.get_body(("plain",)).get_content().splitlines() == ["¿Sí?"]
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Content-Language"] == "es"
    assert datetime.strptime(read["Date"], "%a, %d %b %Y %H:%M:%S %z") == NOON


@pytest.mark.parametrize("field", ["subject", "language", "message_id", "to"])
def test_a_line_break_cannot_become_a_header(field):
    value = "anna@example.org\r\nBcc: mallory@example.org" if field == "to" else "x\r\nBcc: mallory@example.org"
    try:
        read = message_from_bytes(a_mail(**{field: value}).as_bytes(), policy=default)
    except ValueError:
        return
    assert read["Bcc"] is None


@pytest.mark.parametrize(
    ("language", "subject"),
    [("es", "Las imágenes que pidió están listas"), (None, "The images you asked for are ready")],
)
def test_the_contacts_language_is_written(post, language, subject):
    (mail,) = post.sent(a_contact("package", "p1", "anna@example.org", language=language), a_package())
    assert mail["subject"] == subject


def test_the_language_asked_for_goes_before_the_contacts(post):
    (mail,) = post.sent(a_message("password-reset", facts={"code": CODE}, language="es"))
    assert mail["subject"] == "Su código para una contraseña nueva"


def test_what_can_be_switched_off_says_where(post):
    about = a_contact("holder", "account:1", "acc@example.org")
    mails = post.sent(
        about,
        a_message("new-login", about=about.about, email=None),
        a_message("password-reset", id="m2", facts={"code": CODE}),
    )
    by_subject = {mail["subject"]: mail["List-Unsubscribe"] for mail in mails}
    assert by_subject["Your code for a new password"] is None
    assert by_subject["New log-in to your account"].startswith("<https://portal.example/unsubscribe/")


def test_every_letter_can_be_previewed_in_both_languages_and_forms(tmp_path):
    index, *pages = write_all(tmp_path)
    assert {page.name for page in pages} == {
        f"{one}.{language}.html" for one in get_args(Template) for language in ("en", "es")
    }
    assert all(page.name in index.read_text() and page.with_suffix(".txt").read_text() for page in pages)
