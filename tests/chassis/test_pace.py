"""How often what others wrote is looked for."""

import pytest

from services.chassis import pace


@pytest.mark.parametrize(("quiet_for", "waits"), [(0, 0.1), (4.9, 0.1), (5.0, 0.4), (3600, 0.4)])
def test_after_5_quiet_seconds_one_looks_seldom(monkeypatch, quiet_for, waits):
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    looks = pace.Pace(0.1, 0.4, 0.0)
    looks.after(True)
    now[0] += quiet_for
    assert looks.after(False) == waits


def test_what_is_found_makes_it_quick_again(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    looks = pace.Pace(0.1, 0.4, 0.0)
    assert [looks.after(False), looks.after(True), looks.after(False)] == [0.4, 0.1, 0.1]
