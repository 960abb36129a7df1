"""`make replay`: every service tries its parked messages again."""

import json
import os
import subprocess
import sys
from pathlib import Path

from deploy.suite import SERVICES

_PARTS = Path(".wattline/parts.json")


def main() -> int:
    """Against the servers named in the environment, else those of the `make run` in this folder."""
    parts = json.loads(_PARTS.read_text()) if _PARTS.exists() else {}
    failed = 0
    for service in SERVICES:
        command = [sys.executable, "-m", f"services.{service}", "replay"]
        failed += subprocess.run(command, env=parts | os.environ, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
