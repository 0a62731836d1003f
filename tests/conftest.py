"""What every test may ask for; the servers stand in ``tests/servers.py``, the whole product in ``tests/flows``."""

pytest_plugins = ["tests.servers", "tests.flows.running"]
