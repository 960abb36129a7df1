"""The broker from the command line: `python -m deploy.kafka up|topics|down`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from deploy.kafka.apache import ApacheKafka
from deploy.kafka.java import ApacheKafkaError

app = typer.Typer(help="Apache Kafka on this machine.", no_args_is_help=True)

Home = Annotated[Path, typer.Option(help="Folder of its data, log and jars.")]
HOME = Path(".wattline/kafka")
JARS = Path(".wattline/kafka-jars")


@app.command()
def up(home: Home = HOME, port: int = 9092) -> None:
    """Start it and leave it running."""
    kafka = ApacheKafka(home, port, JARS)
    asyncio.run(kafka.start())
    typer.echo(f"Apache Kafka {kafka.version} at {kafka.bootstrap}, process {kafka.pid}")


@app.command()
def topics(names: list[str], home: Home = HOME, partitions: int = 6) -> None:
    """Make topics that aren't there yet."""
    asyncio.run(ApacheKafka(home, jars=JARS).create_topics(names, partitions))


@app.command()
def down(home: Home = HOME) -> None:
    """Stop it; its data stays."""
    asyncio.run(ApacheKafka(home, jars=JARS).stop())


if __name__ == "__main__":
    try:
        app()
    except (ApacheKafkaError, KafkaError, ValueError) as error:
        raise SystemExit(str(error)) from None
