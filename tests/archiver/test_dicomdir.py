import io

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.fileset import FileSet

from contracts.manifest import Manifest, ManifestInstance, ManifestSeries
from services.archiver.dicomdir_records import REQUIRED_KEYS, Moment
from services.archiver.layout import lay_out, make_dicomdir
from tests.archiver.manifests import DATA, NOON, MemoryStore, a_package_of, store_files
from tests.archiver.packages import pack, pack_real_files, real_files, run, unpack

MADE = Moment("20261124", "120000")


def records_of(data: bytes):
    """Give (offset, record) of a DICOMDIR by walking its links, as a reader does: pydicom gives offsets of items."""
    dicomdir = pydicom.dcmread(io.BytesIO(data))
    by_offset = {item.seq_item_tell: item for item in dicomdir.DirectoryRecordSequence}

    def walk(offset, depth):
        while offset:
            record = by_offset[offset]
            yield depth, record
            yield from walk(record.OffsetOfReferencedLowerLevelDirectoryEntity, depth + 1)
            offset = record.OffsetOfTheNextDirectoryRecord

    walked = list(walk(dicomdir.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, 0))
    assert len(walked) == len(by_offset)
    return walked


def a_manifest(number=1, patient=None, study=None, series_keys=None, instances=None, **changes):
    series = ManifestSeries(
        series_uid=f"1.2.{number}.1",
        modality="CT",
        number=None,
        description="",
        keys=series_keys or {},
        instances=instances or [an_instance(number, 1)],
    )
    whole = {
        "study_id": f"study-{number}",
        "study_uid": f"1.2.{number}",
        "version": 1,
        "made_at": NOON,
        "patient": patient or {},
        "study": study or {},
        "series": [series],
    }
    return Manifest(**(whole | changes))


def an_instance(study, place, record_type="IMAGE", **changes):
    whole = {
        "sop_instance_uid": f"1.2.{study}.1.{place}",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "role": "image",
        "key": f"k{study}/{place}",
        "size_bytes": 1000,
        "sha256": f"{study:032d}{place:032d}",
        "number": None,
        "frames": 1,
        "record_type": record_type,
        "keys": {},
    }
    return ManifestInstance(**(whole | changes))


def text(vr, *values):
    return {"vr": vr, "Value": list(values)}


def a_dicomdir(*manifests, include_findings=True):
    return make_dicomdir(lay_out(manifests, include_findings=include_findings), MADE)


@pytest.mark.parametrize("package_format", ["zip", "iso"])
def test_a_reader_not_ours_finds_every_object_of_the_manifests_S46(tmp_path, package_format):
    tree, manifests, packed, _ = pack_real_files(package_format, tmp_path, include_findings=True)
    expected = {one.sop_instance_uid for study in manifests for series in study.series for one in series.instances}
    found = FileSet(tree / "DICOMDIR")
    assert {instance.SOPInstanceUID for instance in found} == expected
    assert len(list(found)) == packed.instances == len(real_files())
    for instance in found:
        assert instance.load().SOPInstanceUID == instance.SOPInstanceUID


def test_every_file_is_referenced_once_with_its_own_uids_and_transfer_syntax(tmp_path):
    tree, *_ = pack_real_files("zip", tmp_path, include_findings=True)
    referenced = []
    for _, record in records_of((tree / "DICOMDIR").read_bytes()):
        if "ReferencedFileID" in record:
            path = "/".join(record.ReferencedFileID)
            dataset = pydicom.dcmread(tree / path, stop_before_pixels=True)
            assert dataset.SOPInstanceUID == record.ReferencedSOPInstanceUIDInFile
            assert dataset.SOPClassUID == record.ReferencedSOPClassUIDInFile
            assert dataset.file_meta.TransferSyntaxUID == record.ReferencedTransferSyntaxUIDInFile
            referenced.append(path)
    files = [path.relative_to(tree).as_posix() for path in (tree / "DICOM").rglob("*") if path.is_file()]
    assert sorted(referenced) == sorted(files)


