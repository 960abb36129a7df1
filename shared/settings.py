"""What a process is told by its environment. Every name begins with WATTLINE_."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Common to all services; a service adds its own by subclassing.

    postgres: the server, `postgresql://user:password@host:port/`; the service's name is the
        database. A query (`?host=/socket/folder`) is kept.
    kafka: bootstrap servers, `host:port[,host:port]`.
    jwks: the pinned public keys.
    """

    model_config = SettingsConfigDict(
        env_prefix="WATTLINE_", extra="ignore", hide_input_in_errors=True
    )

    postgres: SecretStr = SecretStr("postgresql://postgres@127.0.0.1:5432/")
    kafka: str = "127.0.0.1:9092"
    jwks: Path = Path(".wattline/keys/jwks.json")
    worker_name: str | None = None  # static group membership: unique among a service's workers
    host: str = "127.0.0.1"
    port: int = 0  # 0: the service's own
    reuse_port: bool = False  # several api processes on one port
    pool_size: int = 16
    production: bool = False
    log_level: str = "info"
    otlp_endpoint: str | None = None
    utility_zone: str = "Asia/Shanghai"

    def database_url(self, service: str) -> str:
        server, _, query = self.postgres.get_secret_value().partition("?")
        scheme, _, rest = server.partition("://")
        authority = rest.split("/")[0]
        return f"{scheme}://{authority}/{service}" + (f"?{query}" if query else "")
