"""The Images tab as HTML: tiles, panes, what has no picture, in both languages and without script."""

import json
import re
from html import unescape

import pytest

from gateway.portal.series_shown import MOST_OF_ANOTHER, TILES_SHOWN, series_of, tiles_of
from gateway.portal.series_shown import Pane as ShownPane

HEAVIEST_BYTES = 40_000


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
    assert "17–32 / 130" in page
    assert len(page.encode()) < HEAVIEST_BYTES


def test_looks_are_those_that_exams_offers_and_none_of_colours(browser):
    page = browser.enter().get("/exams/e1/images").text
    told = json.loads(unescape(re.search(r'data-viewer [^>]*data-series="([^"]*)"', page)[1]))
    assert [(one["name"], one["total"]) for one in told] == [("Axial, 5 mm", 130), ("Cine", 3)]
    assert told[0]["looks"] == [["", "Standard"], ["-600,1500", "Lung"]]
    assert told[1]["looks"] == []
    assert '<option value="-600,1500">Lung</option>' in page


def test_what_has_no_picture_says_why_at_its_tile_and_in_its_pane(browser):
    page = browser.enter().get("/exams/e1/images?image=130").text
    assert 'aria-label="Image 130 of 130. Its format cannot be shown here."' in page
    assert page.count("Its format cannot be shown here.") == 3
    assert sources_of(page) == []
    assert browser.get("/exams/e1/images.json?series=1").json["none"] == {"130": "Its format cannot be shown here."}
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


def test_a_page_stays_light_whatever_was_scanned(app_with):
    with app_with().test_request_context("/"):
        told = [{"images": [{"uid": f"1.{n}.{k}", "frames": 1} for k in range(200)]} for n in range(30)]
        series = series_of("e1", [*told, {"images": []}])
        chosen = ShownPane(series[4], 100)
        shown = [len(tiles_of(one, chosen, len(series))) for one in series]
    assert len(series) == 30
    assert shown[4] == TILES_SHOWN
    assert sum(shown) - shown[4] <= 30
    assert max(shown[:4]) <= MOST_OF_ANOTHER


def test_both_viewers_share_one_script_that_sets_what_the_portals_takes(browser):
    answer = browser.enter().get("/static/viewing.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert "window.Viewing" in answer.text
