"""What can go wrong while a package is made, each with the slug that its build ends with."""


class PackingError(Exception):
    """A package that cannot be made."""

    slug = "packing-failed"


class ObjectUnreadable(PackingError):
    """A stored object that the package must hold cannot be read; nothing is ever left out silently."""

    slug = "object-unreadable"


class ObjectDamaged(PackingError):
    """A stored object is not what was stored: its size, checksum or file header differs from the manifest's."""

    slug = "object-damaged"


class ObjectTooBigForIso(PackingError):
    """An object of 4 GiB or more, which an ISO 9660 file cannot be at level 1; a .zip can hold it."""

    slug = "object-too-big-for-iso"


class NothingToPack(PackingError):
    """No object of the exams may be in the package."""

    slug = "nothing-to-pack"
