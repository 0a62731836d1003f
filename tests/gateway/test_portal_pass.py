"""The front desk's Portal Pass page (S1)."""

import pytest

PASS = "/staff/visits/v1/pass/c2"


@pytest.fixture
def desk(browser):
    """A browser in which a member of staff is logged in."""
    browser.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    return browser


def issue(desk):
    found = desk.post("/staff/visits", "/staff/visits", {"mrn": "00482913"})
    token = found.text.partition('action="/staff/visits/v1/icodes"')[2].partition('value="')[2].partition('"')[0]
    return desk.client.post("/staff/visits/v1/icodes", data={"csrf": token})


def test_the_page_of_an_issued_code_leads_to_its_pass_S1(desk):
    assert f'href="{PASS}"' in issue(desk).text


def test_the_pass_is_shown_within_the_portals_page_in_the_pages_language_S1(desk, services):
    page = desk.get(PASS)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "<article class='pass'>7K2MQ-4XW9-P3TB in en</article>" in page.text
    assert "own</style>" not in page.text
    assert page.text.count("</html>") == 1
    assert f'href="{PASS}.pdf"' in page.text
    assert "data-print" in page.text
    desk.get(f"/language/es?next={PASS}")
    assert "7K2MQ-4XW9-P3TB in es" in desk.get(PASS).text


def test_the_pass_comes_as_a_pdf_through_the_session_of_staff_S1(desk, services):
    pdf = desk.get(f"{PASS}.pdf")
    assert (pdf.status_code, pdf.content_type, pdf.data) == (200, "application/pdf", b"%PDF-1.7")
    assert pdf.headers["Cache-Control"] == "no-store"
    asked = services.last("identity", "/staff/icodes/c2/portal-pass.pdf")
    assert asked[2] == "/staff/icodes/c2/portal-pass.pdf?lang=en"


def test_of_a_pass_that_is_gone_the_page_says_what_to_do(desk):
    page = desk.get("/staff/visits/v1/pass/old")
    assert page.status_code == 404
    assert "cannot be printed any more" in page.text
    assert "/staff/visits" in page.text
    assert desk.get("/staff/visits/v1/pass/old.pdf").status_code == 404


@pytest.mark.parametrize("ending", ["", ".pdf"])
def test_patients_and_strangers_get_no_pass(browser, ending):
    assert browser.get(PASS + ending).location == "/staff"
    assert browser.enter().get(PASS + ending).status_code == 404


def test_the_way_in_reads_the_code_from_the_fragment_and_clears_it_S1(browser):
    page = browser.get("/enter").text
    assert "data-icode" in page
    assert "/static/forms.js" in page
    script = browser.get("/static/forms.js").text
    assert "location.hash" in script
    assert "history.replaceState(null, '', location.pathname)" in script
