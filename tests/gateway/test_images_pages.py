"""The Images tab as HTML: tiles, panes, what has no picture, in both languages and without script."""

import json
import re
from html import unescape

import pytest

from gateway.portal.series_shown import SOURCES_TOLD, TILES_SHOWN


def sources_of(page: str) -> list[str]:
    """The pictures in the panes, in order."""
    return re.findall(r'<img src="([^"]+)" alt="" width="512"', unescape(page))


def test_two_pictures_stand_side_by_side_by_their_address(browser):
    browser.enter()
    page = browser.get("/exams/e1/images?series=1&image=9&with=2.3").text
    assert sources_of(page) == ["/exams/e1/images/1.2.9.jpg?size=512", "/exams/e1/images/1.3.1.jpg?frame=3&size=512"]
    same_series = browser.get("/exams/e1/images?series=1&image=9&with=19").text
    assert sources_of(same_series)[1] == "/exams/e1/images/1.2.19.jpg?size=512"
    assert 'href="?series=1&amp;image=10&amp;with=2.3"' in page
    assert 'href="?series=1&amp;image=9&amp;with=2.2"' in page


@pytest.mark.parametrize("query", ["", "?series=0&image=-4", "?series=9&image=999999999999", "?image=x&series=٣"])
def test_an_address_that_names_nothing_shows_the_first_picture(browser, query):
    assert sources_of(browser.enter().get(f"/exams/e1/images{query}").text) == ["/exams/e1/images/1.2.1.jpg?size=512"]


def test_the_first_picture_comes_first_and_tiles_when_they_are_seen(browser):
    page = browser.enter().get("/exams/e1/images?image=30").text
    assert page.count('fetchpriority="high"') == 1
    assert page.count('loading="lazy"') == len(re.findall(r'class="tile"', page))
    assert re.findall(r'data-tile="(\d+)" aria-current', page) == ["30"]
    assert "21–30 / 130" in page


def test_looks_are_those_that_exams_offers_and_none_of_colours(browser):
    page = browser.enter().get("/exams/e1/images").text
    told = json.loads(re.search(r"data-viewer [^>]*data-told='([^']*)'", page)[1])
    assert [one[:2] for one in told["series"]] == [["Axial, 5 mm", 130], ["Cine", 3]]
    looks = [told["looks"][at] for _name, _total, at in told["series"]]
    assert looks == [[["", "Standard"], ["-600,1500", "Lung"]], []]
    assert '<option value="-600,1500">Lung</option>' in page


def test_what_has_no_picture_says_why_at_its_tile_and_in_its_pane(browser):
    page = browser.enter().get("/exams/e1/images?image=130").text
    assert 'aria-label="Image 130 of 130. Its format cannot be shown here."' in page
    assert page.count("Its format cannot be shown here.") == 3
    assert sources_of(page) == []
    told = browser.get("/exams/e1/images.json?series=1&image=130").json
    assert told["none"] == {"130": "Its format cannot be shown here."}
    answer = browser.get("/exams/e1/images/1.2.130.jpg?size=512")
    assert (answer.status_code, answer.json) == (404, {"reason": "Its format cannot be shown here."})


def test_the_viewer_speaks_spanish(browser):
    browser.enter().get("/language/es?next=/exams")
    page = browser.get("/exams/e1/images?with=2.1").text
    for words in (
        "Segunda imagen: Imagen 1 de 3",
        "Desplazar juntas",
        "Pulmón",
        "Comparar",
        "130 imágenes",
        "Reproducir",
    ):
        assert words in page


def test_a_recipient_has_the_same_viewer(browser):
    assert "data-viewer" in browser.enter_as_recipient().get("/exams/e1/images").text


def chapters_of(page: str) -> list[tuple[str, bool]]:
    """The list of series: where each leads to, and whether its tiles are shown."""
    found = re.search(r'<nav class="chapters".*?</nav>', page)
    return re.findall(r'<a href="([^"]*)"( aria-current="true")?>', unescape(found[0])) if found else []


def test_of_many_images_the_chosen_series_tiles_are_shown_and_the_others_are_a_link_each(browser, services):
    page = browser.enter().get("/exams/e1/images?series=2&image=2").text
    assert chapters_of(page) == [("?series=1", ""), ("?series=2", ' aria-current="true"')]
    assert re.findall(r'class="series" data-series="(\d+)"', page) == ["2"]
    assert page.count('class="tile"') == 3
    beside = browser.get("/exams/e1/images?series=1&image=20&with=2.3").text
    assert [at for at, _is_chosen in chapters_of(beside)] == [f"?series={n}&with=2.3" for n in (1, 2)]
    assert beside.count('class="tile"') == TILES_SHOWN
    assert chapters_of(browser.get("/exams/e1/download").text) == []


def test_of_few_images_all_tiles_are_shown(browser, services):
    series = [{"uid": f"1.{n}", "modality": "CR", "images": [{"uid": f"1.{n}.1", "frames": 1}]} for n in range(3)]
    services.long["/exams/e1/images"] = {"series": [*series, {"uid": "1.9", "modality": "SR", "images": []}]}
    page = browser.enter().get("/exams/e1/images").text
    assert chapters_of(page) == []
    assert re.findall(r'class="series" data-series="(\d+)"', page) == ["1", "2", "3"]


def test_the_viewer_is_told_where_a_part_of_the_pictures_is(browser):
    told = browser.enter().get("/exams/e1/images.json?series=1&image=7").json
    assert (told["first"], len(told["ends"])) == (1, SOURCES_TOLD)
    told = browser.get("/exams/e1/images.json?series=1&image=130").json
    assert (told["first"], len(told["ends"])) == (101, 30)
    assert told["base"] + told["ends"][0] == "/exams/e1/images/1.2.101.jpg"


def test_both_viewers_share_one_script_that_sets_what_the_portals_takes(browser):
    answer = browser.enter().get("/static/viewing.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert "window.Viewing" in answer.text
