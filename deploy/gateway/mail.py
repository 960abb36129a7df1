"""The mail world: takes every message but those to `bounce*@` (550) and `later*@` (451)."""

import asyncio
import email
import socket
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from typing import Self
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.gateway.journal import Mail

LARGEST = 10_000_000


class Postbox:
    def __init__(self, deliver: Callable[[Mail], None]) -> None:
        self._deliver = deliver

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower().startswith("bounce"):
            return "550 5.1.1 No such mailbox"
        if address.lower().startswith("later"):
            return "451 4.2.2 Mailbox full, try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        queued = [
            _mail(envelope.content, envelope.mail_from or "", address)
            for address in envelope.rcpt_tos
        ]
        for mail in queued:
            self._deliver(mail)
        return f"250 2.0.0 OK: queued as {queued[0].id}"


class MailServer:
    def __init__(self, listener: socket.socket, deliver: Callable[[Mail], None]) -> None:
        self._listener = listener
        self._postbox = Postbox(deliver)
        self._sessions: WeakSet[SMTP] = WeakSet()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, sock=self._listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for session in self._sessions:
            if session.transport:
                session.transport.close()

    def _session(self) -> SMTP:
        session = SMTP(
            self._postbox,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="gateway.local",
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(session)
        return session


def _mail(content: bytes, sender: str, to: str) -> Mail:
    message = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(
        to=_printable(to),
        sender=_printable(sender),
        subject=_printable(str(message["subject"] or "")),
        text=_body(message, "plain") or _body(message, "html"),
        html=_body(message, "html"),
        headers={name.lower(): _printable(str(value)) for name, value in message.items()},
    )


def _body(message: EmailMessage, subtype: str) -> str:
    try:
        part = message.get_body((subtype,))
        return _printable(part.get_content()) if part else ""
    except (LookupError, ValueError, AttributeError):  # charsets and structures nobody knows
        return _printable(message.as_bytes().decode("utf-8", "replace"))


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
