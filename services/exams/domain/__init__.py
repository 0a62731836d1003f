"""The rules of exams: release of reports, matching of studies, what newer news changes. Pure: time and ids come in."""
