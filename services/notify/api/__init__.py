"""Door 1, HTTP: what became of messages, and the gateway's receipts."""

from fastapi import APIRouter

from services.notify.api import messages, receipts
from services.notify.domain.message import Patience
from services.notify.domain.seal import Seal


def router(seal: Seal, patience: Patience) -> APIRouter:
    both = APIRouter()
    both.routes.extend(messages.router.routes)
    both.routes.extend(receipts.router(seal, patience).routes)
    return both
