import threading

import pytest

from services.archiver.errors import ObjectDamaged, ObjectUnreadable
from services.archiver.packing import ReportPdf
from services.chassis.objects import ObjectStoreDown
from tests.archiver.manifests import DATA, MemoryStore, a_package_of, store_files, store_objects
from tests.archiver.packages import FORMATS, pack, unpack

BOTH = pytest.mark.parametrize("package_format", sorted(FORMATS))
PDF = b"%PDF-1.7 a report"


@pytest.fixture
def mr():
    store = MemoryStore()
    return store, store_files(store, sorted((DATA / "mr-ge-fmri").glob("*.dcm")))


@BOTH
def test_an_object_that_is_gone_stops_the_packing_by_name(mr, package_format):
    store, manifests = mr
    del store.objects["dicom/00003"]
    with pytest.raises(ObjectUnreadable):
        pack(package_format, a_package_of(manifests), store)


@BOTH
def test_a_report_that_is_gone_stops_the_packing_by_name(mr, package_format):
    store, manifests = mr
    with pytest.raises(ObjectUnreadable):
        pack(package_format, a_package_of(manifests, reports=[ReportPdf("e", "reports/none", "")]), store)


@BOTH
@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[:300] + b"?" + data[301:], lambda _: b""])
def test_an_object_that_is_not_what_was_stored_stops_the_packing_by_name(mr, package_format, change):
    store, manifests = mr
    store.objects["dicom/00003"] = change(store.objects["dicom/00003"])
    with pytest.raises(ObjectDamaged):
        pack(package_format, a_package_of(manifests), store)


@BOTH
def test_a_store_that_does_not_answer_is_a_fault_of_its_own_to_be_tried_again(mr, package_format):
    _, manifests = mr

    class Down(MemoryStore):
        def read(self, key):
            raise fault

    for fault in (ObjectStoreDown(), OSError("input/output error")):
        with pytest.raises(type(fault)):
            pack(package_format, a_package_of(manifests), Down())


@BOTH
def test_a_head_of_a_program_in_the_preamble_does_not_leave_with_the_object(tmp_path, package_format):
    data = (DATA / "kinds" / "MR_small.dcm").read_bytes()
    store = MemoryStore()
    manifests = store_objects(store, [b"MZ" + b"\x90" * 126 + data[128:]])
    file = tmp_path / f"x.{package_format}"
    file.write_bytes(pack(package_format, a_package_of(manifests), store)[0])
    tree = unpack(file, tmp_path / "tree")
    assert (tree / "DICOM/ST000001/SE000001/IM000001").read_bytes() == bytes(128) + data[128:]


class Cancelled(Exception):
    pass


@BOTH
def test_whoever_watches_stops_it_between_files_and_the_threads_end(mr, package_format):
    store, manifests = mr
    told = []

    def check():
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        pack(package_format, a_package_of(manifests), store, progress=told.append, check=check)
    assert len(told) == 3
    assert not [one for one in threading.enumerate() if one.name.startswith("packing")]


@BOTH
def test_progress_rises_to_one(mr, package_format):
    store, manifests = mr
    told = []
    pack(package_format, a_package_of(manifests), store, progress=told.append)
    assert told == sorted(told)
    assert told[0] < 0.2
    assert told[-1] == 1.0
    assert max(told[:-1]) <= 1.0
