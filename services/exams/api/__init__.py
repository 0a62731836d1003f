"""The HTTP doors of exams: each parses, calls one use case, and maps what comes back."""
