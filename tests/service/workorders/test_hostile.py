"""Whatever is sent to orders, teams, shifts and rules, the answer is a refusal with its reason."""

import pytest

pytestmark = pytest.mark.anyio

LISTS = (
    "/v1/work-orders", "/v1/board", "/v1/shifts", "/v1/protected-customers", "/v1/teams",
    "/v1/members", "/v1/representatives", "/v1/routing-rules", "/v1/board/counts",
    "/v1/work-orders/search?q=x",
)  # fmt: skip
ODD = (
    "cursor=%00", "cursor=bm9uc2Vuc2U", "cursor=" + "A" * 3000, "limit=0", "limit=-1",
    f"limit={2**70}", "limit=NaN", "team=%00", "region=%00", "region=32%25", "person=%00",
    "account_no=%00", "code=%00", "priority_min=1e400", "status=%00", "state=nonsense",
    "case_id=1", "opened_from=0000-00-00", "opened_from=9999-12-31T23:59:59-23:59",
    "opened_to=2026-11-20T09:00:00",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
async def test_an_odd_question_is_refused_or_finds_nothing(workorders, token, path):
    who = token("supervisor", "")
    for odd in ODD:
        mark = "&" if "?" in path else "?"
        answer = await workorders.client.get(f"{path}{mark}{odd}", headers=who)
        assert answer.status_code in (200, 400, 422), (odd, answer.text)
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/problem+json", odd


BODIES = (
    None, [], "x", 7, {}, {"reason": None}, {"reason": "\x00"}, {"reason": " "},
    {"reason": "x" * 100_000}, {"team": "\x00"}, {"team": 2**200, "reason": "x"},
    {"team": "no-such-team", "reason": "x"}, {"reason": "x", "surprise": 1},
    {"reason": "no_skill", "target": "\x00"}, {"on": "maybe", "reason": "x"},
    {"on": True, "reason": "x", "level": 2**70}, {"add": ["\x00"], "reason": "x"},
    {"reason": "weather", "until": "9999-12-31T23:59:59Z", "customer_told": True},
    {"reason": "weather", "until": 10**30, "customer_told": True},
    {"etr_at": "0001-01-01T00:00:00+14:00"}, {"etr_at": 1e308},
    {"master_id": "1", "because": "x"}, {"outcome": "unreached", "result": "\x00"},
    {"checklist": {"\x00": True}}, {"case_type": "crime", "reason": "x"}, {"purpose": "\x00"},
    {"answer": "\x00"}, {"cause": "\x00"},
)  # fmt: skip
NOUNS = (
    "resolution", "triage", "return", "dispatch", "reassignment", "suspension-request",
    "suspension-refusal", "cancellation", "tags", "danger", "supervision",
    "relabelling", "relabelling-decision", "review", "callback", "reopening", "exemption", "etr",
    "reply", "diagnosis", "merge", "unmerge", "urge-answer", "reveal",
)  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS)
async def test_nonsense_moves_no_order(workorders, token, field, noun):
    order = await field.opened()
    before = await field.look(order)
    who = token("supervisor", "3205", "mallory")
    for body in BODIES:
        answer = await workorders.client.post(f"{order}/{noun}", json=body, headers=who)
        assert 400 <= answer.status_code < 500, (body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await field.look(order) == before


ROUTES = ("/v1/teams/%00", "/v1/members/%00", "/v1/shifts/%00", "/v1/routing-rules/%00")


@pytest.mark.parametrize("path", ROUTES)
async def test_what_can_not_exist_is_not_found_or_refused(workorders, token, path):
    answer = await workorders.client.get(path, headers=token("supervisor", ""))
    assert answer.status_code in (400, 404, 405, 422), answer.text


@pytest.mark.parametrize("tag", ['"1', "W/1", '"-1"', f'"{2**70}"', '"x"'])
async def test_an_if_match_that_is_none_is_refused(field, order_of_mine, tag):
    status, *_ = await field.refused(order_of_mine, "claim", if_match=tag)
    assert status in (400, 412, 422)


@pytest.fixture
async def order_of_mine(field):
    return await field.opened()
