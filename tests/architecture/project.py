"""What the tests of the house look at: the project's own files, with or without git."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("contracts", "services", "gateway", "deploy")
SERVICES = ("identity", "exams", "sharing", "archiver", "notifier")
_NOT_OURS = {".venv", "var", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"}
_TEXT = {
    *(".py", ".md", ".html", ".htm", ".js", ".css", ".svg", ".json", ".yaml", ".yml", ".toml", ".ini", ".in", ".lock"),
    *(".txt", ".po", ".sh", ".conf", ".tpl", ".mako", ""),
}


def files(*parts: str) -> Iterator[Path]:
    """Give the project's own files below *parts* (all of it without any), in order."""
    for top in [ROOT / part for part in parts] or [ROOT]:
        for path in sorted(top.iterdir()):
            if path.name in _NOT_OURS:
                continue
            if path.is_dir():
                yield from files(str(path.relative_to(ROOT)))
            else:
                yield path


def texts() -> Iterator[tuple[str, str]]:
    """Give the path (from the root) and the content of every text file."""
    for path in files():
        if path.suffix in _TEXT:
            content = path.read_bytes()
            if path.suffix or b"\0" not in content:  # DICOM files may have no suffix
                yield str(path.relative_to(ROOT)), content.decode("utf-8")


def modules(*parts: str) -> Iterator[tuple[str, ast.Module, str]]:
    """Give the dotted name, the tree and the text of every Python module below *parts*."""
    for path in files(*parts):
        if path.suffix == ".py":
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield dotted, *_parsed(path)


@cache
def _parsed(path: Path) -> tuple[ast.Module, str]:
    text = path.read_text(encoding="utf-8")
    return ast.parse(text), text


def imports(tree: ast.Module) -> set[str]:
    """Give every module that *tree* imports, wherever in it; ``from a import b`` counts as both a and a.b."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found
