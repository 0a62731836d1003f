"""What is no access token is refused, by whatever trick it comes; the keys come over the bus."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.access import SigningKeyPublished
from contracts.tokens import AccountGrants, ShareGrants, StaffGrants, SystemGrants
from services.chassis.access import note_ended, session_ended
from services.chassis.auth import LEEWAY_S, LOOK_AGAIN_S, Unauthenticated, Verifier, find_jwks, note_key
from services.chassis.db import Database
from services.chassis.signing import KEY_LIFETIME, Minter, SigningKey, load_or_make_key, publish_key
from services.chassis.tables import ChassisBase
from tests.servers import NOON, SetClock

SECOND = timedelta(seconds=1)
ANNA = AccountGrants(patients=["anna"])
SHARED = ShareGrants(exams=["e"], may_download=False, include_report=False, include_visit_summary=False)


class Gate:
    """A part that verifies, and the two issuers it knows."""

    def __init__(self, url: str, folder: Path, part: str = "exams") -> None:
        self.db, self.clock, self.part = Database(url), SetClock(), part
        ChassisBase.metadata.create_all(self.db.engine)
        self.identity = load_or_make_key(folder / "identity", NOON)
        self.sharing = load_or_make_key(folder / "sharing", NOON)
        with self.db.begin() as tx:
            note_key(tx, self.identity.published("identity"))
            note_key(tx, self.sharing.published("sharing"))
        self.verifier = Verifier(part, self.db, self.clock)

    def mint(self, **more) -> str:
        asked = {"holder": "account:a", "session": "s", "version": 1, "grants": ANNA, "now": self.clock.now()} | more
        return Minter("identity", self.identity).mint(**asked)[0]

    def payload(self, **more):
        return jwt.decode(self.mint(), options={"verify_signature": False}) | more

    def sign(self, payload=None, key=None, algorithm="EdDSA", **header):
        header = {"kid": self.identity.kid} | header
        payload = self.payload() if payload is None else payload
        return jwt.encode(payload, key or self.identity.private_key, algorithm=algorithm, headers=header)

    def refuses(self, token: str) -> bool:
        with pytest.raises(Unauthenticated) as refused:
            self.verifier.verify(token)
        return refused.value.facts == {} and refused.value.field is None


@pytest.fixture
def gate(sqlite_url, tmp_path):
    gate = Gate(sqlite_url, tmp_path)
    yield gate
    gate.db.close()


def raw(header: dict, payload: dict, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_token_says_who_asks_and_what_they_may_see(gate):
    caller = gate.verifier.verify(gate.mint(), "192.0.2.1")
    assert (caller.kind, caller.holder, caller.session, caller.version) == ("account", "account:a", "s", 1)
    assert (caller.grants, caller.address) == (ANNA, "192.0.2.1")


def test_a_key_that_comes_over_the_bus_while_a_part_runs_is_looked_for_once_a_second(database_url, tmp_path):
    gate = Gate(database_url, tmp_path)
    gate.verifier.verify(gate.mint())
    other = load_or_make_key(tmp_path / "next", NOON)
    token = Minter("identity", other).mint(holder="account:a", session="s", version=1, grants=ANNA, now=NOON)[0]
    with gate.db.begin() as tx:
        note_key(tx, other.published("identity"))
    assert gate.refuses(token)
    gate.verifier._looked_at -= LOOK_AGAIN_S
    assert gate.verifier.verify(token).holder == "account:a"
    gate.db.close()


# --- algorithms and keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, "HS256", "RS256", "ES256", ["EdDSA"], 7])
def test_a_token_without_a_signature_is_refused_whatever_it_calls_it(gate, algorithm):
    header = {"alg": algorithm, "typ": "JWT", "kid": gate.identity.kid}
    assert gate.refuses(raw(header, gate.payload()))
    assert gate.refuses(raw(header, gate.payload()).rstrip(".") + ".")


@pytest.mark.parametrize("form", ["raw", "pem", "base64", "der"])
def test_a_token_signed_with_the_public_key_as_if_it_were_a_secret_is_refused(gate, form):
    public = gate.identity.private_key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    secret = {
        "raw": public.public_bytes_raw(),
        "pem": pem,
        "base64": gate.identity.published("identity").public_key.encode(),
        "der": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    }[form]
    unsigned = raw({"alg": "HS256", "typ": "JWT", "kid": gate.identity.kid}, gate.payload()).rstrip(".")
    signature = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
    assert gate.refuses(f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


def test_a_token_of_a_strangers_key_is_refused_under_our_keys_id(gate):
    assert gate.refuses(gate.sign(key=Ed25519PrivateKey.generate()))


@pytest.mark.parametrize(
    "kid", ["unknown", "", "../../../../dev/null", "/dev/null", "' OR '1'='1", "x" * 65, "x" * 5000, "\x00", "%2e%2e"]
)
def test_an_unknown_or_path_like_key_id_is_refused_though_our_key_signed(gate, kid):
    assert gate.refuses(gate.sign(kid=kid))


@pytest.mark.parametrize("header", [{}, {"kid": 7}, {"kid": None}, {"kid": ["a"]}])
def test_a_token_that_names_no_key_is_refused(gate, header):
    assert gate.refuses(raw({"alg": "EdDSA", "typ": "JWT"} | header, gate.payload(), b"x" * 64))


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_that_a_token_brings_or_points_at_is_never_used(gate, name):
    own = SigningKey("own", Ed25519PrivateKey.generate(), NOON)
    jwk = {"kty": "OKP", "crv": "Ed25519", "kid": "own", "x": own.published("identity").public_key}
    brought = {"jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/x", "jwk": jwk, "x5c": ["MII"]}
    for kid in ("own", gate.identity.kid):
        assert gate.refuses(gate.sign(key=own.private_key, kid=kid, **{name: brought[name]}))


def test_a_critical_header_that_we_do_not_know_is_refused(gate):
    assert gate.refuses(gate.sign(crit=["exp"], b64=False))


def test_a_key_outside_its_time_is_refused(gate):
    early, late = NOON - timedelta(days=1, seconds=1), NOON + KEY_LIFETIME
    for now in (early, late):
        gate.clock.move_to(now)
        assert gate.refuses(gate.mint())


def test_a_key_id_is_never_given_another_key(gate):
    own = Ed25519PrivateKey.generate()
    forged = SigningKey(gate.identity.kid, own, NOON).published("identity")
    with gate.db.begin() as tx:
        note_key(tx, forged)
    gate.verifier = Verifier(gate.part, gate.db, gate.clock)
    assert gate.refuses(gate.sign(key=own))
    gate.verifier.verify(gate.mint())


# --- what it says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "is_valid"), [(timedelta(minutes=5) - SECOND, True), (timedelta(minutes=5), False)])
def test_a_token_is_refused_from_its_end_on_to_the_second(gate, after, is_valid):
    token = gate.mint()
    gate.clock.advance(after)
    if is_valid:
        gate.verifier.verify(token)
    else:
        assert gate.refuses(token)


@pytest.mark.parametrize(("early_s", "is_valid"), [(LEEWAY_S, True), (LEEWAY_S + 1, False)])
def test_a_token_from_the_future_is_refused_beyond_what_clocks_differ(gate, early_s, is_valid):
    token = gate.mint(now=NOON + early_s * SECOND)
    if is_valid:
        gate.verifier.verify(token)
    else:
        assert gate.refuses(token)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": ["notifier"]}, {"aud": []}, {"aud": "exams"}, {"iss": "sharing"}, {"iss": "evil"}, {"sub": "staff:a"},
        {"sub": "share:a"}, {"sub": 7}, {"exp": "tomorrow"}, {"exp": 1e30}, {"grants": {"kind": "root"}}, {"sv": "x"},
        {"grants": {"kind": "system", "scopes": ["everything"]}}, {"grants": None}, {"iat": None}, {"sid": None},
    ],
)  # fmt: skip
def test_a_well_signed_token_that_says_something_else_is_refused(gate, change):
    assert gate.refuses(gate.sign(gate.payload(**change)))


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "sv", "iat", "exp", "grants"])
def test_a_token_lacking_anything_is_refused(gate, name):
    payload = gate.payload()
    del payload[name]
    assert gate.refuses(gate.sign(payload))


@pytest.mark.parametrize(
    ("grants", "holder", "is_for_archiver"),
    [
        (ANNA, "account:a", True), (StaffGrants(roles=["operator"]), "staff:a", True),
        (SystemGrants(scopes=["hl7.send"]), "system:a", False),
    ],
)  # fmt: skip
def test_a_token_for_other_parts_is_refused(sqlite_url, tmp_path, grants, holder, is_for_archiver):
    gate = Gate(sqlite_url, tmp_path, part="archiver")
    token = gate.mint(grants=grants, holder=holder)
    if is_for_archiver:
        gate.verifier.verify(token)
    else:
        assert gate.refuses(token)
    gate.db.close()


def test_an_audience_beyond_what_its_kind_may_call_is_refused(sqlite_url, tmp_path):
    gate = Gate(sqlite_url, tmp_path, part="archiver")
    grants = {"kind": "system", "scopes": ["hl7.send"]}
    assert gate.refuses(gate.sign(gate.payload(aud=["exams", "archiver"], sub="system:a", grants=grants)))
    gate.db.close()


def test_one_issuer_cannot_mint_what_is_the_others(gate):
    of_sharing, of_identity = Minter("sharing", gate.sharing), Minter("identity", gate.identity)
    for minter, holder, grants in ((of_sharing, "account:a", ANNA), (of_identity, "share:a", SHARED)):
        assert gate.refuses(minter.mint(holder=holder, session="s", version=1, grants=grants, now=NOON)[0])
    wrong_name = Minter("identity", gate.sharing)
    assert gate.refuses(wrong_name.mint(holder="account:a", session="s", version=1, grants=ANNA, now=NOON)[0])
    token = of_sharing.mint(holder="share:a", session="s", version=1, grants=SHARED, now=NOON)[0]
    assert gate.verifier.verify(token).kind == "share"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-10] + ("A" * 10 if token[-10:] != "A" * 10 else "B" * 10),
        lambda token: token + "A" * 99,
        lambda token: token.replace(".", "", 1),
        lambda token: token + "." + token,
        lambda token: "." + token,
    ],
)
def test_a_spoilt_token_is_refused(gate, spoil):
    assert gate.refuses(spoil(gate.mint()))


@given(st.one_of(st.text(max_size=200), st.lists(st.binary(max_size=60), min_size=1, max_size=5)))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_else_is_sent_is_refused_in_the_same_way(gate, sent):
    token = sent if isinstance(sent, str) else ".".join(base64.urlsafe_b64encode(one).decode() for one in sent)
    assert gate.refuses(token)


# --- taken back -----------------------------------------------------------------------------------------------------


def test_tokens_older_than_their_holders_version_are_refused(gate):
    old = gate.mint()
    with gate.db.begin() as tx:
        note_ended(tx, "account:a", 2, NOON)
    assert gate.refuses(old)
    gate.verifier.verify(gate.mint(version=2))
    gate.verifier.verify(gate.mint(holder="account:b"))


def test_an_ended_session_takes_its_tokens_alone(gate):
    with gate.db.begin() as tx:
        event = session_ended("s", "logged-out", NOON)
        note_ended(tx, event.id, event.version, NOON)
    assert gate.refuses(gate.mint(version=99))
    gate.verifier.verify(gate.mint(session="other"))


# --- keys as they are told ------------------------------------------------------------------------------------------


def test_a_key_is_made_once_readable_by_its_owner_alone_and_told(gate, tmp_path):
    key, again = (load_or_make_key(tmp_path / "k", NOON) for _ in "ab")
    assert key.kid == again.kid
    (path,) = (tmp_path / "k").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    with gate.db.begin() as tx:
        publish_key(tx, "identity", key, NOON)
        assert key.kid in {jwk["kid"] for jwk in find_jwks(tx, "identity", NOON)}
        assert key.kid not in {jwk["kid"] for jwk in find_jwks(tx, "sharing", NOON)}


def test_what_is_told_of_a_key_holds_nothing_private(gate):
    told = gate.identity.published("identity")
    assert isinstance(told, SigningKeyPublished)
    private = gate.identity.private_key.private_bytes_raw()
    assert base64.urlsafe_b64encode(private).decode().rstrip("=") not in json.dumps(told.to_json())
