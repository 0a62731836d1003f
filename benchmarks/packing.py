"""Measures packing beside the best tools not ours, in one run: ``python -m benchmarks.packing [--full] [--runs N]``.

A seeded CT (200 slices; ``--full``: 1,000) goes from files into .zip and .iso. Peers: ``zip -1`` and ``cat`` for the
.zip, ``genisoimage`` and ``dcmmkdir`` for the .iso and the DICOMDIR; medians of N rounds after one to warm up, in
which all take turns. Ratios above 1 are in our favour. Memory is the peak of our process.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.studies import write_ct

QUICK, FULL = 200, 1000


class Took(NamedTuple):
    """How long something took; on a busy machine the seconds of CPU are the ones to trust."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Run all measurements and print them as a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--full", action="store_true", help="1,000 slices")
    asked.add_argument("--runs", type=int, default=3)
    options = asked.parse_args()
    slices = FULL if options.full else QUICK
    shm = Path("/dev/shm")  # noqa: S108 - memory, so that no disk is measured
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as name:
        folder = Path(name)
        write_ct(folder / "ct" / "DICOM", slices)
        print(f"CT, {slices} slices, {_size(folder / 'ct') / 1e6:.0f} MB; {os.cpu_count()} cores")
        _compare(folder, options.runs)
        _memory(folder, slices)


def _compare(folder: Path, runs: int) -> None:
    tree = folder / "ct"
    zipping = ["zip", "-q", "-1", "-r", str(folder / "theirs.zip"), "."]
    imaging = ["genisoimage", "-quiet", "-iso-level", "1", "-J", "-R", "-o", str(folder / "theirs.iso"), "."]
    listing = ["dcmmkdir", "-Pgp", "+I", "+r", "+id", ".", "+D", str(folder / "theirs.dicomdir"), "DICOM"]
    took = _medians(
        runs,
        {
            "zip": lambda: _ours("zip", folder),
            "zip, 1 thread": lambda: _ours("zip-1-thread", folder),
            "zip -1": lambda: _theirs(zipping, tree, "theirs.zip"),
            "cat": lambda: _theirs(["sh", "-c", "cat DICOM/* > ../theirs.cat"], tree, "theirs.cat"),
            "DICOMDIR": lambda: _ours("dicomdir", folder),
            "dcmmkdir": lambda: _theirs(listing, tree, "theirs.dicomdir"),
            "iso": lambda: _ours("iso", folder),
            "genisoimage": lambda: _theirs(imaging, tree, "theirs.iso"),
        },
    )
    took["dcmmkdir + genisoimage"] = Took(
        took["dcmmkdir"].wall_s + took["genisoimage"].wall_s, took["dcmmkdir"].cpu_s + took["genisoimage"].cpu_s
    )
    _line("zip", "zip -1", took, 3)
    _line("zip, 1 thread", "zip -1", took, 2)
    _line("zip", "cat", took, None)
    _line("DICOMDIR", "dcmmkdir", took, 1)
    _line("iso", "dcmmkdir + genisoimage", took, 1)
    _line("iso", "genisoimage", took, None)
    ours, theirs = _size(folder / "ours.zip"), _size(folder / "theirs.zip")
    print(f"zip is {ours / 1e6:.1f} MB, of zip -1 {theirs / 1e6:.1f} MB: {ours / theirs:.3f} (goal 1.03)")


def _line(what: str, peer: str, took: dict[str, Took], goal: float | None) -> None:
    ours, theirs = took[what], took[peer]
    wanted = "" if goal is None else f"  (goal {goal}x)"
    print(
        f"{what:<14} {ours.wall_s:7.3f} s   {peer:<22} {theirs.wall_s:7.3f} s   {theirs.wall_s / ours.wall_s:6.2f}x"
        f"   of CPU {theirs.cpu_s / ours.cpu_s:6.2f}x{wanted}"
    )


def _memory(folder: Path, slices: int) -> None:
    for kind in ("zip", "iso"):
        few, many = (_peak_mib(kind, folder, limit) for limit in (QUICK // 4, slices))
        print(f"{kind}: peak memory {few:.0f} MiB at {QUICK // 4} slices, {many:.0f} MiB at {slices} (goal 64)")


def _peak_mib(kind: str, folder: Path, limit: int) -> float:
    _packed("dicomdir", folder, limit)  # makes the manifest, which takes pydicom's memory, in a process of its own
    return _packed(kind, folder, limit)["peak_kib"] / 1024


def _ours(kind: str, folder: Path) -> Took:
    told = _packed(kind, folder, FULL)
    return Took(told["seconds"], told["cpu_seconds"])


def _packed(kind: str, folder: Path, limit: int) -> dict[str, float]:
    """Pack in a process of its own; give ``seconds``, ``cpu_seconds`` and ``peak_kib``."""
    (folder / f"ours.{kind}").unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.packing_once", kind, str(folder), str(limit)]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


def _theirs(command: list[str], folder: Path, made: str) -> Took:
    (folder.parent / made).unlink(missing_ok=True)
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall_s, after = time.perf_counter() - began, os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(wall_s, cpu_s)


def _medians(runs: int, acts: dict[str, Callable[[], Took]]) -> dict[str, Took]:
    """Give each act's medians; the acts take turns, so that a busy minute hits all of them."""
    rounds = [{name: act() for name, act in acts.items()} for _ in range(runs + 1)][1:]
    return {name: Took(*map(statistics.median, zip(*(one[name] for one in rounds), strict=True))) for name in acts}


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file()) if path.is_dir() else path.stat().st_size


if __name__ == "__main__":
    if missing := [tool for tool in ("zip", "genisoimage", "dcmmkdir") if shutil.which(tool) is None]:
        sys.exit(f"not installed: {', '.join(missing)}")
    main()
