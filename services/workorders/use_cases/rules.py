"""Routing rules: saved as immutable versions, dated without overlap or hole."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.workorders.domain.rules import BadRules, Rules, fits_between
from services.workorders.store import rules
from shared.audit import record
from shared.db import Tx
from shared.errors import Forbidden
from shared.stamp import Stamp


class WholeCenter(Forbidden):
    """Routing rules are for the whole center: who sees only a part of it can't set them."""


async def save_rules(tx: Tx, stamp: Stamp, data: Mapping[str, Any], region: str = "") -> Rules:
    """Raises BadRules, RulesOverlap, RulesHole, WholeCenter."""
    if region:
        raise WholeCenter(region=region)
    new = rules.ruling_of(data).rules
    fits_between(new, await rules.lock_all(tx))
    await rules.add(tx, stamp, new, data)
    record(tx, stamp, "routing_rules.saved", new.version, valid_from=new.valid_from.isoformat())
    return new


async def use_packaged_rules(tx: Tx, stamp: Stamp, files: Sequence[Mapping[str, Any]]) -> None:
    """Save versions that are not yet. Raises BadRules when a saved one was edited since."""
    known = {saved.version: saved.data for saved in await rules.all_versions(tx)}
    for data in files:
        if data.get("version") not in known:
            await save_rules(tx, stamp, data)
        elif known[data["version"]] != data:
            raise BadRules(f"{data['version']} was edited: give it a new version")
