"""QR codes as pictures of their own address: the pages' policy allows none inside them."""

import io

import segno
from flask import Response

BORDER = 4
"""Modules of light around the code (ISO/IEC 18004)."""


def picture_of(text: str) -> Response:
    """Draw *text* as a QR code, dark on light in either scheme."""
    drawn = io.BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(drawn, kind="svg", border=BORDER, light="#fff", scale=4, xmldecl=False, nl=False)
    return Response(drawn.getvalue(), content_type="image/svg+xml")
