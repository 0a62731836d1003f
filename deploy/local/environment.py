"""The environment of every process of the product on one machine: SQLite, a folder, mails as files."""

import os
from collections.abc import Mapping

from contracts.topology import SERVICES
from deploy.local.places import ROOT, Places


def environment(places: Places, amqp_urls: Mapping[str, str], clock_offset: str) -> dict[str, str]:
    """Give it. *amqp_urls* has a broker's address for each service, or is empty: the local bus."""
    folder = places.folder
    ours = {
        "PORTAL_STARTED_BY_LAUNCHER": "true",
        "PORTAL_PUBLIC_URL": places.portal_url,
        "PORTAL_LOCATIONS_FILE": str(ROOT / "deploy" / "locations.yaml"),
        "PORTAL_OBJECTS_URL": f"file://{folder / 'objects'}",
        "PORTAL_ARCHIVER_FILES_URL": f"file://{folder / 'packages'}",
        "PORTAL_ARCHIVER_LEASE_S": "10",  # all workers are on this machine: a silent one is dead
        "PORTAL_EXAMS_SENT_WHEN_SIGNED": os.environ.get("PORTAL_EXAMS_SENT_WHEN_SIGNED", "true"),
        "PORTAL_IDENTITY_KEYS_DIR": str(folder / "keys" / "identity"),
        "PORTAL_SHARING_KEYS_DIR": str(folder / "keys" / "sharing"),
        "PORTAL_NOTIFIER_KEYS_DIR": str(folder / "keys" / "notifier"),
        "PORTAL_NOTIFIER_MAIL_URL": f"file://{places.mails}",
        "PORTAL_GATEWAY_COOKIE_KEY": places.secrets["cookie"],
        "PORTAL_GATEWAY_BIND": places.bind("gateway"),
        "PORTAL_GATEWAY_THREADS": "32",
        "PORTAL_GATEWAY_READS_PER_MINUTE": "60000",  # all have one address here;
        "PORTAL_GATEWAY_SECRETS_PER_MINUTE": "600",  # codes and accounts are counted each all the same
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1",
    }
    if clock_offset:
        ours["PORTAL_CLOCK_OFFSET"] = clock_offset
    for name in SERVICES:
        prefix = f"PORTAL_{name.upper()}_"
        ours[f"{prefix}DATABASE_URL"] = f"sqlite:///{folder / name}.db"
        ours[f"{prefix}BIND"] = places.bind(name)
        ours[f"PORTAL_GATEWAY_{name.upper()}_URL"] = places.url(name)
        if name in amqp_urls:
            ours[f"{prefix}AMQP_URL"] = amqp_urls[name]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return inherited | ours
