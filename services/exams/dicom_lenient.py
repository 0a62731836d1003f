"""Read the same elements as ``dicom_walker`` with pydicom, for objects that are not plain.

Big endian, wrong VRs, no meta group, nested private sequences: rare, twenty times slower, and pydicom knows them. Its
warnings quote values, so they are silenced here: no name may reach a log.
"""

import logging
import warnings
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import Any, BinaryIO

from services.chassis.dicom_walker import DEFLATED_LE, EXPLICIT_BE, IMPLICIT_LE, MAX_DEPTH, Elements, Meta, Odd, TooDeep
from services.exams.dicom_values import CHARSET, TAGS

_PIXELS = (0x7FE00008, 0x7FE00010)
_REFERENCE = ("00081150", "00081155", "00081160")
_BIG = 1 << 20  # longer values are skipped, not read: none that intake wants is so long


@cache
def _reader() -> Any:
    """Give pydicom's reading module, told to be silent and to judge no values."""
    import pydicom.config
    from pydicom import filereader

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"pydicom\b.*")
    return filereader


def read_elements(source: BinaryIO, meta: Meta, wanted: frozenset[int]) -> Elements:
    """Give the *wanted* top-level elements of the data set in *source* (seekable). Raises Odd, TooDeep."""
    found = Elements(byte_order=">" if meta.transfer_syntax_uid == EXPLICIT_BE else "<")

    def stop(tag: int, _vr: str | None, _length: int) -> bool:
        found.has_pixels = _PIXELS[0] <= tag <= _PIXELS[1]
        return tag >= _PIXELS[0]

    try:
        dataset = _dataset(source, meta, stop)
        _check_depth(dataset)
        _fill(found, dataset, wanted)
    except TooDeep:
        raise
    except RecursionError as deep:
        raise TooDeep from deep
    except Exception as fault:  # pydicom raises whatever the bytes lead it to
        raise Odd from fault
    return found


def _dataset(source: BinaryIO, meta: Meta, stop: Any) -> Any:
    source.seek(0 if meta.transfer_syntax_uid == DEFLATED_LE else meta.dataset_offset)
    return _reader().read_dataset(
        source,
        meta.transfer_syntax_uid == IMPLICIT_LE,
        meta.transfer_syntax_uid != EXPLICIT_BE,
        stop_when=stop,
        defer_size=_BIG,
    )


def _check_depth(dataset: Any) -> None:
    """Raise TooDeep when sequences nest deeper than MAX_DEPTH; without recursion of our own."""
    waiting = [(dataset, 0)]
    while waiting:
        level, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise TooDeep
        for sequence in _sequences(level):
            waiting.extend((item, depth + 1) for item in sequence)


def _sequences(dataset: Any) -> Iterator[Any]:
    for tag in dataset.keys():  # noqa: SIM118  (iterating a Dataset converts every element)
        raw = dataset.get_item(tag)
        value = raw.value
        if raw.VR == "SQ" or (raw.VR in {None, "UN"} and _starts_with_item(value)):
            try:
                element = dataset[tag]
            except RecursionError:
                raise
            except Exception:  # noqa: S112  (an unwanted private element that pydicom cannot convert)
                continue
            if element.VR == "SQ":
                yield element.value


def _starts_with_item(value: Any) -> bool:
    return isinstance(value, bytes) and value[:4] in {b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"}


def _fill(found: Elements, dataset: Any, wanted: frozenset[int]) -> None:
    for tag in wanted:
        if tag not in dataset:
            continue
        if TAGS[tag] == "SQ":
            found.sequences[tag] = _items(tag, dataset)
        else:
            found.values[tag] = _raw(dataset.get_item(tag).value)
    found.values.setdefault(CHARSET, b"")


def _items(tag: int, dataset: Any) -> list[dict[str, Any]]:
    try:
        items = [_json(item) for item in dataset[tag].value]
    except RecursionError:
        raise
    except Exception:  # an item that pydicom cannot convert is not worth the object
        return []
    if tag == 0x0040A730:
        return [item for item in items if _is_concept_modifier(item)]
    if tag == 0x00081140:
        return [{key: item[key] for key in _REFERENCE if key in item} for item in items]
    return items


def _json(item: Any) -> dict[str, Any]:
    from services.exams.dicom_values import plain

    return plain(item.to_json_dict(1 << 16, bulk_data_element_handler=lambda _element: "", suppress_invalid_tags=True))


def _is_concept_modifier(item: dict[str, Any]) -> bool:
    """A directory record repeats the content items that modify the title, and none of the findings (PS3.3 F.5.7)."""
    return bool(item.get("0040A010", {}).get("Value") == ["HAS CONCEPT MOD"])


def _raw(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    parts = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    return "\\".join(str(part) for part in parts).encode("utf-8", "replace")


def as_file(data: bytes) -> BinaryIO:
    """Give *data* as a seekable file."""
    return BytesIO(data)
