"""Credentials that are malformed: each is refused as one that does not fit, whatever the library makes of it."""

from contextlib import suppress

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from services.identity.passkey_ceremony import CeremonyFailed, ceremony_at, credential_id, user_handle
from tests.identity.software_passkey import ORIGIN, SoftwarePasskey

CEREMONY = ceremony_at(ORIGIN)
PASSKEY = SoftwarePasskey()
ASKED, OPTIONS = CEREMONY.begin_making("a", "anna80", [])
MADE = PASSKEY.make(OPTIONS)
NEW = CEREMONY.finish_making(MADE, ASKED)
TO_SIGN, GET_OPTIONS = CEREMONY.begin_proving([NEW.credential_id], verifies_user=True)
SIGNED = PASSKEY.sign(GET_OPTIONS)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CBOR = st.recursive(
    st.integers() | st.binary() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(-10, 10) | st.text(), inner, max_size=5),
    max_leaves=5,
)


def spoiled(data, credential):
    """Give *credential* with one member of it, or of its response, put in another's place, cut or written over."""
    members = [("", name) for name in credential] + [("response", name) for name in credential["response"]]
    where, name = data.draw(st.sampled_from(members))
    response = dict(credential["response"])
    credential = credential | {"response": response}
    part = response if where else credential
    if data.draw(st.booleans()) or not isinstance(part[name], str):
        return drop_or_replace(data, credential, part, name)
    part[name] = bytes_to_base64url(bent(data, base64url_to_bytes(part[name])) if where else b"x")
    return credential


def drop_or_replace(data, credential, part, name):
    if data.draw(st.booleans()):
        del part[name]
    else:
        part[name] = data.draw(JSON)
    return credential


def bent(data, raw):
    at = data.draw(st.integers(0, len(raw) - 1))
    return raw[:at] + data.draw(st.binary(max_size=8)) + raw[at + data.draw(st.integers(0, 8)) :]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_malformed_new_credential_fails_as_one_that_does_not_fit(data):
    credential = spoiled(data, MADE)
    with suppress(CeremonyFailed):
        assert CEREMONY.finish_making(credential, ASKED).credential_id


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_malformed_signature_fails_as_one_that_does_not_fit(data):
    credential = spoiled(data, SIGNED)
    credential_id(credential)
    user_handle(credential)
    with suppress(CeremonyFailed):
        assert CEREMONY.finish_proving(credential, TO_SIGN, NEW.public_key, 0, verifies_user=True) == 1


@settings(max_examples=300, deadline=None)
@given(key=CBOR, statement=CBOR, form=st.sampled_from(["none", "packed", "tpm", "apple", "fido-u2f", "x", 1]))
def test_whatever_an_authenticator_says_of_its_key_is_believed_or_fails(key, statement, form):
    head = PASSKEY._data(0x40, {}) + bytes(16) + (1).to_bytes(2, "big") + b"i"
    made = cbor2.dumps({"fmt": form, "attStmt": statement, "authData": head + cbor2.dumps(key)})
    credential = MADE | {"id": "aQ", "rawId": "aQ"}
    credential["response"] = MADE["response"] | {"attestationObject": bytes_to_base64url(made)}
    with pytest.raises(CeremonyFailed):
        CEREMONY.finish_making(credential, ASKED)


def test_a_key_that_was_kept_is_never_taken_for_another():
    other = SoftwarePasskey(credential_id=PASSKEY.credential_id)
    with pytest.raises(CeremonyFailed):
        CEREMONY.finish_proving(other.sign(GET_OPTIONS), TO_SIGN, NEW.public_key, 0, verifies_user=True)


@pytest.mark.parametrize("said", [{}, {"rawId": 1}, {"rawId": ""}, {"rawId": "!"}, {"rawId": []}])
def test_what_names_no_passkey_is_none(said):
    assert credential_id(said) is None
    assert user_handle(said) is None


@pytest.mark.parametrize(
    ("public_url", "rp_id", "origin"),
    [
        ("https://portal.example.org", "portal.example.org", "https://portal.example.org"),
        ("https://portal.example.org:8443", "portal.example.org", "https://portal.example.org:8443"),
        ("http://127.0.0.1:8080", "localhost", "http://localhost:8080"),
        ("http://[::1]:8080", "localhost", "http://localhost:8080"),
        ("http://10.0.0.7:8080", "10.0.0.7", "http://10.0.0.7:8080"),
    ],
)
def test_passkeys_belong_to_the_portals_host_and_on_ones_own_machine_to_localhost(public_url, rp_id, origin):
    ceremony = ceremony_at(public_url)
    assert (ceremony.rp_id, ceremony.origin) == (rp_id, origin)
