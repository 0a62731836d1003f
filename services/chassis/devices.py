"""Kinds of device, as the header ``User-Agent`` tells of them and as people are told them: names and words alone.

What is kept is English; who reads it is told in their own language.
"""

from typing import Final

from services.chassis.wording import Language

UNKNOWN: Final = "Unknown device"
_LOOKED_AT_CHARS: Final = 1000
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_KINDS: Final = {"Android": "Android device", "Windows": "Windows computer", "Linux": "Linux computer"}
"""Of a system that is not a device's own name."""
_SPANISH: Final = {
    UNKNOWN: "Dispositivo desconocido",
    _KINDS["Android"]: "Dispositivo Android",
    _KINDS["Windows"]: "Computadora con Windows",
    _KINDS["Linux"]: "Computadora con Linux",
}


def kind_of(user_agent: str | None) -> str:
    """Give the kind of device: ``iPhone``, ``Windows computer``."""
    system = _named(_SYSTEMS, user_agent)
    return _KINDS.get(system, system) or UNKNOWN


def browser_and_system_of(user_agent: str | None) -> str:
    """Give what tells two log-ins apart: ``Firefox, Windows``."""
    names = (_named(_BROWSERS, user_agent), _named(_SYSTEMS, user_agent))
    return ", ".join(name for name in names if name) or UNKNOWN


def device_in(language: Language, kept: str) -> str:
    """Give what is *kept* of a device in *language*."""
    return _SPANISH.get(kept, kept) if language == "es" else kept


def _named(signs: dict[str, str], user_agent: str | None) -> str:
    said = (user_agent or "")[:_LOOKED_AT_CHARS]
    return next((name for sign, name in signs.items() if sign in said), "")
