"""The portal's two languages: which one, and how a date, a size or what is left of a time is said."""

import math
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_skeleton
from flask import Flask, g, request
from flask_babel import Babel, get_locale, gettext, ngettext

from gateway.edge.context import edge

LANGUAGES = ("en", "es")
COOKIE = "lang"
FALLBACK_ZONE = "America/New_York"
"""For a site whose time zone nobody told."""

babel = Babel()


def language() -> str:
    """Give the language of this request: the one chosen, else what the browser prefers, else English."""
    if "language" not in g:
        chosen = request.cookies.get(COOKIE, "")
        g.language = chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"
    chosen_language: str = g.language
    return chosen_language


def add_to(app: Flask) -> None:
    """Have *app* speak both languages."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "portal/translations"
    babel.init_app(app, locale_selector=language)
    app.jinja_env.filters.update(
        day=say_day, short_day=say_short_day, moment=say_moment, short_moment=say_short_moment, size=say_size,
        left=say_left, birth_date=say_date, at_day=say_moment_of_day, short_date=say_short_date, last_day=say_last_day,
    )  # fmt: skip
    app.jinja_env.globals.update(language=language)


def parse(text: str | None) -> datetime | None:
    """Give the instant of an RFC 3339 text; None for None, a day, or what is none."""
    try:
        instant = datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
    except ValueError:
        return None
    return instant if instant and instant.tzinfo else None


def zone(name: str | None) -> ZoneInfo:
    """Give a site's time zone."""
    try:
        return ZoneInfo(name or FALLBACK_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(FALLBACK_ZONE)


def _local(text: str | None, zone_name: str | None) -> datetime | None:
    instant = parse(text)
    return instant.astimezone(zone(zone_name)) if instant else None


def _clock(local: datetime) -> str:
    """Give ``2:10 pm`` or ``2:10 p. m.``."""
    hour, half = local.hour % 12 or 12, "am" if local.hour < 12 else "pm"
    if str(get_locale()) == "es":
        half = f"{half[0]}.\N{NO-BREAK SPACE}m."
    return f"{hour}:{local.minute:02d} {half}"


def _long_day(local: datetime) -> str:
    """Give ``Friday, November 27`` or ``viernes 27 de noviembre``, with its year where that is another than now."""
    pattern, year = ("EEEE d 'de' MMMM", " 'de' y") if str(get_locale()) == "es" else ("EEEE, MMMM d", ", y")
    return format_date(local.date(), pattern if _is_this_year(local) else pattern + year, get_locale())


def _is_this_year(local: datetime) -> bool:
    return local.year == edge().now().astimezone(local.tzinfo).year


def today(zone_name: str | None) -> date:
    """Give the day that it is at the site."""
    return edge().now().astimezone(zone(zone_name)).date()


def say_day(text: str | None, zone_name: str | None) -> str:
    """Give ``Monday, November 23, 2026`` at the site."""
    local = _local(text, zone_name)
    pattern = "EEEE d 'de' MMMM 'de' y" if str(get_locale()) == "es" else "full"
    return format_date(local.date(), pattern, get_locale()) if local else ""


def say_short_date(text: str | None, zone_name: str | None) -> str:
    """Give ``Dec 24, 2026`` at the site."""
    local = _local(text, zone_name)
    return format_date(local.date(), "medium", get_locale()) if local else ""


def say_short_day(text: str | None, zone_name: str | None) -> str:
    """Give ``Nov 23`` at the site."""
    local = _local(text, zone_name)
    return str(format_skeleton("MMMd", local, locale=get_locale())) if local else ""


def say_last_day(text: str | None, zone_name: str | None) -> str:
    """Give the day at the site whose end is *text*'s instant, or that holds it: ``Dec 31, 2099`` for its midnight."""
    local = _local(text, zone_name)
    return format_date((local - timedelta(seconds=1)).date(), "long", get_locale()) if local else ""


def say_moment(text: str | None, zone_name: str | None) -> str:
    """Give ``Friday, November 27, 2:10 pm`` at the site."""
    local = _local(text, zone_name)
    return f"{_long_day(local)}, {_clock(local)}" if local else ""


def say_moment_of_day(text: str | None, zone_name: str | None) -> str:
    """Give ``Friday, November 27 at 2:10 pm`` at the site."""
    local = _local(text, zone_name)
    if local is None:
        return ""
    said = {"day": _long_day(local), "time": _clock(local)}
    return str(ngettext("%(day)s at %(time)s", "%(day)s at %(time)s", local.hour % 12 or 12, **said))  # "a la 1:05"


def say_short_moment(text: str | None, zone_name: str | None) -> str:
    """Give ``Wed, Nov 25, 1:42 pm`` at the site, with its year where that is another than now."""
    local = _local(text, zone_name)
    if local is None:
        return ""
    day = format_skeleton("MMMEd" if _is_this_year(local) else "yMMMEd", local, locale=get_locale())
    return f"{day}, {_clock(local)}"


def say_date(text: str | None) -> str:
    """Give ``March 14, 1984`` for a calendar day ``1984-03-14``."""
    try:
        return format_date(date.fromisoformat(text or ""), "long", get_locale())
    except ValueError:
        return ""


def say_size(size_bytes: int | None) -> str:
    """Give ``138.4 MB``; empty for None."""
    if size_bytes is None:
        return ""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} KB"
    if size_bytes < 1_000_000_000:
        return f"{size_bytes / 1_000_000:.1f} MB"
    return f"{size_bytes / 1_000_000_000:.2f} GB"


def say_left(seconds: float) -> str:
    """Give ``23 h 12 min`` for what is left of a time; never less than a minute."""
    minutes = max(1, math.floor(seconds / 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def say_wait(seconds: float | None) -> str:
    """Give ``about 3 minutes left``; empty when nobody knows."""
    if not seconds:
        return ""
    if seconds < 60:
        return str(gettext("less than a minute left"))
    minutes = math.ceil(seconds / 60)
    return str(ngettext("about %(num)d minute left", "about %(num)d minutes left", minutes))


def hours_left(until: str | None, now: datetime) -> float | None:
    """Give the hours from *now* (UTC) until an instant; None when there is none."""
    end: Any = parse(until)
    return (end - now).total_seconds() / 3600 if end else None


def law_of_state() -> dict[str, str]:
    """Give the guide's words (01) on reports, by state."""
    return {
        "TX": gettext(
            "Due to TX Law (SB922), reports are made available on the portal 4 days after they are signed and sent to "
            "your Referring Physician for review."
        ),
        "CA": gettext(
            "Due to CA Law (SB1419), reports are made available on the portal 4 days after they are signed and sent to "
            "your Referring Physician for review."
        ),
    }


def laws() -> dict[str, str]:
    """Give the guide's words on reports by what a report's ``why`` cites."""
    by_state = law_of_state()
    return {"SB922": by_state["TX"], "SB1419": by_state["CA"]}
