"""What the world outside has received: the newest messages in memory, all of them in a ledger."""

import asyncio
import json
import os
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from time import time
from typing import Any, ClassVar
from uuid import uuid4

REMEMBERED = 10_000
FSYNC_EVERY = 0.020
FOREIGN_IDS = count(int(time() * 1000))


def _now() -> datetime:
    return datetime.now(UTC)


def _foreign_id() -> str:
    return str(next(FOREIGN_IDS))


def _id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Receipt:
    code: int
    at: datetime = field(default_factory=_now)


@dataclass(slots=True, kw_only=True)
class Sms:
    kind: ClassVar[str] = "sms"

    to: str
    sender: str
    text: str
    coding: int
    smsc: str
    user: str
    account: str
    priority: int | None
    validity: int | None
    dlr_mask: int
    dlr_url: str
    meta_data: str
    foreign_id: str = field(default_factory=_foreign_id)
    id: str = field(default_factory=_id)
    at: datetime = field(default_factory=_now)
    receipts: list[Receipt] = field(default_factory=list)
    """Those that the callback took."""

    def again(self, to: str) -> "Sms":
        """The same for another handset."""
        return replace(self, to=to, foreign_id=_foreign_id(), id=_id(), receipts=[])


@dataclass(slots=True, kw_only=True)
class Mail:
    kind: ClassVar[str] = "mail"

    to: str
    sender: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    id: str = field(default_factory=_id)
    at: datetime = field(default_factory=_now)


def as_json(message: Sms | Mail) -> dict[str, Any]:
    shown = {name: getattr(message, name) for name in message.__slots__}
    shown["at"] = message.at.isoformat()
    if isinstance(message, Sms):
        shown["receipts"] = [{"code": r.code, "at": r.at.isoformat()} for r in message.receipts]
    return {"kind": message.kind, "from": shown.pop("sender"), **shown}


class Ledger:
    """JSON lines. A line is with the operating system before its sender is answered, and on the
    disk 20 ms later: it outlives a killed gateway at once, and a power cut from then on."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._open = True
        self._dirty = asyncio.Event()
        self._syncing = asyncio.create_task(self._sync())

    def append(self, message: Sms | Mail) -> None:
        line = json.dumps(as_json(message), ensure_ascii=False)
        os.write(self._file, line.encode() + b"\n")
        self._dirty.set()

    async def close(self) -> None:
        self._open = False
        self._dirty.set()
        await self._syncing
        os.close(self._file)

    async def _sync(self) -> None:
        while self._open:
            await self._dirty.wait()
            self._dirty.clear()
            await asyncio.to_thread(os.fsync, self._file)
            await asyncio.sleep(FSYNC_EVERY)


class Journal:
    def __init__(self) -> None:
        self.ledger: Ledger | None = None
        self.messages: deque[Sms | Mail] = deque(maxlen=REMEMBERED)
        self.taken: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.receipts: Counter[str] = Counter()

    def add(self, message: Sms | Mail) -> None:
        if self.ledger:
            self.ledger.append(message)
        self.messages.append(message)
        self.taken[message.kind] += 1

    def find(self, to: str, contains: str, limit: int) -> list[Sms | Mail]:
        """Newest first."""
        found = (
            message
            for message in reversed(self.messages)
            if (not to or message.to == to) and contains in message.text
        )
        return list(islice(found, limit))

    def forget(self) -> None:
        self.messages.clear()
        for counter in (self.taken, self.answers, self.receipts):
            counter.clear()
