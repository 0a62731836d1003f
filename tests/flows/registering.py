"""Opening an account over HTTP as a client does: four steps, the code from the mail (S18-S22)."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from tests.flows.client import Answer, Client
from tests.flows.product import Facts, wait_for

PASSWORD = "a quiet walk by the sea"
SITE = {"firstName", "lastName", "dateOfBirth", "sex", "zip", "phone", "locationId"}


def begin(client: Client, person: dict[str, Any], **more: Any) -> Answer:
    """Do step 1 as *person*."""
    return client.post("/registrations", {name: person[name] for name in SITE} | more)


def answer(client: Client, path: str, knows: dict[str, str]) -> Answer:
    """Do step 2 as somebody who *knows* how the right choices begin, by question."""
    asked = client.get(f"{path}/questions").json["questions"]
    answers = []
    for question in asked:
        begins = knows.get(question["id"], "None of these")
        right = [one["id"] for one in question["choices"] if one["label"].startswith(begins)]
        answers.append({"questionId": question["id"], "choice": (right or [question["choices"][-1]["id"]])[0]})
    return client.post(f"{path}/answers", {"answers": answers})


def mails_to(facts: Facts, address: str) -> list[EmailMessage]:
    """Give the mails to *address*, as they stand in the mail folder or came to the mail server."""
    read = [message_from_bytes(raw, policy=default) for raw in facts.mails()]
    return [mail for mail in read if address in str(mail["To"])]


def code_mailed(facts: Facts, address: str) -> str:
    """Wait for the mail with the code, and give it."""
    mail = wait_for(lambda: [one for one in mails_to(facts, address) if "code" in str(one["Subject"])])[-1]
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"\b[0-9]{6}\b", body.get_content())
    assert found, "six digits in the mail"
    return found[0]
