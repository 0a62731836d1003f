"""What is said of a new password that identity refuses."""

from flask_babel import gettext as _

from gateway.portal.calls import Refused

LEAST = 15
"""Characters of a password that stands alone; identity says when fewer will do."""


def words_of_length(least: int = LEAST) -> str:
    """Give how long a password is."""
    return str(_("Choose a password of %(least)s to 128 characters.", least=least))


def words_of_refusal(refused: Refused) -> str:
    """Give why, in our words."""
    if refused.slug == "password-too-common":
        return str(_("Many people use that password, so it is soon guessed. Choose another."))
    return words_of_length(int(refused.facts.get("least", LEAST)))
