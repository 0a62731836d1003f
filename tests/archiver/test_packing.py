import hashlib
import re
import tracemalloc
import zipfile
from io import BytesIO

import pytest

from contracts.manifest import Manifest, ManifestInstance, ManifestSeries
from services.archiver.errors import NothingToPack, ObjectTooBigForIso
from services.archiver.packing import ReportPdf, estimate_bytes
from tests.archiver.manifests import DATA, NOON, MemoryStore, a_jpeg, a_package_of, store_files
from tests.archiver.packages import FORMATS, files_in, pack, pack_real_files, run, unpack

BOTH = pytest.mark.parametrize("package_format", sorted(FORMATS))
PDF = b"%PDF-1.7 a report"


@pytest.fixture
def mr():
    store = MemoryStore()
    return store, store_files(store, sorted((DATA / "mr-ge-fmri").glob("*.dcm")))


class ZeroStore(MemoryStore):
    """Objects of zeros with a Part 10 prefix, made when they are read."""

    def __init__(self, sizes):
        super().__init__()
        self.sizes = dict(sizes)
        self.most_asked = 0

    def read(self, key):
        return self.read_range(key, 0, self.sizes[key])

    def read_range(self, key, start, length):
        self.most_asked = max(self.most_asked, length)
        data = bytearray(min(length, self.sizes[key] - start))
        if start == 0:
            data[128:132] = b"DICM"
        return bytes(data)

    def manifests(self):
        instances = [self._instance(number, key, size) for number, (key, size) in enumerate(self.sizes.items(), 1)]
        series = ManifestSeries(
            series_uid="1.2.3", modality="MR", number=1, description="", keys={}, instances=instances
        )
        whole = {"study_id": "s", "study_uid": "1.2", "version": 1, "made_at": NOON, "patient": {}, "study": {}}
        return [Manifest(**whole, series=[series])]

    def _instance(self, number, key, size):
        digest = hashlib.sha256()
        for start in range(0, min(size, 1 << 30), 1 << 20):
            digest.update(self.read_range(key, start, 1 << 20))
        return ManifestInstance(
            sop_instance_uid=f"1.2.3.{number}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.4.1",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            role="other",
            key=key,
            size_bytes=size,
            sha256=digest.hexdigest(),
            number=number,
            frames=0,
            record_type="IMAGE",
            keys={},
        )


@BOTH
def test_every_object_comes_back_byte_for_byte_but_for_its_preamble_S30(tmp_path, package_format):
    tree, manifests, packed, store = pack_real_files(package_format, tmp_path, include_findings=True)
    stored = sorted(bytes(128) + data[128:] for data in store.objects.values())
    found = [data for path, data in files_in(tree).items() if path.startswith("DICOM/")]
    assert sorted(found) == stored
    assert packed.instances == len(stored)
    assert sum(len(series.instances) for study in manifests for series in study.series) == len(stored)


