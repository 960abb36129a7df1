"""Door 1, HTTP: what became of messages, the gateway's receipts, how a text is counted."""

from fastapi import APIRouter

from services.notify.api import messages, receipts, segments
from services.notify.domain.message import Patience
from services.notify.domain.seal import Seal


def router(seal: Seal, patience: Patience) -> APIRouter:
    every = APIRouter()
    every.routes.extend(messages.router.routes)
    every.routes.extend(receipts.router(seal, patience).routes)
    every.routes.extend(segments.router.routes)
    return every
