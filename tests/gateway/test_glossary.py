"""The words of a report: the dictionary is whole and plain in both languages, and they are found where they stand."""

import html
import re
import statistics
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.portal import glossary
from gateway.portal.glossary import MOST_WORDS, Reading, language_of, terms

LINK = re.compile(r'<a class="term" id="place-\d+" href="#word-\d+">|</a>')
ABOUT_THE_READER = re.compile(
    r"\b(you|your|good|bad|worr\w+|danger\w*|serious|likely|bueno|malo|grave|peligro\w*)\b", re.I
)
VOWELS = re.compile(r"[aeiouy]+")
SPANISH_VOWELS = re.compile(r"[aeiouáéíóúüy]+")
FORMS = [form for term in terms() for forms in term.forms.values() for form in forms]


def linked(text: str, language: str = "en") -> list[str]:
    """Give the words of *text* that are linked, in order."""
    return re.findall(r'href="#word-\d+">([^<]*)</a>', Reading(language).link(text))


def syllables(word: str) -> int:
    return max(1, len(VOWELS.findall(word.lower())) - word.lower().endswith("e") - word.lower().endswith("es"))


def grade(text: str) -> float:
    """Give the Flesch-Kincaid grade of an English text."""
    words = re.findall(r"[A-Za-z’]+", text)
    return 0.39 * len(words) / text.count(".") + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def ease(text: str) -> float:
    """Give Fernández Huerta's reading ease of a Spanish text."""
    words = re.findall(r"[^\W\d_]+", text)
    spoken = sum(max(1, len(SPANISH_VOWELS.findall(word.lower()))) for word in words)
    return 206.84 - 60 * spoken / len(words) - 1.02 * len(words) / text.count(".")


def test_there_are_more_than_500_terms_with_forms_and_meaning_in_both_languages():
    assert len(terms()) > 500
    lacking = [
        (term.forms, language)
        for term in terms()
        for language in ("en", "es")
        if not term.forms[language] or not term.means[language]
    ]
    assert lacking == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_form_belongs_to_two_terms_or_stands_twice(language):
    forms = [form.lower() for term in terms() for form in term.forms[language]]
    assert sorted(form for form in set(forms) if forms.count(form) > 1) == []
    owners: dict[str, set[str]] = {}
    for term in terms():
        for form in term.forms[language]:
            owners.setdefault(glossary.key_of(form), set()).add(term.forms[language][0])
    assert {form: heads for form, heads in owners.items() if len(heads) > 1} == {}


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_meaning_is_one_or_two_short_sentences_about_the_word_alone(language):
    for term in terms():
        means = term.means[language]
        assert len(means) <= 200, means
        assert means.endswith("."), means
        assert len(re.findall(r"[.!?](?:\s|$)", means)) <= 2, means
        assert not ABOUT_THE_READER.search(means), means


def test_the_meanings_read_at_grade_7_or_below():
    grades = [grade(term.means["en"]) for term in terms()]
    assert statistics.quantiles(grades, n=10)[-1] <= 7
    assert ease(" ".join(term.means["es"] for term in terms())) >= 80  # "easy": as in the sixth year at school


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No mass effect. No mass.", ["mass effect", "mass"]),
        ("MASS EFFECT or Midline Shift", ["MASS EFFECT", "Midline Shift"]),
        ("The ventricles; the ventricular system", ["ventricles"]),
        ("Massive amassed masses", ["masses"]),
        ("T2-weighted and ground glass or ground-glass", ["T2-weighted", "ground glass"]),
        ("mass\neffect", ["mass"]),
        ("without intravenous contrast, with IV contrast", ["without intravenous contrast", "with IV contrast"]),
        ("a pet, its stir, PET and STIR", ["PET", "STIR"]),
        ("Nothing of note.", []),
        ("", []),
    ],
)
def test_whole_words_are_found_the_longest_first_each_once(text, words):
    assert [found for line in text.splitlines() for found in linked(line)] == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sin efecto de masa ni derrame pleural.", ["efecto de masa", "derrame pleural"]),
        ("NODULO PULMONAR ESTABLE", ["NODULO", "PULMONAR", "ESTABLE"]),
        ("Los ventrículos y el sistema ventricular", ["ventrículos"]),
    ],
)
def test_a_spanish_report_is_found_by_the_spanish_forms_with_or_without_accents(text, words):
    assert linked(text, "es") == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("IMPRESSION:\nThere is no mass. The lungs are clear.", "en"),
        ("IMPRESIÓN:\nNo hay masa. Los pulmones están libres de lesiones.", "es"),
        ("Normal.", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_report_is_that_of_its_small_words(text, language):
    assert language_of(text) == language


def test_the_list_has_the_order_of_appearance_and_the_page_s_own_language():
    reading = Reading("en")
    reading.link("No mass effect.")
    reading.link("No hydrocephalus, no MASS EFFECT, two stents, renal.")
    reading.link("Impresión", "es")
    shown = [(word.name, word.language, word.own_name) for word in reading.words("es")]
    assert shown == [
        ("Mass effect", "en", "efecto de masa"),
        ("Hydrocephalus", "en", "hidrocefalia"),
        ("Stents", "en", "stent"),
        ("Renal", "en", None),
        ("Impresión", "es", None),
    ]
    assert [word.own_name for word in reading.words("en")] == [None, None, None, None, "impression"]
    assert reading.words("es")[1].means == "Más líquido de lo habitual en los espacios del cerebro."


def test_no_more_words_are_linked_than_the_page_has_room_for():
    reading = Reading("en")
    line = reading.link(", ".join(term.forms["en"][0] for term in terms()))
    assert line.count("<a ") == len(reading.words("en")) == MOST_WORDS


@given(st.lists(st.one_of(st.sampled_from(FORMS), st.text(max_size=8), st.sampled_from("<>&\"' -\t’")), max_size=30))
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_report_s_text_is_escaped_and_otherwise_unchanged(language, pieces):
    text = "".join(pieces)
    bare = LINK.sub("", Reading(language).link(text))
    assert html.unescape(bare) == text
    assert not set('<>"') & set(bare)
    assert bare == glossary.escape(text)


@given(st.text(alphabet=string.printable + "ſKıİßÁñ\u0301\u200b"))
def test_what_is_compared_stands_where_it_stood(text):
    assert len(glossary.folded(text)) == len(text)


def test_a_long_report_takes_no_time_of_note():
    text = "There is no pleural effusion; the right ventricle is unremarkable, as are masses in the lungs. " * 2100
    assert len(text) > 190_000
    linked("")
    began = time.process_time()
    assert linked(text)
    linked(text.replace("a", "m"))
    assert time.process_time() - began < 2
