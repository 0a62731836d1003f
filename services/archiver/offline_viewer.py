"""Makes the viewer that a package brings (S46): INDEX.HTM and its parts under ``IHE_PDI/``.

It must open from ``file://`` in any browser: classic scripts, plain ``<img>``, no fetch, no modules, no canvas
(realcases §4.1). What the objects say reaches the page as data (``STUDY.JS``) and is set as text, never as markup.
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from contracts.manifest import DicomJson
from services.archiver.contents import Contents
from services.archiver.dicomdir_records import value_of
from services.archiver.layout import Layout, PlacedSeries, PlacedStudy
from services.archiver.pictures import FOLDER, Album, pictures_of_series

VIEWER_JS, VIEWER_CSS, STUDY_JS = "IHE_PDI/VIEWER.JS", "IHE_PDI/VIEWER.CSS", "IHE_PDI/STUDY.JS"

NOTICE_STYLE = (
    "body{margin:0;font:1.125rem/1.55 system-ui,sans-serif}.wrap{max-width:44rem;margin:0 auto;padding:2rem 1rem}"
)
"""How the page looks where its parts do not load: inside an unextracted .zip."""


@cache
def _part(name: str) -> str:
    return files("services.archiver").joinpath("offline_viewer_parts", name).read_text("utf-8")


def write_page(contents: Contents) -> bytes:
    """Give INDEX.HTM; it holds nothing of the patient's, so that a browser's list of open pages does not either."""
    page = Template(_part("index.htm")).substitute(
        style=NOTICE_STYLE,
        style_hash=b64encode(sha256(NOTICE_STYLE.encode()).digest()).decode(),
        institution=escape(contents.institution),
        made=contents.made_at.strftime("%Y-%m-%d"),
    )
    return page.encode()


def viewer_parts() -> dict[str, bytes]:
    """Give the parts that are the same in every package, by path; the script begins with what the portal's has too."""
    shared = files("services.chassis").joinpath("viewing.js").read_text("utf-8")
    return {VIEWER_CSS: _part("viewer.css").encode(), VIEWER_JS: (shared + _part("viewer.js")).encode()}


def write_study(contents: Contents, layout: Layout, album: Album, reports: dict[str, str]) -> bytes:
    """Give STUDY.JS: what there is to show; *reports* are titles by path."""
    study = {
        "folder": f"{FOLDER}/",
        "reports": [{"title": title, "path": path} for path, title in reports.items()],
        "patients": [
            {
                "name": _name(patient.keys),
                "studies": [_study(study, album) for study in patient.studies],
            }
            for patient in layout.patients
        ],
    }
    return f"window.PACKAGE = {_as_script(study)};\n".encode()


def _as_script(value: Any) -> str:
    """Give JSON that can stand in a script: nothing in it can end the script or be markup."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _study(study: PlacedStudy, album: Album) -> dict[str, Any]:
    return {
        "title": _text(study.keys, "00081030"),
        "date": _text(study.keys, "00080020"),
        "accession": _text(study.keys, "00080050"),
        "series": [shown for series in study.series if (shown := _series(series, album))["pictures"]],
        "others": [other for series in study.series for other in _others(series)],
    }


def _others(placed: PlacedSeries) -> list[dict[str, Any]]:
    """Give what the viewer cannot show of a series: by kind, one by its path, several by their folder."""
    paths: dict[str, list[str]] = {}
    for path, instance in placed.placed():
        if not (instance.role == "image" and instance.frames):
            kind = placed.series.modality if instance.record_type == "IMAGE" else instance.record_type
            paths.setdefault(kind, []).append(path)
    return [
        {"kind": kind, "count": len(some), "file": some[0] if len(some) == 1 else placed.folder}
        for kind, some in paths.items()
    ]


def _series(placed: PlacedSeries, album: Album) -> dict[str, Any]:
    """Give a series as it is shown: each picture by its path below the folder; of a missing one, the DICOM file's."""
    start = len(FOLDER) + 1
    file_of = {instance.key: path for path, instance in placed.placed()} if album.missing else {}
    return {
        "title": placed.series.description,
        "modality": placed.series.modality,
        "number": placed.series.number,
        "pictures": [
            {"file": file_of[picture.key]} if picture.path in album.missing else picture.path[start:]
            for picture in pictures_of_series(placed)
        ],
    }


def _text(keys: DicomJson, tag: str) -> str:
    value = value_of(keys, tag)
    return "" if value is None else str(value)


def _name(keys: DicomJson) -> str:
    """Give the patient's name as people write it: ``Jane Doe``."""
    value = value_of(keys, "00100010") or {}
    name = str(value.get("Alphabetic") or value.get("Ideographic") or "")
    family, given, middle, *_ = [*name.split("^"), "", "", ""]
    return " ".join(part.strip() for part in (given, middle, family) if part.strip())
