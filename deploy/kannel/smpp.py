"""As much of SMPP 3.4 as a message centre needs: PDUs in and out, and what a submit says."""

import asyncio
import struct
from dataclasses import dataclass

BINDS = (1, 2, 9)  # receiver, transmitter, transceiver
SUBMIT, DELIVER, UNBIND, ENQUIRE_LINK = 4, 5, 6, 0x15
ANSWER = 0x80000000  # of the command with the rest of its bits
OK, INVALID_DESTINATION, THROTTLED = 0, 0x0B, 0x58

_HEAD = struct.Struct(">IIII")
_LARGEST = 64 * 1024
_WITH_UDH, _RECEIPT, _UCS_2 = 0x40, 4, 8


@dataclass(frozen=True, slots=True)
class Pdu:
    command: int
    number: int
    body: bytes = b""
    status: int = OK

    def answer(self, body: bytes = b"", status: int = OK) -> "Pdu":
        return Pdu(self.command | ANSWER, self.number, body, status)

    def encoded(self) -> bytes:
        length = _HEAD.size + len(self.body)
        return _HEAD.pack(length, self.command, self.status, self.number) + self.body


async def read(reader: asyncio.StreamReader) -> Pdu:
    """The next PDU. Raises IncompleteReadError at the end, ValueError when it is none."""
    length, command, status, number = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    if not _HEAD.size <= length <= _LARGEST:
        raise ValueError(f"a PDU of {length} bytes")
    return Pdu(command, number, await reader.readexactly(length - _HEAD.size), status)


@dataclass(frozen=True, slots=True)
class Submit:
    """A short message, as far as a message centre looks at it."""

    sender: bytes
    to: bytes
    wants_receipt: bool
    data: bytes
    text: str

    @classmethod
    def of(cls, body: bytes) -> "Submit":
        fields = _Fields(body)
        fields.word()  # service type
        fields.octets(2)
        sender = fields.word()
        fields.octets(2)
        to = fields.word()
        esm_class = fields.octets(3)[0]
        fields.word()  # when to deliver
        fields.word()  # until when
        receipt, _, coding, _, length = fields.octets(5)
        data = fields.octets(length)
        words = data[data[0] + 1 :] if esm_class & _WITH_UDH else data
        text = words.decode("utf-16-be" if coding == _UCS_2 else "latin-1", "replace")
        return cls(sender, to, bool(receipt & 1), data, text)


class _Fields:
    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def word(self) -> bytes:
        """Up to its closing zero."""
        end = self._body.index(0, self._at)
        word, self._at = self._body[self._at : end], end + 1
        return word

    def octets(self, count: int) -> bytes:
        octets = self._body[self._at : self._at + count]
        self._at += count
        return octets


def receipt(number: int, submit: Submit, text: bytes) -> Pdu:
    """A delivery receipt for what was submitted: from its receiver to its sender."""
    ends = b"\x00" + b"\x01\x01" + submit.to + b"\x00" + b"\x01\x01" + submit.sender + b"\x00"
    rest = bytes([_RECEIPT, 0, 0]) + b"\x00\x00" + bytes(4) + bytes([len(text)]) + text
    return Pdu(DELIVER, number, ends + rest)
