"""Walking the four steps of a registration, as a client does."""

from typing import Any

from sqlalchemy import select

from contracts.messages import MessageRequested
from services.identity.store.accounts import AccountRow
from tests.identity.conftest import PASSWORD, House

ANNA = {
    "firstName": "Anna", "lastName": "Doe", "dateOfBirth": "1980-05-17", "sex": "F", "zip": "77002",
    "phone": "+1 713-555-0000", "locationId": "TX-HOU-01",
}  # fmt: skip
STRANGER = ANNA | {"lastName": "Roe"}
KNOWS = {"location": "Bayou Imaging Center", "month": "March 2026", "kind": "MRI", "physician": "Ruth Shah"}
"""How the right choices of Anna's begin."""
CREDENTIALS = {"userId": "anna80", "email": "anna.doe@example.net", "password": PASSWORD}


def begin(house: House, status: int = 201, **more: Any) -> Any:
    """Do step 1; give the registration's path, or the refusal."""
    answer = house.call("POST", "/registrations", status, json=ANNA | more)
    return f"/registrations/{answer['registrationId']}" if status == 201 else answer


def asked(house: House, path: str, **more: Any) -> list[Any]:
    """Give the questions."""
    return house.call("GET", f"{path}/questions", 200, **more)["questions"]


def chosen(questions: list[Any], knows: dict[str, str] = KNOWS) -> list[dict[str, str]]:
    """Give the answers of somebody who *knows* so much, and thinks that the rest is none of what is offered."""
    answers = []
    for question in questions:
        says = knows.get(question["id"], "None of these")
        right = [one["id"] for one in question["choices"] if one["label"].startswith(says)]
        answers.append({"questionId": question["id"], "choice": (right or [question["choices"][-1]["id"]])[0]})
    return answers


def answer(house: House, path: str, status: int = 200, knows: dict[str, str] = KNOWS) -> Any:
    """Do step 2, with what somebody *knows*."""
    return house.call("POST", f"{path}/answers", status, json={"answers": chosen(asked(house, path), knows)})


def answer_wrong(house: House, path: str) -> Any:
    """Answer step 2 wrong."""
    return answer(house, path, 403, KNOWS | {"location": "None of these"})


def choose(house: House, path: str, status: int = 200, **more: Any) -> Any:
    """Do step 3."""
    return house.call("POST", f"{path}/credentials", status, json=CREDENTIALS | more)


def code_mailed(house: House) -> str:
    """Give the code that was mailed last."""
    return [one for one in house.told(MessageRequested) if one.template == "validation-code"][-1].facts["code"]


def enter_code(house: House, path: str, status: int = 201, code: str | None = None) -> Any:
    """Do step 4, with the code mailed last unless another is given."""
    return house.call("POST", f"{path}/validation", status, json={"code": code or code_mailed(house)})


def register(house: House, *, user_id: str = "anna80", **more: Any) -> Any:
    """Do all four steps."""
    path = begin(house, **more)
    answer(house, path)
    choose(house, path, userId=user_id)
    return enter_code(house, path)


def until(house: House, step: str) -> str:
    """Give the path of a registration of Anna's that waits for *step*."""
    path = begin(house)
    if step != "questions":
        answer(house, path)
    if step in {"validation", "done"}:
        choose(house, path)
    if step == "done":
        enter_code(house, path)
    return path


def accounts(house: House) -> list[AccountRow]:
    """Give all accounts."""
    with house.parts.db.read() as tx:
        return list(tx.scalars(select(AccountRow).order_by(AccountRow.opened_at)))


def slug(refused: Any) -> str:
    """Give what a problem's type ends in."""
    return str(refused["type"]).rpartition("/")[2]
