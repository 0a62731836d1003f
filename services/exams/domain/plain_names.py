"""What an exam is called in plain words: "MRI of the brain", "Resonancia magnética del cerebro". Pure.

The RIS's own text is "MR BRAIN W/O CONTRAST"; where its words are unknown it stands as it came, in both languages.
"""

import re
from typing import Final, NamedTuple


class _Part(NamedTuple):
    """A part of the body: the *words* that tell of it, its name, and how its Spanish name ends when it has a side."""

    words: str
    en: str
    es: str
    ending: str = ""


_KINDS: Final = {
    "MR": ("MRI", "Resonancia magnética"), "CT": ("CT scan", "Tomografía"), "US": ("Ultrasound", "Ecografía"),
    "CR": ("X-ray", "Radiografía"), "DX": ("X-ray", "Radiografía"), "RG": ("X-ray", "Radiografía"),
    "XR": ("X-ray", "Radiografía"), "MG": ("Mammogram", "Mamografía"), "PT": ("PET scan", "Tomografía PET"),
    "NM": ("Nuclear medicine scan", "Gammagrafía"), "XA": ("Angiogram", "Angiografía"),
    "RF": ("Fluoroscopy", "Fluoroscopia"), "ECG": ("Electrocardiogram", "Electrocardiograma"),
    "BMD": ("Bone density scan", "Densitometría"), "OP": ("Eye photograph", "Fotografía del ojo"),
    "SM": ("Microscopy", "Microscopía"),
}  # fmt: skip
_UNKNOWN: Final = ("Exam", "Examen")
_WHOLE: Final = {_KINDS["MG"]}
"""Kinds whose name tells the part."""
_KIND_WORDS: Final = (
    (r"mammo", "MG"), (r"\bdexa\b|bone dens", "BMD"), (r"\bmra?\b|\bmri\b|magnetic", "MR"), (r"\bpet\b", "PT"),
    (r"\bcta?\b|tomograph", "CT"), (r"ultraso|\bus\b|sonogra|doppler", "US"), (r"x-?ray|\bxr\b|radiograph", "DX"),
)  # fmt: skip
_PARTS: Final = (
    _Part(r"cervical|\bc[- ]?spine", "neck (cervical spine)", "del cuello (columna cervical)"),
    _Part(
        r"thoracic|\bt[- ]?spine",
        "upper back (thoracic spine)",
        "de la parte alta de la espalda (columna torácica)",
    ),
    _Part(r"lumb|\bl[- ]?spine", "lower back (lumbar spine)", "de la parte baja de la espalda (columna lumbar)"),
    _Part(r"spine", "spine", "de la columna"),
    _Part(r"brain|neuro|cerebr", "brain", "del cerebro"),
    _Part(r"\bhead\b|skull|crani", "head", "de la cabeza"),
    _Part(r"sinus", "sinuses", "de los senos paranasales"),
    _Part(r"orbit", "eye sockets", "de las cuencas de los ojos"),
    _Part(r"pituitary", "pituitary gland", "de la glándula pituitaria"),
    _Part(r"thyroid", "thyroid", "de la tiroides"),
    _Part(r"carotid", "neck arteries", "de las arterias del cuello"),
    _Part(r"\bneck\b", "neck", "del cuello"),
    _Part(r"chest|thorax|\blungs?\b", "chest", "del tórax"),
    _Part(r"breast|mammo", "breast", "de la mama", "a"),
    _Part(r"\bheart\b|cardiac|coronary", "heart", "del corazón"),
    _Part(r"liver|hepat", "liver", "del hígado"),
    _Part(r"abd\w*\W+(and\W+|& ?)?pelv", "abdomen and pelvis", "del abdomen y la pelvis"),
    _Part(r"abdom|\babd\b", "abdomen", "del abdomen"),
    _Part(r"renal|kidney", "kidneys", "de los riñones"),
    _Part(r"pelvi", "pelvis", "de la pelvis"),
    _Part(r"prostate", "prostate", "de la próstata"),
    _Part(r"shoulder", "shoulder", "del hombro", "o"),
    _Part(r"elbow", "elbow", "del codo", "o"),
    _Part(r"wrist", "wrist", "de la muñeca", "a"),
    _Part(r"\bhands?\b", "hand", "de la mano", "a"),
    _Part(r"\bhips?\b", "hip", "de la cadera", "a"),
    _Part(r"\bknees?\b", "knee", "de la rodilla", "a"),
    _Part(r"ankle", "ankle", "del tobillo", "o"),
    _Part(r"\bfoot\b|\bfeet\b", "foot", "del pie", "o"),
    _Part(r"\btoes?\b", "toes", "de los dedos del pie", "o"),
    _Part(r"femur|thigh", "thigh", "del muslo", "o"),
    _Part(r"tibia|fibula|lower leg", "lower leg", "de la parte inferior de la pierna", "a"),
    _Part(r"bone dens|dexa", "bones", "de los huesos"),
)
_SIDES: Final = (
    (r"\bleft\b|\blt\b", {"en": "left ", "o": " izquierdo", "a": " izquierda", "": " (lado izquierdo)"}),
    (r"\bright\b|\brt\b", {"en": "right ", "o": " derecho", "a": " derecha", "": " (lado derecho)"}),
)
_NO_SIDE: Final = dict.fromkeys(("en", "o", "a", ""), "")


def plain_name(modality: str, procedure: str, language: str) -> str:
    """Give the exam's plain name; *procedure* itself where its words are unknown, else the kind of exam."""
    text, at = procedure.lower(), 1 if language == "es" else 0
    kind = _KINDS.get(modality.upper()) or next(
        (_KINDS[code] for words, code in _KIND_WORDS if re.search(words, text)), None
    )
    if kind in _WHOLE:
        return kind[at]
    part = next((one for one in _PARTS if re.search(one.words, text)), None)
    if kind and part:
        side = _side(text)
        return f"{kind[at]} " + (f"of the {side['en']}{part.en}", f"{part.es}{side[part.ending]}")[at]
    return procedure.strip() or (kind or _UNKNOWN)[at]


def _side(text: str) -> dict[str, str]:
    """Give the words for the side that the procedure tells; both sides are no side."""
    sides = [said for words, said in _SIDES if re.search(words, text)]
    return sides[0] if len(sides) == 1 else _NO_SIDE
