"""The names of downloaded files (O2)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exams.file_names import file_name


@pytest.mark.parametrize(
    ("accession", "description", "name"),
    [
        ("ACC123", "CT of the chest", "ACC123-CTOfTheChest"),
        ("ACC123", None, "ACC123"),
        ("ACC123", "", "ACC123"),
        ("ACC/12 3", "MRI: L-spine (w/o)", "ACC-12-3-MRILSpineWO"),
        ("A1", "Ecografía de riñón", "A1-EcografiaDeRinon"),
        ("A1", "胸部", "A1"),
        ("../../x", "<script>alert(1)</script>", "x-ScriptAlert1Script"),
        ("CON", None, "exam-CON"),
        ("com1", "x", "exam-com1-X"),
        ("a:b.", None, "a-b"),
        ("", "x", "exam-X"),
    ],
)
def test_a_file_is_named_by_accession_and_friendly_description_O2(accession, description, name):
    assert file_name(accession, description) == name


@given(st.text(max_size=120), st.none() | st.text(max_size=200))
def test_a_file_name_is_safe_everywhere_O2(accession, description):
    name = file_name(accession, description)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", name)
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", name)
