"""What the identity questions say, in English and Spanish."""

from typing import Literal

from services.chassis.locations import Locations
from services.identity.domain.identity_questions import NONE_OF_THESE, Topic

Language = Literal["en", "es"]

_QUESTIONS: dict[Topic, dict[Language, str]] = {
    "location": {
        "en": "At which of these places did you have an exam?",
        "es": "¿En cuál de estos lugares le hicieron un examen?",
    },
    "month": {
        "en": "In which of these months did you have an exam?",
        "es": "¿En cuál de estos meses le hicieron un examen?",
    },
    "kind": {
        "en": "Which of these kinds of exam did you have?",
        "es": "¿Cuál de estos tipos de examen le hicieron?",
    },
    "physician": {
        "en": "Which of these physicians sent you for an exam?",
        "es": "¿Cuál de estos médicos le envió a hacerse un examen?",
    },
}
_NONE: dict[Language, str] = {"en": "None of these", "es": "Ninguno de estos"}
_KINDS: dict[str, dict[Language, str]] = {
    "mri": {"en": "MRI", "es": "Resonancia magnética"},
    "ct": {"en": "CT scan", "es": "Tomografía (TC)"},
    "ultrasound": {"en": "Ultrasound", "es": "Ecografía (ultrasonido)"},
    "x-ray": {"en": "X-ray", "es": "Radiografía"},
    "mammogram": {"en": "Mammogram", "es": "Mamografía"},
    "pet": {"en": "PET scan", "es": "Tomografía por emisión de positrones (PET)"},
    "nuclear": {"en": "Nuclear medicine scan", "es": "Gammagrafía (medicina nuclear)"},
    "angiogram": {"en": "Angiogram", "es": "Angiografía"},
    "fluoroscopy": {"en": "Fluoroscopy", "es": "Fluoroscopia"},
    "bone-density": {"en": "Bone density scan", "es": "Densitometría ósea"},
}
_MONTHS: dict[Language, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
}  # fmt: skip


def question_text(topic: Topic, language: Language) -> str:
    """Give what is asked."""
    return _QUESTIONS[topic][language]


def choice_label(topic: Topic, value: str, locations: Locations, language: Language) -> str:
    """Give what a choice says."""
    if value == NONE_OF_THESE:
        return _NONE[language]
    if topic == "location":
        return f"{locations[value].name}, {locations[value].address}" if value in locations else value
    if topic == "month":
        month = _MONTHS[language][int(value[5:]) - 1]
        return f"{month} {value[:4]}" if language == "en" else f"{month} de {value[:4]}"
    return _KINDS[value][language] if topic == "kind" else value
