"""Coming in by an I-Code."""

from datetime import date

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.idempotency import idempotent
from services.chassis.web import Ask
from services.identity.api.doors import entry, parts
from services.identity.api.tokens import TokensAnswer, tokens_answer
from services.identity.usecases.icodes import enter_icode

bp = APIBlueprint("icodes", __name__)


class ICodeAsk(Ask):
    """What is printed on the Pass, however it is typed; the date of birth only where the portal asks for it."""

    icode: str = Field(max_length=200)
    date_of_birth: date | None = None


@bp.post("/icode-sessions")
@bp.input(ICodeAsk, arg_name="ask")
@bp.output(TokensAnswer, status_code=201)
@idempotent
def enter(ask: ICodeAsk) -> tuple[TokensAnswer, int]:
    """Begin a session by an I-Code."""
    answer = tokens_answer(enter_icode(parts(), ask.icode, ask.date_of_birth, entry()))
    return answer, 201  # said here too: @idempotent keeps it
