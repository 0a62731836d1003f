"""The base of every refusal: a named exception with a slug, which the chassis maps to problem+json once.

It is a contract because the slug is: clients read it. A refusal never echoes what was sent.
"""

from typing import Any, ClassVar, Literal

RefusalKind = Literal[
    "malformed",  # 400
    "unauthenticated",  # 401
    "forbidden",  # 403
    "not-found",  # 404
    "conflict",  # 409
    "gone",  # 410
    "too-large",  # 413
    "unsupported",  # 415
    "invalid",  # 422
    "too-many",  # 429
    "unavailable",  # 503
]


class Refusal(Exception):
    """Raised when what was asked is not done; subclasses are named for what is so, and say it in their docstring."""

    slug: ClassVar[str]
    kind: ClassVar[RefusalKind] = "invalid"
    words: ClassVar[str] = ""
    """What a person may be told, in English; no value of what was sent."""

    def __init__(
        self, *, field: str | None = None, retry_after_s: int | None = None, facts: dict[str, Any] | None = None
    ) -> None:
        super().__init__(self.slug)
        self.field = field
        """The field (camelCase) that is refused, for a 422."""
        self.retry_after_s = retry_after_s
        """When to try again, for 429 and 503."""
        self.facts = facts or {}
        """Further members of the problem, such as ``remainingAttempts``; JSON values."""
