"""The Java that runs Apache Kafka, and the jars that Maven fetches for it."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

POM = Path(__file__).with_name("pom.xml")
OLDEST_JAVA = 17
FETCH_WITHIN = 600.0
JAVA_WITHIN = 30.0


class ApacheKafkaError(RuntimeError):
    """Apache Kafka can't be fetched or started on this machine."""


def pinned_version() -> str:
    found = ElementTree.parse(POM).findtext(".//{*}kafka.version")
    if found is None:
        raise ApacheKafkaError(f"{POM} names no kafka.version.")
    return found


def java_command() -> str:
    """The command that runs Java, from JAVA_HOME or else the PATH, when it is new enough."""
    home = os.environ.get("JAVA_HOME")
    command = shutil.which("java", path=os.path.join(home, "bin") if home else None)
    needed = f"Apache Kafka needs Java {OLDEST_JAVA} or newer"
    if command is None:
        where = f"JAVA_HOME ({home})" if home else "the PATH"
        raise ApacheKafkaError(f"{needed}, but there is no `java` in {where}.")
    said = run(JAVA_WITHIN, command, "-version")
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise ApacheKafkaError(f"{needed}, but {command} says: {said.partition(chr(10))[0]}")
    return command


def fetch_jars(jars: Path, version: str) -> None:
    """Fills the folder `jars`, unless it is there: it appears whole or not at all."""
    if jars.is_dir():
        return
    mvn = shutil.which("mvn")
    if mvn is None:
        raise ApacheKafkaError(
            "Apache Kafka comes through Maven, but there is no `mvn` in the PATH."
        )
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix="fetching-") as folder:
        run(
            FETCH_WITHIN,
            *(mvn, "-q", "-B", "-Dstyle.color=never", "-f", str(POM), f"-Dkafka.version={version}"),
            *("dependency:copy-dependencies", f"-DoutputDirectory={folder}/jars"),
        )
        if not jars.is_dir():
            os.rename(f"{folder}/jars", jars)


def run(within: float, *command: str) -> str:
    """What the command said; an error with its last words when it failed or took too long."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=within,
        )
    except subprocess.TimeoutExpired:
        raise ApacheKafkaError(f"{command[0]} took longer than {within:.0f} s.") from None
    if done.returncode != 0:
        raise ApacheKafkaError(f"{command[0]} failed:\n{tail(done.stdout)}")
    return done.stdout


def tail(text: str, lines: int = 20) -> str:
    return "\n".join(text.splitlines()[-lines:])
