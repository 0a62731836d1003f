"""The archiver's HTTP door: packages and downloads."""