def test_dcmtk_reads_the_directory_without_a_complaint(tmp_path):
    tree, *_ = pack_real_files("zip", tmp_path, include_findings=True)
    shown = run("dcmdump", "-q", tree / "DICOMDIR")
    assert "E:" not in shown
    assert "W:" not in shown
    assert shown.count("DirectoryRecordType") == len(records_of((tree / "DICOMDIR").read_bytes()))


def test_dcmtks_strict_profile_check_accepts_a_plain_study(tmp_path):
    """dcmmkdir reads the objects anew by the general purpose CD profile; it invents what we invent."""
    store = MemoryStore()
    manifests = store_files(store, sorted((DATA / "mr-ge-fmri").glob("*.dcm")))
    (tmp_path / "x.zip").write_bytes(pack("zip", a_package_of(manifests), store)[0])
    tree = unpack(tmp_path / "x.zip", tmp_path / "tree")
    run("dcmmkdir", "-Pgp", "+I", "+r", "+id", tree, "-w", "+D", tmp_path / "theirs", "DICOM")


def test_missing_keys_are_invented_in_the_record_alone_and_in_order():
    instances = [an_instance(1, number) for number in (1, 2)]
    (_, patient), (_, study), (_, series), (_, first), (_, second) = records_of(
        a_dicomdir(a_manifest(instances=instances))
    )
    assert patient.PatientID == "UNKNOWN1"
    assert (study.StudyID, study.StudyDate, study.StudyTime) == ("1", "20261124", "000000")
    assert study.StudyInstanceUID == "1.2.1"
    assert (series.SeriesNumber, series.Modality) == (1, "CT")
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)


def test_a_study_without_a_date_takes_its_series_day():
    records = records_of(a_dicomdir(a_manifest(series_keys={"00080021": text("DA", "20150206")})))
    assert records[1][1].StudyDate == "20150206"


def test_dates_of_the_old_form_are_written_in_todays():
    study = {"00080020": text("DA", "1997.04.24"), "00080030": text("TM", "14:04:38")}
    records = records_of(a_dicomdir(a_manifest(study=study)))
    assert (records[1][1].StudyDate, records[1][1].StudyTime) == ("19970424", "140438")


def test_values_that_the_objects_have_are_kept():
    instance = an_instance(1, 1, number=77, keys={"00080008": text("CS", "ORIGINAL", "PRIMARY", "AXIAL")})
    manifest = a_manifest(
        patient={"00100020": text("LO", "PID-1"), "00100010": text("PN", {"Alphabetic": "Doe^Jane"})},
        study={"00200010": text("SH", "S9"), "00080050": text("SH", "A-1"), "00081030": text("LO", "Head")},
        instances=[instance],
    )
    patient, study, _, image = (record for _, record in records_of(a_dicomdir(manifest)))
    assert (patient.PatientID, str(patient.PatientName)) == ("PID-1", "Doe^Jane")
    assert (study.StudyID, study.AccessionNumber, study.StudyDescription) == ("S9", "A-1", "Head")
    assert (image.InstanceNumber, list(image.ImageType)) == (77, ["ORIGINAL", "PRIMARY", "AXIAL"])


def test_one_patient_has_one_record_and_objects_without_an_id_are_never_put_together():
    same = {"00100020": text("LO", "PID-1")}
    manifests = [a_manifest(1, same), a_manifest(2, same), a_manifest(3), a_manifest(4)]
    records = [(depth, record.get("PatientID")) for depth, record in records_of(a_dicomdir(*manifests)) if depth < 2]
    assert records == [
        (0, "PID-1"), (1, None), (1, None), (0, "UNKNOWN1"), (1, None), (0, "UNKNOWN2"), (1, None),
    ]  # fmt: skip


def test_an_invented_patient_id_is_nobodys():
    manifests = [a_manifest(1), a_manifest(2, {"00100020": text("LO", "UNKNOWN1")})]
    ids = [record.PatientID for depth, record in records_of(a_dicomdir(*manifests)) if depth == 0]
    assert sorted(ids) == ["UNKNOWN1", "UNKNOWN2"]


