"""What is read of a DICOM object when it comes in, and what is refused."""

import struct
import zlib
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis import dicom_walker
from services.exams import dicom_headers
from services.exams.dicom_headers import (
    DicomdirNotStored,
    DicomRefused,
    HeaderUnreadable,
    MissingUid,
    NotDicom,
    PixelsTooLarge,
    read_headers,
    to_part10,
)

DATA = Path(__file__).parents[1] / "data" / "dicom"
FILES = sorted(path for path in DATA.rglob("*") if path.is_file())
MR = DATA / "intake" / "MR_small_padded.dcm"
CT = DATA / "sr-seg-of-ct" / "CT_small.dcm"


def read(path):
    data = path.read_bytes()
    return read_headers(data, len(data))


def built(**elements):
    """Give a small image object with these elements in place of its own."""
    dataset = pydicom.dcmread(CT)
    for name, value in elements.items():
        setattr(dataset, name, value)
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def refusal(data):
    with pytest.raises(DicomRefused) as caught:
        read_headers(data, len(data))
    return type(caught.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_walker_and_pydicom_read_the_same_of_every_real_object(path, monkeypatch):
    data = path.read_bytes()
    found = []
    for is_forced in (False, True):
        if is_forced:
            monkeypatch.setattr(dicom_headers, "walk", give_up)
        try:
            found.append(asdict(read_headers(BytesIO(data), len(data))))
        except DicomRefused as refused:
            found.append(refused.slug)
    assert found[0] == found[1]


def give_up(*_arguments, **_named):
    raise dicom_walker.Odd


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_read_is_what_pydicom_says(path):
    try:
        headers = read(path)
    except DicomRefused:
        return
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    assert headers.study_uid == dataset.StudyInstanceUID
    assert headers.sop_instance_uid == dataset.SOPInstanceUID
    assert headers.patient_id == (str(dataset.get("PatientID") or "").strip() or None)
    assert headers.modality == str(dataset.get("Modality") or "")
    assert (headers.rows, headers.columns) == (dataset.get("Rows") or 0, dataset.get("Columns") or 0)
    said = headers.patient_keys.get("00100010", {}).get("Value", [{}])[0]
    assert "=".join(said.values()).rstrip("=^ ") == str(dataset.get("PatientName") or "").rstrip("=^ ")


def test_a_plain_object_never_needs_pydicom(monkeypatch):
    monkeypatch.setattr(dicom_headers.dicom_lenient, "read_elements", give_up)
    for path in (MR, CT, DATA / "intake" / "N2D_0161.dcm", DATA / "intake" / "MR_small_implicit.dcm"):
        assert read(path).role == "image"


@pytest.mark.parametrize(
    ("path", "role", "record_type"),
    [
        ("sr-seg-of-ct/CT_small.dcm", "image", "IMAGE"),
        ("sr-seg-of-ct/sr_document.dcm", "finding", "SR DOCUMENT"),
        ("kinds/reportsi.dcm", "finding", "SR DOCUMENT"),
        ("kinds/rtplan.dcm", "other", "RT PLAN"),
        ("kinds/rtdose.dcm", "other", "RT DOSE"),
        ("kinds/sm_image.dcm", "image", "IMAGE"),
        ("sr-seg-of-ct/seg_image_ct_binary_single_frame.dcm", "other", "IMAGE"),
    ],
)
def test_findings_are_told_from_images(path, role, record_type):
    headers = read(DATA / path)
    assert (headers.role, headers.record_type) == (role, record_type)


@pytest.mark.parametrize(
    ("sop_class", "role"),
    [
        ("1.2.840.10008.5.1.4.1.1.104.1", "finding"),
        ("1.2.840.10008.5.1.4.1.1.104.2", "finding"),
        ("1.2.840.10008.5.1.4.1.1.104.3", "other"),
        ("1.2.840.10008.5.1.4.1.1.88.50", "finding"),
        ("1.2.840.10008.5.1.4.1.1.88.67", "other"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "image"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "image"),
        ("1.3.46.670589.11.0.0.12.1", "image"),
    ],
)
def test_documents_are_findings_dose_reports_and_presentations_are_not(sop_class, role):
    data = built(SOPClassUID=sop_class)
    assert read_headers(data, len(data)).role == role


def test_a_document_of_an_unknown_class_is_a_finding():
    dataset = pydicom.dcmread(DATA / "kinds" / "reportsi.dcm")
    dataset.SOPClassUID = "1.2.3.4.5"
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    assert read_headers(out.getvalue(), len(out.getvalue())).role == "finding"


def test_an_sr_brings_what_its_directory_record_must_have_and_none_of_its_findings():
    keys = read(DATA / "sr-seg-of-ct" / "sr_document.dcm").instance_keys
    assert keys["0040A491"]["Value"] == ["PARTIAL"]
    assert keys["0040A043"]["Value"][0]["00080104"]["Value"]
    for item in keys.get("0040A730", {}).get("Value", []):
        assert item["0040A010"]["Value"] == ["HAS CONCEPT MOD"]


def test_padding_is_stripped_and_empty_is_none():
    data = built(PatientID="A-1 ", AccessionNumber="", InstanceNumber=None)
    headers = read_headers(data, len(data))
    assert (headers.patient_id, headers.accession, headers.instance_number) == ("A-1", None, None)
    assert headers.study_keys["00080050"] == {"vr": "SH"}


@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        ("ISO_IR 192", "Müller^Jörg".encode(), "Müller^Jörg"),
        ("", "Müller^Jörg".encode(), "Müller^Jörg"),
        ("", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        ("ISO-IR 100", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
        ("KLINGON", "Müller^Jörg".encode("latin-1"), "Müller^Jörg"),
    ],
)
def test_a_name_is_read_even_under_a_wrong_character_set(charset, raw, name):
    data = built(SpecificCharacterSet="ISO_IR 192", PatientName="X" * len(raw))
    data = data.replace(b"X" * len(raw), raw).replace(b"ISO_IR 192", charset.encode().ljust(10))
    said = read_headers(data, len(data)).patient_keys["00100010"]["Value"][0]["Alphabetic"]
    assert said == name


def test_an_object_without_meta_group_becomes_a_part_10_file():
    whole = CT.read_bytes()
    start = dicom_walker.read_meta(whole).dataset_offset
    mended = to_part10(whole[start:])
    dataset = pydicom.dcmread(BytesIO(mended))
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert dataset.pixel_array.tobytes() == pydicom.dcmread(CT).pixel_array.tobytes()
    assert to_part10(mended) is mended


def test_the_data_set_wins_over_a_meta_group_that_names_another_object():
    path = DATA / "intake" / "CTImageStorage_bad_meta.dcm"
    dataset = pydicom.dcmread(BytesIO(to_part10(path.read_bytes())))
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID == read(path).sop_instance_uid


def test_a_preamble_that_a_system_would_run_is_emptied():
    data = b"MZ" + CT.read_bytes()[2:]
    assert to_part10(data)[:128] == bytes(128)


@pytest.mark.parametrize("data", [b"", b"x", b"%PDF-1.7" + bytes(400), b"\xff\xd8\xff" + bytes(400), bytes(4000)])
def test_other_bytes_are_not_dicom(data):
    assert refusal(data) is NotDicom


def test_a_dicomdir_is_not_stored():
    assert refusal((DATA / "intake" / "DICOMDIR").read_bytes()) is DicomdirNotStored


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("uid", ["", "../../x"])
def test_an_object_without_its_uids_is_refused(name, uid):
    whole = pydicom.dcmread(CT)
    data = CT.read_bytes().replace(str(whole[name].value).encode(), uid.encode().ljust(len(whole[name].value), b"\x00"))
    assert refusal(data) is MissingUid


def test_odd_uids_are_kept_as_they_are():
    data = built(StudyInstanceUID="1.2.03.4", SeriesInstanceUID="1." + "2" * 70)
    assert read_headers(data, len(data)).study_uid == "1.2.03.4"


def test_pictures_that_an_object_cannot_hold_are_refused_before_anybody_decodes_them():
    assert refusal(built(Rows=46341, Columns=46341)) is PixelsTooLarge
    assert refusal(built(NumberOfFrames=30000)) is PixelsTooLarge


def test_a_truncated_image_is_kept():
    assert read(DATA / "intake" / "MR_truncated.dcm").frames == 1


def nested(depth, *, is_defined):
    """Give an object with sequences *depth* deep, of defined or undefined length."""
    inner = b""
    for _ in range(depth):
        length = len(inner) if is_defined else 0xFFFFFFFF
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", length) + inner
        item += b"" if is_defined else b"\xfe\xff\x0d\xe0\0\0\0\0"
        inner = b"\x08\x00\x40\x11SQ\0\0" + struct.pack("<I", len(item) if is_defined else 0xFFFFFFFF) + item
        inner += b"" if is_defined else b"\xfe\xff\xdd\xe0\0\0\0\0"
    whole = CT.read_bytes()
    at = whole.index(b"\x10\x00\x10\x00PN")
    return whole[:at] + inner.replace(b"\x08\x00\x40\x11", b"\x09\x00\x40\x11") + whole[at:]


@pytest.mark.parametrize("is_defined", [True, False])
@pytest.mark.parametrize(("depth", "is_read"), [(10, True), (31, True), (34, False), (900, False), (3000, False)])
def test_sequences_that_nest_deeper_than_32_are_refused(depth, is_read, is_defined):
    data = nested(depth, is_defined=is_defined)
    if is_read:
        assert read_headers(data, len(data)).modality == "CT"
    else:
        assert refusal(data) is HeaderUnreadable


def test_an_element_that_claims_gigabytes_is_refused_without_reserving_them():
    whole = CT.read_bytes()
    at = whole.index(b"\x10\x00\x10\x00PN")
    data = whole[:at] + b"\x09\x00\x40\x11OB\0\0" + struct.pack("<I", 3 << 30) + whole[at:]
    assert refusal(data) in {HeaderUnreadable, MissingUid}


def test_a_deflated_object_is_read_and_a_deflate_bomb_is_not_inflated():
    assert read(DATA / "kinds" / "image_dfl.dcm").rows == 512
    whole = (DATA / "kinds" / "image_dfl.dcm").read_bytes()
    start = dicom_walker.read_meta(whole).dataset_offset
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"\x08\x00\x05\x00UN\0\0" + struct.pack("<I", 1 << 31))
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert refusal(whole[:start] + bomb) in {HeaderUnreadable, MissingUid}


def test_only_the_beginning_of_a_large_object_is_read():
    class Watched(BytesIO):
        taken = 0

        def read(self, size=-1, /):
            piece = super().read(size)
            Watched.taken += len(piece)
            return piece

    data = (DATA / "intake" / "N2D_0161.dcm").read_bytes()
    read_headers(Watched(data), len(data))
    assert Watched.taken <= 64 * 1024


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([MR, CT, DATA / "kinds" / "reportsi.dcm", DATA / "kinds" / "rtplan.dcm"]), st.data())
def test_a_damaged_object_is_read_or_refused_and_nothing_else(path, data):
    whole = bytearray(path.read_bytes()[:8000])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(128, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    with suppress(DicomRefused):
        read_headers(bytes(whole), len(whole))
