"""What an exam is called in plain words: "MRI of the brain" for "MR BRAIN W/O CONTRAST". Pure."""

import re

_KINDS = {
    "MR": "MRI", "CT": "CT scan", "US": "Ultrasound", "CR": "X-ray", "DX": "X-ray", "RG": "X-ray", "XR": "X-ray",
    "MG": "Mammogram", "PT": "PET scan", "NM": "Nuclear medicine scan", "XA": "Angiogram", "RF": "Fluoroscopy",
    "ECG": "Electrocardiogram", "BMD": "Bone density scan", "OP": "Eye photograph", "SM": "Microscopy",
}  # fmt: skip
_KIND_WORDS = (
    (r"mammo", "MG"), (r"\bdexa\b|bone dens", "BMD"), (r"\bmra?\b|\bmri\b|magnetic", "MR"), (r"\bpet\b", "PT"),
    (r"\bcta?\b|tomograph", "CT"), (r"ultraso|\bus\b|sonogra|doppler", "US"), (r"x-?ray|\bxr\b|radiograph", "DX"),
)  # fmt: skip
_PARTS = (
    (r"cervical|\bc[- ]?spine", "the neck (cervical spine)"),
    (r"thoracic|\bt[- ]?spine", "the upper back (thoracic spine)"),
    (r"lumb|\bl[- ]?spine", "the lower back (lumbar spine)"), (r"spine", "the spine"),
    (r"brain|neuro|cerebr", "the brain"), (r"\bhead\b|skull|crani", "the head"), (r"sinus", "the sinuses"),
    (r"orbit", "the eye sockets"), (r"pituitary", "the pituitary gland"), (r"thyroid", "the thyroid"),
    (r"carotid", "the neck arteries"), (r"\bneck\b", "the neck"), (r"chest|thorax|\blungs?\b", "the chest"),
    (r"breast|mammo", "the breast"), (r"\bheart\b|cardiac|coronary", "the heart"), (r"liver|hepat", "the liver"),
    (r"abd\w*\W+(and\W+|& ?)?pelv", "the abdomen and pelvis"), (r"abdom|\babd\b", "the abdomen"),
    (r"renal|kidney", "the kidneys"), (r"pelvi", "the pelvis"), (r"prostate", "the prostate"),
    (r"shoulder", "the shoulder"),
    (r"elbow", "the elbow"), (r"wrist", "the wrist"), (r"\bhands?\b", "the hand"), (r"\bhips?\b", "the hip"),
    (r"\bknees?\b", "the knee"), (r"ankle", "the ankle"), (r"\bfoot\b|\bfeet\b", "the foot"),
    (r"\btoes?\b", "the toes"),
    (r"femur|thigh", "the thigh"), (r"tibia|fibula|lower leg", "the lower leg"), (r"bone dens|dexa", "the bones"),
)  # fmt: skip


def plain_name(modality: str, procedure: str) -> str:
    """Give the exam's plain English name; *procedure* itself where its words are unknown, else the kind of exam."""
    text = procedure.lower()
    kind = _KINDS.get(modality.upper()) or next(
        (_KINDS[code] for word, code in _KIND_WORDS if re.search(word, text)), None
    )
    part = next((name for word, name in _PARTS if re.search(word, text)), None)
    if kind == "Mammogram":
        return kind
    if kind and part:
        return (
            f"{kind} of {_side(text)}{part}"
            if not _side(text)
            else f"{kind} of {part.replace('the ', 'the ' + _side(text), 1)}"
        )
    return procedure.strip() or kind or "Exam"


def _side(text: str) -> str:
    """Give "left " or "right " where the procedure says so; both sides are no side."""
    sides = [
        side for side, word in (("left ", r"\bleft\b|\blt\b"), ("right ", r"\bright\b|\brt\b")) if re.search(word, text)
    ]
    return sides[0] if len(sides) == 1 else ""
