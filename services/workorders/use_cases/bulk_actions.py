"""What a bulk job does to one order, by the use case of the single route; and its opposite."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from services.workorders.domain.bulk import Action, ChangedSince, Item
from services.workorders.domain.decision import UndoneAlready
from services.workorders.domain.order import WorkOrderId
from services.workorders.domain.parts import Supervision
from services.workorders.domain.policy import rules
from services.workorders.domain.refusals import NothingChanges, NoUrgeToAnswer, SameTeam
from services.workorders.domain.supervision import Watching
from services.workorders.store import grouping_log, orders, references
from services.workorders.store.orders import Aim
from services.workorders.use_cases import (
    closing,
    concerns,
    desk,
    field,
    regrouping,
    undoing,
    watching,
)
from services.workorders.use_cases.moved import settle
from shared.db import Tx
from shared.stamp import Stamp

# Refusals that say that the order is already as it should be.
UNCHANGED = (NothingChanges, NoUrgeToAnswer, SameTeam, UndoneAlready)

_Body = Mapping[str, Any]
_Before = dict[str, Any]
_Simple = Callable[..., Awaitable[Any]]

# Those whose body is what the use case takes, word for word, and that leave nothing to remember.
_SIMPLE: dict[Action, _Simple] = {
    Action.TRIAGE: desk.pass_on,
    Action.DISPATCH: desk.send_again,
    Action.REASSIGNMENT: desk.reassign,
    Action.CLAIM: field.claim,
    Action.RETURN: desk.hand_back,
    Action.UNMERGE: regrouping.take_out,
    Action.URGE_ANSWER: concerns.answer_urge,
    Action.SUSPENSION_APPROVAL: desk.suspend,
    Action.SUSPENSION_REFUSAL: desk.refuse_to_suspend,
    Action.RESUMPTION: desk.resume,
    Action.REVIEW: closing.review,
    Action.CANCELLATION: desk.cancel,
}


async def do(tx: Tx, stamp: Stamp, aim: Aim, action: Action, body: _Body) -> _Before:
    """Returns what taking it back needs. Raises whatever the use case refuses with."""
    if action in _OWN:
        return await _OWN[action](tx, stamp, aim, body)
    await _SIMPLE[action](tx, stamp, aim, **body)
    return {}


async def take_back(
    tx: Tx, stamp: Stamp, aim: Aim, action: Action, item: Item, body: _Body
) -> None:
    """The opposite of what that action did to this order, by what it left in `item.before`."""
    await _OPPOSITES[action](tx, stamp, aim, item.before, body["because"])


async def _merge(tx: Tx, stamp: Stamp, aim: Aim, body: _Body) -> _Before:
    master = Aim(WorkOrderId(UUID(body["master_id"])), aim.region)
    order = await orders.get(tx, aim)
    if order.is_merged and order.master_id == master.id:
        raise NothingChanges(field="master_id")
    await regrouping.put_order_under(tx, stamp, aim, master, body["because"])
    return {"decision_id": str(grouping_log.last_of(tx, order.id))}


async def _unmerge(tx: Tx, stamp: Stamp, aim: Aim, before: _Body, because: str) -> None:
    await undoing.undo(tx, stamp, UUID(before["decision_id"]), aim.region, because)


async def _supervise(tx: Tx, stamp: Stamp, aim: Aim, body: _Body) -> _Before:
    order = await orders.lock(tx, aim)
    if not body["on"]:
        await concerns.release(tx, stamp, aim, body["reason"])
        return {"was": _written(order.supervision), "since": None}
    owners = rules(await references.packs_in_force(tx, stamp.at), Watching)
    wanted = (body["level"], body["owner"] or owners.owner(body["level"]))
    if order.supervision and (order.supervision.level, order.supervision.owner) == wanted:
        raise NothingChanges(field="on")
    await concerns.supervise(tx, stamp, aim, body["level"], body["owner"], body["reason"])
    return {"was": _written(order.supervision), "since": stamp.at.isoformat(), "by": stamp.by}


async def _unsupervise(tx: Tx, stamp: Stamp, aim: Aim, before: _Body, because: str) -> None:
    order = await orders.lock(tx, aim)
    now = order.supervision
    if before["since"] is None:
        ours = now is None
    else:
        ours = now is not None and (now.since.isoformat(), now.by) == (
            before["since"],
            before["by"],
        )
    if not ours:
        raise ChangedSince(field="supervision")
    if before["was"] is None:
        await concerns.release(tx, stamp, aim, because)
        return
    since = datetime.fromisoformat(before["was"]["since"])
    was = Supervision(**{**before["was"], "since": since})
    await settle(tx, stamp, watching.supervised(tx, stamp, order, was))


def _written(supervision: Supervision | None) -> dict[str, Any] | None:
    if supervision is None:
        return None
    return asdict(supervision) | {"since": supervision.since.isoformat()}


async def _tag(tx: Tx, stamp: Stamp, aim: Aim, body: _Body) -> _Before:
    order = await orders.lock(tx, aim)
    tagged = await concerns.tag(tx, stamp, aim, body["add"], body["remove"], body["reason"])
    before, after = set(order.asked.tags), set(tagged.asked.tags)
    return {"added": sorted(after - before), "removed": sorted(before - after)}


async def _untag(tx: Tx, stamp: Stamp, aim: Aim, before: _Body, because: str) -> None:
    await concerns.tag(tx, stamp, aim, before["removed"], before["added"], because)


async def _endanger(tx: Tx, stamp: Stamp, aim: Aim, body: _Body) -> _Before:
    await concerns.endanger(tx, stamp, aim, body["danger"], body["reason"])
    return {"danger": not body["danger"]}


async def _unendanger(tx: Tx, stamp: Stamp, aim: Aim, before: _Body, because: str) -> None:
    await concerns.endanger(tx, stamp, aim, before["danger"], because)


_OWN: dict[Action, Callable[[Tx, Stamp, Aim, _Body], Awaitable[_Before]]] = {
    Action.MERGE: _merge,
    Action.SUPERVISION: _supervise,
    Action.TAGS: _tag,
    Action.DANGER: _endanger,
}
_OPPOSITES: dict[Action, Callable[[Tx, Stamp, Aim, _Body, str], Awaitable[None]]] = {
    Action.MERGE: _unmerge,
    Action.SUPERVISION: _unsupervise,
    Action.TAGS: _untag,
    Action.DANGER: _unendanger,
}
