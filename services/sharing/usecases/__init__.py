"""What can be asked of sharing, a file a noun."""
