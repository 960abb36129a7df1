"""The ways a work order says no."""

from shared.errors import Conflict, Forbidden, Invalid


class WrongMove(Conflict):
    """The work order is not at a step that allows this."""


class OwnWork(Conflict):
    """Who worked on the order can't judge it: neither its review nor its callback."""


class AlreadyDone(Conflict):
    """That step was taken already."""


class EtrInThePast(Invalid):
    """Power can't be expected back in the past."""


class MissingField(Invalid):
    """This kind of order needs more for this move."""


class UnknownCode(Invalid):
    """There is no such code; those that there are stand beside."""


class HandedBackTooOften(Forbidden):
    """After so many returns a supervisor decides where the order goes."""


class ReporterNotKnownHere(Forbidden):
    """The reporter is confidential and not known here; who may know asks intake for the case."""


class SameTeam(Conflict):
    """That team has the order already."""


class PauseTooLong(Invalid):
    """For this reason the work may not rest so long."""


class PauseOver(Invalid):
    """A pause ends in the future."""


class PausedTooOften(Conflict):
    """The work has rested for this reason as often as the rules allow."""


class AlreadyAsked(Conflict):
    """This was asked for already and waits for a decision."""


class NothingAsked(Conflict):
    """Nothing waits for this decision."""


class OwnRequest(Conflict):
    """Another person decides about what one has asked for."""


class NotYoursToApprove(Forbidden):
    """For this reason others approve."""


class NoUrgeToAnswer(Conflict):
    """Every urge of the customer was answered already."""


class CallbackTooSoon(Conflict):
    """Leave some time between two attempts to reach the customer."""


class TooLateToReopen(Conflict):
    """It was closed too long ago to be reopened; take the customer's words as a new case."""


class NothingChanges(Invalid):
    """It is so already."""
