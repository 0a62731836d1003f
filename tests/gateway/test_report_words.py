"""Words in this report: on the Report tab, for everybody who may see it, in both languages."""

import re

import pytest

from gateway.portal.glossary import MOST_WORDS, terms
from tests.gateway.test_sharing_pages import FORM

PAGE = "/exams/e2/report"


@pytest.fixture
def say(services):
    """Have the report say *text*."""

    def set_text(text: str, impression: str = "") -> None:
        services.long[PAGE] = {"examId": "e2", "status": "final", "title": "CT", "text": text, "impression": impression}

    return set_text


def entries(page: str) -> list[tuple[str, str]]:
    """Give the page's list: word and meaning."""
    found = re.findall(r'<div id="word-\d+" tabindex="-1"><dt>(.*?)</dt><dd>(.*?) <a ', page)
    return [(re.sub(r"<[^>]*>", "", word), means) for word, means in found]


def test_the_words_stand_below_the_sheet_and_lead_there_and_back(browser):
    page = browser.enter().get(PAGE).text
    assert [word for word, _ in entries(page)] == ["Impression", "Acute", "Findings", "Ventricles", "Intact"]
    assert page.index("</article>") < page.index("Words in this report") < page.index("Questions about your report?")
    for number in range(1, 6):
        for there, back in (("place", "word"), ("word", "place")):
            assert page.count(f'id="{there}-{number}"') == 1
            assert page.count(f'href="#{back}-{number}"') == 1
    assert "We explain these words in general." in page


def test_on_the_spanish_page_a_word_has_its_spanish_name_and_meaning(browser):
    browser.get("/language/es")
    page = browser.enter().get(PAGE).text
    assert "Palabras de este informe" in page
    assert ("Acute (agudo)", "Nuevo, o que empezó hace poco tiempo.") in entries(page)
    assert '<span lang="en">Acute</span> (agudo)' in page
    assert '<div lang="en"><div class="key"><h3 lang="es">' in page


def test_a_spanish_report_is_marked_so_and_its_words_have_english_names(browser, say):
    say("IMPRESIÓN: No hay masa.\nHALLAZGOS: Los pulmones están sin derrame pleural.", "No hay masa.")
    page = browser.enter().get(PAGE).text
    assert page.count("No hay ") == 1
    assert '<div lang="es"><div class="key"><h3 lang="en">' in page
    assert ("Masa (mass)", "A lump of tissue. The word does not say what kind.") in entries(page)
    assert "Derrame pleural (pleural effusion)" in [word for word, _ in entries(page)]


def test_the_longest_words_leave_the_page_light(browser, say):
    longest = sorted(terms(), key=lambda term: len(term.forms["es"][0] + term.means["es"]), reverse=True)
    say("\n".join(f"There is {term.forms['en'][0]} in it." for term in longest))
    browser.get("/language/es")
    page = browser.enter().get(PAGE).text
    assert page.count('class="term"') == len(entries(page)) == MOST_WORDS
    assert len(page.partition("Palabras de este informe")[2].partition("</section>")[0].encode()) < 14_000


def test_without_such_words_there_is_no_list(browser, say):
    say("All is well.")
    page = browser.enter().get(PAGE).text
    assert "All is well." in page
    assert "Words in this report" not in page
    assert "Underlined words" not in page


def test_a_report_s_own_markup_stays_text(browser, say):
    say('FINDINGS: <script>alert("mass")</script> <b>edema</b> & a[href="#"].')
    page = browser.enter().get(PAGE).text
    assert "<script>alert" not in page
    assert "<b>" not in page.partition("<article")[2].partition("</article>")[0]
    assert '&lt;script&gt;alert(&#34;<a class="term"' in page


def test_no_word_of_the_report_stands_in_an_address(browser):
    page = browser.enter().get(PAGE).text
    assert set(re.findall(r'href="#([a-z]+)', page)) == {"main", "word", "place"}


def test_a_recipient_and_the_owner_s_preview_see_the_words_where_the_share_has_the_report_O8_S58(browser, services):
    form = FORM | {"examIds": "e2", "includeReport": "yes"}
    browser.enter().post("/share/new", "/share/new", form)
    assert "Acute" in dict(entries(browser.get(f"/share/s1/preview{PAGE}").text))


def test_a_recipient_sees_them_too_and_nothing_where_the_report_is_not_shared_S59(browser, services):
    services.share_grants["includeReport"] = True
    page = browser.enter_as_recipient().get(PAGE).text
    assert "Acute" in dict(entries(page))
    services.share_grants["includeReport"] = False
    assert "Words in this report" not in browser.get(PAGE).text


def test_a_report_held_back_has_no_words_S4(browser):
    assert "Words in this report" not in browser.enter().get("/exams/e1/report").text
