"""What a test may break in the phone network."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Faults(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    http_status: Annotated[int, Field(ge=400, le=599)] | None = None
    """Answer every submission so, and take none."""
    hang_seconds: Annotated[float, Field(ge=0, le=600)] = 0
    """Take the message, and answer only then: to the caller it may or may not have been sent."""
    refuse: bool = False
    """Drop the connection without an answer, and take nothing."""
    link_down: bool = False
    """Take the message with `3: Queued for later delivery`; its receipts wait for the link."""
    drop_dlr: bool = False
    """Receipts get lost."""
    duplicate_dlr: Annotated[int, Field(ge=0, le=100)] = 0
    """Receipts come this many times more than once."""
    smsc: str | None = None
    """Only the messages for this provider suffer."""

    def felt_by(self, smsc: str | None) -> "Faults":
        return self if self.smsc in (None, smsc) else NO_FAULTS


NO_FAULTS = Faults()
