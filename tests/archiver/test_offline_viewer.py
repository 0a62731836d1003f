import json
import re

from services.archiver.layout import lay_out
from services.archiver.offline_viewer import viewer_parts, write_page, write_study
from services.archiver.pictures import Album, pictures_of
from tests.archiver.manifests import DATA, MemoryStore, a_package_of, store_files
from tests.archiver.test_dicomdir import a_manifest, an_instance, text

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\u2028'\""


def study_of(manifests, album=None, reports=None, **changes):
    contents = a_package_of(manifests, include_findings=True, **changes)
    layout = lay_out(manifests, include_findings=True)
    script = write_study(contents, layout, album or Album(), reports or {}).decode()
    return script, json.loads(script.removeprefix("window.PACKAGE = ").rstrip().rstrip(";"))


def test_what_the_objects_say_can_neither_end_the_script_nor_be_markup():
    manifest = a_manifest(
        patient={"00100010": text("PN", {"Alphabetic": HOSTILE})}, study={"00081030": text("LO", HOSTILE)}
    )
    script, study = study_of([manifest], reports={"REPORT/REPORT01.PDF": HOSTILE})
    assert script.isascii()
    assert not re.search(r"[<>&]", script)
    assert study["patients"][0]["studies"][0]["title"] == HOSTILE
    assert study["reports"] == [{"title": HOSTILE, "path": "REPORT/REPORT01.PDF"}]


def test_the_viewer_sets_text_never_markup_and_uses_nothing_that_file_urls_forbid():
    script = viewer_parts()["IHE_PDI/VIEWER.JS"].decode()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "import ",
                      "XMLHttpRequest", "Worker(", "canvas", "localStorage"):  # fmt: skip
        assert forbidden not in script


def test_the_page_names_the_institution_as_text_and_nobody_else():
    page = write_page(a_package_of([], institution="Peña & <b>Sons</b>")).decode()
    assert "Peña &amp; &lt;b&gt;Sons&lt;/b&gt;" in page
    assert "default-src 'none'" in page
    assert "2026-11-24" in page
    assert "Extract All first" in page
    assert "$" not in page


def test_both_languages_know_the_same_words():
    script = viewer_parts()["IHE_PDI/VIEWER.JS"].decode()
    blocks = {code: re.search(rf"    {code}: {{(.*?)\n    }}", script, re.DOTALL)[1] for code in ("en", "es")}
    english, spanish = (
        set(re.findall(r'(?:^\s*|", |}, )(\w+): ', blocks[code], re.MULTILINE)) for code in ("en", "es")
    )
    assert english == spanish
    assert {"zoomIn", "notForDiagnosis", "privacy"} <= english
    page = write_page(a_package_of([])).decode()
    assert set(re.findall(r'data-word="(\w+)"', page)) <= english


def test_pictures_are_listed_in_order_and_a_missing_one_names_its_file():
    manifests = store_files(MemoryStore(), sorted((DATA / "mr-ge-fmri").glob("*.dcm")))
    album = Album()
    for number, picture in enumerate(pictures_of(lay_out(manifests, include_findings=False))):
        album.add(picture, exists=number != 2)
    _, study = study_of(manifests, album)
    pictures = study["patients"][0]["studies"][0]["series"][0]["pictures"]
    assert pictures[:2] == ["S00001/I0000001.JPG", "S00001/I0000002.JPG"]
    assert pictures[2] == {"file": "DICOM/ST000001/SE000001/IM000003"}
    assert len(pictures) == 8


def test_objects_that_cannot_be_shown_are_said_plainly():
    sr = an_instance(1, 2, "SR DOCUMENT", role="finding", frames=0)
    _, study = study_of([a_manifest(instances=[an_instance(1, 1), sr])])
    shown = study["patients"][0]["studies"][0]
    assert shown["others"] == [{"kind": "SR DOCUMENT", "count": 1, "file": "DICOM/ST000001/SE000001/IM000002"}]
    assert [len(series["pictures"]) for series in shown["series"]] == [1]


def test_many_objects_of_a_kind_are_said_by_their_folder():
    instances = [an_instance(1, place, role="other") for place in range(1, 4)]
    _, study = study_of([a_manifest(instances=instances)])
    shown = study["patients"][0]["studies"][0]
    assert shown["others"] == [{"kind": "CT", "count": 3, "file": "DICOM/ST000001/SE000001"}]
    assert shown["series"] == []


def test_a_name_is_written_as_people_write_it():
    manifest = a_manifest(patient={"00100010": text("PN", {"Alphabetic": "Vega^Marisol^A^^"})})
    assert study_of([manifest])[1]["patients"][0]["name"] == "Marisol A Vega"
