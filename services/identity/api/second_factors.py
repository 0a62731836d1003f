"""Second factors and recovery codes of one's own account."""

from datetime import datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, answer_language
from services.identity.api.doors import account_holder, parts
from services.identity.domain.second_factors import DEFAULT_NAMES
from services.identity.usecases import second_factors

bp = APIBlueprint("second_factors", __name__)

Password = Annotated[str, Field(max_length=1000, repr=False)]
_SPANISH_NAMES = {DEFAULT_NAMES["totp"]: "Aplicación de autenticación", DEFAULT_NAMES["passkey"]: "Llave de acceso"}


class PasswordAsk(Ask):
    """One's password, again."""

    password: Password


class NewFactorAsk(PasswordAsk):
    """A second factor, and what its owner calls it."""

    kind: Literal["totp", "passkey"]
    name: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] | None
    ) = None


class ConfirmationAsk(Ask):
    """What shows that it works: an app's code, or what a passkey answered (RegistrationResponseJSON)."""

    code: str | None = Field(None, max_length=100, repr=False)
    credential: dict[str, Any] | None = Field(None, repr=False)


class FactorAnswer(Answer):
    """A second factor in use."""

    id: str
    kind: str
    name: str
    added_at: datetime
    last_used_at: datetime | None


class FactorsAnswer(Answer):
    """Second factors, oldest first, and how many recovery codes were not used yet."""

    second_factors: list[FactorAnswer]
    recovery_codes_left: int


class BegunAnswer(Answer):
    """A factor that waits 10 minutes for its confirmation; null what its kind has not."""

    id: str
    secret: str | None
    otpauth_url: str | None
    options: dict[str, Any] | None


class RecoveryCodesAnswer(Answer):
    """Codes that each let in once, shown here alone; none where there were some before."""

    recovery_codes: list[str]


def factor_answer(row: Any) -> FactorAnswer:
    """Give a second factor; one that nobody named has its kind's name in the language of the answer."""
    facts = {name: getattr(row, name) for name in FactorAnswer.model_fields}
    spanish = _SPANISH_NAMES if answer_language() == "es" else {}
    return FactorAnswer(**facts | {"name": spanish.get(row.name, row.name)})


@bp.get("/me/second-factors")
@bp.output(FactorsAnswer)
def find() -> FactorsAnswer:
    """List one's second factors."""
    who = account_holder()
    with parts().db.read() as tx:
        rows, left = second_factors.find_factors(tx, who)
    return FactorsAnswer(second_factors=[factor_answer(row) for row in rows], recovery_codes_left=left)


@bp.post("/me/second-factors")
@bp.input(NewFactorAsk, arg_name="ask")
@bp.output(BegunAnswer, status_code=201)
@idempotent
def begin(ask: NewFactorAsk) -> tuple[BegunAnswer, int]:
    """Begin to set up a second factor."""
    begun = second_factors.begin_factor(parts(), account_holder(), ask.kind, ask.name, ask.password)
    return BegunAnswer(id=begun.id, secret=begun.secret, otpauth_url=begun.address, options=begun.options), 201


@bp.post("/me/second-factors/<factor_id>/confirmation")
@bp.input(ConfirmationAsk, arg_name="ask")
@bp.output(RecoveryCodesAnswer)
@idempotent
def confirm(factor_id: str, ask: ConfirmationAsk) -> RecoveryCodesAnswer:
    """Put a second factor into use; with the first come ten recovery codes."""
    who = account_holder()
    with parts().db.begin() as tx:
        codes = second_factors.confirm_factor(tx, parts(), who, factor_id, ask.code, ask.credential)
    return RecoveryCodesAnswer(recovery_codes=codes)


@bp.delete("/me/second-factors/<factor_id>")
@bp.input(PasswordAsk, arg_name="ask")
def remove(factor_id: str, ask: PasswordAsk) -> tuple[str, int]:
    """Remove a second factor."""
    second_factors.remove_factor(parts(), account_holder(), factor_id, ask.password)
    return "", 204


@bp.post("/me/recovery-codes")
@bp.input(PasswordAsk, arg_name="ask")
@bp.output(RecoveryCodesAnswer, status_code=201)
@idempotent
def renew(ask: PasswordAsk) -> tuple[RecoveryCodesAnswer, int]:
    """Get ten new recovery codes; the old ones end."""
    return RecoveryCodesAnswer(
        recovery_codes=second_factors.renew_recovery_codes(parts(), account_holder(), ask.password)
    ), 201
