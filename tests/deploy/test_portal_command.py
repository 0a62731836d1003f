"""``./portal``: what it says, and that it works from anywhere with nothing but Python."""

import os
import subprocess
import sys

import pytest

from deploy.local import apt, testing, venv
from tests.architecture.project import ROOT

PORTAL = ROOT / "portal"


def run(*arguments, cwd, **environment):
    return subprocess.run(
        [PORTAL, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("asked", [["--help"], ["-h"], []])
def test_help_names_both_commands(tmp_path, asked):
    done = run(*asked, cwd=tmp_path)
    assert done.returncode == 0
    assert "./portal up" in done.stdout
    assert "./portal test" in done.stdout


def test_an_unknown_command_is_refused_with_the_help(tmp_path):
    done = run("down", cwd=tmp_path)
    assert done.returncode == 2
    assert "./portal up" in done.stderr


def test_without_python_it_says_what_is_needed(tmp_path):
    done = run("test", cwd=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr


def test_pytest_gets_the_arguments_from_any_folder(tmp_path):
    done = run("test", "--collect-only", "tests/deploy/test_portal_command.py", cwd=tmp_path)
    assert "test_pytest_gets_the_arguments_from_any_folder" in done.stdout


def test_what_the_venv_is_made_with_needs_the_standard_library_alone():
    script = "import sys; sys.path.insert(0, '.'); import deploy.local.venv"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_a_stamp_fits_only_the_same_locks_and_the_same_python(tmp_path, monkeypatch):
    monkeypatch.setattr(venv, "STAMP", tmp_path / "stamp.json")
    (tmp_path / "stamp.json").write_text(f'{{"python": "{venv._python()}", "a.lock": "1", "b.lock": "2"}}')
    assert venv._is_ready({"a.lock": "1"})
    assert venv._is_ready({"a.lock": "1", "b.lock": "2"})
    assert not venv._is_ready({"a.lock": "3"})
    monkeypatch.setattr(venv, "_python", lambda: "another")
    assert not venv._is_ready({"a.lock": "1"})


def test_who_is_not_root_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1500)
    with pytest.raises(apt.PackagesMissing, match="apt-get install --no-install-recommends dcmtk unzip"):
        apt.install(["dcmtk", "unzip"], "./portal test")


def test_no_daemon_starts_while_packages_are_installed_and_the_old_policy_comes_back(tmp_path, monkeypatch):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o700)
    monkeypatch.setattr(apt, "POLICY", policy)
    with apt._no_daemons():
        assert subprocess.run([policy], check=False).returncode == 101
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.stat().st_mode & 0o777 == 0o700


def test_every_program_that_the_tests_need_is_here():
    assert testing.missing() == []
