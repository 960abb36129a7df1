"""A test may break the phone network, for all or for one provider, and heal it."""

import asyncio

import httpx
import pytest

from deploy.gateway import Faults, Gateway
from tests.service.gateway.conftest import Hearer, Sender

pytestmark = pytest.mark.anyio


def asking(hearer: Hearer) -> dict[str, str]:
    return {"dlr_mask": "31", "dlr_url": f"{hearer.url}?code=%d"}


async def test_broken_and_healed_over_http(
    sender: Sender, gateway: Gateway, client: httpx.AsyncClient
) -> None:
    broken = await client.post("/simulate/faults", json={"http_status": 503})
    assert broken.json()["http_status"] == 503
    assert await sender.send() == "503 Temporal failure, try again later."
    assert gateway.sent == []
    assert (await client.delete("/simulate/faults")).status_code == 204
    assert await sender.send() == "202 0: Accepted for delivery"
    counts = (await client.get("/counts")).json()
    assert (counts["submitted"], counts["by_status"]) == (1, {"503": 1, "202": 1})


async def test_a_fault_nobody_knows_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/simulate/faults", json={"earthquake": 7})).status_code == 422


async def test_one_provider_fails_and_the_other_does_not(sender: Sender, gateway: Gateway) -> None:
    gateway.network.faults = Faults(http_status=503, smsc="smpp1")
    assert (await sender.send(smsc="smpp1")).startswith("503")
    assert (await sender.send()).startswith("503")
    assert (await sender.send(smsc="http1")).startswith("202")


async def test_a_hanging_gateway_has_taken_the_message(sender: Sender, gateway: Gateway) -> None:
    gateway.network.faults = Faults(hang_seconds=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await sender.send()
    assert len(gateway.sent) == 1


async def test_a_dropped_connection_has_taken_nothing(sender: Sender, gateway: Gateway) -> None:
    gateway.network.faults = Faults(refuse=True)
    with pytest.raises(httpx.TransportError):
        await sender.send()
    assert gateway.sent == []
    gateway.network.faults = Faults()
    assert (await sender.send()).startswith("202")


async def test_receipts_get_lost(sender: Sender, gateway: Gateway, hearer: Hearer) -> None:
    gateway.network.faults = Faults(drop_dlr=True)
    await sender.send(**asking(hearer))
    await asyncio.sleep(0.1)
    assert await hearer.hears(0) == []


async def test_receipts_come_more_than_once(
    sender: Sender, gateway: Gateway, hearer: Hearer
) -> None:
    gateway.network.faults = Faults(duplicate_dlr=2)
    await sender.send(**asking(hearer))
    assert sorted(await hearer.codes(6)) == [1, 1, 1, 8, 8, 8]


async def test_messages_wait_for_a_link_that_is_down(
    sender: Sender, gateway: Gateway, hearer: Hearer
) -> None:
    gateway.network.faults = Faults(link_down=True)
    assert await sender.send(**asking(hearer)) == "202 3: Queued for later delivery"
    assert await hearer.hears(0) == []
    gateway.network.faults = Faults()
    assert await hearer.codes(2) == [8, 1]


async def test_a_stopped_gateway_refuses_connections_and_comes_back_where_it_was() -> None:
    gateway = Gateway()
    async with httpx.AsyncClient() as client:
        async with gateway:
            await Sender(gateway, client).send()
        with pytest.raises(httpx.ConnectError):
            await Sender(gateway, client).send()
        async with gateway:
            await Sender(gateway, client).send()
    assert len(gateway.sent) == 2
