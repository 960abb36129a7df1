"""Which team gets an order: the nearest up the region tree, of equals the least loaded."""

from hypothesis import given
from hypothesis import strategies as st

from services.workorders.domain.routing import Team, route

REGIONS = st.text("12", max_size=6)
TEAMS = st.lists(
    st.builds(Team, st.text("ABC", min_size=1), st.just("队"), REGIONS, st.integers(0, 3)),
    max_size=8,
    unique_by=lambda team: team.code,
)
SZ = Team("SZ", "市队", "3205")
LH1, LH2 = Team("LH-1", "一队", "320505", load=3), Team("LH-2", "二队", "320505", load=1)


def chosen(region: str, *teams: Team) -> str | None:
    routing = route(region, teams)
    return routing.team if routing else None


def test_examples():
    assert chosen("320505", SZ, LH1, LH2) == "LH-2"
    assert chosen("320506", SZ, LH1, LH2) == "SZ"
    assert chosen("330105", SZ, LH1, LH2) is None
    assert chosen("330105", Team("ALL", "全国", ""), SZ) == "ALL"
    assert chosen("320505") is None


@given(st.text("12", min_size=6, max_size=6), TEAMS, st.randoms())
def test_the_nearest_the_least_loaded_and_always_the_same(region, teams, random):
    serving = [team for team in teams if region.startswith(team.region)]
    routing = route(region, teams)
    if not serving:
        assert routing is None
        return
    best = min(serving, key=lambda team: (-len(team.region), team.load, team.code))
    assert routing is not None and routing.team == best.code
    shuffled = list(teams)
    random.shuffle(shuffled)
    assert route(region, shuffled) == routing


@given(st.text("12", min_size=6, max_size=6), TEAMS)
def test_a_decision_says_why(region, teams):
    routing = route(region, teams)
    assert routing is None or any(region in reason for reason in routing.because)
