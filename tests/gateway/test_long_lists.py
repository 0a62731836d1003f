"""Long lists a page at a time, over upstream servers."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from gateway.portal.report import LONGEST_BYTES, parts_of
from tests.gateway.test_sharing_pages import FORM
from tests.gateway.upstreams import exam
from tests.gateway.upstreams.known import stamp

SHOWN = re.compile(r'class="exam__go" href="/exams/(\w+)/visit"')


@pytest.fixture
def owner(browser, services):
    """Somebody with 450 exams, of which services give 200 at once."""
    newest = datetime(2026, 11, 1, tzinfo=UTC)
    dates = (stamp(newest - timedelta(days=number)) for number in range(1, 451))
    services.exams = [exam(number, date=date) for number, date in enumerate(dates, 1)]
    services.long["/exams"] = {"exams": services.exams}
    return browser.enter()


def numbers(first, last):
    return [f"e{number}" for number in range(first, last + 1)]


@pytest.mark.parametrize(
    ("page", "shown"),
    [("", (1, 20)), ("?page=2", (21, 40)), ("?page=11", (201, 220)), ("?page=23", (441, 450)), ("?page=24", (1, 20))],
)
def test_the_list_has_twenty_exams_a_page_S23(owner, page, shown):
    assert SHOWN.findall(owner.get(f"/exams{page}").text) == numbers(*shown)


def test_newer_and_older_exams_lead_through_all_of_them_S23(owner):
    assert "Newer exams" not in owner.get("/exams").text
    page = owner.get("/exams?page=10").text
    assert 'href="/exams?page=9">Newer exams' in page
    assert 'href="/exams?page=11">Older exams' in page
    assert "Older exams" not in owner.get("/exams?page=23").text


def test_beside_an_exam_stand_those_around_it_S24(owner):
    for number, first in ((9, 8), (20, 15), (33, 33), (440, 440)):
        page = owner.get(f"/exams/e{number}/visit").text
        assert SHOWN.findall(page) == numbers(first, first + 6)
        assert re.findall(r'href="/exams/(\w+)/visit" aria-current="page"', page) == [f"e{number}"]
        assert 'href="/exams?page=1">All exams' in page


def test_one_page_of_exams_is_asked_for_and_no_more(owner, services):
    for path, asked in (("/exams", "limit=21"), ("/exams/e9/visit", "limit=21"), ("/exams?page=3", "limit=61")):
        owner.get(path)
        assert services.last("exams", "/exams?")[2] == f"/exams?{asked}"


def test_few_exams_have_no_pages(browser):
    page = browser.enter().get("/exams").text
    assert "Older exams" not in page
    assert "formnovalidate" not in browser.get("/share/new").text


def ticked(page):
    return re.findall(r'name="examIds" value="(\w+)" data-name="[^"]*" checked', page)


def test_exams_of_several_pages_of_the_list_are_shared_by_one_link_S48_S54(owner, services):
    form = FORM | {"examIds": ["e2", "e20"]}
    page = owner.post("/share/new", "/share/new", form | {"page": "15"}).text
    assert ticked(page) == ["e2", "e20"]
    assert 'value="e281"' in page
    assert 'value="Second opinion"' in page
    assert "k7mp-4qxh" not in page
    assert services.shares == {}
    page = owner.post("/share/new", "/share/new", form | {"examIds": ["e2", "e20", "e281"], "page": "2"}).text
    assert sorted(ticked(page)) == ["e2", "e20", "e281"]
    owner.post("/share/new", "/share/new", form | {"examIds": ticked(page)})
    assert sorted(json.loads(services.last("sharing", "/shares")[4])["examIds"]) == ["e2", "e20", "e281"]


def test_the_enter_key_sends_the_form_and_turns_no_page_S48(owner):
    page = owner.get("/share/new?exam=e33").text
    assert ticked(page) == ["e33"]
    assert re.findall(r'<button [^>]*type="submit"[^>]*>', page.partition("<form class")[2])[0] == (
        '<button type="submit" hidden>'
    )


def test_links_and_who_opened_them_come_a_page_at_a_time_O8(owner, services):
    owner.post("/share/new", "/share/new", FORM | {"examIds": ["e1"]})
    made = services.shares["s1"] | {"opens": 120}
    services.long["/shares"] = {"shares": [made | {"id": f"s{n}", "nickname": f"Link {n}."} for n in range(1, 21)]}
    seen = [re.findall(r"Link \d+\.", owner.get(f"/share?page={page}").text) for page in (1, 2, 3)]
    assert [sorted(set(some), key=some.index) for some in seen] == [
        [f"Link {n}." for n in range(*bounds)] for bounds in ((1, 9), (9, 17), (17, 21))
    ]
    opening = {"at": "2026-11-23T20:30:00Z", "device": "Phone", "address": None}
    services.long["/shares/s1/accesses"] = {"accesses": [opening | {"name": f"Dr. {n}."} for n in range(120)]}
    page = owner.get("/share/s1/activity?page=3").text
    assert "Dr. 100." in page
    assert "Dr. 99." not in page
    assert owner.get("/share/s9/activity").status_code == 404


def test_a_preview_turns_its_own_pages_O8(owner, services):
    owner.post("/share/new", "/share/new", FORM | {"examIds": [f"e{n}" for n in range(1, 31)]})
    services.shares["s1"]["examIds"] = numbers(1, 30)
    page = owner.get("/share/s1/preview?page=2").text
    assert re.findall(r'class="exam__go" href="/share/s1/preview/exams/(\w+)/visit"', page) == numbers(21, 30)
    assert 'href="/share/s1/preview?page=1">Newer exams' in page


@pytest.mark.parametrize("line", ["A line of a report. " * 8, "A long line of a report. " * 3000, "&<" * 9000, ""])
def test_of_a_report_that_is_too_long_for_a_page_nothing_is_left_out(line):
    sections = [("Impression", ["Clear."] * 3), ("Findings", [line] * 90), ("", ["The end."])]
    parts = parts_of([one for one in sections if any(one[1])])
    said = [line for part in parts for _heading, lines in part for line in lines]
    assert "".join(said).replace(" ", "") == "".join(x for _, lines in sections for x in lines).replace(" ", "")
    assert all(sum(len(line) for _, lines in part for line in lines) <= LONGEST_BYTES for part in parts)
    assert all(lines for part in parts for _heading, lines in part)
    assert (len(parts) > 1) == bool(line)


def test_a_long_report_is_read_page_by_page_S26(browser, services):
    text = "FINDINGS: " + "\n".join(f"Line {number} of it." for number in range(1500))
    services.long["/exams/e2/report"] = {"status": "final", "title": "CT", "text": text, "impression": "Clear."}
    first = browser.enter().get("/exams/e2/report").text
    assert first.index("Clear.") < first.index("Line 0 of it.")
    assert "Line 1499 of it." not in first
    assert 'href="?page=2">Next page' in first
    pages = [browser.get(f"/exams/e2/report?page={page}").text for page in range(1, 5)]
    assert re.findall(r"Line (\d+) of it", "".join(pages)) == [str(number) for number in range(1500)]
    assert pages[1].count('class="key"') == 0