@BOTH
def test_what_packing_tells_is_the_files_own_size_and_sum(mr, package_format):
    store, manifests = mr
    data, packed = pack(package_format, a_package_of(manifests), store)
    assert (packed.size_bytes, packed.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert packed.omitted == []


def test_the_zip_opens_with_every_tool_S44(tmp_path, mr):
    store, manifests = mr
    file = tmp_path / "x.zip"
    file.write_bytes(pack("zip", a_package_of(manifests), store)[0])
    assert "No errors detected" in run("unzip", "-t", file)
    assert "Everything is Ok" in run("7z", "t", file)
    assert "DICOMDIR" in run("bsdtar", "-tf", file)
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None


@BOTH
def test_the_same_contents_give_the_same_bytes(mr, package_format):
    store, manifests = mr
    first, second = (pack(package_format, a_package_of(manifests), store, threads=n)[0] for n in (1, 3))
    assert first == second


@BOTH
def test_the_root_holds_what_ihe_pdi_wants_and_nothing_starts_by_itself(tmp_path, package_format):
    tree, *_ = pack_real_files(package_format, tmp_path)
    assert {path.name for path in tree.iterdir()} == {"DICOMDIR", "README.TXT", "INDEX.HTM", "DICOM", "IHE_PDI"}
    for path in files_in(tree):
        if path.startswith("DICOM/"):
            assert re.fullmatch(r"[A-Z0-9_]{1,8}(/[A-Z0-9_]{1,8}){1,7}", path)
        else:
            assert re.fullmatch(r"([A-Z0-9_]{1,8}/)*[A-Z0-9_]{1,8}(\.[A-Z]{2,3})?", path)
    assert not [path for path in files_in(tree) if "AUTORUN" in path]


@BOTH
def test_no_path_holds_a_word_of_the_patients(tmp_path, package_format):
    tree, *_ = pack_real_files(package_format, tmp_path, include_findings=True)
    for path in files_in(tree):
        assert re.fullmatch(
            r"DICOMDIR|README\.TXT|INDEX\.HTM|IHE_PDI/(VIEWER\.(JS|CSS)|STUDY\.JS|JPG/S\d{5}/I\d{7}\.JPG)"
            r"|DICOM/ST\d{6}/SE\d{6}/IM\d{6}",
            path,
        )


@BOTH
def test_a_folder_holds_at_most_1000_files(tmp_path, package_format):
    sizes = [(f"k{number}", 200) for number in range(2300)]
    store = ZeroStore(sizes)
    file = tmp_path / f"x.{package_format}"
    file.write_bytes(pack(package_format, a_package_of(store.manifests()), store)[0])
    tree = unpack(file, tmp_path / "tree")
    folders = [path for path in (tree / "DICOM").rglob("*") if path.is_dir()]
    counts = [sum(1 for one in folder.iterdir() if one.is_file()) for folder in folders]
    assert sorted(counts)[-3:] == [300, 1000, 1000]


def test_findings_are_in_no_list_count_or_file_until_they_may_be(tmp_path):
    tree, manifests, packed, store = pack_real_files("zip", tmp_path, include_findings=False)
    findings = [
        one for study in manifests for series in study.series for one in series.instances if one.role == "finding"
    ]
    assert len(findings) == 3
    assert packed.instances == len(store.objects) - 3
    assert packed.omitted == []
    everything = b"".join(files_in(tree).values())
    for one in findings:
        assert store.objects[one.key][200:] not in everything
    for word in (b"SR DOCUMENT", b"ENCAP"):
        assert word not in (tree / "DICOMDIR").read_bytes()
        assert word not in (tree / "IHE_PDI" / "STUDY.JS").read_bytes()


def test_the_readme_is_the_same_whether_there_are_findings_or_not(tmp_path):
    with_sr = store_files(store := MemoryStore(), sorted((DATA / "sr-seg-of-ct").glob("*.dcm")))
    series = [one for one in with_sr[0].series if one.instances[0].role != "finding"]
    without_sr = [with_sr[0].model_copy(update={"series": series})]
    readmes = []
    for name, manifests in (("with", with_sr), ("without", without_sr)):
        (tmp_path / f"{name}.zip").write_bytes(pack("zip", a_package_of(manifests), store)[0])
        readmes.append((unpack(tmp_path / f"{name}.zip", tmp_path / name) / "README.TXT").read_bytes())
    assert readmes[0] == readmes[1]


def test_exams_with_findings_alone_make_no_package_without_them():
    store = MemoryStore()
    manifests = store_files(store, [DATA / "kinds" / "test-SR.dcm"])
    with pytest.raises(NothingToPack):
        pack("zip", a_package_of(manifests), store)
    assert pack("zip", a_package_of(manifests, include_findings=True), store)[1].instances == 1


@BOTH
def test_a_released_report_is_added_as_pdf(tmp_path, mr, package_format):
    store, manifests = mr
    store.objects["reports/e1/1.pdf"] = PDF
    reports = [ReportPdf("e1", "reports/e1/1.pdf", "MRI of the brain")]
    file = tmp_path / f"x.{package_format}"
    file.write_bytes(pack(package_format, a_package_of(manifests, reports=reports), store)[0])
    tree = unpack(file, tmp_path / "tree")
    assert (tree / "REPORT" / "REPORT01.PDF").read_bytes() == PDF
    assert b"REPORT/REPORT01.PDF" in (tree / "IHE_PDI" / "STUDY.JS").read_bytes()


@BOTH
def test_images_without_a_picture_are_in_and_told_of(tmp_path, mr, package_format):
    store, manifests = mr
    file = tmp_path / f"x.{package_format}"
    data, packed = pack(
        package_format,
        a_package_of(manifests),
        store,
        render=lambda key, frame: None if key.endswith("2") else a_jpeg(key, frame),
    )
    file.write_bytes(data)
    tree = unpack(file, tmp_path / "tree")
    assert [(one.count, one.reason) for one in packed.omitted] == [(1, "no-picture")]
    assert packed.instances == 8
    assert len([path for path in files_in(tree) if path.endswith(".JPG")]) == 7
    assert b"1 image(s) have no picture" in (tree / "README.TXT").read_bytes()


@BOTH
def test_every_frame_of_a_multi_frame_object_has_its_picture(tmp_path, package_format):
    store = MemoryStore()
    manifests = store_files(store, [DATA / "kinds" / "emri_small_jpeg_ls_lossless.dcm"])
    file = tmp_path / f"x.{package_format}"
    file.write_bytes(pack(package_format, a_package_of(manifests), store)[0])
    files = files_in(unpack(file, tmp_path / "tree"))
    assert [files[f"IHE_PDI/JPG/S00001/I{n:07d}.JPG"] for n in range(1, 11)] == [
        a_jpeg("dicom/00000", n) for n in range(1, 11)
    ]


def test_compressed_objects_are_stored_and_plain_ones_deflated():
    store = MemoryStore()
    names = ("MR_small.dcm", "693_J2KI.dcm", "ctbrain1.dcm")
    manifests = store_files(store, [DATA / "kinds" / name for name in names])
    with zipfile.ZipFile(BytesIO(pack("zip", a_package_of(manifests), store)[0])) as opened:
        methods = {len(opened.read(one)): one.compress_type for one in opened.infolist() if "DICOM/" in one.filename}
    sizes = [(DATA / "kinds" / name).stat().st_size for name in names]
    assert [methods[size] for size in sizes] == [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_STORED]


@BOTH
def test_memory_stays_flat_whatever_the_size(package_format):
    class Nowhere:
        def write(self, data):
            pass

    store = ZeroStore([("big", 120 << 20), *((f"k{number}", 4 << 20) for number in range(20))])
    contents = a_package_of(store.manifests())
    tracemalloc.start()
    try:
        FORMATS[package_format](
            contents, store, Nowhere(), render=a_jpeg, progress=lambda _: None, check=lambda: None, threads=2
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20
    assert store.most_asked <= 8 << 20


def test_an_object_of_4_gib_goes_by_zip_and_is_refused_for_iso_before_anything_is_read():
    store = ZeroStore([("huge", 4 << 30)])
    contents = a_package_of(store.manifests())
    store.most_asked = 0
    with pytest.raises(ObjectTooBigForIso, match=r"choose \.zip"):
        pack("iso", contents, store)
    assert store.most_asked == 0


def test_the_estimate_is_not_below_what_a_zip_takes(mr):
    store, manifests = mr
    contents = a_package_of(manifests)
    size = pack("zip", contents, store)[1].size_bytes
    assert size <= estimate_bytes(contents)
    assert estimate_bytes(a_package_of(manifests + manifests)) == estimate_bytes(contents)


def test_the_readme_says_who_made_it_what_it_claims_and_whose_it_is(tmp_path, mr):
    store, manifests = mr
    texts = {}
    for package_format in FORMATS:
        file = tmp_path / f"x.{package_format}"
        contents = a_package_of(manifests, institution="Radiología Peña & Söhne")
        file.write_bytes(pack(package_format, contents, store)[0])
        texts[package_format] = (unpack(file, tmp_path / package_format) / "README.TXT").read_bytes().decode("ascii")
    for text in texts.values():
        assert text.count("\n") == text.count("\r\n")
        for words in ("Radiologia Pena & Sohne", "2026-11-24 12:00 UTC", "DICOM objects: 8", "(PHI)", "Extract All"):
            assert words in text.replace("\r\n", " ")
    assert "STD-GEN-CD" in texts["iso"]
    assert "PS3.12 Annex V" in texts["zip"]
    assert "STD-GEN-CD" not in texts["zip"]


def test_std_gen_cd_is_not_claimed_for_compressed_objects(tmp_path):
    tree, *_ = pack_real_files("iso", tmp_path)
    assert b"STD-GEN-CD" not in (tree / "README.TXT").read_bytes()
