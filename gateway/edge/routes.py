"""Every public call under ``/api/v1`` and the service that answers it, as in design/api.md. Data only.

A service serves the same path without ``/api/v1``.
"""

from dataclasses import dataclass
from typing import Literal

Service = Literal["identity", "exams", "sharing", "archiver", "notifier"]
Target = Service | Literal["issuer", "gateway"]
"""``issuer``: identity or sharing, by the token that comes along; ``gateway``: answered here (``views.py``)."""
Limit = Literal["read", "secret"]

BASE = "/api/v1"


@dataclass(frozen=True)
class Route:
    """One public path, its methods, and who answers."""

    path: str
    """Below ``/api/v1``; ``{name}`` is one segment."""
    methods: tuple[str, ...]
    to: Target
    limit: Limit = "read"
    """``secret`` for calls that try a code or password."""

    @property
    def rule(self) -> str:
        """The path as a Flask rule, with ``/api/v1``."""
        return BASE + self.path.replace("{", "<").replace("}", ">")


ROUTES: tuple[Route, ...] = (
    # Coming in
    Route("/regions", ("GET",), "identity"),
    Route("/regions/{id}/locations", ("GET",), "identity"),
    Route("/icode-sessions", ("POST",), "identity", "secret"),
    Route("/registrations", ("POST",), "identity", "secret"),
    Route("/registrations/{id}/questions", ("GET",), "identity"),
    Route("/registrations/{id}/answers", ("POST",), "identity", "secret"),
    Route("/registrations/{id}/credentials", ("POST",), "identity", "secret"),
    Route("/registrations/{id}/validation", ("POST",), "identity", "secret"),
    Route("/registrations/{id}/validation-codes", ("POST",), "identity", "secret"),
    Route("/sessions", ("POST",), "identity", "secret"),
    Route("/sessions", ("DELETE",), "identity"),
    Route("/sessions/challenges/{id}", ("POST",), "identity", "secret"),
    Route("/passkey-sessions", ("POST",), "identity", "secret"),
    Route("/sessions/refresh", ("POST",), "issuer"),
    Route("/sessions/current", ("DELETE",), "issuer"),
    Route("/password-resets", ("POST",), "identity", "secret"),
    Route("/password-resets/{id}", ("POST",), "identity", "secret"),
    Route("/user-id-reminders", ("POST",), "identity", "secret"),
    Route("/help-requests", ("POST",), "identity", "secret"),
    Route("/guest-appointments", ("POST",), "identity", "secret"),
    # Looking
    Route("/exams", ("GET",), "gateway"),
    Route("/exams/{id}", ("GET",), "gateway"),
    Route("/exams/{id}/visit-summary", ("GET",), "exams"),
    Route("/exams/{id}/report", ("GET",), "exams"),
    Route("/exams/{id}/report.pdf", ("GET",), "exams"),
    Route("/exams/{id}/images", ("GET",), "exams"),
    Route("/exams/{id}/images/{uid}.jpg", ("GET",), "exams"),
    # Packages
    Route("/packages", ("GET", "POST"), "archiver"),
    Route("/packages/{id}", ("GET", "DELETE"), "archiver"),
    Route("/packages/{id}/progress", ("GET",), "gateway"),
    Route("/packages/{id}/notification", ("PUT",), "archiver"),
    Route("/packages/{id}/downloads", ("POST",), "archiver"),
    Route("/downloads/{ticket}", ("GET",), "archiver"),
    # Shares
    Route("/shares", ("GET", "POST"), "sharing"),
    Route("/shares/{id}", ("GET", "PATCH", "DELETE"), "sharing"),
    Route("/shares/{id}/accesses", ("GET",), "sharing"),
    Route("/share-sessions", ("POST",), "sharing", "secret"),
    # Me
    Route("/me", ("GET",), "issuer"),
    Route("/me", ("DELETE",), "identity", "secret"),
    Route("/me/preferences", ("PATCH",), "identity"),
    Route("/me/messages", ("GET", "PATCH"), "notifier"),
    Route("/me/activity", ("GET",), "identity"),
    Route("/me/icodes", ("POST",), "identity", "secret"),
    Route("/me/email", ("POST",), "identity", "secret"),
    Route("/me/email/{id}", ("POST",), "identity", "secret"),
    Route("/me/password", ("PUT",), "identity", "secret"),
    Route("/me/second-factors", ("GET",), "identity"),
    Route("/me/second-factors", ("POST",), "identity", "secret"),
    Route("/me/second-factors/{id}", ("DELETE",), "identity", "secret"),
    Route("/me/second-factors/{id}/confirmation", ("POST",), "identity", "secret"),
    Route("/me/recovery-codes", ("POST",), "identity", "secret"),
    Route("/me/devices", ("GET",), "identity"),
    Route("/me/devices/{id}", ("DELETE",), "identity"),
    Route("/me/devices/{id}/push", ("PUT",), "identity"),
    Route("/me/export", ("GET",), "identity"),
    # Staff
    Route("/staff/sessions", ("POST",), "identity", "secret"),
    Route("/staff/visits", ("GET",), "identity"),
    Route("/staff/visits/{id}/icodes", ("GET", "POST"), "identity"),
    Route("/staff/icodes/{id}", ("DELETE",), "identity"),
    Route("/staff/icodes/{id}/portal-pass", ("GET",), "identity"),
    Route("/staff/icodes/{id}/portal-pass.pdf", ("GET",), "identity"),
    Route("/staff/help-requests", ("GET",), "identity"),
    Route("/staff/help-requests/{id}/grant", ("POST",), "identity"),
    Route("/staff/help-requests/{id}/refusal", ("POST",), "identity"),
    Route("/staff/accounts", ("GET",), "identity"),
    Route("/staff/accounts/{id}/unlock", ("POST",), "identity"),
    Route("/staff/accounts/{id}/freeze", ("POST",), "identity"),
    Route("/staff/accounts/{id}/unfreeze", ("POST",), "identity"),
    Route("/staff/accounts/{id}/second-factor-reset", ("POST",), "identity"),
    Route("/staff/patients/{id}/invitations", ("POST",), "identity"),
    Route("/staff/patients/{id}/contacts-confirmation", ("POST",), "identity"),
    Route("/staff/shares/{id}", ("DELETE",), "sharing"),
    Route("/staff/guest-appointments", ("GET",), "identity"),
    Route("/staff/unmatched-studies", ("GET",), "exams"),
    Route("/staff/unmatched-studies/{id}/match", ("POST",), "exams"),
    Route("/staff/audit", ("GET",), "identity"),
    # About the face itself
    Route("/service", ("GET",), "gateway"),
    Route("/openapi.json", ("GET",), "gateway"),
)
