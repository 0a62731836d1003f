"""Who might ask: every kind of caller of the running product, those with tokens that must open nothing among them."""

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.tokens import AccountGrants, Claims, Grants, ICodeGrants, StaffGrants, SystemGrants
from services.chassis.signing import Minter, SigningKey, load_or_make_key
from tests.flows.client import Client
from tests.flows.conftest import images_of
from tests.flows.product import Facts, LocalProduct, wait_for
from tests.flows.ris import FeedExam, Ris, an_exam
from tests.flows.test_main_job import PHI, REPORT, ready

PASSWORD = "quiet-otter-lamp"


@dataclass(frozen=True)
class Patient:
    """A patient with one exam that has an image and a report, by their I-Code and by the ids of what is theirs."""

    exam: FeedExam
    client: Client
    exam_id: str
    visit_id: str
    patient_id: str
    image_uid: str


@dataclass
class World:
    """Anna, whose things are asked for, and all who ask."""

    facts: Facts
    anna: Patient
    clients: dict[str, Client]
    """Those who logged in."""
    minters: dict[str, Minter]
    over: str
    """The access token of a share that has ended."""
    bens_id: str
    ids: dict[str, str]
    """What stands for ``{exam}``, ``{package}`` … in a path."""
    tokens: dict[str, str | None] = field(default_factory=dict)
    """By caller; None: no token."""

    def renew(self) -> None:
        """Give everyone tokens of now: an access token lives a few minutes."""
        self.clients = {who: client.refreshed() for who, client in self.clients.items()}
        self.anna = replace(self.anna, client=self.clients["own code"])
        self.tokens = {who: client.token for who, client in self.clients.items()}
        self.tokens |= {"nobody": None, "ended share": self.over, "system": self.facts.system_token}
        self.tokens |= self._minted() | self._wrong()

    def print_pass(self) -> str:
        """Give a new code of Anna's, whose reprint ends the old one's sessions, so that she comes in anew."""
        code = Ris(self.facts).issue_icode(self.anna.exam)
        self.clients["own code"] = self.facts.anyone().log_in("/icode-sessions", {"icode": code})
        return code

    def _minted(self) -> dict[str, str]:
        identity = self.minters["identity"]
        grants: dict[str, tuple[str, Grants]] = {
            "own account": ("account:annas", self._annas()),
            "another's account": ("account:bens", AccountGrants(patients=[self.bens_id])),
            "an empty account": ("account:nobodys", AccountGrants(patients=[])),
            "a code for other exams of the visit": (
                "icode:part", ICodeGrants(visit=self.anna.visit_id, exams=["0" * 32], adult_at=None)
            ),
            "front desk": ("staff:desk", StaffGrants(roles=["front-desk"], locations=None)),
            "operator": ("staff:operator", StaffGrants(roles=["operator"], locations=None)),
            "system without scopes": ("system:other", SystemGrants(scopes=[])),
        }  # fmt: skip
        return {who: mint(identity, granted, holder) for who, (holder, granted) in grants.items()}

    def _wrong(self) -> dict[str, str]:
        identity, annas = self.minters["identity"], self._annas()
        key = identity.keys.at(datetime.now(UTC))
        return {
            "expired": mint(identity, annas, "account:annas", ago=timedelta(minutes=6)),
            "not valid yet": mint(identity, annas, "account:annas", ago=timedelta(minutes=-6)),
            "of another issuer": mint(self.minters["sharing"], annas, "account:annas"),
            "for another part": signed(key, claims(annas, aud=["notifier"])),
            "of another holder's kind": signed(key, claims(annas, sub="share:annas")),
            "signed by nobody": unsigned(annas),
            "signed by a stranger": signed(stranger(key), claims(annas)),
            "signed by its public key": by_public_key(key, claims(annas)),
        }

    def _annas(self) -> AccountGrants:
        return AccountGrants(patients=[self.anna.patient_id])


def a_patient(facts: Facts) -> Patient:
    """Give a patient of New York, where a report is seen at signing."""
    ris, exam = Ris(facts), an_exam()
    ris.order(exam)
    ris.complete(exam)
    ris.store(images_of(exam, most=1))
    ris.sign(exam, timedelta(minutes=30), REPORT)
    client = ris.patient_client(exam)
    row = wait_for(lambda: _finished(client))
    image = client.get(f"/exams/{row['id']}/images").json["series"][0]["images"][0]
    visit = facts.staff_client().get(f"/staff/visits?accession={exam.accession}").json["visits"][0]
    return Patient(exam, client, str(row["id"]), visit["id"], visit["patient"]["id"], image["uid"])


