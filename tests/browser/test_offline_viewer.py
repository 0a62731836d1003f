"""A package's viewer, opened from file:// in Chromium as a patient opens it."""

import io
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect

from services.archiver.packing import ReportPdf
from tests.archiver.manifests import DATA, MemoryStore, a_package_of, store_files
from tests.archiver.packages import pack


def a_picture(key, frame):
    """Give a real JPEG, each of its own grey; the third image has none."""
    number = int(key.rsplit("/", 1)[-1])
    if number == 2:
        return None
    file = io.BytesIO()
    Image.new("L", (64, 64), 20 + number * 20).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    store = MemoryStore()
    files = [*sorted((DATA / "mr-ge-fmri").glob("*.dcm")), DATA / "kinds" / "test-SR.dcm"]
    manifests = store_files(store, files)
    store.objects["reports/1"] = b"%PDF-1.7"
    reports = [ReportPdf("e1", "reports/1", "MRI of the brain <b>")]
    data, _ = pack("zip", a_package_of(manifests, include_findings=True, reports=reports), store, render=a_picture)
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        opened.extractall(folder)
    return folder


@pytest.fixture
def page(chromium):
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("console", lambda message: opened.faults.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: None if request.url.startswith("file:") else opened.faults.append(request.url))
    yield opened
    opened.close()


def expect_picture(page):
    expect(page.locator("#picture")).to_have_js_property("complete", True)
    expect(page.locator("#picture")).to_have_js_property("naturalWidth", 64)


def test_the_study_is_looked_at_by_keys_wheel_and_slider_S46(tree, page):
    page.goto((tree / "INDEX.HTM").as_uri())
    count = page.locator("#count")
    assert count.text_content() == "Image 1 of 8"
    expect_picture(page)
    page.locator("#pane").focus()
    page.keyboard.press("ArrowDown")
    assert count.text_content() == "Image 2 of 8"
    page.keyboard.press("End")
    assert count.text_content() == "Image 8 of 8"
    expect_picture(page)
    page.locator("#pane").hover()
    page.mouse.wheel(0, -120)
    expect(count).to_have_text("Image 6 of 8")
    page.locator("#slice").fill("5")
    assert count.text_content() == "Image 5 of 8"
    assert page.locator("text=Not for diagnosis.").is_visible()
    assert page.faults == []


def test_brightness_zoom_and_invert_change_how_it_is_seen_and_reset_ends_that(tree, page):
    page.goto((tree / "INDEX.HTM").as_uri())
    page.locator("#invert").click()
    page.locator("#zoom-in").click()
    page.locator("#contrast").fill("200")
    style = page.locator("#picture").get_attribute("style")
    for part in ("invert(1)", "contrast(200%)", "scale(1.25)"):
        assert part in style
    page.locator("#reset").click()
    style = page.locator("#picture").get_attribute("style")
    assert "invert" not in style
    assert "scale(1)" in style
    assert page.faults == []


def test_what_cannot_be_shown_is_said_plainly_and_the_report_is_linked(tree, page):
    page.goto((tree / "INDEX.HTM").as_uri())
    page.locator("#slice").fill("3")
    assert "DICOM/ST000001/SE000001/IM000003" in page.locator("#none").text_content()
    assert page.locator("#none").is_visible()
    assert "SR DOCUMENT: DICOM/ST000002/SE000002/IM000001" in page.locator("#others").text_content()
    link = page.locator("a.report")
    assert link.text_content() == "Report (PDF): MRI of the brain <b>"
    assert link.get_attribute("href") == "REPORT/REPORT01.PDF"
    assert page.faults == []


def expect_spanish(page):
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.locator("#count").text_content() == "Imagen 1 de 8"
    assert page.locator("text=No apto para diagnóstico.").is_visible()


def test_it_speaks_spanish_too(tree, page):
    page.goto((tree / "INDEX.HTM").as_uri())
    expect(page.locator("#subtitle")).to_contain_text("March 9, 2016")
    page.get_by_role("button", name="Español").click()
    expect_spanish(page)
    expect(page.locator("#subtitle")).to_contain_text("9 de marzo de 2016")
    assert page.faults == []


def test_it_begins_in_the_language_that_the_browser_prefers(tree, chromium):
    with chromium.new_context(locale="es-MX") as context:
        page = context.new_page()
        page.goto((tree / "INDEX.HTM").as_uri())
        expect_spanish(page)


def test_on_a_phone_nothing_is_wider_than_the_screen(tree, page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto((tree / "INDEX.HTM").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_opened_inside_an_unextracted_zip_it_says_extract_all_first_S45(tree, page, tmp_path):
    """Explorer copies the one file that was opened to a folder of its own."""
    (tmp_path / "INDEX.HTM").write_bytes((tree / "INDEX.HTM").read_bytes())
    page.goto((tmp_path / "INDEX.HTM").as_uri())
    assert page.get_by_role("heading", name="Extract All first").is_visible()
    assert page.get_by_role("heading", name="Primero, extraiga todo").is_visible()
    assert not page.locator("#app").is_visible()
