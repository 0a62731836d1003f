"""The looks that a viewer offers of a series' pictures, each by its ``window``. Pure.

CT's values are Hounsfield units, so its windows are the usual ones; others' mean something only beside the picture's
own window, so theirs are shades of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offered:
    """One look: ``slug`` names it, ``window`` is what to ask for; None asks for the picture as it is."""

    slug: str
    window: str | None


STANDARD = Offered("standard", None)
CT = (STANDARD, Offered("lung", "-600,1500"), Offered("bone", "400,1800"), Offered("brain", "40,80"))
OTHERS = (STANDARD, *(Offered(name, name) for name in ("brighter", "softer", "high-contrast")))


def looks_of(modality: str, *, is_colour: bool) -> tuple[Offered, ...]:
    """Give the looks of a series of *modality*; none of colours, which have no window."""
    if is_colour:
        return ()
    return CT if modality == "CT" else OTHERS
