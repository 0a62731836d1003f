"""An authenticator in software (WebAuthn 3): makes a passkey and signs with it, honestly or as a test bends it."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ORIGIN = "http://localhost:8080"
RP_ID = "localhost"
USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


@dataclass
class SoftwarePasskey:
    """One passkey of one portal, on a device that counts its signatures."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    verifies_user: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    sign_count: int = 0
    user_handle: bytes = b""

    @property
    def id(self) -> str:
        return bytes_to_base64url(self.credential_id)

    def make(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """Answer ``navigator.credentials.create`` (RegistrationResponseJSON)."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self._cose()
        data = self._data(HAS_CREDENTIAL, bent) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], bent)
        return self._credential({"attestationObject": made, "clientDataJSON": client})

    def sign(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """Answer ``navigator.credentials.get`` (AuthenticationResponseJSON)."""
        self.sign_count += 1
        data = self._data(0, bent)
        client = self._client("webauthn.get", options["challenge"], bent)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {"authenticatorData": data, "clientDataJSON": client, "signature": signature}
        return self._credential(answer | {"userHandle": bent.get("user_handle", self.user_handle)})

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})

    def _data(self, flags: int, bent: dict[str, Any]) -> bytes:
        verified = USER_VERIFIED if bent.get("verifies_user", self.verifies_user) else 0
        flags |= bent.get("present", USER_PRESENT) | verified
        of_portal = hashlib.sha256(bent.get("rp_id", self.rp_id).encode()).digest()
        return of_portal + bytes([flags]) + bent.get("sign_count", self.sign_count).to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, bent: dict[str, Any]) -> bytes:
        said = {
            "type": bent.get("type", kind),
            "challenge": bent.get("to_sign", challenge),
            "origin": bent.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _credential(self, response: dict[str, bytes]) -> dict[str, Any]:
        told = {name: bytes_to_base64url(value) for name, value in response.items()}
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": told, "clientExtensionResults": {}}
