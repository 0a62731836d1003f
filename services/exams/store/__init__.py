"""The tables of exams and what is asked of them; the transaction is the first argument."""
