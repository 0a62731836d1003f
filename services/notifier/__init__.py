"""notifier: what a person is told by mail, once."""
