"""sharing: password-protected links to exams."""
