"""What exams hears: only that access ended, and the issuers' keys."""

from services.chassis.inbox import Handlers
from services.chassis.service import CHASSIS_HANDLERS

HANDLERS: Handlers = {**CHASSIS_HANDLERS}
