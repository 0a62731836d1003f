"""Makes packages of real files and opens them with tools not ours."""

import subprocess
from pathlib import Path

from services.archiver.packing import pack_iso, pack_zip
from tests.archiver.manifests import DATA, MemorySink, MemoryStore, a_jpeg, a_package_of, store_files

FORMATS = {"zip": pack_zip, "iso": pack_iso}
PARTS = ("charsets", "kinds", "mr-ge-fmri", "sr-seg-of-ct")


def real_files() -> list[Path]:
    return sorted(path for part in PARTS for path in (DATA / part).glob("*.dcm"))


def pack(package_format, contents, store, *, render=a_jpeg, progress=lambda _: None, check=lambda: None, threads=2):
    """Give the package's bytes and what packing told of it."""
    sink = MemorySink()
    packed = FORMATS[package_format](
        contents, store, sink, render=render, progress=progress, check=check, threads=threads
    )
    return sink.to_bytes(), packed


def pack_real_files(package_format, folder: Path, **changes):
    """Pack all real files, unpack them into ``folder/tree``; give the tree, the manifests and what packing told."""
    store = MemoryStore()
    manifests = store_files(store, real_files())
    data, packed = pack(package_format, a_package_of(manifests, **changes), store)
    file = folder / f"package.{package_format}"
    file.write_bytes(data)
    return unpack(file, folder / "tree"), manifests, packed, store


def unpack(file: Path, tree: Path) -> Path:
    """Unpack *file* by unzip or bsdtar into *tree*."""
    tree.mkdir(parents=True)
    run("unzip", "-q", file, "-d", tree) if file.suffix == ".zip" else run("bsdtar", "-xf", file, "-C", tree)
    return tree


def run(*command) -> str:
    """Run a tool; give what it printed. Fails when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout!r} {done.stderr!r}"
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


def files_in(tree: Path) -> dict[str, bytes]:
    """Give all files below *tree* by path."""
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}