def _finished(client: Client) -> dict[str, object] | None:
    rows = client.get("/exams").json["exams"]
    return rows[0] if rows and rows[0]["imagesAvailable"] and rows[0]["report"]["status"] == "available" else None


def a_share(patient: Patient, facts: Facts, **permissions: bool) -> tuple[str, Client]:
    """Give a share's id and its recipient."""
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    asked = {"mayDownload": False, "includeReport": False} | permissions
    ask = {"examIds": [patient.exam_id], "nickname": "Dr. Who", "password": PASSWORD, "expiresAt": until}
    share = patient.client.post("/shares", ask | asked | PHI)
    assert share.status == 201, share.body
    token = share.json["url"].partition("#")[2]
    return share.json["id"], facts.anyone().log_in("/share-sessions", {"token": token, "password": PASSWORD})


def a_world(product: LocalProduct, facts: Facts) -> World:
    """Give Anna, Ben, and whoever else may ask for Anna's things."""
    anna, ben = a_patient(facts), a_patient(facts)
    share_id, viewer = a_share(anna, facts)
    _, downloader = a_share(anna, facts, mayDownload=True)
    over_id, over = a_share(anna, facts, mayDownload=True, includeReport=True)
    assert anna.client.ask("DELETE", f"/shares/{over_id}").status == 204
    ask = {"examIds": [anna.exam_id], "format": "zip", "includeReport": True}
    package = anna.client.post("/packages", ask | PHI).json["id"]
    wait_for(lambda: ready(anna.client, package), 60)
    now, keys = datetime.now(UTC), product.folder / "keys"
    minters = {
        "identity": Minter("identity", load_or_make_key(keys / "identity" / "signing", now)),
        "sharing": Minter("sharing", load_or_make_key(keys / "sharing" / "signing", now)),
    }
    clients = {"own code": anna.client, "another's code": ben.client}
    clients |= {"share to view": viewer, "share to download": downloader}
    ids = {"exam": anna.exam_id, "visit": anna.visit_id, "image": anna.image_uid, "share": share_id, "package": package}
    ids |= {"accession": anna.exam.accession, "patient": anna.patient_id}
    return World(facts, anna, clients, minters, str(over.token), ben.patient_id, ids)


def mint(minter: Minter, grants: Grants, holder: str, *, ago: timedelta = timedelta()) -> str:
    """Give a token of *minter*, made *ago*."""
    now = datetime.now(UTC) - ago
    return minter.mint(holder=holder, session="a-session", version=1, grants=grants, now=now)[0]


def claims(grants: Grants, **more: object) -> dict[str, object]:
    """Give what a valid token of an account says, with *more* in its place."""
    now = int(datetime.now(UTC).timestamp())
    facts: dict[str, object] = {"iss": "identity", "sub": "account:annas"}
    facts["aud"] = ["exams", "archiver", "sharing", "identity"]
    facts |= {"sid": "a-session", "sv": 1, "jti": "one", "iat": now, "exp": now + 300, "grants": grants}
    return Claims.model_validate(facts).to_json() | more


def signed(key: SigningKey, said: dict[str, object]) -> str:
    """Give *said* signed by *key*."""
    return jwt.encode(said, key.private_key, algorithm="EdDSA", headers={"kid": key.kid})


def stranger(key: SigningKey) -> SigningKey:
    """Give another key under the id of *key*."""
    return SigningKey(key.kid, Ed25519PrivateKey.generate(), key.made_at)


def by_public_key(key: SigningKey, said: dict[str, object]) -> str:
    """Give *said* with a MAC whose secret is the public key, which a verifier with no pinned algorithm would take."""
    secret = base64.b64encode(key.private_key.public_key().public_bytes_raw()).decode()
    return jwt.encode(said, secret, algorithm="HS256", headers={"kid": key.kid})


def unsigned(grants: Grants) -> str:
    """Give a token of the algorithm ``none``."""
    parts = [{"alg": "none", "typ": "JWT"}, claims(grants)]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."
