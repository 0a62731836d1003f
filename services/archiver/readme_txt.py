"""Writes README.TXT (IHE PDI, RAD TF-3 4.47): who made the package, what is in it, how to open it, whose it is.

ASCII with CRLF, as the profile wants; it holds no word from the objects.
"""

import unicodedata
from textwrap import wrap

from services.archiver.contents import Contents, Omitted

APPLICATION = "RadNet Patient Portal, archiver 1"
LINE_WIDTH = 76
REASONS = {
    "no-picture": "image(s) have no picture in the viewer; their DICOM files are in the package, and other DICOM "
    "viewers may open them.",
}


def write_readme(contents: Contents, *, claim: str, objects: int, omitted: list[Omitted]) -> bytes:
    """Give README.TXT for a package with *objects* DICOM objects that claims the media profile *claim*."""
    paragraphs = [
        "YOUR IMAGES",
        f"Institution: {contents.institution}",
        f"Made: {contents.made_at:%Y-%m-%d %H:%M} UTC",
        f"Made by: {APPLICATION}",
        f"DICOM objects: {objects}",
        f"Media profile: {claim}",
        "",
        "HOW TO LOOK AT THEM",
        "Open INDEX.HTM in a web browser. If you opened a .zip file, choose Extract All (Windows) or double-click it "
        "(Mac) first, then open INDEX.HTM in the folder that was made. Nothing starts by itself and nothing is "
        "installed. INDEX.HTM is not for diagnosis.",
        "Your doctor can import the whole folder, disc or file with any DICOM software.",
        "",
        "WHAT IS WHERE",
        "DICOMDIR       the directory of the DICOM objects",
        "DICOM          the DICOM objects, unchanged",
        "INDEX.HTM      the viewer's page; its parts and pictures are in IHE_PDI",
        *(["REPORT         the radiologist's report (PDF)"] if contents.reports else []),
        "",
        "COMPLETENESS",
        *_completeness(contents, omitted),
        "",
        "PRIVACY",
        "This package holds Protected Health Information (PHI). Whoever has it can read it: keep it safe, share it "
        "only with people you trust, and delete it when you no longer need it.",
        "",
        "DISCLAIMER",
        "The pictures in INDEX.HTM are reduced copies for looking at, in a current web browser (Edge, Chrome, Firefox "
        "or Safari). They are not for diagnosis, and come without warranty.",
    ]
    lines = [line for paragraph in paragraphs for line in (wrap(as_ascii(paragraph), LINE_WIDTH) or [""])]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def as_ascii(text: str) -> str:
    """Give *text* with accents taken off and anything else that is not ASCII as a question mark."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return plain.encode("ascii", "replace").decode("ascii")


def _completeness(contents: Contents, omitted: list[Omitted]) -> list[str]:
    """Say what is in and what is not; that nobody learns from it whether there are findings not yet released."""
    scope = (
        "All stored objects of the chosen exams are in the package."
        if contents.include_findings
        else "All stored images of the chosen exams are in the package. Reports, and measurements that belong to a "
        "report, are not part of it."
    )
    return [scope, *(f"{one.count} {REASONS[one.reason]}" for one in omitted)]
