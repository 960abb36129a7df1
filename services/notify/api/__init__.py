"""Door 1, HTTP: what became of messages, the gateway's receipts, how a text is counted."""

from fastapi import APIRouter

from services.notify.api import messages, receipts, requests, segments
from services.notify.domain.message import Patience
from services.notify.domain.seal import Seal
from services.notify.domain.telling import Desk


def router(seal: Seal, patience: Patience, desk: Desk) -> APIRouter:
    every = APIRouter()
    every.routes.extend(messages.router(desk).routes)
    every.routes.extend(requests.router.routes)
    every.routes.extend(receipts.router(seal, patience).routes)
    every.routes.extend(segments.router.routes)
    return every
