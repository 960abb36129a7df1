"""Where an order may stand and how it may move: one table, read, tested and drawn.

Source: handbook domain, section 4. Decided here: `cancelled` is terminal and needs a reason; an
order may be merged until it is replied; a re-assigned order may be returned too; reopening passes
through `reopened` and is dispatched again at once; an exemption archives what is being worked on
or answered without a reply or without the customer's word, and is on record.
"""

from enum import StrEnum


class Status(StrEnum):
    ACCEPTED = "accepted"
    RESOLVED_ON_CONTACT = "resolved_on_contact"
    PENDING_DISPATCH = "pending_dispatch"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    MERGED = "merged"
    REPLIED = "replied"
    REVIEW = "review"
    CALLBACK_DUE = "callback_due"
    CALLBACK_FAILED = "callback_failed"
    REOPENED = "reopened"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


class Move(StrEnum):
    RESOLVE = "resolve"
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    CLAIM = "claim"
    RETURN = "return"
    ROUTE_AGAIN = "route_again"
    REASSIGN = "reassign"
    CONTACT = "contact"
    DEPART = "depart"
    ARRIVE = "arrive"
    DIAGNOSE = "diagnose"
    SET_ETR = "set_etr"
    REPAIR = "repair"
    SUSPEND = "suspend"
    RESUME = "resume"
    MERGE = "merge"
    UNMERGE = "unmerge"
    FOLLOW = "follow"
    REPLY = "reply"
    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105  a reviewer's word
    SEND_BACK = "send_back"
    MISS = "miss"
    GIVE_UP = "give_up"
    ARCHIVE = "archive"
    EXEMPT = "exempt"
    REOPEN = "reopen"
    CANCEL = "cancel"


_WITH_A_TEAM = frozenset({Status.DISPATCHED, Status.REASSIGNED})
AT_WORK = frozenset({Status.CLAIMED, Status.IN_PROGRESS})
_BEFORE_WORK = frozenset({Status.ACCEPTED, Status.PENDING_DISPATCH, Status.RETURNED}) | _WITH_A_TEAM

# Still to be done by us: what a board shows and what a team carries.
OPEN = _BEFORE_WORK | AT_WORK | {Status.SUSPENDED, Status.REOPENED}

ENDED = frozenset({Status.ARCHIVED, Status.CANCELLED})

# From where a move may be made, and where it leads (None: it stays where it is).
MOVES: dict[Move, tuple[frozenset[Status], Status | None]] = {
    Move.RESOLVE: (frozenset({Status.ACCEPTED}), Status.RESOLVED_ON_CONTACT),
    Move.TRIAGE: (frozenset({Status.ACCEPTED}), Status.PENDING_DISPATCH),
    Move.DISPATCH: (frozenset({Status.PENDING_DISPATCH, Status.REOPENED}), Status.DISPATCHED),
    Move.CLAIM: (_WITH_A_TEAM, Status.CLAIMED),
    Move.RETURN: (_WITH_A_TEAM, Status.RETURNED),
    Move.ROUTE_AGAIN: (frozenset({Status.RETURNED}), Status.PENDING_DISPATCH),
    Move.REASSIGN: (_WITH_A_TEAM | {Status.CLAIMED}, Status.REASSIGNED),
    Move.CONTACT: (AT_WORK, Status.IN_PROGRESS),
    Move.DEPART: (AT_WORK, Status.IN_PROGRESS),
    Move.ARRIVE: (AT_WORK, Status.IN_PROGRESS),
    Move.DIAGNOSE: (frozenset({Status.IN_PROGRESS}), None),
    Move.SET_ETR: (AT_WORK, None),
    Move.REPAIR: (frozenset({Status.IN_PROGRESS}), None),
    Move.SUSPEND: (AT_WORK, Status.SUSPENDED),
    Move.RESUME: (frozenset({Status.SUSPENDED}), Status.IN_PROGRESS),
    Move.MERGE: (OPEN, Status.MERGED),
    Move.UNMERGE: (frozenset({Status.MERGED}), Status.PENDING_DISPATCH),
    Move.FOLLOW: (frozenset({Status.MERGED}), Status.REPLIED),
    Move.REPLY: (frozenset({Status.IN_PROGRESS}), Status.REPLIED),
    Move.SUBMIT: (frozenset({Status.REPLIED}), Status.REVIEW),
    Move.PASS: (frozenset({Status.REVIEW}), Status.CALLBACK_DUE),
    Move.SEND_BACK: (frozenset({Status.REVIEW}), Status.IN_PROGRESS),
    Move.MISS: (frozenset({Status.CALLBACK_DUE}), None),
    Move.GIVE_UP: (frozenset({Status.CALLBACK_DUE}), Status.CALLBACK_FAILED),
    Move.ARCHIVE: (
        frozenset({Status.RESOLVED_ON_CONTACT, Status.CALLBACK_DUE, Status.CALLBACK_FAILED}),
        Status.ARCHIVED,
    ),
    Move.EXEMPT: (AT_WORK | {Status.REPLIED, Status.REVIEW, Status.CALLBACK_DUE}, Status.ARCHIVED),
    Move.REOPEN: (frozenset({Status.CALLBACK_DUE, Status.ARCHIVED}), Status.REOPENED),
    Move.CANCEL: (_BEFORE_WORK, Status.CANCELLED),
}
# Nobody has taken it on yet: it may still go elsewhere without anybody's work being lost.
UNCLAIMED = MOVES[Move.DISPATCH][0] | MOVES[Move.CLAIM][0]


def allowed(status: Status) -> list[Move]:
    """The moves open from here."""
    return [move for move, (origins, _) in MOVES.items() if status in origins]


def diagram() -> str:
    """MOVES as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.ACCEPTED}"]
    for move, (origins, to) in MOVES.items():
        lines += [f"    {origin} --> {to or origin}: {move}" for origin in sorted(origins)]
    return "\n".join([*lines, *(f"    {end} --> [*]" for end in sorted(ENDED))]) + "\n"
