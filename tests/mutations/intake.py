"""Mutations of intake."""

from dataclasses import replace
from typing import Any

from services.intake.domain import Case
from tests.mutations.breaking import Mutations, put


def old_facts_count() -> None:
    original = Case.follow

    def follow(self: Case, status: Any, heard: Any) -> Case:
        forgetful = replace(self, progress=replace(self.progress, version=0))
        return original(forgetful, status, heard)

    put(Case, "follow", follow)


def reporters_are_in_the_case() -> None:
    put(Case, "as_seen", lambda case: case)


def who_leads_the_unit_is_told() -> None:
    put(Case, "let_know", lambda case, role, scope: None)


# Each with the tests that must notice.
MUTATIONS: Mutations = {
    old_facts_count: "tests/service/intake/test_following.py",
    reporters_are_in_the_case: "tests/service/intake/test_confidential.py",
    who_leads_the_unit_is_told: "tests/service/intake/test_confidential.py",
}
