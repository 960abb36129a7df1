"""The house rules of this repository, read."""

from services.workorders.domain.pack_file import read_pack
from services.workorders.policies import read_packs

HOUSE = next(read_pack(pack) for pack in read_packs() if pack["id"] == "house")
