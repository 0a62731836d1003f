"""What a Portal Pass says in both languages (Patient guide 01, 02 and 07; design/portal/portal.md).

``|`` stands around what is printed bold; ``{address}`` is filled in.
"""

from typing import Any, Final

WORDS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "lead": "View, download and share your images and reports.",
        "patient": "Patient",
        "visit": "Visit",
        "icode_heading": "Use your I-Code",
        "account_heading": "Create an Account",
        "works_until": "Works until",
        "qr": "QR code that opens the portal with your I-Code filled in",
        "steps": (
            "Go to |{address}| and click |Portal|.",
            "Click |Patient Portal Login| and pick your location.",
            "Enter your I-Code. Or scan the QR code with your phone.",
        ),
        "own_visit": (
            "* Each I-Code only shows exams from that visit. For exams from a different visit you’ll need a new "
            "I-Code — or create an account to access all your records."
        ),
        "account": (
            "You can also create an account to view your complete exam history. Take steps 1 and 2 above, then "
            "|Create a new account|. You need your name, date of birth, ZIP code, phone and email.",
            "For a patient under 18, use the I-Code: minors cannot create accounts.",
        ),
        "when": (
            "|When?| Images: as soon as your exam is completed. Reports: once signed by the radiologist."
        ),
        "law": {
            "TX": " In Texas, 4 days after they are signed and sent to your Referring Physician (SB922).",
            "CA": " In California, 4 days after they are signed and sent to your Referring Physician (SB1419).",
        },
        "keep": "Keep this form safe.",
        "help": "Help",
    },
    "es": {
        "lead": "Vea, descargue y comparta sus imágenes e informes.",
        "patient": "Paciente",
        "visit": "Visita",
        "icode_heading": "Use su I-Code",
        "account_heading": "Cree una cuenta",
        "works_until": "Válido hasta",
        "qr": "Código QR que abre el portal con su I-Code ya escrito",
        "steps": (
            "Vaya a |{address}| y haga clic en |Portal|.",
            "Haga clic en |Entrar al Portal del paciente| y elija su centro.",
            "Escriba su I-Code. O escanee el código QR con su teléfono.",
        ),
        "own_visit": (
            "* Cada I-Code muestra solo los exámenes de esa visita. Para los de otra visita necesita un I-Code nuevo — "
            "o cree una cuenta para ver todos sus registros."
        ),
        "account": (
            "También puede crear una cuenta para ver todo su historial. Siga los pasos 1 y 2, y luego |Cree una cuenta "
            "nueva|. Necesita su nombre, fecha de nacimiento, código postal, teléfono y correo.",
            "Para un paciente menor de 18 años, use el I-Code: los menores no pueden crear cuentas.",
        ),
        "when": (
            "|¿Cuándo?| Imágenes: en cuanto termina su examen. Informes: cuando el radiólogo los firma."
        ),
        "law": {
            "TX": " En Texas, 4 días después de que se firman y se envían a su médico remitente (SB922).",
            "CA": " En California, 4 días después de que se firman y se envían a su médico remitente (SB1419).",
        },
        "keep": "Guarde esta hoja en un lugar seguro.",
        "help": "Ayuda",
    },
}  # fmt: skip
