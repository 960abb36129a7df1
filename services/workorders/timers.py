"""What becomes due here: clocks."""

from services.workorders import use_cases
from services.workorders.store import clocks
from shared.due import Timer

timers = (Timer(use_cases.CLOCK_BELL, use_cases.breach_due, clocks.next_due),)
