"""The archiver's tables: local copies of exams and reports, builds, packages, tickets."""
