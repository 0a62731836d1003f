"""``python -m deploy.local up``: what ``./portal up`` hands over to."""

import sys

from deploy.local import up

if __name__ == "__main__":
    if sys.argv[1:2] != ["up"]:
        sys.exit("python -m deploy.local up [--help]")
    sys.exit(up.main(sys.argv[2:]))
