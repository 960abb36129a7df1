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
from services.notify.domain.message import MessageId, Patience
from services.notify.domain.seal import Seal
from services.notify.domain.words import Book
from services.notify.gateways import Account, Kannel
from services.notify.seed import seed
from services.notify.timers.handing_over import HandingOver
from services.notify.timers.lapsing import early_receipts, lapsing
from shared.cli import command_line
from shared.service import Service, utc_now
from shared.settings import Settings

_HERE = Path(__file__).parent
_ON_ONE_MACHINE = SecretStr("for one machine only: choose another")
_LOCAL_GATEWAY = SecretStr("secret")


class NotifySettings(Settings):
    """locale: the language for whoever reads none of ours.
    sms_*: the gateway, how it knows us, our number, which of its links (empty: it chooses), how
    many at a time, how long to wait.

    callback_url: where the gateway reaches our HTTP door. callback_secret: seals the receipts'
    addresses; changing it makes receipts on their way unreadable.
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


def service(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Service:
    assert isinstance(settings, NotifySettings)
    seal = Seal(settings.callback_secret.get_secret_value())
    patience = settings.patience
    handing_over = HandingOver(_gateway(settings, seal), patience, clock, settings.sms_in_flight)
    return Service(
        name="notify",
        port=8103,
        router=api.router(seal, patience),
        metadata=tables.metadata,
        heard=consumers.heard(_book(settings)),
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


def _book(settings: NotifySettings) -> Book:
    """The words and rules in this folder. Raises BadWords."""
    languages = [_yaml(file) for file in sorted((_HERE / "templates").glob("*.yaml"))]
    return Book.of(
        languages, _yaml(_HERE / "rules.yaml"), ZoneInfo(settings.utility_zone), settings.locale
    )


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


app = command_line(service, NotifySettings, seed)
