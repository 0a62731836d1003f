"""Tables of shares, of the local copy of exams, and of tries at links."""
