"""A forgotten password, a forgotten User ID: whoever asks is told the same, whether there is an account or not."""

from typing import Literal

from apiflask import APIBlueprint
from pydantic import Field, model_validator

from contracts.messages import MailAddress
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, asked_language, client_address, value_or_refusal
from services.identity.api.doors import parts
from services.identity.usecases import password_resets

bp = APIBlueprint("password_resets", __name__)


class ForgottenAsk(Ask):
    """Whose password: by User ID or by address, one of them."""

    user_id: str | None = Field(None, min_length=1, max_length=200)
    email: MailAddress | None = None

    @model_validator(mode="after")
    def _names_one(self) -> "ForgottenAsk":
        if (self.user_id is None) == (self.email is None):
            raise ValueError("either userId or email")
        return self


class NewPasswordAsk(Ask):
    """The code that the mail brought, and a new password."""

    code: str = Field(max_length=32, repr=False)
    password: str = Field(max_length=1000, repr=False)


class ReminderAsk(Ask):
    """The address of an account."""

    email: MailAddress


class ResetAnswer(Answer):
    """A reset; if there is such an account, its code is on its way by mail."""

    id: str


class ResetDoneAnswer(Answer):
    """The new password holds, and every session has ended."""

    state: Literal["done"] = "done"


class ReminderAnswer(Answer):
    """If there is an account with this address, a mail is on its way."""

    state: Literal["asked"] = "asked"


@bp.post("/password-resets")
@bp.input(ForgottenAsk, arg_name="ask")
@bp.output(ResetAnswer, status_code=202)
@idempotent
def begin(ask: ForgottenAsk) -> tuple[ResetAnswer, int]:
    """Have a code mailed that lets a new password be chosen."""
    asked = password_resets.Forgotten(ask.user_id, ask.email, asked_language())
    return ResetAnswer(id=password_resets.begin_reset(parts(), asked, client_address())), 202


@bp.post("/password-resets/<reset_id>")
@bp.input(NewPasswordAsk, arg_name="ask")
@bp.output(ResetDoneAnswer)
@idempotent
def finish(reset_id: str, ask: NewPasswordAsk) -> ResetDoneAnswer:
    """Choose a new password by the mailed code; a second factor is asked for at the next log-in as ever."""
    value_or_refusal(password_resets.finish_reset(parts(), reset_id, ask.code, ask.password, client_address()))
    return ResetDoneAnswer()


@bp.post("/user-id-reminders")
@bp.input(ReminderAsk, arg_name="ask")
@bp.output(ReminderAnswer, status_code=202)
@idempotent
def remind(ask: ReminderAsk) -> tuple[ReminderAnswer, int]:
    """Have one's User ID mailed, masked."""
    password_resets.remind_of_user_id(parts(), ask.email, client_address())
    return ReminderAnswer(), 202
