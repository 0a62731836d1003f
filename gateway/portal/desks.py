"""Which of the staff's pages each role works with (design/api.md, "Staff"): what the menu offers."""

from dataclasses import dataclass

from flask_babel import gettext as _

from gateway.portal import session

FRONT_DESK, SUPPORT, OPERATOR = "front-desk", "support", "operator"
BOTH = (FRONT_DESK, SUPPORT)


@dataclass(frozen=True)
class Link:
    """An entry of the staff's menu."""

    href: str
    icon: str
    word: str


def links() -> list[Link]:
    """Give the entries for the roles of whoever is logged in."""
    known = [
        (BOTH, Link("/staff/visits", "search", _("Visits"))),
        ((SUPPORT,), Link("/staff/help-requests", "help", _("Help requests"))),
        ((SUPPORT,), Link("/staff/accounts", "user", _("Accounts"))),
        (BOTH, Link("/staff/guest-appointments", "calendar", _("Guest appointments"))),
        ((SUPPORT,), Link("/staff/unmatched", "picture", _("Unmatched studies"))),
        ((OPERATOR,), Link("/staff/audit", "history", _("Audit"))),
    ]
    roles = set(session.current().roles)
    return [link for wanted, link in known if roles & set(wanted)]


def first() -> str:
    """Give the page that a member of staff begins with."""
    return next((link.href for link in links()), "/staff/visits")


def has_role(role: str) -> bool:
    """Whether whoever is logged in has *role*, as far as the menu knows."""
    return role in session.current().roles
