"""Creating an account, step by step (S18-S22)."""

from datetime import date
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import AfterValidator, Field, StringConstraints

from contracts.messages import MailAddress, PhoneNumber
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, answer_language, asked_language, client_address, value_or_refusal
from services.identity.api.doors import parts
from services.identity.api.question_words import choice_label, question_text
from services.identity.domain.demographics import PHONE_DIGITS, Demographics, Sex
from services.identity.domain.registrations import Step
from services.identity.usecases import registrations
from services.identity.usecases.identity_questions import choices_of

bp = APIBlueprint("registrations", __name__)


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a name holds no line breaks")
    return name


def _dialable(phone: str) -> str:
    if sum(char.isdigit() for char in phone) < PHONE_DIGITS:
        raise ValueError("a phone number has at least 10 digits")
    return phone


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_printable)
]
Zip = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{5}(-?[0-9]{4})?$")]
Phone = Annotated[PhoneNumber, AfterValidator(_dialable)]


class RegistrationAsk(Ask):
    """Who registers; *email* is not compared with anything, *invitation_code* stands in for the questions."""

    first_name: Name
    last_name: Name
    date_of_birth: date
    sex: Sex
    zip: Zip
    phone: Phone
    email: MailAddress | None = None
    location_id: str = Field(min_length=1, max_length=32)
    invitation_code: str | None = Field(None, max_length=64)


class AnswerAsk(Ask):
    """One answer: the id of a question and of the choice."""

    question_id: str = Field(max_length=32)
    choice: str = Field(max_length=32)


class AnswersAsk(Ask):
    """All answers."""

    answers: list[AnswerAsk] = Field(max_length=20)


class CredentialsAsk(Ask):
    """What the account is to be entered with."""

    user_id: str = Field(min_length=1, max_length=200)
    email: MailAddress
    password: str = Field(min_length=1, max_length=1000, repr=False)


class NoAsk(Ask):
    """Nothing more to say."""


class CodeAsk(Ask):
    """The code that the mail brought."""

    code: str = Field(max_length=32, repr=False)


class RegistrationAnswer(Answer):
    """A registration, and the step that it waits for."""

    registration_id: str
    next: Step


class NextAnswer(Answer):
    """The step that a registration waits for."""

    next: Step


class ChoiceAnswer(Answer):
    """A choice, in the language asked for."""

    id: str
    label: str


class QuestionAnswer(Answer):
    """A question with its choices, in the language asked for."""

    id: str
    text: str
    choices: list[ChoiceAnswer]


class QuestionsAnswer(Answer):
    """The questions; every one is to be answered."""

    questions: list[QuestionAnswer]


class CodeSentAnswer(Answer):
    """A new code is on its way."""

    state: Literal["sent"] = "sent"


class AccountAnswer(Answer):
    """An account, by what its owner logs in with."""

    user_id: str


class AccountOpenedAnswer(Answer):
    """The account exists; whoever registered may log in."""

    account: AccountAnswer


@bp.post("/registrations")
@bp.input(RegistrationAsk, arg_name="ask")
@bp.output(RegistrationAnswer, status_code=201)
@idempotent
def begin(ask: RegistrationAsk) -> tuple[RegistrationAnswer, int]:
    """Begin a registration: tell us about yourself."""
    typed = Demographics(ask.first_name, ask.last_name, ask.date_of_birth, ask.sex, ask.zip, ask.phone)
    begun = value_or_refusal(
        registrations.begin_registration(parts(), typed, ask.location_id, ask.invitation_code, client_address())
    )
    return RegistrationAnswer(registration_id=begun.id, next=begun.next), 201  # said here too: @idempotent keeps it


@bp.get("/registrations/<registration_id>/questions")
@bp.output(QuestionsAnswer)
def questions(registration_id: str) -> QuestionsAnswer:
    """Give the questions that verify who registers."""
    language = answer_language()
    with parts().db.read() as tx:
        asked = registrations.find_questions(tx, registration_id, parts().clock.now())
    return QuestionsAnswer(
        questions=[
            QuestionAnswer(
                id=one.topic,
                text=question_text(one.topic, language),
                choices=[
                    ChoiceAnswer(id=choice, label=choice_label(one.topic, value, parts().locations, language))
                    for choice, value in choices_of(one).items()
                ],
            )
            for one in asked
        ]
    )


@bp.post("/registrations/<registration_id>/answers")
@bp.input(AnswersAsk, arg_name="ask")
@bp.output(NextAnswer)
def answers(registration_id: str, ask: AnswersAsk) -> NextAnswer:
    """Answer the questions, all at once."""
    given = [(one.question_id, one.choice) for one in ask.answers]
    return NextAnswer(
        next=value_or_refusal(registrations.answer_questions(parts(), registration_id, given, client_address()))
    )


@bp.post("/registrations/<registration_id>/credentials")
@bp.input(CredentialsAsk, arg_name="ask")
@bp.output(NextAnswer)
def credentials(registration_id: str, ask: CredentialsAsk) -> NextAnswer:
    """Choose User ID, e-mail address and password; a code is mailed."""
    asked = registrations.AskedCredentials(ask.user_id, ask.email, ask.password, asked_language())
    return NextAnswer(next=registrations.choose_credentials(parts(), registration_id, asked, client_address()))


@bp.post("/registrations/<registration_id>/validation-codes")
@bp.input(NoAsk, arg_name="ask")
@bp.output(CodeSentAnswer, status_code=202)
@idempotent
def new_code(registration_id: str, ask: NoAsk) -> tuple[CodeSentAnswer, int]:
    """Mail another code; the one before it passes no more."""
    del ask
    registrations.send_new_code(parts(), registration_id, client_address())
    return CodeSentAnswer(), 202


@bp.post("/registrations/<registration_id>/validation")
@bp.input(CodeAsk, arg_name="ask")
@bp.output(AccountOpenedAnswer, status_code=201)
@idempotent
def validation(registration_id: str, ask: CodeAsk) -> tuple[AccountOpenedAnswer, int]:
    """Enter the mailed code; the account exists from then on."""
    user_id = value_or_refusal(registrations.validate(parts(), registration_id, ask.code, client_address()))
    return AccountOpenedAnswer(account=AccountAnswer(user_id=user_id)), 201
