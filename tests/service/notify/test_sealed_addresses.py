"""No address lies in clear in the database, and who has the keys can still write to people."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.notify.main import NotifySettings, service
from services.notify.tables import metadata
from tests.service.notify.conftest import (
    PHONE,
    accepted,
    hand_over,
    hear,
    raised,
    status,
)

OWN, NEXT = "a key of thirty-two characters or more", "another key of thirty-two characters"
CALLBACK = "a secret of thirty-two characters"


async def everything(notify) -> str:
    """All that the tables hold, as a dump shows it; without what is parked as it came."""
    told = ""
    for table in metadata.sorted_tables:
        if table.name != "parked":
            rows = await notify.rows(
                f'SELECT CAST("{table.name}" AS text) AS line FROM {table.name}'
            )
            told += "".join(row.line for row in rows)
    return told


@pytest.mark.anyio
async def test_no_table_holds_an_address_in_clear(notify, gateway, token):
    await hear(notify, accepted(), raised())
    to = [{"phone": PHONE, "email": "wang@demo.example"}]
    body = {"template": "order-arrived.v1", "values": {"number": "1"}, "to": to}
    headers = token("service") | {"idempotency-key": "1"}
    await notify.client.post("/v1/messages", json=body, headers=headers)
    await hand_over(notify)
    assert sorted(sms.to for sms in gateway.sent) == [PHONE, PHONE, "15400000035"]
    kept = await everything(notify)
    for clear in (PHONE, "15400000035", "15400000032", "wang@demo.example"):
        assert clear not in kept and clear.encode().hex() not in kept
        assert sha256(clear.encode()).hexdigest()[:16] not in kept, "whoever tries all finds it"


@pytest.mark.anyio
async def test_a_new_key_in_front_changes_nothing_for_who_waits(notify, gateway, clock, settings):
    await hear(notify, accepted())
    old = NotifySettings().address_keys.get_secret_value()
    renewed = NotifySettings(
        postgres=settings.postgres,
        jwks=settings.jwks,
        sms_url=gateway.sms_url,
        address_keys=f"{NEXT},{old}",
    )
    notify.service = service(renewed, clock)
    await hear(notify, accepted(), accepted(case_id=uuid4()))
    await hand_over(notify)
    assert [sms.to for sms in gateway.sent] == [PHONE, PHONE]
    people = await notify.rows("SELECT DISTINCT person FROM addressees")
    keys = await notify.rows("SELECT DISTINCT substr(address, 1, 5) FROM messages")
    assert (len(people), len(keys)) == (1, 2)


@pytest.mark.anyio
async def test_without_its_key_a_message_waits(notify, gateway, clock, settings):
    await hear(notify, accepted())
    lost = NotifySettings(
        postgres=settings.postgres, jwks=settings.jwks, sms_url=gateway.sms_url, address_keys=NEXT
    )
    with_keys, notify.service = notify.service, service(lost, clock)
    await hand_over(notify)
    assert await status(notify) == ["queued"] and gateway.sent == []
    [attempt] = await notify.rows("SELECT verdict, answer FROM attempts")
    assert tuple(attempt) == ("not_taken", "no key of ours opens its address")
    notify.service = with_keys
    clock.now += timedelta(minutes=1)
    await hand_over(notify)
    assert [sms.to for sms in gateway.sent] == [PHONE]


def test_production_wants_keys_of_its_own(monkeypatch):
    for name in ("ADDRESS_KEYS", "ADDRESS_INDEX_KEY"):
        monkeypatch.delenv(f"WATTLINE_{name}", raising=False)
    own: dict[str, Any] = {
        "production": True,
        "callback_secret": CALLBACK,
        "sms_password": "own",
        "address_keys": f"{NEXT},{OWN}",
        "address_index_key": OWN,
    }
    default = NotifySettings().address_keys.get_secret_value()
    for name, wrong in (
        ("address_keys", default),
        ("address_keys", f"{NEXT},{default}"),
        ("address_keys", "short"),
        ("address_keys", " , "),
        ("address_index_key", NotifySettings().address_index_key.get_secret_value()),
        ("address_index_key", "short"),
    ):
        with pytest.raises(ValidationError, match=name) as refused:
            NotifySettings(**own | {name: wrong})
        assert "thirty" not in str(refused.value), "a secret is not told by who refuses it"
    assert "thirty" not in repr(NotifySettings(**own))
