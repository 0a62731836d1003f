"""What a second service needed: technical nouns only; knows no service."""
