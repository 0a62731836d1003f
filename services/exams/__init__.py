"""exams: what the RIS and the PACS send: visits, exams, studies, reports, and when they may be seen."""
