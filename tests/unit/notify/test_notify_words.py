"""Templates and rules fit each other, or the service does not start."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.notify import consumers
from services.notify.domain.addresses import Addresses, Channel
from services.notify.domain.categories import Categories
from services.notify.domain.telling import Desk
from services.notify.domain.words import BadWords, Book, Term, TextTooLong, cleaned
from shared.contracts.outages import OutageStage
from shared.sealed import Sealer

NOTIFY = Path(consumers.__file__).parent
ZONE = ZoneInfo("Asia/Shanghai")


def read(name: str):
    return yaml.safe_load((NOTIFY / name).read_text(encoding="utf-8"))


def heard(book: Book):
    """What is listened to with this book on the desk."""
    categories = Categories.of(read("categories.yaml"))
    sealer = Sealer(["k" * 32], "i" * 32)
    return consumers.heard(Desk(book, categories, Addresses(sealer), frozenset({Channel.SMS})))


@pytest.fixture
def chinese():
    return read("templates/zh-CN.yaml")


def test_every_rule_names_a_template_and_a_fact_that_we_hear(chinese):
    book = Book.of([chinese], read("rules.yaml"), ZONE, "zh-CN")
    stages = {f"outage.{stage}" for stage in get_args(OutageStage)}
    by_stage = {"outage-opened", "outage-updated", "outage-restored", "order-repaired"}
    only_kept = {"order-linked", "order-unmerged"}
    others = {f"workorders.{fact}.v1" for fact in by_stage | only_kept}
    assert book.facts() == (set(heard(book)) - others) | stages
    assert others < set(heard(book))


def test_a_rule_for_what_we_do_not_hear_stops_the_start(chinese):
    rule = {"fact": "outage.exploded", "audience": "customer", "template": "etr-set.v1"}
    with pytest.raises(BadWords, match=r"outage\.exploded"):
        heard(Book.of([chinese], [rule], ZONE, "zh-CN"))


def test_a_moment_is_said_in_the_utility_s_zone(chinese):
    book = Book.of([chinese], [], ZONE, "zh-CN")
    at = datetime(2026, 12, 31, 16, 5, tzinfo=UTC)
    assert (
        "预计1月1日00:05恢复供电"
        in book.word("etr-set.v1", "zh-CN", {"number": "1", "etr": at}).text
    )


def test_an_unknown_locale_reads_the_default(chinese):
    book = Book.of([chinese], [], ZONE, "zh-CN")
    assert book.word("order-arrived.v1", "fr-FR", {"number": "1"}).text.startswith("【瓦特供电】")


def test_an_unknown_term_is_said_as_it_is(chinese):
    book = Book.of([chinese], [], ZONE, "zh-CN")
    values = {"number": "1", "kind": Term("survey"), "due": "x", "region": "320505"}
    assert "survey超时" in book.word("clock-breached.v1", "zh-CN", values).text


@pytest.mark.parametrize(
    "rule",
    [
        {"fact": "intake.case-accepted.v1", "audience": "customer", "template": "nothing.v1"},
        {"fact": "intake.case-accepted.v1", "audience": "everyone", "template": "order-arrived.v1"},
        {"audience": "customer", "template": "order-arrived.v1"},
        {
            "fact": "intake.case-accepted.v1",
            "audience": "customer",
            "template": "order-arrived.v1",
            "channels": [],
        },
        {
            "fact": "intake.case-accepted.v1",
            "audience": "customer",
            "template": "order-arrived.v1",
            "channels": ["pigeon"],
        },
    ],
)
def test_a_bad_rule_is_found_at_the_start(chinese, rule):
    with pytest.raises((BadWords, ValueError)):
        Book.of([chinese], [rule], ZONE, "zh-CN")


def test_a_rule_for_what_we_do_not_hear_is_found_at_the_start(chinese):
    rule = {"fact": "intake.case-eaten.v1", "audience": "customer", "template": "order-arrived.v1"}
    with pytest.raises(BadWords, match="case-eaten"):
        heard(Book.of([chinese], [rule], ZONE, "zh-CN"))


def test_a_template_that_uses_what_it_does_not_declare_is_found(chinese):
    chinese["templates"]["order-arrived.v1"]["text"] += "{name}"
    with pytest.raises(BadWords, match="name"):
        Book.of([chinese], [], ZONE, "zh-CN")


def test_a_missing_value_is_refused(chinese):
    book = Book.of([chinese], [], ZONE, "zh-CN")
    with pytest.raises(BadWords, match="number"):
        book.word("order-arrived.v1", "zh-CN", {})


@pytest.mark.parametrize(("own", "parts"), [(None, 5), (2, 2), (1, 1)])
def test_a_text_has_no_more_parts_than_its_template_allows(chinese, own, parts):
    if own:
        chinese["templates"]["order-arrived.v1"]["parts"] = own
    book = Book.of([chinese], [], ZONE, "zh-CN")
    words = len(book.word("order-arrived.v1", "zh-CN", {"number": ""}).text)
    room = (70 if parts == 1 else parts * 67) - words
    fits = book.word("order-arrived.v1", "zh-CN", {"number": "9" * room})
    assert len(fits.text) == words + room
    with pytest.raises(TextTooLong) as refused:
        book.word("order-arrived.v1", "zh-CN", {"number": "9" * (room + 1)})
    assert refused.value.facts == {
        "template": "order-arrived.v1",
        "parts": parts + 1,
        "parts_allowed": parts,
    }


def test_nobody_s_words_turn_round_or_hide_what_stands_beside_them(chinese):
    book = Book.of([chinese], [], ZONE, "zh-CN")
    hostile = "\u202e12\u2066\x1b[2J\x003\u200f\x9b"
    text = book.word("order-arrived.v1", "zh-CN", {"number": hostile}).text
    assert text.endswith("编号12[2J3。")


@given(st.text())
def test_what_is_cleaned_holds_nothing_that_controls(text):
    clean = cleaned(text)
    assert cleaned(clean) == clean
    for character in clean:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        bidi = unicodedata.bidirectional(character)
        assert bidi not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        assert character not in "\u061c\u200e\u200f"
    clean.encode("utf-8")


def test_lines_stay_lines_and_words_stay_words():
    assert cleaned("a\r\nb\rc\u2028d\te👨‍👩‍👧 停电{}") == "a\nb\nc\nd e👨‍👩‍👧 停电{}"
