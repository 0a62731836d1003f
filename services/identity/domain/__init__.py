"""The rules of who may come in, by noun; pure."""
