import io

import pycdlib
import pytest

from services.archiver.errors import ObjectTooBigForIso
from services.archiver.iso_writer import MAX_FILE_BYTES, IsoEntry, in_image_order, write_iso
from tests.archiver.manifests import NOON, MemorySink
from tests.archiver.packages import files_in, pack_real_files, run, unpack


def an_iso(files, on_entry=lambda _: None):
    entries = in_image_order(IsoEntry(path, len(data), io.BytesIO(data)) for path, data in files.items())
    sink = MemorySink()
    write_iso(entries, sink, volume_id="PATIENT_PORTAL", made_at=NOON, on_entry=on_entry)
    return sink.to_bytes()


FILES = {
    "README.TXT": b"read me",
    "DICOMDIR": b"D" * 5000,
    "DICOM/ST000001/SE000001/IM000001": b"1" * 2048,
    "DICOM/ST000001/SE000001/IM000002": b"2" * 4097,
    "IHE_PDI/VIEWER.JS": b"x",
}


def test_the_volume_is_as_ps3_12_annex_f_wants(tmp_path):
    file = tmp_path / "x.iso"
    file.write_bytes(an_iso(FILES))
    shown = run("isoinfo", "-d", "-i", file)
    assert "Volume id: PATIENT_PORTAL\n" in shown
    assert "System id: \n" in shown
    assert "Joliet with UCS level 3 found" in shown
    descriptor = file.read_bytes()[16 * 2048 : 17 * 2048]
    assert descriptor[8:40] == b" " * 32
    assert descriptor[40:72] == b"PATIENT_PORTAL".ljust(32)


def test_the_plain_names_are_level_1_and_bear_one_version(tmp_path):
    tree_iso = tmp_path / "a"
    pack_real_files("iso", tree_iso_folder := tree_iso.parent, include_findings=True)
    names = run("isoinfo", "-f", "-i", tree_iso_folder / "package.iso").split()
    assert "/DICOMDIR.;1" in names
    assert "/INDEX.HTM;1" in names
    assert "/DICOM/ST000001/SE000001/IM000001.;1" in names
    for name in names:
        stem = name.rsplit("/", 1)[-1].removesuffix(";1")
        assert len(stem.partition(".")[0]) <= 8
        assert len(stem.partition(".")[2]) <= 3
        assert name.count(";") <= 1
        assert name.count("/") <= 8


@pytest.mark.parametrize("view", ["-J", "-R"])
def test_joliet_and_rock_ridge_show_the_same_files_without_versions(tmp_path, view):
    file = tmp_path / "x.iso"
    file.write_bytes(an_iso(FILES))
    names = run("isoinfo", view, "-f", "-i", file).split()
    assert set(FILES) <= {name.lstrip("/") for name in names}
    assert not [name for name in names if ";" in name]


def test_three_readers_give_the_same_bytes(tmp_path):
    file = tmp_path / "x.iso"
    file.write_bytes(an_iso(FILES))
    assert files_in(unpack(file, tmp_path / "bsdtar")) == FILES
    run("7z", "x", "-bso0", "-bsp0", f"-o{tmp_path / '7z'}", file)
    assert files_in(tmp_path / "7z") == FILES
    run("xorriso", "-osirrox", "on", "-indev", file, "-extract", "/", tmp_path / "xorriso")
    assert files_in(tmp_path / "xorriso") == FILES
    assert "+ good" in run("xorriso", "-indev", file, "-check_media", "--")


def test_it_is_written_forward_only_and_is_as_long_as_its_head_says():
    data = an_iso(FILES)
    sectors = int.from_bytes(data[16 * 2048 + 80 : 16 * 2048 + 84], "little")
    assert len(data) == sectors * 2048


def test_files_are_announced_before_they_are_read_in_the_images_order():
    told = []
    an_iso(FILES, on_entry=told.append)
    assert told == list(range(len(FILES)))


def test_times_are_the_packages_and_pycdlib_keeps_its_own_clock_otherwise(monkeypatch):
    monkeypatch.setenv("TZ", "America/Chicago")
    data = an_iso(FILES)
    opened = pycdlib.PyCdlib()
    opened.open_fp(io.BytesIO(data))
    date = opened.get_record(iso_path="/README.TXT;1").date
    assert (date.years_since_1900, date.month, date.day_of_month, date.hour, date.gmtoffset) == (126, 11, 24, 12, 0)
    assert opened.pvd.volume_creation_date.hour == 12
    opened.close()
    other = pycdlib.PyCdlib()
    other.new()
    assert (other.pvd.volume_creation_date.year, other.pvd.volume_creation_date.month) != (1970, 1)
    other.close()


def test_a_file_of_4_gib_is_refused_with_the_way_out():
    entry = IsoEntry("DICOM/IM000001", MAX_FILE_BYTES + 1, io.BytesIO())
    with pytest.raises(ObjectTooBigForIso, match=r"choose \.zip"):
        write_iso([entry], MemorySink(), volume_id="X", made_at=NOON, on_entry=lambda _: None)


def test_what_reading_a_file_raises_goes_through():
    class Broken:
        def seek(self, offset):
            pass

        def read(self, size):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        write_iso([IsoEntry("A", 5, Broken())], MemorySink(), volume_id="X", made_at=NOON, on_entry=lambda _: None)
