"""Somebody asks for messages, to people that they name."""

from services.notify import store
from services.notify.domain.asking import Draft, addressees, asked
from services.notify.domain.message import Message
from services.notify.domain.request import Request, RequestId
from services.notify.domain.telling import Desk
from services.notify.use_cases.telling import ask
from shared.db import Tx
from shared.ids import new_id
from shared.stamp import Stamp


async def write(tx: Tx, stamp: Stamp, desk: Desk, draft: Draft) -> tuple[Request, list[Message]]:
    """Queue what is asked for. Returns the request, and the message of each addressee in `draft`.

    Who is named twice is written to once. Raises what `asked`, `addressees` and `ask` raise.
    """
    request = asked(RequestId(new_id(stamp.at)), draft, desk, stamp)
    cases = {one.case_id for one in draft.to if one.case_id is not None}
    to = addressees(draft, desk, await store.customers(tx, cases))
    messages = await ask(tx, stamp, desk, request, to)
    return request, [messages[one.person] for one in to]
