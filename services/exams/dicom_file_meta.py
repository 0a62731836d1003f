"""Make the beginning of a Part 10 file (PS3.10 §7): preamble, prefix, File Meta Information.

For objects that came without one, with a wrong one, or with a preamble that a system would run as a programme.
"""

from struct import pack

from services.chassis.dicom_walker import Meta

_IMPLEMENTATION_CLASS = "2.25.303964371262187906123741958114726170543"  # made once for this project from a random UUID
_IMPLEMENTATION_VERSION = "PATIENT_PORTAL_1"
_PROGRAMMES = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"<", b"PK")


def part10_prefix(meta: Meta, head: bytes, sop_class_uid: str, sop_instance_uid: str) -> bytes | None:
    """Give what to store in place of everything before the data set, or None when that is good as it is.

    The data set's UIDs win over those of the meta group (PS3.10 §7.1 wants them equal); a preamble that begins like a
    programme or a page is emptied.
    """
    said = [meta.values.get(tag, b"").decode("latin-1").strip(" \x00") for tag in (0x00020002, 0x00020003)]
    if meta.is_part10 and said == [sop_class_uid, sop_instance_uid] and not head.startswith(_PROGRAMMES):
        return None
    return _head(sop_class_uid, sop_instance_uid, meta.transfer_syntax_uid)


def _head(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    group = _element(1, b"OB", b"\x00\x01")
    for number, uid in ((2, sop_class_uid), (3, sop_instance_uid), (0x10, transfer_syntax_uid)):
        group += _element(number, b"UI", uid.encode("ascii"))
    group += _element(0x12, b"UI", _IMPLEMENTATION_CLASS.encode("ascii"))
    group += _element(0x13, b"SH", _IMPLEMENTATION_VERSION.encode("ascii"))
    return bytes(128) + b"DICM" + _element(0, b"UL", pack("<I", len(group))) + group


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    padded = value + (b"\x00" if vr == b"UI" else b" ") * (len(value) % 2)
    if vr == b"OB":
        return pack("<HH2sHI", 2, number, vr, 0, len(padded)) + padded
    return pack("<HH2sH", 2, number, vr, len(padded)) + padded
