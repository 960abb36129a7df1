"""The replay itself: file at a steady rate, follow each case, then look at everything once more."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deploy.replay.calls import Call
from deploy.replay.client import NotFiled, NotRead, Wattline
from deploy.replay.story import Story

IN_FLIGHT, LOOKS = 128, 16
STEPS = ("filed", "followed", "checked")
_FIRST_LOOK, _SLOWER, _LONGEST_WAIT = 1.0, 1.6, 8.0
_SETTLE = 2.0
_LAST_LOOKS = 5


@dataclass(kw_only=True)
class Replay:
    """`stories` fills while `run` runs, so that one may stop it and still read them.

    rate: calls a second, whether or not the answers keep up; only when IN_FLIGHT are unanswered
        it waits. Seconds of a call count from when it was due.
    timeout: seconds after which a case is no longer followed.
    on_step: told of each of STEPS that a call has taken.
    """

    wattline: Wattline
    calls: Sequence[Call]
    rate: float
    timeout: float
    on_step: Callable[[str], None] = lambda _: None
    settle: float = _SETTLE
    first_look: float = _FIRST_LOOK
    stories: list[Story] = field(default_factory=list)
    began: float = 0.0
    ended: float | None = None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        self._unanswered = asyncio.Semaphore(IN_FLIGHT)
        self._looks = asyncio.Semaphore(LOOKS)
        try:
            async with asyncio.TaskGroup() as group:
                for nth, call in enumerate(self.calls):
                    due = self.began + nth / self.rate
                    await asyncio.sleep(max(0.0, due - loop.time()))
                    await self._unanswered.acquire()
                    self.stories.append(story := Story(call))
                    group.create_task(self._live(story, due))
            await asyncio.sleep(self.settle)
            async with asyncio.TaskGroup() as group:
                for story in self.stories:
                    group.create_task(self._check(story))
        finally:
            self.ended = loop.time()

    async def _live(self, story: Story, due: float) -> None:
        try:
            await self._file(story, due)
        finally:
            self._unanswered.release()
        self.on_step("filed")
        await self._follow(story)
        story.over = True
        self.on_step("followed")

    async def _file(self, story: Story, due: float) -> None:
        try:
            story.case, story.repeats = await self.wattline.file(story.call)
            story.accepted_after = asyncio.get_running_loop().time() - due
        except NotFiled as refusal:
            story.trouble, story.repeats = str(refusal), refusal.retries

    async def _follow(self, story: Story) -> None:
        """Look ever more seldom, until all is as promised or the time is up."""
        loop = asyncio.get_running_loop()
        end, wait = loop.time() + self.timeout, self.first_look
        while story.case and not (story.complete or story.hopeless):
            left = end - loop.time()
            if left <= 0:
                story.trouble = story.trouble or f"given up after {self.timeout:.0f} s"
                return
            await asyncio.sleep(min(wait, left))
            wait = min(wait * _SLOWER, _LONGEST_WAIT)
            try:
                await self._look(story)
                story.trouble = None
            except NotRead as error:
                story.trouble = str(error)

    async def _look(self, story: Story) -> None:
        """Read what is still missing. Raises NotRead."""
        assert story.case is not None
        async with self._looks:
            if not story.told:
                story.messages = await self.wattline.messages(story.case.id)
                story.seen_at = datetime.now(UTC)
            if story.told and not story.orders:
                story.orders = await self.wattline.orders(story.case.id)

    async def _check(self, story: Story) -> None:
        """Read everything again: what came twice may have come late.

        Who can't be read again is not proven: it counts as lost.
        """
        for attempt in range(_LAST_LOOKS):
            try:
                await self._look_at_all(story)
                break
            except NotRead as error:
                story.trouble = f"not read again: {error}"
                await asyncio.sleep(self.first_look * 2**attempt)
        else:
            story.orders, story.messages = [], []
        self.on_step("checked")

    async def _look_at_all(self, story: Story) -> None:
        if story.case is None:
            return
        async with self._looks:
            was_told = story.told
            story.messages = await self.wattline.messages(story.case.id)
            story.orders = await self.wattline.orders(story.case.id)
            if story.repeats:
                story.cases = len(await self.wattline.cases(story.call))
            if was_told is None:
                story.seen_at = datetime.now(UTC)
