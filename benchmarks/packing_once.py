"""Packs the benchmark's CT once; prints the seconds it took and this process's peak memory in KiB.

``benchmarks.packing`` starts it. A worker lives long, so its start and the reading of the manifest (made by ``exams``
at intake) are not in the seconds.
"""

import hashlib
import json
import re
import sys
import time
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from contracts.manifest import Manifest, ManifestInstance, ManifestSeries
from services.archiver.dicomdir_records import moment_of
from services.archiver.layout import lay_out, make_dicomdir
from services.archiver.packing import Contents, pack_iso, pack_zip

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


class FolderSource:
    """Files of a folder as stored objects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> bytes:
        """Give a whole file."""
        return (self._folder / key).read_bytes()

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Give a part of a file."""
        with (self._folder / key).open("rb") as file:
            file.seek(start)
            return file.read(length)

    def size(self, key: str) -> int | None:
        """Give a file's size."""
        path = self._folder / key
        return path.stat().st_size if path.exists() else None


class FileSink:
    """A file as the object store's writer."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def read_manifest(folder: Path, limit: int) -> Manifest:
    """Give the manifest of the first *limit* slices; made and kept at the first call."""
    kept = folder / f"manifest-{limit}.json"
    if not kept.exists():
        kept.write_text(json.dumps(_make_manifest(folder / "ct" / "DICOM", limit).to_json()))
    return Manifest.model_validate_json(kept.read_bytes())


def _make_manifest(folder: Path, limit: int) -> Manifest:
    import pydicom

    paths = sorted(folder.iterdir())[:limit]
    first = pydicom.dcmread(paths[0], stop_before_pixels=True).to_json_dict()
    return Manifest(
        study_id="benchmark",
        study_uid=first["0020000D"]["Value"][0],
        version=1,
        made_at=MADE_AT,
        patient={tag: first[tag] for tag in ("00100010", "00100020", "00100030", "00100040")},
        study={tag: first[tag] for tag in ("00080020", "00080030", "00080050", "00081030", "00200010")},
        series=[
            ManifestSeries(
                series_uid=first["0020000E"]["Value"][0],
                modality="CT",
                number=1,
                description="Thorax 1.0",
                keys={},
                instances=[_instance(path) for path in paths],
            )
        ],
    )


def _instance(path: Path) -> ManifestInstance:
    import pydicom

    data = path.read_bytes()
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return ManifestInstance(
        sop_instance_uid=str(dataset.SOPInstanceUID),
        sop_class_uid=CT,
        transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
        role="other",
        key=path.name,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        number=int(dataset.InstanceNumber),
        frames=0,
        record_type="IMAGE",
        keys={"00080008": dataset["ImageType"].to_json_dict(None, 0)},
    )


def main(kind: str, folder: Path, limit: int) -> None:
    """Pack *kind* (``zip``, ``zip-1-thread``, ``iso``, ``dicomdir``) into ``folder/ours.<kind>``."""
    manifest = read_manifest(folder, limit)
    began, began_cpu = time.perf_counter(), time.process_time()
    contents = Contents([manifest], [], False, MADE_AT, "Benchmark")
    target = folder / f"ours.{kind}"
    if kind == "dicomdir":
        layout = lay_out(contents.manifests, include_findings=False)
        target.write_bytes(make_dicomdir(layout, moment_of(MADE_AT)))
    else:
        pack = pack_iso if kind == "iso" else pack_zip
        with target.open("wb", buffering=0) as file:
            pack(
                contents,
                FolderSource(folder / "ct" / "DICOM"),
                FileSink(file),
                render=lambda _key, _frame: None,
                progress=lambda _: None,
                check=lambda: None,
                threads=1 if kind == "zip-1-thread" else 2,
            )
    told = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - began_cpu,
        "peak_kib": _peak_kib(),
    }
    print(json.dumps(told))


def _peak_kib() -> int:
    """Give the most memory this process has had; getrusage would count its parent's at the fork too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
