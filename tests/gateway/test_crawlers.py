"""What a search engine may find: the pages that look the same to everybody, and nothing behind a session."""

import pytest

NOINDEX = '<meta name="robots" content="noindex">'
SAME_TO_ALL = ("/", "/r/texas", "/r/texas/locations", "/enter", "/get-help", "/help/file-types", "/guest-appointment")
ONE_PERSONS = (
    "/s",
    "/s?ended=1",
    "/register/1",
    "/password-reset",
    "/user-id-reminder",
    "/unsubscribe/t",
    "/staff",
    "/no",
)
BEHIND = (
    "/exams",
    "/exams/e1/visit",
    "/exams/e2/report",
    "/exams/e1/images",
    "/share/new",
    "/share",
    "/me",
    "/staff/visits",
)


@pytest.mark.parametrize("path", SAME_TO_ALL)
def test_a_page_that_looks_the_same_to_everybody_may_be_found(client, path):
    page = client.get(path)
    assert page.status_code == 200
    assert NOINDEX not in page.text
    assert '<meta name="description"' in page.text


@pytest.mark.parametrize("path", ONE_PERSONS)
def test_a_page_of_one_persons_way_in_may_not(client, path):
    assert NOINDEX in client.get(path).text


@pytest.mark.parametrize("path", BEHIND)
def test_a_crawler_without_a_session_is_led_away_from_what_is_behind_it(client, path):
    answer = client.get(path)
    assert answer.status_code in {302, 303}
    assert answer.location.split("?")[0] in {"/enter", "/staff"}


def test_what_a_signed_in_page_says_of_itself_names_nobody(browser):
    page = browser.log_in().get("/exams/e1/visit").text
    described = page.partition('<meta name="description" content="')[2].partition('"')[0]
    assert described == "View, download and share your exams through the RadNet Patient Portal."
