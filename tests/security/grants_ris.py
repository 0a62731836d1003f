"""What the RIS tells in the machine of ``test_grants_machine``: merges, corrections, exams that come and go."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from contracts.exams import ExamChanged, ExamMoved, ExamRemoved, PatientMerged, PatientUnmerged, VisitChanged
from tests.identity.conftest import a_visit, an_exam
from tests.security.grants_model import PERSON
from tests.security.grants_world import EXAMS, VISITS, World


class Ris(World):
    """A world in which the RIS has its say; what belongs together is heard in any order."""

    @precondition(lambda self: len(self.truth.merged_into) < 4)
    @rule(data=st.data())
    def merge(self, data: Any) -> None:
        gone = data.draw(st.sampled_from(sorted(set(PERSON) - self.truth.merged_into.keys())))
        others = sorted(one for one in PERSON if gone not in self.truth.chain(one))
        self.join(data, PatientMerged, gone, data.draw(st.sampled_from(others)))

    @precondition(lambda self: self.truth.merged_into)
    @rule(data=st.data())
    def undo_a_merge(self, data: Any) -> None:
        gone = data.draw(st.sampled_from(sorted(self.truth.merged_into)))
        self.join(data, PatientUnmerged, gone, self.truth.merged_into[gone])

    def join(self, data: Any, kind: type, gone: str, into: str) -> None:
        before = {visit: self.truth.shown_as(visit) for visit in VISITS}
        if kind is PatientMerged:
            self.truth.merged_into[gone] = into
        else:
            del self.truth.merged_into[gone]
        self.note_whose()
        now, reason = self.clock.now(), "merged" if kind is PatientMerged else "unmerged"
        told = [kind(id=gone, version=next(self.versions), at=now, from_patient_id=gone, into_patient_id=into)]
        for visit, shown in before.items():
            if self.truth.shown_as(visit) != shown:
                told += self.moved(visit, shown, reason)
                for code in self.codes:  # printed for whom the visit was not, perhaps
                    code.is_ended |= (
                        kind is PatientUnmerged and code.visit == visit and bool(self.truth.exams_of(visit))
                    )
        self.hear(data, told)

    @rule(data=st.data(), visit=st.sampled_from(sorted(VISITS)), record=st.sampled_from(sorted(PERSON)))
    def correct_whose_a_visit_is(self, data: Any, visit: str, record: str) -> None:
        before = self.truth.shown_as(visit)
        if before == self.truth.chain(record)[-1]:
            return
        self.truth.record_of[visit] = record
        for code in self.codes if self.truth.exams_of(visit) else []:
            code.end_unless_for(visit, self.truth.shown_as(visit))
        self.note_whose()
        self.hear(data, self.moved(visit, before, "corrected"))

    @rule(data=st.data(), exam=st.sampled_from(sorted(EXAMS)), visit=st.sampled_from(sorted(VISITS)))
    def move_an_exam_to_another_visit(self, data: Any, exam: str, visit: str) -> None:
        if self.truth.visit_of.get(exam, visit) == visit:
            return
        before, after = self.truth.shown_as(self.truth.visit_of[exam]), self.truth.shown_as(visit)
        self.truth.visit_of[exam] = visit
        if before == after:
            self.hear(data, [self.exam(exam, ExamChanged)])
            return
        for code in self.codes:  # of the visit that it came to: when unsure, printed anew
            code.end_unless_for(visit, after)
        self.hear(data, [self.exam(exam, ExamMoved, from_patient_id=before, to_patient_id=after, reason="corrected")])

    @rule(visit=st.sampled_from(sorted(VISITS)))
    def add_an_exam(self, visit: str) -> None:
        exam = f"late-{next(self.made)}"
        self.truth.visit_of[exam] = visit
        self.house.hear(self.exam(exam, ExamChanged))

    @precondition(lambda self: len(self.truth.visit_of) > 1)
    @rule(data=st.data())
    def remove_an_exam(self, data: Any) -> None:
        exam = data.draw(st.sampled_from(sorted(self.truth.visit_of)))
        shown = self.truth.shown_as(self.truth.visit_of[exam])
        event = self.exam(exam, ExamRemoved, from_patient_id=shown, reason="corrected")
        del self.truth.visit_of[exam]
        self.house.hear(event)

    def note_whose(self) -> None:
        for code in self.codes:
            code.has_changed_hands |= self.truth.shown_as(code.visit) != code.shown_for

    def moved(self, visit: str, before: str, reason: str) -> list[Any]:
        """Give what is told when all of *visit* is another record's."""
        shown = self.truth.shown_as(visit)
        told = [a_visit(visit, VisitChanged, version=next(self.versions), at=self.clock.now(), patient_id=shown)]
        return told + [
            self.exam(one, ExamMoved, from_patient_id=before, to_patient_id=shown, reason=reason)
            for one in sorted(self.truth.exams_of(visit))
        ]

    def exam(self, exam: str, kind: type, **more: Any) -> Any:
        visit = self.truth.visit_of[exam]
        more |= {"version": next(self.versions), "at": self.clock.now(), "visit_id": visit}
        return an_exam(exam, kind, patient_id=self.truth.shown_as(visit), **more)
