"""What can be asked of exams: a function per thing, which decides, stores and tells."""
