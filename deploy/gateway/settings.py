"""What can be chosen when the gateway starts."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    http_port: int = 0
    smtp_port: int = 0
    username: str = "notify"
    password: str = "secret"
    providers: tuple[str, ...] = ("smpp1", "http1", "fake1")
    """The labels that `smsc` may name; the first one takes what names none."""
    mo_url: str | None = None
    """Where a customer's SMS goes, with Kannel's escapes."""
    dlr_delay: float = 0.2
    dlr_retries: int = 5
    dlr_retry_after: float = 1.0
    ledger: Path | None = None


ON_FREE_PORTS = Settings()
