"""Sharing's HTTP doors: owners' shares, recipients' sessions, support."""
