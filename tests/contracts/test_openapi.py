"""The committed OpenAPI document is what the doors say."""

import re

import yaml

from deploy import openapi


def test_the_committed_document_is_current():
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(), "make contracts"


def test_it_is_openapi_3_1_with_every_path_parameter_named_and_every_schema_there():
    text = openapi.FILE.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for operation in operations.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path
            assert "default" in operation["responses"]
    for name in set(re.findall(r"#/components/schemas/([\w.]+)", text)):
        assert name in document["components"]["schemas"], name


def test_every_refusal_has_its_slug_in_it():
    slugs = yaml.safe_load(openapi.FILE.read_text(encoding="utf-8"))["components"]["schemas"]["Problem"]["x-slugs"]
    assert {"phi-not-acknowledged", "package-expired", "icode-expired", "share-closed", "unauthenticated"} <= set(slugs)
