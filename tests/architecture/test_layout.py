"""The house as it was drawn: rooms, sizes, words, and nothing in it that belongs to one machine."""

import ast
import re
import statistics

import pytest

from tests.architecture.project import PARTS, ROOT, SERVICES, files, modules, texts

ROOMS = ("domain", "store", "usecases", "api", "handlers", "settings", "app", "__main__", "migrations")
# Written in pieces, so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b|(?i:\bst" r"ub\b|\bin production (?:one|you|we) would\b)")
OF_ONE_MACHINE = re.compile(r"(?<![\w.])/(?:wo" r"rk|fa" r"rm|ro" r"ot)/")
REGISTRIES = re.compile(
    "|".join(("py" r"pi\.org", "python" r"hosted\.org", "deb" r"\.debian\.org", "npm" r"js\.org", "index[-]url"))
)
IDLE_TESTS = re.compile(
    r"pytest\.(?:mark\.)?(?:sk"
    r"ip|xf"
    r"ail)|pytest\.import"
    r"orskip|unittest\.sk"
    r"ip"
    r"|\btime\.sl"
    r"eep\b|from time import .*\bsl"
    r"eep\b"
)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service):
    home = ROOT / "services" / service
    missing = [room for room in ROOMS if not (home / room).is_dir() and not (home / f"{room}.py").is_file()]
    assert missing == []


def test_no_module_is_longer_than_300_lines():
    lengths = {name: len(text.splitlines()) for name, _, text in modules(*PARTS, "tests", "benchmarks")}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_half_of_the_functions_fit_10_lines_and_nine_in_ten_30():
    lengths = [
        node.end_lineno - node.lineno + 1
        for _, tree, _ in modules(*PARTS)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_no_folder_or_module_has_a_name_that_says_nothing():
    vague = {"utils", "util", "helpers", "helper", "manager", "data", "process", "common", "misc"}
    names = {name for name, _, _ in modules(*PARTS) if vague & set(name.split("."))}
    assert names == set()


def test_nothing_is_left_unfinished():
    assert _holding(UNFINISHED, {".py", ".html", ".htm", ".js", ".md"}) == {}


def test_no_file_names_a_path_of_one_machine():
    assert _holding(OF_ONE_MACHINE) == {}


def test_no_file_names_a_package_registry():
    assert _holding(REGISTRIES) == {}


def test_no_test_is_left_out_and_none_waits_by_the_clock():
    assert {path: hits for path, hits in _holding(IDLE_TESTS, {".py"}).items() if path.startswith("tests/")} == {}


def _holding(pattern: re.Pattern[str], suffixes: set[str] | None = None) -> dict[str, list[str]]:
    found = {
        path: [match.group() for match in pattern.finditer(text)]
        for path, text in texts()
        if suffixes is None or any(path.endswith(suffix) for suffix in suffixes)
    }
    return {path: hits for path, hits in found.items() if hits}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_with_its_hashes_and_no_address(lock):
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith(" "):
            assert re.fullmatch(r"[\w.\[\],-]+==[\w.]+(?: ; .+?)? \\", line), line
            assert following.strip().startswith("--hash=sha256:"), line


def test_both_locks_agree():
    pins = [dict(_pins(lock)) for lock in ("requirements.lock", "requirements-dev.lock")]
    assert {name: version for name, version in pins[1].items() if pins[0].get(name, version) != version} == {}


def _pins(lock: str) -> list[tuple[str, str]]:
    return re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.M)


def test_the_commands_can_be_run():
    for command in ("portal", ".ci/run"):
        assert (ROOT / command).stat().st_mode & 0o111


def test_no_file_outside_git_is_needed():
    assert [path.name for path in files() if path.suffix in {".orig", ".rej", ".bak"}] == []
