"""How the system says no: a name, a title for people, a status."""

import pytest

from shared.errors import Conflict, Invalid, NotFound, Refusal


class CrewOffShift(Conflict):
    """The crew is not on shift at that time.

    More about it.
    """


def test_the_docstring_is_the_title_and_the_name_the_address():
    refusal = CrewOffShift(crew="7")
    assert refusal.title == "The crew is not on shift at that time."
    assert refusal.slug() == "crew-off-shift"
    assert (refusal.status, refusal.facts, str(refusal)) == (409, {"crew": "7"}, refusal.title)


@pytest.mark.parametrize(("kind", "status"), [(Refusal, 400), (NotFound, 404), (Invalid, 422)])
def test_statuses(kind, status):
    assert kind().status == status and kind("because").detail == "because"
