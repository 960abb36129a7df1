"""The phone network: takes SMS, sends their receipts, carries customers' own SMS to us."""

import asyncio

from deploy.gateway import sendsms
from deploy.gateway.callbacks import TAKEN, Callbacks
from deploy.gateway.faults import NO_FAULTS, Faults
from deploy.gateway.journal import Journal, Receipt, Sms
from deploy.gateway.receipts import UNROUTABLE, Step, receipt_url, reply_url, script
from deploy.gateway.sendsms import Answer, Parameters, Refused
from deploy.gateway.settings import Settings


class Network:
    def __init__(self, journal: Journal, callbacks: Callbacks, settings: Settings) -> None:
        self.mo_url = settings.mo_url
        self._journal = journal
        self._callbacks = callbacks
        self._settings = settings
        self._default_provider = settings.providers[0]
        self._parked: list[Sms] = []
        self._faults = NO_FAULTS

    @property
    def faults(self) -> Faults:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        parked, self._parked = self._parked, []
        for sms in parked:
            self._report(sms)

    def faults_for(self, given: Parameters) -> Faults:
        return self._faults.felt_by(_smsc(given) or self._default_provider)

    def submit(self, given: Parameters) -> Answer:
        answer = self._answer(given)
        self._journal.answers[str(answer.status)] += 1
        return answer

    async def reply(self, handset: str, our_number: str, text: str) -> int | None:
        """Carries a customer's SMS to us; the status of the last attempt, None if unanswered."""
        assert self.mo_url is not None
        answered: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

        def done(status: int | None) -> None:
            if not answered.done():  # its caller may have left
                answered.set_result(status)

        url = reply_url(self.mo_url, handset, our_number, text, self._default_provider)
        self._callbacks.send(url, done)
        return await answered

    def _answer(self, given: Parameters) -> Answer:
        faults = self.faults_for(given)
        if faults.http_status:
            return _broken(faults.http_status)
        if not self._knows(given):
            return sendsms.NOT_ALLOWED
        try:
            messages = sendsms.read(given, self._default_provider)
        except Refused as refused:
            return refused.answer
        if messages[0].smsc not in self._settings.providers:
            for sms in messages:
                self._send(sms, UNROUTABLE)
            return sendsms.NOT_ROUTABLE
        for sms in messages:
            self._journal.add(sms)
            self._report(sms)
        return sendsms.QUEUED if faults.link_down else sendsms.ACCEPTED

    def _knows(self, given: Parameters) -> bool:
        name, password = self._settings.username.encode(), self._settings.password.encode()
        return given.get("username") == name and given.get("password") == password

    def _report(self, sms: Sms) -> None:
        if self._faults.felt_by(sms.smsc).link_down:
            self._parked.append(sms)
            return
        loop = asyncio.get_running_loop()
        due = loop.time()
        for step in script(sms.to):
            due += step.pauses * self._settings.dlr_delay
            loop.call_at(due, self._send, sms, step)

    def _send(self, sms: Sms, step: Step) -> None:
        faults = self._faults.felt_by(sms.smsc)
        if not sms.dlr_url or not step.code & sms.dlr_mask or faults.drop_dlr:
            return

        def done(status: int | None) -> None:
            if status in TAKEN:
                sms.receipts.append(Receipt(step.code))
                self._journal.receipts[str(step.code)] += 1

        for _ in range(1 + faults.duplicate_dlr):
            self._callbacks.send(receipt_url(sms, step), done)


def _smsc(given: Parameters) -> str:
    return given.get("smsc", b"").decode("utf-8", "replace")


def _broken(status: int) -> Answer:
    known = {answer.status: answer for answer in (sendsms.NOT_ROUTABLE, sendsms.TRY_LATER)}
    return known.get(status, Answer(status, "Out of order."))
