"""The network changes: a file of transformers is taken over as a whole, or not at all."""

from dataclasses import dataclass

from services.workorders.domain.device import Device, read_devices
from services.workorders.store import devices
from shared.audit import record
from shared.db import Tx
from shared.errors import Forbidden
from shared.stamp import Stamp


class ForeignDevice(Forbidden):
    """The file holds devices outside your region; nothing of it was loaded."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many were new, how many changed, and how many were as we knew them."""

    new: int
    changed: int
    same: int


async def import_devices(tx: Tx, stamp: Stamp, text: str, region: str) -> Imported:
    """Raises BadDeviceFile with the place of a mistake, ForeignDevice."""
    found = read_devices(text)
    if foreign := next((one for one in found if not one.region.startswith(region)), None):
        raise ForeignDevice(transformer=foreign.transformer, region=foreign.region)
    await _not_taken_from_elsewhere(tx, found, region)
    new, changed = await devices.put(tx, stamp, found)
    record(tx, stamp, "devices.imported", "devices", new=new, changed=changed)
    return Imported(new, changed, len(found) - new - changed)


async def _not_taken_from_elsewhere(tx: Tx, found: list[Device], region: str) -> None:
    """A known device of another region is not moved into the caller's."""
    for one in await devices.known(tx, [device.transformer for device in found]):
        if not one.region.startswith(region):
            raise ForeignDevice(transformer=one.transformer)
