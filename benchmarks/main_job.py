"""The main job through the running product, beside Orthanc and genisoimage: ``python -m benchmarks.main_job``.

A seeded CT (1,000 slices of 512 x 512; ``--slices`` for fewer) goes in by STOW-RS; then its .zip and .iso are asked
for. The time from POST to ready is set beside the time that Orthanc's ``/media`` takes to make the same study's ZIP,
and that genisoimage takes for the same files. Peak memory is the archiver worker's own (VmHWM).
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pydicom

from benchmarks.orthanc import Orthanc
from benchmarks.studies import write_ct
from tests.flows.client import Client
from tests.flows.product import Facts, LocalProduct, descendants, wait_for
from tests.flows.ris import Ris, an_exam


def main() -> None:
    """Measure, and print a table for the README."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--slices", type=int, default=1000)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--bus", default="auto", choices=("auto", "rabbitmq", "local"))
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ct(folder / "ct" / "DICOM", options.slices)
        files = sorted((folder / "ct" / "DICOM").rglob("*"))
        paths = [path for path in files if path.is_file()]
        megabytes = sum(path.stat().st_size for path in paths) / 1e6
        print(f"CT, {len(paths)} slices, {megabytes:.0f} MB; {os.cpu_count()} cores")
        orthanc_s = _orthanc(folder, paths, options.runs)
        genisoimage_s = _genisoimage(folder, options.runs)
        ours = _product(folder, paths, options)
        _print(ours, orthanc_s, genisoimage_s)


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _orthanc(folder: Path, paths: list[Path], runs: int) -> float:
    with Orthanc(folder / "orthanc") as orthanc:
        study = orthanc.store(paths)
        return statistics.median(_timed(lambda: orthanc.save_media(study, folder / "media.zip")) for _ in range(runs))


def _genisoimage(folder: Path, runs: int) -> float:
    command = [
        "genisoimage",
        "-quiet",
        "-iso-level",
        "1",
        "-J",
        "-R",
        "-o",
        str(folder / "peer.iso"),
        str(folder / "ct"),
    ]
    return statistics.median(_timed(lambda: subprocess.run(command, check=True)) for _ in range(runs))


def _product(folder: Path, paths: list[Path], options: argparse.Namespace) -> dict[str, float]:
    product = LocalProduct(folder / "var", bus=options.bus, demo=False)
    facts = product.start()
    try:
        return _measure(facts, paths, options.runs, product)
    finally:
        product.stop()


def _measure(facts: Facts, paths: list[Path], runs: int, product: LocalProduct) -> dict[str, float]:
    first = pydicom.dcmread(paths[0], stop_before_pixels=True)
    exam = an_exam(
        accession=str(first.AccessionNumber), mrn=str(first.PatientID), study_uid=str(first.StudyInstanceUID)
    )
    ris = Ris(facts)
    ris.order(exam)
    ris.complete(exam)
    figures = {"stow": _timed(lambda: ris.store(path.read_bytes() for path in paths))}
    patient = ris.patient_client(exam)
    wait_for(lambda: patient.get("/exams").json["exams"][0]["imagesAvailable"], 60)
    exam_id = patient.get("/exams").json["exams"][0]["id"]
    figures["frames"] = _timed(lambda: wait_for(lambda: _frames_rendered(facts, len(paths)), 300))
    for kind in ("zip", "iso"):
        figures[kind] = statistics.median(_timed(partial(_package, patient, exam_id, kind)) for _ in range(runs))
    figures["worker MiB"] = max(_peak_mib(pid) for pid in product.worker_pids())
    return figures


def _frames_rendered(facts: Facts, wanted: int) -> bool:
    folder = Path(facts.more["mailDir"]).parent / "objects" / "frames"
    return sum(1 for path in folder.rglob("*.jpg")) >= wanted


def _package(patient: Client, exam_id: str, kind: str) -> None:
    ask = {"examIds": [exam_id], "format": kind, "phiAcknowledged": True}
    package = patient.post("/packages", ask)
    assert package.status == 202, package.body
    path = f"/packages/{package.json['id']}"
    wait_for(lambda: patient.get(path).json["state"] == "ready", 120)
    patient.ask("DELETE", path)


def _peak_mib(pid: int) -> float:
    pids = [pid, *descendants(pid)]
    peaks = []
    for one in pids:
        for line in Path(f"/proc/{one}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                peaks.append(int(line.split()[1]) / 1024)
    return max(peaks)


def _print(ours: dict[str, float], orthanc_s: float, genisoimage_s: float) -> None:
    rows = [
        ("STOW-RS, all slices in", f"{ours['stow']:.2f} s", "", ""),
        ("viewer frames rendered after", f"{ours['frames']:.2f} s", "", ""),
        (
            ".zip, POST to ready",
            f"{ours['zip']:.2f} s",
            f"Orthanc {orthanc_s:.2f} s",
            f"{orthanc_s / ours['zip']:.1f} x",
        ),
        (
            ".iso, POST to ready",
            f"{ours['iso']:.2f} s",
            f"genisoimage {genisoimage_s:.2f} s",
            _ratio(genisoimage_s, ours),
        ),
        ("worker's peak memory", f"{ours['worker MiB']:.0f} MiB", "", ""),
    ]
    for row in rows:
        print("{:<30}{:>10}  {:<22}{:>8}".format(*row))


def _ratio(genisoimage_s: float, ours: dict[str, float]) -> str:
    return f"{genisoimage_s / ours['iso']:.2f} x"


if __name__ == "__main__":
    main()
