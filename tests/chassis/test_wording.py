"""Refusals in the language that was asked for."""

import importlib
import pkgutil

import pytest
import yaml
from pydantic import EmailStr

from contracts.refusal import Refusal
from contracts.topology import SERVICES
from deploy.local.places import ROOT
from services.chassis.web import Ask, Forbidden, create_app
from services.chassis.wording import spanish


class Body(Ask):
    email: EmailStr
    nickname: str


@pytest.fixture
def client():
    app = create_app("exams", "Exams", verifier=None, ready=dict)

    @app.get("/forbidden")
    def _forbidden() -> None:
        raise Forbidden

    @app.post("/body")
    @app.input(Body, arg_name="body")
    def _body(body: Body) -> dict[str, str]:
        return {"nickname": body.nickname}

    return app.test_client()


def test_a_refusal_speaks_the_language_that_was_asked_for(client):
    spoken = {language: client.get("/forbidden", headers={"Accept-Language": language}) for language in ("es", "fr")}
    assert spoken["es"].json["title"] == "Usted no tiene acceso a esto."
    assert spoken["fr"].json["title"] == "This is not open to you."


@pytest.mark.parametrize(
    ("method", "path", "english", "spanish"),
    [
        ("GET", "/nowhere", "There is nothing here.", "Aquí no hay nada."),
        ("POST", "/forbidden", "This cannot be done here.", "Esto no se puede hacer aquí."),
    ],
)
def test_what_no_route_answers_speaks_the_language_too(client, method, path, english, spanish):
    for language, words in (("en", english), ("es", spanish)):
        answer = client.open(path, method=method, headers={"Accept-Language": language})
        assert answer.json["title"] == words


def test_each_field_is_named_and_nothing_of_what_was_sent_is_said(client):
    for language, missing in (("en", "This field is needed."), ("es", "Este campo es obligatorio.")):
        answer = client.post("/body", json={"email": "ann@☠.org"}, headers={"Accept-Language": language})
        assert answer.status_code == 422
        told = {error["field"]: error["detail"] for error in answer.json["errors"]}
        assert told["nickname"] == missing
        assert "☠" not in answer.text
        assert set(told) == {"email", "nickname"}


def _kinds(kind: type[Refusal]) -> list[type[Refusal]]:
    return [one for direct in kind.__subclasses__() for one in [direct, *_kinds(direct)]]


def test_all_that_a_refusal_says_is_said_in_spanish_and_nothing_else():
    for service in (*SERVICES, "chassis"):
        package = importlib.import_module(f"services.{service}")
        for module in pkgutil.walk_packages(package.__path__, f"services.{service}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    said = {kind.words for kind in _kinds(Refusal) if kind.words and kind.__module__.startswith("services.")}
    assert {words for words in said if spanish(words) == words} == set()
    catalogue = yaml.safe_load((ROOT / "services" / "chassis" / "refusals.es.yaml").read_text("utf-8"))
    paths = [path for part in ("services", "gateway") for path in (ROOT / part).rglob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in paths)
    assert [words for words in catalogue if words not in said and words not in code] == []
