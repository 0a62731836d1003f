"""What every test may ask for; the servers stand in ``tests/servers.py``."""

pytest_plugins = ["tests.servers"]
