"""What workorders says about clocks: what ran out, who is told, what is promised."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.envelope import Event
from shared.contracts.workorders.orders import AboutOrder


class ClockBreached(AboutOrder):
    """A promise ran out. Once per clock and generation.

    certainty: how sure its limit is, as its pack grades it (`A` to `D`, `own`, `seed`); None where
    the limit is not known any more. unverified: its source could not be seen; who shows it says so.
    """

    type: ClassVar[str] = "workorders.clock-breached.v1"
    clock_id: UUID
    kind: str
    generation: int
    due_at: AwareDatetime
    fired_at: AwareDatetime
    late_ms: int
    policy: str
    policy_version: str
    late: bool = False  # fired long after it was due: the timers did not run then
    certainty: str | None = None
    unverified: bool = False


class ClockWarned(AboutOrder):
    """A promise will run out soon. Once per clock, generation and warning.

    certainty, unverified: of its limit, as a breach says it.
    """

    type: ClassVar[str] = "workorders.clock-warned.v1"
    clock_id: UUID
    kind: str
    generation: int
    warning: int  # 1 is the first
    due_at: AwareDatetime  # when the promise runs out
    fired_at: AwareDatetime
    late_ms: int  # how long after the warning was due
    policy: str
    policy_version: str
    late: bool = False
    certainty: str | None = None
    unverified: bool = False


class ClockCorrected(AboutOrder):
    """A clock was wrong, and two people have agreed on how it was: perhaps no breach, or one."""

    type: ClassVar[str] = "workorders.clock-corrected.v1"
    clock_id: UUID
    kind: str
    generation: int  # one more than before when a breach was taken back
    promised: bool
    corrected_at: AwareDatetime
    reason: str
    state: str
    due_at: AwareDatetime | None
    stopped_at: AwareDatetime | None
    state_before: str
    due_at_before: AwareDatetime | None
    generation_before: int


class EscalatedClock(BaseModel):
    """One clock that somebody must see to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    clock_id: UUID
    work_order_id: UUID
    case_id: UUID
    case_number: str
    kind: str
    because: Literal["warned", "breached"]
    repetition: int  # how many times it has been told, this one counted
    due_at: AwareDatetime


class EscalationRaised(Event):
    """Somebody on duty is to be told of clocks: what was raised for them in one window.

    Everything is counted, the first due are listed.
    """

    type: ClassVar[str] = "workorders.escalation-raised.v1"
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "recipient"

    recipient: str  # role and region: messages to the same one stay in order
    digest_id: UUID
    role: str
    by: str  # by what they are reached
    region: str
    team: str | None = None  # when all are of one team
    raised_at: AwareDatetime
    window_ends_at: AwareDatetime  # until then what is raised waits for the next message
    total: int
    warned: int
    breached: int
    kinds: dict[str, int]
    items: tuple[EscalatedClock, ...]


class PublicPromise(BaseModel):
    """One thing that a customer may be told when a case of this type and area is accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    case_type: str
    area: str
    minutes: int


class PromisesPublished(Event):
    """The promises in force from a day on, as a whole; replaces what was published before."""

    type: ClassVar[str] = "workorders.promises-published.v1"
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "policy"

    policy: str
    policy_version: str
    in_force_from: AwareDatetime
    promises: tuple[PublicPromise, ...]


class CalendarEnding(Event):
    """A calendar's last published year will soon be over. Once per calendar and missing year."""

    type: ClassVar[str] = "workorders.calendar-ending.v1"
    topic: ClassVar[str] = "workorders"
    about: ClassVar[str] = "calendar"

    calendar: str
    calendar_version: int
    first_missing_year: int
    last_covered_on: date
    days_left: int  # at the moment of telling; never below zero
