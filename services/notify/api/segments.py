"""How a text will be counted and cut, before anybody sends it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Strict, StringConstraints

from services.notify.domain.segments import Encoding, Rule, into_gsm_7, split
from shared.auth import may
from shared.http import Body, Shown

router = APIRouter(prefix="/v1/segments", tags=["messages"])

_LONGEST = 255 * 153  # no header can number more parts


class SegmentsIn(Body):
    """A text as it would be sent: signature and values in it, every space counts."""

    text: Annotated[
        str, StringConstraints(min_length=1, max_length=_LONGEST, strip_whitespace=False)
    ]
    rule: Annotated[Rule, Strict(False)] = Rule.AUTOMATIC


class PartOut(Shown):
    """One SMS: its text, and how many units of its alphabet that takes."""

    text: str
    units: int


class CountedOut(Shown):
    """`units`: septets (gsm-7) or UTF-16 units (ucs-2) in all; by rule mainland, characters."""

    encoding: Encoding
    units: int
    parts: list[PartOut]


class SubstitutionOut(Shown):
    """What GSM-7 lacks, what it has for it, and how often the text holds it."""

    character: str
    instead: str
    times: int


class SuggestionOut(CountedOut):
    """The text in GSM-7, if whoever wrote it agrees to each change."""

    text: str
    substitutions: list[SubstitutionOut]


class BilledOut(Shown):
    """What a mainland operator charges: every character counts one."""

    characters: int
    parts: int


class SegmentsOut(CountedOut):
    """`suggestion`: how it would fit into GSM-7; null when it does, can't, or need not."""

    rule: Rule
    billed_mainland: BilledOut
    suggestion: SuggestionOut | None


@router.post("", dependencies=[may("agent", "supervisor", "ops", "service")])
async def count(body: SegmentsIn) -> SegmentsOut:
    """Encoding, units and parts of a text, with the text of each; changes nothing."""
    counted = split(body.text, body.rule)
    billed = split(body.text, Rule.MAINLAND)
    return SegmentsOut(
        **CountedOut.model_validate(counted).model_dump(),
        rule=body.rule,
        billed_mainland=BilledOut(characters=billed.units, parts=len(billed.parts)),
        suggestion=_suggestion(body.text) if body.rule is Rule.AUTOMATIC else None,
    )


def _suggestion(text: str) -> SuggestionOut | None:
    found = into_gsm_7(text)
    if found is None or not found[1]:
        return None
    plain, changes = found
    then = split(plain)
    return SuggestionOut(
        **CountedOut.model_validate(then).model_dump(),
        text=plain,
        substitutions=[SubstitutionOut.model_validate(change) for change in changes],
    )
