"""Transformers and feeders from a file: all of it, or nothing and the place of the mistake."""

import pytest

from services.workorders.seed import seed

pytestmark = pytest.mark.anyio

HEADER = "transformer,feeder,region,customers\n"
FILE = HEADER + "T-1,F-1,320505,80\nT-2,F-1,320505,9\nT-3,,320506,1\n"


@pytest.fixture
def load(workorders, token):
    async def post(text: str | bytes, role: str = "ops", region: str = "3205"):
        headers = token(role, region) | {"content-type": "text/csv"}
        return await workorders.client.post("/v1/devices/import", content=text, headers=headers)

    return post


@pytest.fixture
def listed(workorders, token):
    async def get(query: str = "", region: str = "3205"):
        path = f"/v1/devices{query}"
        return (await workorders.client.get(path, headers=token("ops", region))).json()

    return get


async def test_a_file_is_taken_over_and_again_changes_nothing(load, listed):
    assert (await load(FILE)).json() == {"new": 3, "changed": 0, "same": 0}
    assert (await load(FILE)).json() == {"new": 0, "changed": 0, "same": 3}
    moved = HEADER + "T-3,F-2,320506,1\nT-4,F-2,320506,5\n"
    assert (await load(moved)).json() == {"new": 1, "changed": 1, "same": 0}
    first = await listed("?limit=3")
    assert [one["transformer"] for one in first["items"]] == ["T-1", "T-2", "T-3"]
    assert (await listed(f"?limit=3&cursor={first['next']}"))["next"] is None
    assert [one["transformer"] for one in (await listed("?feeder=F-2"))["items"]] == ["T-3", "T-4"]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("T-1,F-1,320505,80\nT-2,F-1,32,9\n", "line 3: region: '32'"),
        ("T-1,F-1,320505,-1\n", "line 2: customers: '-1'"),
        ("T-1,F-1,320505,1\nT-1,F-1,320505,1\n", "line 3: transformer: T-1 is on line 2 already"),
        ("T 1,F-1,320505,1\n", "line 2: transformer: 'T 1'"),
        ("T-1,F-1,320505\n", "line 2: 3 fields instead of 4"),
        ('T-1,"F-1\n', "line 2: not CSV"),
        ("", "line 2: there is no device"),
    ],
)
async def test_a_bad_line_is_refused_with_its_place_and_nothing_is_loaded(
    load, listed, lines, place
):
    refused = await load(HEADER + lines)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-device-file")
    assert refused.json()["detail"].startswith(place)
    assert (await listed())["items"] == []


async def test_what_is_no_text_and_what_has_another_header(load):
    assert "line 2: not UTF-8" in (await load(HEADER.encode() + b"\xff")).json()["detail"]
    assert "line 1: the header" in (await load("a,b\n")).json()["detail"]


async def test_who_may_load_and_see_which(load, listed):
    assert (await load(FILE, role="agent")).status_code == 403
    outside = await load(FILE, region="320505")
    assert (outside.status_code, outside.json()["transformer"]) == (403, "T-3")
    await load(FILE)
    assert (await load(HEADER + "T-3,F-9,320505,1\n", region="320505")).status_code == 403
    assert [one["transformer"] for one in (await listed(region="320506"))["items"]] == ["T-3"]


async def test_the_demo_has_every_transformer_of_its_customers(workorders, listed):
    assert await seed(workorders.database) > 0
    await seed(workorders.database)
    found = (await listed("?limit=200"))["items"]
    assert len(found) == 35 and {one["feeder"][:2] for one in found} == {"F-"}
