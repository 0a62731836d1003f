"""How an address is shown to whoever may not need all of it."""


def masked_email(email: str) -> str:
    """Give ``m•••••a@example.com``: the first and last letter, the same length for all."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}•••••{name[-1:] if len(name) > 1 else ''}{at}{domain}"
