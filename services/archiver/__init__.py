"""archiver: packages of exams as .zip and .iso, and their download."""
