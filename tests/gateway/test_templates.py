"""What every page's template keeps to: the pages' policy allows no script or style inside them."""

import re
from pathlib import Path

import pytest

from gateway.portal import HERE

TEMPLATES = sorted((HERE / "templates").glob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_no_page_holds_script_style_or_a_handler_or_anything_of_another_site(template: Path):
    text = template.read_text("utf-8")
    assert "<style" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    assert len(re.findall(r"<script", text)) == len(re.findall(r'<script type="module" src="\{\{ asset\(', text))
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_form_that_posts_brings_its_own_token(template: Path):
    text = template.read_text("utf-8")
    forms = re.findall(r'<form[^>]*action="([^"]*)"[^>]*method="post"[^>]*>(.{0,60})', text)
    assert len(forms) == text.count('method="post"')
    for action, begins in forms:
        assert begins.lstrip().startswith("{{ csrf(") or action == "{{ request.path }}", action
