"""How a refusal is told: its slug from its name, its title from its docstring, never more."""

import json

import pytest

from shared import errors
from shared.errors import Conflict, Refusal
from shared.problems import problem

STATUSES = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.Invalid: 422,
    errors.Unavailable: 503,
}


class CrewOffShift(Conflict):
    """The crew is not on shift at that time.

    More words for us.
    """


def test_the_first_line_of_the_docstring_is_the_title() -> None:
    assert CrewOffShift().title == str(CrewOffShift()) == "The crew is not on shift at that time."


def test_a_detail_is_the_message_and_the_title_stays() -> None:
    refusal = CrewOffShift("off since noon", crew="GX-01")
    assert str(refusal) == refusal.detail == "off since noon"
    assert refusal.title == "The crew is not on shift at that time."
    assert refusal.facts == {"crew": "GX-01"}


def test_the_name_in_kebab_case_is_the_slug() -> None:
    assert CrewOffShift.slug() == "crew-off-shift" and Refusal.slug() == "refusal"


@pytest.mark.parametrize("kind", STATUSES)
def test_each_kind_has_its_status(kind: type[Refusal]) -> None:
    assert kind.status == STATUSES[kind]


@pytest.mark.parametrize(
    ("status", "header"), [(401, "www-authenticate"), (503, "retry-after"), (404, None)]
)
def test_some_answers_say_what_to_do_next(status: int, header: str | None) -> None:
    answer = problem(status, "some-thing", detail="why", fact=1)
    body = json.loads(bytes(answer.body))
    assert body["type"] == "/problems/some-thing" and body["title"]
    assert (body["status"], body["detail"], body["fact"]) == (status, "why", 1)
    assert answer.media_type == "application/problem+json"
    assert {"www-authenticate", "retry-after"} & set(answer.headers) == {header} - {None}
