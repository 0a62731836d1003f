"""What a location is called, for pages that were told its id alone."""

from flask import g

from gateway.portal.entering import all_locations


def name_of(location_id: str) -> str:
    """Give a location's name; its id where identity knows none by it. A request asks identity once at most."""
    if "place_names" not in g:
        g.place_names = {str(one["id"]): str(one["name"]) for one in all_locations()}
    names: dict[str, str] = g.place_names
    return names.get(location_id, location_id)
