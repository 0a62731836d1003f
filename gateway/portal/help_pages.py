"""Need Help with the file types, and Get Help (guide, 05 and 07)."""

from typing import Any

from flask import Blueprint, render_template

blueprint = Blueprint("help", __name__)


@blueprint.get("/help/file-types")
def file_types() -> Any:
    """Explain .zip and .iso, and how long a download may take (S31)."""
    return render_template("file_types.html")


@blueprint.get("/get-help")
def get_help() -> Any:
    """Say where help is to be had."""
    return render_template("get_help.html")
