"""Where notify is put together."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, HttpUrl, SecretStr, model_validator

from services.notify import api, consumers, tables
from services.notify.api.receipts import KANNEL
from services.notify.domain.addresses import Addresses, Channel
from services.notify.domain.categories import Categories
from services.notify.domain.message import MessageId, Patience
from services.notify.domain.seal import Seal
from services.notify.domain.telling import Desk
from services.notify.domain.words import Book
from services.notify.gateways import Account, Kannel
from services.notify.seed import seed
from services.notify.timers.handing_over import HandingOver
from services.notify.timers.lapsing import early_receipts, lapsing
from shared.cli import command_line
from shared.db import Database
from shared.sealed import SHORTEST_SECRET, Sealer, ring_of
from shared.service import Service, utc_now
from shared.settings import Settings

_HERE = Path(__file__).parent
_ON_ONE_MACHINE = SecretStr("for one machine only: choose another")
_LOCAL_KEYS = SecretStr("for one machine only: seals addresses of nobody")
_LOCAL_INDEX_KEY = SecretStr("for one machine only: finds addresses of nobody")
_LOCAL_GATEWAY = SecretStr("secret")


class NotifySettings(Settings):
    """locale: the language for whoever reads none of ours.
    sms_*: the gateway, how it knows us, our number, which of its links (empty: it chooses), how
    many at a time, how long to wait.

    callback_url: where the gateway reaches our HTTP door. callback_secret: seals the receipts'
    addresses; changing it makes receipts on their way unreadable.
    address_keys: the keys that seal addresses, newest first, separated by commas; what one of them
    sealed can be read as long as it stays in the list. address_index_key: of the index by which a
    person is known again; with another one everybody is new.
    receipt_hours: without a final receipt for so long, a message is unknown.
    """

    locale: str = "zh-CN"
    sms_url: HttpUrl = HttpUrl("http://127.0.0.1:13013/cgi-bin/sendsms")
    sms_username: str = "notify"
    sms_password: SecretStr = _LOCAL_GATEWAY
    sms_sender: str = "95598"
    sms_smsc: str = ""
    sms_in_flight: Annotated[int, Field(ge=1, le=500)] = 32
    sms_seconds: Annotated[float, Field(gt=0, le=6)] = 5.0
    sms_tries: Annotated[int, Field(ge=1)] = 100
    sms_resends: Annotated[int, Field(ge=0)] = 2
    receipt_hours: Annotated[float, Field(gt=0)] = 72.0
    callback_url: HttpUrl = HttpUrl("http://127.0.0.1:8103")
    callback_secret: Annotated[SecretStr, Field(min_length=32)] = _ON_ONE_MACHINE
    address_keys: SecretStr = _LOCAL_KEYS
    address_index_key: Annotated[SecretStr, Field(min_length=SHORTEST_SECRET)] = _LOCAL_INDEX_KEY

    @model_validator(mode="after")
    def _keys_are_keys(self) -> "NotifySettings":
        own = ring_of(self.address_keys.get_secret_value())
        if not own or min(map(len, own)) < SHORTEST_SECRET:
            raise ValueError(f"address_keys: {SHORTEST_SECRET} characters or more each")
        if self.production and _LOCAL_KEYS.get_secret_value() in own:
            raise ValueError("address_keys: choose your own for production")
        if self.production and self.address_index_key == _LOCAL_INDEX_KEY:
            raise ValueError("address_index_key: choose your own for production")
        return self

    @model_validator(mode="after")
    def _secrets_are_secret(self) -> "NotifySettings":
        if self.production and self.callback_secret == _ON_ONE_MACHINE:
            raise ValueError("callback_secret: choose your own for production")
        if self.production and self.sms_password == _LOCAL_GATEWAY:
            raise ValueError("sms_password: the local gateway's is not for production")
        return self

    @property
    def patience(self) -> Patience:
        receipt = timedelta(hours=self.receipt_hours)
        return Patience(tries=self.sms_tries, resends=self.sms_resends, receipt=receipt)

    @property
    def addresses(self) -> Addresses:
        keys = ring_of(self.address_keys.get_secret_value())
        return Addresses(Sealer(keys, self.address_index_key.get_secret_value()))


def service(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Service:
    assert isinstance(settings, NotifySettings)
    seal = Seal(settings.callback_secret.get_secret_value())
    patience = settings.patience
    desk = _desk(settings)
    gateway, lanes = _gateway(settings, seal), settings.sms_in_flight
    handing_over = HandingOver(gateway, desk.addresses, patience, clock, lanes)
    return Service(
        name="notify",
        port=8103,
        router=api.router(seal, patience, desk),
        metadata=tables.metadata,
        heard=consumers.heard(desk),
        timers=(lapsing(patience), early_receipts(patience)),
        loops=(handing_over.run,),
        byte_queries=(KANNEL,),
    )


def _gateway(settings: NotifySettings, seal: Seal) -> Kannel:
    account = Account(
        str(settings.sms_url),
        settings.sms_username,
        settings.sms_password,
        settings.sms_sender,
        settings.sms_smsc,
    )
    door = str(settings.callback_url).rstrip("/") + KANNEL

    def receipt_url(id: MessageId, number: int) -> str:
        about = urlencode({"m": id, "t": seal.of(id), "n": number})
        return f"{door}?{about}&code=%d&reply=%A"

    return Kannel(account, receipt_url, settings.sms_seconds)


def _desk(settings: NotifySettings) -> Desk:
    """Raises BadWords, BadCategories."""
    categories = Categories.of(_yaml(_HERE / "categories.yaml"))
    return Desk(_book(settings), categories, settings.addresses, frozenset({Channel.SMS}))


def _book(settings: NotifySettings) -> Book:
    """The words and rules in this folder. Raises BadWords."""
    languages = [_yaml(file) for file in sorted((_HERE / "templates").glob("*.yaml"))]
    return Book.of(
        languages, _yaml(_HERE / "rules.yaml"), ZoneInfo(settings.utility_zone), settings.locale
    )


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


async def _seed(database: Database) -> int:
    return await seed(database, NotifySettings().addresses)


app = command_line(service, NotifySettings, _seed)
