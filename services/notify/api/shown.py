"""Messages and whom they are for, as a screen shows them: no address in clear."""

from datetime import datetime
from uuid import UUID

from services.notify.domain.addresses import Addresses, Channel
from services.notify.domain.categories import Category
from services.notify.domain.lattice import Status
from services.notify.domain.message import Message
from services.notify.domain.people import Audience
from services.notify.store import Named
from shared.auth import may
from shared.http import Shown
from shared.privacy import mask_email, mask_phone
from shared.sealed import Unreadable

READERS = may("agent", "supervisor", "ops", "callback", "service")


class MessageOut(Shown):
    """A message as a screen shows it: phone or e-mail masked, or left out of one to whoever
    reported something in confidence.
    """

    id: UUID
    request_id: UUID
    case_id: UUID | None
    audience: Audience
    template: str
    category: Category
    channel: Channel
    region: str
    phone: str | None
    email: str | None
    text: str
    status: Status
    reason: str | None
    provider: str | None
    tries: int
    created_at: datetime
    handed_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None


class AddresseeOut(Shown):
    """Whom it is for, masked by channel; nothing of whoever reported something in confidence."""

    id: UUID
    audience: Audience
    locale: str
    case_id: UUID | None
    addresses: dict[Channel, str]


_PLAIN = MessageOut.model_fields.keys() - {"phone", "email"}
_HIDDEN = "****"


def shown(message: Message, addresses: Addresses) -> MessageOut:
    """A confidential one without any address."""
    seen = None
    if message.address is not None and not message.confidential:
        seen = _masked(addresses, message.channel, message.address)
    return MessageOut(
        **{name: getattr(message, name) for name in _PLAIN},
        phone=seen if message.channel is Channel.SMS else None,
        email=seen if message.channel is Channel.EMAIL else None,
    )


def shown_addressee(named: Named, addresses: Addresses) -> AddresseeOut:
    """A confidential one without any address."""
    known = {} if named.confidential else named.addresses
    return AddresseeOut(
        id=named.id,
        audience=named.audience,
        locale=named.locale,
        case_id=named.case_id,
        addresses={channel: _masked(addresses, channel, known[channel]) for channel in known},
    )


def _masked(addresses: Addresses, channel: Channel, sealed: bytes) -> str:
    """Stars when no key of ours opens it any more."""
    try:
        clear = addresses.opened(channel, sealed)
    except Unreadable:
        return _HIDDEN
    match channel:
        case Channel.SMS:
            return mask_phone(clear) or _HIDDEN
        case Channel.EMAIL:
            return mask_email(clear)
    return _HIDDEN
