"""identity: who may come in: patients, I-Codes, sessions, signing keys, staff, the merged audit."""
