"""Ways to break the mechanism on purpose; `python -m tests.mutate` shows that the tests notice.

A pytest plugin: `-p tests.mutations` with WATTLINE_MUTATION=<name> replaces something of ours
before the services are put together.
"""

import os

import pytest
from hypothesis import Phase, settings

from tests.mutations import events, intake, notify, shared, workorders

MUTATIONS = (
    events.MUTATIONS | shared.MUTATIONS | intake.MUTATIONS | workorders.MUTATIONS | notify.MUTATIONS
)
BY_NAME = {mutate.__name__.replace("_", "-"): mutate for mutate in MUTATIONS}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Break what WATTLINE_MUTATION names. One example that fails is enough: it is not shrunk."""
    settings.register_profile(
        "mutation",
        max_examples=500,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        database=None,
    )
    settings.load_profile("mutation")
    BY_NAME[os.environ["WATTLINE_MUTATION"]]()
