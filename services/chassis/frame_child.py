"""Decode hostile pixels in a child process: whatever they do to a decoder, the service lives.

The child has limits on memory and on processor time for each picture, can write no file, and ends when its input does,
so also when its parent dies. The parent ends it when a picture takes too long.
"""

import json
import os
import resource
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.chassis.frame_windows import WindowAsked
from services.chassis.no_picture import NoPicture

MAX_MEMORY_BYTES: Final = 3 << 30  # address space; decoding 256 MiB takes a few copies
CPU_S: Final = 30
_LENGTH = struct.Struct("<II")
_ROOT = Path(__file__).resolve().parents[2]
_idle: list["_Child"] = []
_slots = threading.BoundedSemaphore(2)  # so many pictures at once: each may take MAX_MEMORY_BYTES


class _Child:
    """One running child, and the pipe to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.chassis.frame_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders print what they choke on
            env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"},
            bufsize=0,
        )

    def ask(self, question: dict[str, Any], dicom: bytes, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """Give the child's answer. Raises NoPicture when it takes too long or dies; the child is then gone."""
        is_late = threading.Event()
        timer = threading.Timer(timeout_s, self._kill, [is_late])
        timer.start()
        try:
            _send(self._pipe("stdin"), question, dicom)
            return _receive(self._pipe("stdout"))
        except (EOFError, OSError) as gone:
            self.end()
            raise NoPicture("too-slow" if is_late.is_set() else "unreadable") from gone
        finally:
            timer.cancel()

    def lives(self) -> bool:
        """Tell whether the child is still there."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the child and its pipes."""
        self._process.kill()
        self._process.wait()
        for name in ("stdin", "stdout"):
            self._pipe(name).close()

    def _kill(self, is_late: threading.Event) -> None:
        is_late.set()
        self._process.kill()

    def _pipe(self, name: str) -> Any:
        return getattr(self._process, name)


def render_in_child(
    dicom: bytes | BinaryIO,
    frame: int,
    *,
    size: int | None,
    window: WindowAsked | None,
    quality: int,
    timeout_s: float,
) -> bytes:
    """Render as ``frames.render_jpeg`` does, in a child process. Raises NoPicture."""
    question = {"frame": frame, "size": size, "window": window, "quality": quality}
    if not isinstance(dicom, bytes):
        dicom.seek(0)
        dicom = dicom.read()
    with _slots:
        child = _take()
        answer, jpeg = child.ask(question, dicom, timeout_s)
        _idle.append(child)
    if "reason" in answer:
        raise NoPicture(answer["reason"])
    return jpeg


def _take() -> _Child:
    """Give an idle child that lives, else a new one."""
    while _idle:
        with suppress(IndexError):  # another thread may take the last
            child = _idle.pop()
            if child.lives():
                return child
            child.end()
    return _Child()


def end_children() -> None:
    """End the idle children; a later picture starts another."""
    while _idle:
        _idle.pop().end()


def _forget() -> None:
    """In a forked process: the children are the parent's."""
    global _slots  # noqa: PLW0603  (a lock cannot be taken over a fork)
    _idle.clear()
    _slots = threading.BoundedSemaphore(2)


def _send(pipe: BinaryIO, facts: dict[str, Any], data: bytes) -> None:
    head = json.dumps(facts).encode()
    _write(pipe, _LENGTH.pack(len(head), len(data)) + head)
    _write(pipe, data)


def _write(pipe: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def _receive(pipe: BinaryIO) -> tuple[dict[str, Any], bytes]:
    head_bytes, data_bytes = _LENGTH.unpack(_read(pipe, _LENGTH.size))
    facts: dict[str, Any] = json.loads(_read(pipe, head_bytes))
    return facts, _read(pipe, data_bytes)


def _read(pipe: BinaryIO, size_bytes: int) -> bytes:
    pieces, left = [], size_bytes
    while left:
        piece = pipe.read(min(left, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer one question after the other until the input ends."""
    from services.chassis.frames import render_jpeg

    while True:
        try:
            question, dicom = _receive(requests)
        except EOFError:
            return
        _allow_time()
        answer: dict[str, Any] = {}
        jpeg = b""
        try:
            asked = question["window"]
            window = tuple(asked) if isinstance(asked, list) else asked
            jpeg = render_jpeg(
                dicom, question["frame"], size=question["size"], window=window, quality=question["quality"]
            )
        except NoPicture as refusal:
            answer["reason"] = refusal.reason
        except (MemoryError, RecursionError):
            answer["reason"] = "unreadable"
        _send(answers, answer, jpeg)


if __name__ == "__main__":
    _limit()
    with os.fdopen(0, "rb", buffering=0) as requests, os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)  # whatever a decoder prints must not mix with the answers
        _serve(requests, answers)
else:
    os.register_at_fork(after_in_child=_forget)
