"""`make replay`: every service of this machine tries its parked messages again."""

import os
import subprocess
import sys

from deploy.suite import SERVICES


def main() -> int:
    """Needs WATTLINE_POSTGRES, or the `.wattline` of a running `make run`."""
    failed = 0
    for service in SERVICES:
        command = [sys.executable, "-m", f"services.{service}", "replay"]
        failed += subprocess.run(command, env=os.environ, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
