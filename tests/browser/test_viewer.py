"""The image viewer of the Images tab, as patients use it: by pointer, by keys alone, on a phone, without script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.walking import enter
from tests.flows.conftest import images_of
from tests.flows.product import Facts, wait_for
from tests.flows.ris import Ris, an_exam

COUNT = "Image {} of {}"


@pytest.fixture(scope="session")
def images_url(local_facts: Facts) -> tuple[str, str]:
    """The I-Code of an exam with a CT of several slices, a single X-ray and an MR beside it; its Images tab."""
    ris, exam = Ris(local_facts), an_exam()
    ris.order(exam)
    ris.store([*images_of(exam, most=6), *images_of(exam, "cr-chest"), *images_of(exam, "mr-head", most=4)])
    ris.complete(exam)
    icode = ris.issue_icode(exam)
    client = local_facts.anyone().log_in("/icode-sessions", {"icode": icode})
    row = wait_for(lambda: [row for row in client.get("/exams").json["exams"] if row["imagesAvailable"]])[0]
    return icode, f"{local_facts.portal_url}/exams/{row['id']}/images"


@pytest.fixture(scope="module")
def page(chromium: Browser, local_facts: Facts, images_url: tuple[str, str]) -> Iterator[Page]:
    """A patient's page, logged in; its scripts must not fail."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.set_default_timeout(10_000)
    enter(opened, local_facts, images_url[0])
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def series(page: Page, images_url: tuple[str, str]) -> dict[str, tuple[int, int]]:
    """Open the Images tab; the number and length of the longest series and of a single one."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(images_url[1])
    totals = page.locator("[data-viewer]").evaluate("v => JSON.parse(v.dataset.told).series.map(one => one[1])")
    return {"long": (totals.index(max(totals)) + 1, max(totals)), "single": (totals.index(1) + 1, 1)}


def pane(page: Page, number: int = 0) -> Locator:
    return page.locator(".v-pane").nth(number)


def tool(page: Page, name: str) -> Locator:
    return page.locator(".v-bar").get_by_role("button", name=name, exact=True)


def open_at(page: Page, url: str, series: int, image: int, more: str = "") -> None:
    page.goto(f"{url}?series={series}&image={image}{more}")
    expect(pane(page).locator("img")).to_have_js_property("complete", True)
    expect(page.locator("[data-row]").first).to_be_attached()


def test_the_chosen_tiles_jpg_is_exactly_that_tile_S28(page: Page, images_url, series):
    number, total = series["long"]
    open_at(page, images_url[1], number, 1)
    tile = page.locator(f".series[data-series='{number}'] [data-tile='3']")
    thumbnail = tile.locator("img").get_attribute("src") or ""
    with page.expect_response(lambda answer: answer.url.split("?")[0].endswith(thumbnail.split("?")[0])) as caught:
        tile.click()
    assert caught.value.headers["content-type"] == "image/jpeg"
    expect(tile).to_have_attribute("aria-current", "true")
    expect(pane(page).locator("img")).to_have_attribute("src", re.compile(re.escape(thumbnail.split("?")[0])))
    expect(page.locator("#say")).to_have_text(COUNT.format(3, total))
    expect(page).to_have_url(re.compile(rf"series={number}&image=3"))


def test_every_tool_is_reached_and_worked_by_keys_alone(page: Page, images_url, series):
    number, total = series["long"]
    open_at(page, images_url[1], number, 1)
    count, picture = page.locator("[data-v=count]").first, pane(page)
    picture.focus()
    for key, at in (("ArrowDown", 2), ("ArrowLeft", 1), ("End", total), ("Home", 1), ("PageDown", min(11, total))):
        page.keyboard.press(key)
        expect(count).to_have_text(COUNT.format(at, total))
    expect(page.locator("#say")).to_have_text(COUNT.format(min(11, total), total))
    style = picture.locator("img")
    for key, part in (("+", "scale(1.25)"), ("i", "invert(1)")):
        page.keyboard.press(key)
        expect(style).to_have_attribute("style", re.compile(re.escape(part)))
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    expect(style).to_have_attribute("style", re.compile(r"translate\(-40px, 0px\)"))
    page.keyboard.press("r")
    expect(style).to_have_attribute("style", re.compile(r"translate\(0px, 0px\) scale\(1\)"))
    page.keyboard.press("Space")
    expect(tool(page, "Stop")).to_be_visible()
    page.keyboard.press("Space")
    expect(tool(page, "Play")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(picture).to_be_focused()
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.v ?? ''"))
    wanted = ["prev", "slice", "next", "look", "in", "out", "fit", "move", "invert", "play", "two", "reset"]
    assert [name for name in reached if name in wanted] == wanted


def test_a_letter_acts_only_while_the_picture_has_the_focus(page: Page, images_url, series):
    open_at(page, images_url[1], series["long"][0], 1)
    tool(page, "Fit").focus()
    page.keyboard.press("i")
    expect(tool(page, "Invert")).to_have_attribute("aria-pressed", "false")


def test_a_look_is_rendered_by_the_server_and_dragging_changes_brightness(page: Page, images_url, series):
    open_at(page, images_url[1], series["long"][0], 1)
    with page.expect_response(lambda answer: "window=-600,1500" in answer.url) as caught:
        page.get_by_label("Brightness").first.select_option(label="Lung")
    assert caught.value.headers["content-type"] == "image/jpeg"
    expect(pane(page).locator("img")).to_have_attribute("src", re.compile("window=-600,1500"))
    box = pane(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 80)
    page.mouse.up()
    expect(pane(page).locator("img")).to_have_attribute("style", re.compile(r"brightness\(110%\) contrast\(120%\)"))


def test_two_pictures_are_compared_and_scroll_together(page: Page, images_url, series):
    number, total = series["long"]
    open_at(page, images_url[1], number, 1, f"&with={number}.2")
    counts = page.locator("[data-v=count]")
    expect(counts.nth(1)).to_have_text(f"Second picture: {COUNT.format(2, total)}")
    page.get_by_label("Scroll together").check()
    page.get_by_role("group", name="First picture").get_by_role("button", name="Next image").click()
    expect(counts.nth(0)).to_have_text(f"First picture: {COUNT.format(2, total)}")
    expect(counts.nth(1)).to_have_text(f"Second picture: {COUNT.format(3, total)}")
    page.get_by_role("group", name="Second picture").get_by_label("Series").select_option(index=series["single"][0] - 1)
    expect(pane(page, 1)).to_have_attribute("aria-label", re.compile("^Second picture, .*Image 1 of 1$"))
    page.set_viewport_size({"width": 390, "height": 844})
    upper, lower = (pane(page, n).bounding_box() for n in (0, 1))
    assert upper
    assert lower
    assert upper["y"] + upper["height"] <= lower["y"]
    tool(page, "Compare").click()
    expect(pane(page, 1)).to_be_hidden()


def test_a_picture_that_does_not_come_says_so_and_is_tried_again(page: Page, images_url, series):
    number, _total = series["long"]
    open_at(page, images_url[1], number, 1)
    last = page.evaluate(
        "n => fetch(`${document.querySelector('[data-viewer]').dataset.path}.json?series=${n}`).then(a => a.json())"
        ".then(told => told.base + told.ends.at(-1))",
        number,
    )
    is_last = re.compile(re.escape(last) + r".*size=512")
    page.route(is_last, lambda route: route.abort())
    open_at(page, images_url[1], number, 1)
    pane(page).focus()
    page.keyboard.press("End")
    again = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(page.get_by_role("alert").first).to_contain_text("This picture did not load.")
    expect(pane(page).locator("img")).to_be_visible()
    page.unroute(is_last)
    again.click()
    expect(again).to_have_count(0)
    expect(pane(page).locator("img")).to_have_attribute("src", re.compile(re.escape(last)))
    expect(pane(page)).to_be_focused()


def test_a_series_is_opened_from_the_list_and_its_tiles_come(page: Page, images_url, series):
    number, total = series["long"]
    single = series["single"][0]
    open_at(page, images_url[1], number, 1)
    listed, strip = page.locator(".chapters a"), page.locator(".series")
    expect(strip).to_have_count(1)
    listed.nth(number - 1).focus()
    page.keyboard.press("Home" if single == 1 else "ArrowDown" if single == number + 1 else "End")
    expect(listed.nth(single - 1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(listed.nth(single - 1)).to_have_attribute("aria-current", "true")
    expect(strip).to_have_attribute("data-series", str(single))
    expect(strip.locator(".tile")).to_have_count(1)
    expect(page.locator("[data-page]").first).to_be_hidden()
    listed.nth(number - 1).click()
    expect(strip.locator("h2")).to_contain_text(f"{total} images")
    expect(strip.locator("[data-tile='1']")).to_have_attribute("aria-current", "true")
    strip.locator(f"[data-tile='{total}']").click()
    expect(pane(page)).to_have_attribute("aria-label", re.compile(f"Image {total} of {total}$"))


def test_a_single_image_has_no_slider_and_no_play(page: Page, images_url, series):
    open_at(page, images_url[1], series["single"][0], 1)
    expect(page.locator("[data-v=slice]").first).to_be_hidden()
    expect(tool(page, "Play")).to_be_hidden()
    expect(tool(page, "Zoom in")).to_be_visible()


def test_on_the_narrowest_phone_nothing_is_wider_than_the_screen(page: Page, images_url, series):
    page.set_viewport_size({"width": 320, "height": 640})
    open_at(page, images_url[1], series["long"][0], 1)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    expect(page.locator("[data-v=two]")).to_be_visible()


def test_without_script_tiles_and_arrows_are_links_that_bring_the_picture_S28(
    chromium: Browser, page: Page, images_url, series
):
    number, total = series["long"]
    context = chromium.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{images_url[1]}?series={number}&image=1")
    plain.locator(".chapters a").nth(series["single"][0] - 1).click()
    assert plain.locator(".series").get_attribute("data-series") == str(series["single"][0])
    plain.locator(".chapters a").nth(number - 1).click()
    plain.get_by_role("link", name="Next image").click()
    assert plain.locator(".v-slide b").first.text_content() == COUNT.format(2, total)
    plain.get_by_role("link", name="Compare two pictures").click()
    assert plain.locator(".v-pane img").count() == 2
    assert plain.locator(".v-bar").is_hidden()
    plain.get_by_role("link", name="Show one picture").click()
    assert plain.locator(".v-pane img").count() == 1
    context.close()
