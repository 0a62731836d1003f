"""Password and address of one's own account."""

from apiflask import APIBlueprint
from pydantic import Field

from contracts.messages import MailAddress
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, value_or_refusal
from services.identity.api.doors import account_holder, parts
from services.identity.usecases import email_changes, password_changes

bp = APIBlueprint("own_credentials", __name__)


class NewEmailAsk(Ask):
    """Another address, and one's password."""

    email: MailAddress
    password: str = Field(max_length=1000, repr=False)


class CodeAsk(Ask):
    """The code that the mail to the new address brought."""

    code: str = Field(max_length=32, repr=False)


class PasswordChangeAsk(Ask):
    """One's password, and the one that is to take its place."""

    password: str = Field(max_length=1000, repr=False)
    new_password: str = Field(max_length=1000, repr=False)


class EmailChangeAnswer(Answer):
    """A change that waits for its code."""

    id: str


class EmailAnswer(Answer):
    """The account's address from now on, masked."""

    email: str


@bp.post("/me/email")
@bp.input(NewEmailAsk, arg_name="ask")
@bp.output(EmailChangeAnswer, status_code=202)
@idempotent
def begin_email(ask: NewEmailAsk) -> tuple[EmailChangeAnswer, int]:
    """Have a code mailed to another address."""
    change_id = email_changes.begin_change(parts(), account_holder(), ask.email, ask.password)
    return EmailChangeAnswer(id=change_id), 202


@bp.post("/me/email/<change_id>")
@bp.input(CodeAsk, arg_name="ask")
@bp.output(EmailAnswer)
@idempotent
def finish_email(change_id: str, ask: CodeAsk) -> EmailAnswer:
    """Enter that code: the account has the new address, and the old one is told."""
    who = account_holder()
    return EmailAnswer(email=value_or_refusal(email_changes.finish_change(parts(), who, change_id, ask.code)))


@bp.put("/me/password")
@bp.input(PasswordChangeAsk, arg_name="ask")
def change_password(ask: PasswordChangeAsk) -> tuple[str, int]:
    """Choose another password; every other device is logged out."""
    password_changes.change_password(parts(), account_holder(), ask.password, ask.new_password)
    return "", 204
