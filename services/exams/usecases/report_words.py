"""The words around a report: why it is not here yet, in English and Spanish; its impression. Pure."""

import re

_WHY = {
    "en": {
        "release-rule": "By state law a report becomes available 4 days after it was signed and sent to your referring "
        "physician, so that they can go through it with you.",
        "not-sent": "The report becomes available after it was sent to your referring physician. "
        "For questions call {site}.",
        "being-corrected": "The report is being corrected. The new one comes here once it is ready.",
    },
    "es": {
        "release-rule": "Según la ley del estado, un informe está disponible 4 días después de ser firmado y enviado "
        "a su médico remitente, para que pueda comentarlo con usted.",
        "not-sent": "El informe estará disponible después de ser enviado a su médico remitente. "
        "Si tiene preguntas, llame a {site}.",
        "being-corrected": "El informe se está corrigiendo. El nuevo aparecerá aquí cuando esté listo.",
    },
}
_IMPRESSION = re.compile(
    r"^[ \t]*(?:IMPRESSION|CONCLUSION|IMPRESIÓN|CONCLUSIÓN)S?[ \t]*:?[ \t]*(.*)\Z",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_NEXT_HEADING = re.compile(r"^[ \t]*[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ /]{3,40}:", re.MULTILINE)


def why_text(slug: str, site: str, language: str) -> str:
    """Give why a report waits, in *language* (en, es)."""
    return _WHY["es" if language == "es" else "en"][slug].format(site=site)


def impression_of(text: str) -> str | None:
    """Give the report's impression, without its heading; None where it has none."""
    found = _IMPRESSION.search(text)
    if found is None:
        return None
    body = found[1]
    heading = _NEXT_HEADING.search(body)
    return (body[: heading.start()] if heading else body).strip() or None
