"""What is said of a new password that identity refuses."""

from flask_babel import gettext as _

from gateway.portal.calls import Refused


def words_of_refusal(refused: Refused) -> str:
    """Give why, in our words."""
    if refused.slug in {"password-common", "password-known", "password-blocked"}:
        return str(_("Many people use that password, so it is soon guessed. Choose another."))
    return str(_("Choose a password of 15 to 128 characters."))
