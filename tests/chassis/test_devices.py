"""Kinds of device: what is kept of the header, and what a person reads of it in their language."""

import pytest

from services.chassis.devices import browser_and_system_of, device_in, kind_of

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0"
LINUX = "Mozilla/5.0 (X11; Linux x86_64)"


@pytest.mark.parametrize(
    ("agent", "seen", "kind", "spanish"),
    [
        (FIREFOX, "Firefox, Windows", "Windows computer", "Computadora con Windows"),
        (SAFARI, "Safari, iPhone", "iPhone", "iPhone"),
        (CHROME, "Chrome, Android", "Android device", "Dispositivo Android"),
        (EDGE, "Edge, Windows", "Windows computer", "Computadora con Windows"),
        (LINUX, "Linux", "Linux computer", "Computadora con Linux"),
        ("", "Unknown device", "Unknown device", "Dispositivo desconocido"),
        (None, "Unknown device", "Unknown device", "Dispositivo desconocido"),
        ("<script>alert(1)</script>", "Unknown device", "Unknown device", "Dispositivo desconocido"),
        ("x" * 100_000 + FIREFOX, "Unknown device", "Unknown device", "Dispositivo desconocido"),
    ],
)
def test_a_device_is_told_by_names_alone_in_the_readers_language(agent, seen, kind, spanish):
    assert (browser_and_system_of(agent), kind_of(agent)) == (seen, kind)
    assert (device_in("en", kind), device_in("es", kind)) == (kind, spanish)
    assert device_in("es", "Firefox, Windows") == "Firefox, Windows"
