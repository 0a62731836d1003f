"""Closing one's own account."""

from apiflask import APIBlueprint

from services.identity.api.doors import account_holder, parts
from services.identity.api.second_factors import PasswordAsk
from services.identity.usecases.closing import close_account

bp = APIBlueprint("closing", __name__)


@bp.delete("/me")
@bp.input(PasswordAsk, arg_name="ask")
def close(ask: PasswordAsk) -> tuple[str, int]:
    """Close the account; it ends with its shares, the records stay the clinic's."""
    close_account(parts(), account_holder(), ask.password)
    return "", 204
