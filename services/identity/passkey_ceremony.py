"""The two ceremonies of passkeys (WebAuthn, by py_webauthn): making one, and proving that one has it."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME = "Patient Portal"
LONGEST_ID_BYTES = 1023  # WebAuthn 3, 7.1, step 25
_WAIT_MS = 600_000
_UNREADABLE = (WebAuthnException, ValueError, TypeError, LookupError, AttributeError)
"""What the library raises for a credential that is malformed or does not fit."""


class CeremonyFailed(Exception):
    """Raised when a credential does not prove what was asked."""


@dataclass(frozen=True)
class NewPasskey:
    """A passkey that was just made."""

    credential_id: str
    """base64url without padding."""
    public_key: bytes
    """COSE."""
    sign_count: int


@dataclass(frozen=True)
class PasskeyCeremony:
    """Passkeys of one portal: its host is the relying party, its address the only origin."""

    rp_id: str
    origin: str

    def begin_making(self, user_handle: str, user_name: str, known: Iterable[str]) -> tuple[bytes, dict[str, Any]]:
        """Give the challenge and the options for ``navigator.credentials.create``; not on a device with one *known*."""
        options = webauthn.generate_registration_options(
            rp_id=self.rp_id,
            rp_name=NAME,
            user_id=user_handle.encode("ascii"),
            user_name=user_name,
            timeout=_WAIT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_descriptors(known),
        )
        return options.challenge, options_to_json_dict(options)

    def finish_making(self, credential: dict[str, Any], challenge: bytes) -> NewPasskey:
        """Give the passkey that *credential* (RegistrationResponseJSON) brings. Raises CeremonyFailed."""
        try:
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
            )
        except _UNREADABLE as error:
            raise CeremonyFailed from error
        if len(made.credential_id) > LONGEST_ID_BYTES:
            raise CeremonyFailed
        return NewPasskey(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)

    def begin_proving(self, known: Iterable[str], *, verifies_user: bool) -> tuple[bytes, dict[str, Any]]:
        """Give the challenge and the options for ``navigator.credentials.get``; none *known*: any of this portal."""
        verification = UserVerificationRequirement.REQUIRED if verifies_user else UserVerificationRequirement.PREFERRED
        options = webauthn.generate_authentication_options(
            rp_id=self.rp_id,
            timeout=_WAIT_MS,
            allow_credentials=_descriptors(known),
            user_verification=verification,
        )
        return options.challenge, options_to_json_dict(options)

    def finish_proving(
        self, credential: dict[str, Any], challenge: bytes, public_key: bytes, sign_count: int, *, verifies_user: bool
    ) -> int:
        """Give the new sign count of a passkey that signed *challenge* here; a count that fell back is refused.

        *verifies_user*: a PIN, finger or face was asked for too. Raises CeremonyFailed.
        """
        try:
            proof = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=verifies_user,
            )
        except _UNREADABLE as error:
            raise CeremonyFailed from error
        return proof.new_sign_count


def ceremony_at(public_url: str) -> PasskeyCeremony:
    """Give the ceremonies of the portal at *public_url*, where its pages are.

    No browser makes passkeys for a bare address: on one's own machine they are those of ``localhost``, same port.
    """
    parts = urlsplit(public_url)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    if _is_loopback(host):
        host = "localhost"
    return PasskeyCeremony(rp_id=host, origin=f"{parts.scheme}://{host}{port}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def credential_id(credential: dict[str, Any]) -> str | None:
    """Give which passkey *credential* says it is, in its one form (base64url without padding); None: none."""
    try:
        return bytes_to_base64url(base64url_to_bytes(credential["rawId"])) or None
    except _UNREADABLE:
        return None


def user_handle(credential: dict[str, Any]) -> str | None:
    """Give whose passkey the authenticator says it is, as ``begin_making`` was told; None: it does not say."""
    try:
        handle = base64url_to_bytes(credential["response"]["userHandle"]).decode("ascii")
    except _UNREADABLE:
        return None
    return handle if handle.isalnum() else None


def _descriptors(known: Iterable[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known]
