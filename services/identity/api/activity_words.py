"""What the list of activity says of each act, in English and Spanish: what was done, and by whom."""

from typing import Final

from services.chassis.wording import Language
from services.identity.usecases.activity import Who

_WHO: Final[dict[Who, tuple[str, str]]] = {
    "self": ("You", "Usted"),
    "account": ("Another account of your records", "Otra cuenta de sus registros"),
    "icode": ("Somebody with an I-Code", "Alguien con un I-Code"),
    "share": ("Somebody with a link that was shared", "Alguien con un enlace compartido"),
    "staff": ("Staff of your imaging center", "Personal de su centro de imágenes"),
    "system": ("Another system of your imaging center", "Otro sistema de su centro de imágenes"),
    "service": ("The portal", "El portal"),
    "nobody": ("Somebody who was not logged in", "Alguien que no había iniciado sesión"),
}
WORDS: Final[dict[str, tuple[str, str]]] = {
    "account.close": ("Closed the account", "Cerró la cuenta"),
    "account.export": ("Saved a copy of the account’s data", "Guardó una copia de los datos de la cuenta"),
    "account.find": ("Looked up the account", "Consultó la cuenta"),
    "account.freeze": ("Blocked the account", "Bloqueó la cuenta"),
    "account.open": ("Opened the account", "Abrió la cuenta"),
    "account.reset-second-factors": (
        "Removed the second step of the log-in", "Quitó el segundo paso del inicio de sesión"
    ),
    "account.unfreeze": ("Unblocked the account", "Desbloqueó la cuenta"),
    "account.unlock": ("Allowed new log-in tries", "Permitió nuevos intentos de inicio de sesión"),
    "audit.find": ("Looked into who opened what", "Consultó quién abrió qué"),
    "contact.confirm": ("Confirmed how you can be reached", "Confirmó cómo comunicarse con usted"),
    "email-change.begin": ("Asked for another email address", "Pidió cambiar la dirección de correo"),
    "email.change": ("Changed the email address", "Cambió la dirección de correo"),
    "exam.open": ("Opened an exam", "Abrió un examen"),
    "help-request.find": ("Looked at a Get Help request", "Consultó una solicitud de ayuda"),
    "help-request.grant": ("Granted a Get Help request", "Aprobó una solicitud de ayuda"),
    "help-request.make": ("Asked for help", "Pidió ayuda"),
    "help-request.refuse": ("Refused a Get Help request", "Rechazó una solicitud de ayuda"),
    "icode.end": ("Ended an I-Code", "Anuló un I-Code"),
    "icode.enter": ("Entered an I-Code", "Ingresó un I-Code"),
    "icode.find": ("Looked up the I-Codes of a visit", "Consultó los I-Codes de una visita"),
    "icode.issue": ("Printed an I-Code", "Imprimió un I-Code"),
    "icode.reactivate": ("Renewed an I-Code for 90 days", "Renovó un I-Code por 90 días"),
    "images.list": ("Looked at the images of an exam", "Vio las imágenes de un examen"),
    "invitation.make": ("Invited you to open an account", "Le invitó a abrir una cuenta"),
    "invitation.use": ("Used an invitation to open an account", "Usó una invitación para abrir una cuenta"),
    "messages.switch": ("Chose which emails are sent", "Eligió qué correos se envían"),
    "messages.unsubscribe": ("Switched a kind of email off or on", "Desactivó o activó un tipo de correo"),
    "package.cancel": ("Cancelled a download", "Canceló una descarga"),
    "package.download": ("Downloaded images", "Descargó imágenes"),
    "package.download-request": ("Started a download", "Inició una descarga"),
    "package.leave-address": ("Left an email address for a download", "Dejó un correo para una descarga"),
    "package.request": ("Asked for images to download", "Pidió imágenes para descargar"),
    "password-reset.begin": ("Asked for a code to choose a new password", "Pidió un código para otra contraseña"),
    "password.change": ("Changed the password", "Cambió la contraseña"),
    "password.prove": ("Entered the password again", "Ingresó de nuevo la contraseña"),
    "password.reset": ("Chose a new password by a mailed code", "Eligió otra contraseña con un código por correo"),
    "portal-pass.show": ("Opened a Portal Pass", "Abrió un Portal Pass"),
    "preferences.change": ("Changed language or theme", "Cambió el idioma o el tema"),
    "push.change": ("Chose whether a device gets notices", "Eligió si un dispositivo recibe avisos"),
    "record.add": ("Added a record by an I-Code", "Agregó un registro con un I-Code"),
    "recovery-codes.renew": ("Made new recovery codes", "Generó nuevos códigos de recuperación"),
    "registration.answer": ("Answered questions about you", "Respondió preguntas sobre usted"),
    "registration.begin": ("Began to create an account", "Empezó a crear una cuenta"),
    "registration.choose-credentials": ("Chose a User ID for a new account", "Eligió un ID de usuario para una cuenta"),
    "registration.send-code": ("Asked for a validation code", "Pidió un código de validación"),
    "registration.validate": ("Entered a validation code", "Ingresó un código de validación"),
    "report.open": ("Opened a report", "Abrió un informe"),
    "report.print": ("Printed or saved a report", "Imprimió o guardó un informe"),
    "report.taken-back": ("Took a report back", "Retiró un informe"),
    "second-factor.add": ("Added a second step of the log-in", "Agregó un segundo paso al inicio de sesión"),
    "second-factor.remove": ("Removed a second step of the log-in", "Quitó un segundo paso del inicio de sesión"),
    "session.begin": ("Logged in", "Inició sesión"),
    "session.end": ("Logged a device out", "Cerró la sesión de un dispositivo"),
    "session.end-all": ("Logged out everywhere", "Cerró la sesión en todas partes"),
    "share.change": ("Changed a link", "Cambió un enlace"),
    "share.create": ("Made a link", "Creó un enlace"),
    "share.end": ("Ended a link", "Terminó un enlace"),
    "share.expire": ("Ended a link on its date", "Terminó un enlace en su fecha"),
    "share.lock": ("Locked a link after 10 wrong passwords", "Bloqueó un enlace tras 10 contraseñas incorrectas"),
    "share.open": ("Opened a link", "Abrió un enlace"),
    "signing-key.end": ("Ended a signing key", "Anuló una clave de firma"),
    "study.match": ("Assigned images to an exam", "Asignó imágenes a un examen"),
    "user-id-reminder.send": ("Asked for a reminder of the User ID", "Pidió recordar el ID de usuario"),
    "visit-summary.open": ("Opened a visit summary", "Abrió un resumen de visita"),
    "visit.find": ("Looked up a visit", "Consultó una visita"),
}  # fmt: skip
_REFUSED: Final[dict[str, tuple[str, str]]] = {
    "account.open": ("Tried to open another account", "Intentó abrir otra cuenta"),
    "email.change": ("Entered a wrong code for a new email address", "Ingresó un código incorrecto para otro correo"),
    "icode.enter": ("Entered an I-Code that could not be used", "Ingresó un I-Code que no se pudo usar"),
    "password.prove": ("Entered a wrong password", "Ingresó una contraseña incorrecta"),
    "password.reset": ("Entered a wrong code for a new password", "Ingresó un código incorrecto para otra contraseña"),
    "registration.answer": ("Answered questions about you wrongly", "Respondió mal las preguntas sobre usted"),
    "registration.validate": ("Entered a wrong validation code", "Ingresó un código de validación incorrecto"),
    "session.begin": ("Tried to log in, and was refused", "Intentó iniciar sesión y no pudo"),
    "session.end": ("Tried to go on with an old log-in, which ended it", "Intentó usar una sesión vieja, y se cerró"),
    "share.open": ("Tried to open a link, and was refused", "Intentó abrir un enlace y no pudo"),
}  # fmt: skip
_OTHER = ("Did something else", "Hizo otra cosa")
_NOT_DONE: Final[dict[Language, str]] = {"en": "{} (refused)", "es": "{} (no permitido)"}


def who_text(who: Who, language: Language) -> str:
    """Give who did it, as the owner of the account reads it."""
    return _in(_WHO.get(who, _WHO["service"]), language)


def act_text(action: str, language: Language, *, is_refused: bool) -> str:
    """Give what was done, or tried."""
    if not is_refused:
        return _in(WORDS.get(action, _OTHER), language)
    if action in _REFUSED:
        return _in(_REFUSED[action], language)
    return _NOT_DONE[language].format(_in(WORDS.get(action, _OTHER), language))


def _in(words: tuple[str, str], language: Language) -> str:
    return words[0] if language == "en" else words[1]
