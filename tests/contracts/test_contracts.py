"""The contracts hold still: generated files are current, every version's golden message is read for ever."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from contracts import generate, topology
from contracts.archiver import BuildPackage
from contracts.envelope import Envelope, Unreadable, unwrap, wrap
from contracts.exams import Beat, ExamCompleted
from tests.contracts.golden import GOLDEN, NOW, example

KINDS = [*topology.EVENT_TYPES.values(), BuildPackage]
NAMES = [f"{kind.NAME}.v{kind.VERSION}" for kind in KINDS]


@pytest.mark.parametrize("name", sorted(generate.schemas()))
def test_the_committed_schema_is_current(name):
    assert (generate.SCHEMAS / name).read_text(encoding="utf-8") == generate.schemas()[name], "make contracts"


def test_no_schema_is_left_over_and_asyncapi_is_current():
    assert {path.name for path in generate.SCHEMAS.glob("*.json")} == set(generate.schemas())
    assert generate.ASYNCAPI.read_text(encoding="utf-8") == generate.asyncapi(), "make contracts"


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_golden_messages_of_every_version_are_read(kind):
    path = GOLDEN / f"{kind.NAME}.v{kind.VERSION}.json"
    envelope = Envelope.from_bytes(path.read_bytes())
    assert envelope.type == kind.type_name()
    message = unwrap(envelope, kind)
    said = message.to_json()
    assert {name: said[name] for name in envelope.data} == envelope.data  # fields that came later are not in it


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_what_is_told_fits_its_schema(kind):
    schema = json.loads((generate.SCHEMAS / f"{kind.NAME}.v{kind.VERSION}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(example(kind).to_json())


def test_a_hearer_ignores_what_it_does_not_know_and_a_teller_may_not_tell_it():
    data = example(Beat).to_json()
    assert Beat.read(data | {"news": 1}) == example(Beat)
    with pytest.raises(ValueError, match="news"):
        Beat.model_validate(data | {"news": 1})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"\xff", b'{"specversion":"1.0"}', b'"text"', json.dumps({"id": 1}).encode()]
)
def test_what_is_no_envelope_is_unreadable(body):
    with pytest.raises(Unreadable):
        Envelope.from_bytes(body)


def test_unreadable_data_is_told_by_field_and_never_by_value():
    envelope = wrap(example(ExamCompleted), message_id="m", owner="exams", now=NOW, subject="e")
    broken = envelope.model_copy(update={"data": envelope.data | {"status": "SECRET-VALUE"}})
    with pytest.raises(Unreadable) as refusal:
        unwrap(broken, ExamCompleted)
    assert "status" in str(refusal.value)
    assert "SECRET-VALUE" not in str(refusal.value)


def test_open_events_name_nobody():
    """portal.events is open to other systems: internal ids, states and times alone."""
    forbidden = {"name", "birthDate", "mrn", "accession", "email", "emails", "phone", "phones", "postalCode", "code"}
    for kind in topology.EVENT_TYPES.values():
        if kind.EXCHANGE == topology.EVENTS:
            text = (generate.SCHEMAS / f"{kind.NAME}.v{kind.VERSION}.json").read_text(encoding="utf-8")
            assert not forbidden & set(json.loads(text)["properties"]), kind.NAME


def test_every_hearer_hears_what_somebody_tells():
    told = {kind for kinds in topology.TELLS.values() for kind in kinds}
    for service, kinds in topology.HEARS.items():
        assert set(kinds) <= told, service


def test_dead_letters_and_retries_never_reach_an_exchange_that_others_hear():
    for queue in topology.topology().queues:
        assert queue.arguments.get("x-dead-letter-exchange", "") == ""
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-overflow"] == "reject-publish"


def test_asyncapi_names_every_message():
    document = yaml.safe_load(generate.ASYNCAPI.read_text(encoding="utf-8"))
    assert document["asyncapi"] == "3.0.0"
    assert set(document["components"]["messages"]) == set(NAMES)
    for schema in document["components"]["messages"].values():
        assert (generate.HERE / Path(schema["payload"]["schema"]["$ref"])).exists()
