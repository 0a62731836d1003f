"""Says which DICOM media profile a package may claim (PS3.11, PS3.12)."""

from contracts.archiver import PackageFormat

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
CD_BYTES = 700_000_000
DVD_BYTES = 4_700_000_000
_JPEG = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.70"})
_JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
NO_PROFILE = "no profile of PS3.11: transfer syntaxes or size are beyond them"


def claim_of(package_format: PackageFormat, syntaxes: set[str], content_bytes: int) -> str:
    """Give the claim for objects in *syntaxes*; *content_bytes* counts the package's objects.

    IHE PDI's STD-GEN-CD is claimed for an image of a CD's size alone, in which every object is Explicit VR Little
    Endian.
    """
    compressed = syntaxes - {EXPLICIT_VR_LITTLE_ENDIAN}
    if package_format == "zip":
        return f"PS3.12 Annex V (ZIP); {_general_profile('USB', compressed)}"
    if not compressed and content_bytes <= CD_BYTES:
        return "STD-GEN-CD (PS3.11 Annex D)"
    return _general_profile("DVD", compressed) if content_bytes <= DVD_BYTES else NO_PROFILE


def _general_profile(medium: str, compressed: set[str]) -> str:
    if compressed <= _JPEG:
        return f"STD-GEN-{medium}-JPEG (PS3.11)"
    if compressed <= _JPEG_2000:
        return f"STD-GEN-{medium}-J2K (PS3.11)"
    return NO_PROFILE
