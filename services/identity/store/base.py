"""The base of identity's tables."""

from datetime import datetime

from sqlalchemy.orm import DeclarativeBase

from services.chassis.db import UtcDateTime


class Base(DeclarativeBase):
    """Metadata of identity's own tables."""

    type_annotation_map = {datetime: UtcDateTime}