def test_a_study_of_two_exams_comes_once_in_its_newest_version():
    old, new = (a_manifest(version=n, instances=[an_instance(1, i) for i in range(1, n + 1)]) for n in (1, 2))
    depths = [depth for depth, _ in records_of(a_dicomdir(new, old, new))]
    assert depths == [0, 1, 2, 3, 3]


@pytest.mark.parametrize("record_type", sorted(REQUIRED_KEYS))
def test_every_kind_of_object_gets_its_record_with_all_keys_it_must_have(record_type):
    *_, (_, record) = records_of(a_dicomdir(a_manifest(instances=[an_instance(1, 1, record_type)])))
    assert record.DirectoryRecordType == record_type
    assert record.InstanceNumber == 1
    for tag, (vr, stand_in) in REQUIRED_KEYS[record_type].items():
        element = record[int(tag, 16)]
        assert vr == element.VR
        may_be_empty = stand_in is None
        assert element.is_empty is may_be_empty


def test_an_object_of_an_unknown_kind_is_listed_as_private_never_lost():
    *_, (_, record) = records_of(a_dicomdir(a_manifest(instances=[an_instance(1, 1, "")])))
    assert record.DirectoryRecordType == "PRIVATE"
    assert record.PrivateRecordUID.is_valid
    assert list(record.ReferencedFileID) == ["DICOM", "ST000001", "SE000001", "IM000001"]


def test_a_reader_not_ours_knows_every_kind_of_record_that_is_written(tmp_path):
    kinds = [*REQUIRED_KEYS, "PRIVATE", "ANNOTATION", ""]
    instances = [an_instance(1, place, kind) for place, kind in enumerate(kinds, start=1)]
    (tmp_path / "DICOMDIR").write_bytes(data := a_dicomdir(a_manifest(instances=instances)))
    for _, record in records_of(data)[3:]:
        path = tmp_path.joinpath(*record.ReferencedFileID)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert len(list(FileSet(tmp_path / "DICOMDIR"))) == len(kinds)


def test_a_documents_record_holds_its_titles_modifiers_and_nothing_it_says():
    modifier = {"0040A010": text("CS", "HAS CONCEPT MOD"), "0040A160": text("UT", "English")}
    finding = {"0040A010": text("CS", "CONTAINS"), "0040A160": text("UT", "A mass of 12 mm")}
    keys = {"0040A730": text("SQ", modifier, finding)}
    *_, (_, record) = records_of(a_dicomdir(a_manifest(instances=[an_instance(1, 1, "SR DOCUMENT", keys=keys)])))
    assert [item.TextValue for item in record.ContentSequence] == ["English"]


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\^="), max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, names, names), min_size=1, max_size=6))
def test_offsets_hold_and_words_come_back_in_any_script(words):
    manifests = [
        a_manifest(
            number,
            {
                "00100020": text("LO", f"PID {number}"),
                "00100010": text("PN", {"Alphabetic": name, "Ideographic": "山田^太郎"}),
            },
            {"00081030": text("LO", description)},
            {"0008103E": text("LO", series)},
        )
        for number, (name, description, series) in enumerate(words, start=1)
    ]
    records = [record for _, record in records_of(a_dicomdir(*manifests))]
    assert [record.DirectoryRecordType for record in records] == ["PATIENT", "STUDY", "SERIES", "IMAGE"] * len(words)
    for number, (name, description, series) in enumerate(words):
        patient, study, placed, _ = records[number * 4 : number * 4 + 4]
        assert patient.PatientName.alphabetic.strip() == name.strip()
        assert patient.PatientName.ideographic == "山田^太郎"
        assert patient.SpecificCharacterSet == "ISO_IR 192"
        for record, word in ((study, description), (placed, series)):
            assert ("SpecificCharacterSet" in record) == (not word.isascii())
        assert (study.StudyDescription or "").strip() == description.strip()
        assert (placed.SeriesDescription or "").strip() == series.strip()
