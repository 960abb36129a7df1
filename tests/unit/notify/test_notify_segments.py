"""Parts of an SMS: cut exactly, together the text again, as somebody else's splitter cuts."""

import pytest
import smsutil
from hypothesis import example, given
from hypothesis import strategies as st

from services.notify.domain.segments import Encoding, Rule, Substitution, into_gsm_7, split

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
PAIRS = "^{}[]~\\|€\f"
GSM_7 = st.text(st.sampled_from(BASIC + PAIRS), max_size=500)
PAIRED = st.text(st.sampled_from("a" + PAIRS), min_size=140, max_size=500)
CHINESE = st.text(st.sampled_from("停电了a👍𠮷€"), max_size=300)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
TEXTS = GSM_7 | PAIRED | CHINESE | ANY


def units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 1 + (character in PAIRS)
    return len(character.encode("utf-16-be")) // 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("停" * 70, 1),
        ("停" * 71, 2),
        ("停" * 134, 2),
        ("停" * 135, 3),
    ],
)
def test_the_table_of_the_handbook(text, parts):
    assert len(split(text).parts) == parts


@pytest.mark.parametrize(("length", "parts"), [(70, 1), (71, 2), (134, 2), (135, 3), (160, 3)])
@pytest.mark.parametrize("character", ["a", "€", "停", "👍"])
def test_in_the_mainland_every_character_is_one(character, length, parts):
    counted = split(character * length, Rule.MAINLAND)
    assert (counted.units, len(counted.parts)) == (length, parts)


def test_an_escape_pair_is_not_split():
    text = "a" * 152 + "€" + "a" * 152
    assert [part.units for part in split(text).parts] == [152, 153, 1]
    assert split(text).units == 306  # two parts by division


def test_a_surrogate_pair_is_not_split():
    text = "停" * 66 + "👍" + "停" * 66
    assert [part.units for part in split(text).parts] == [66, 67, 1]
    assert split(text).units == 134


def test_one_character_decides_the_alphabet():
    assert split(BASIC).encoding is Encoding.GSM_7
    assert split(BASIC).units == 127 and split(PAIRS).units == 20
    for other in "çá“\t\x1b`电":
        assert split("a" * 100 + other).encoding is Encoding.UCS_2, other
    assert split("a" * 71, Rule.UCS_2).encoding is Encoding.UCS_2
    assert len(split("a" * 71, Rule.UCS_2).parts) == 2


def test_nothing_is_one_part():
    assert [part.text for part in split("").parts] == [""]


@given(TEXTS, st.sampled_from([Rule.AUTOMATIC, Rule.UCS_2]))
def test_parts_are_the_text_cut_as_late_as_possible(text, rule):
    counted = split(text, rule)
    encoding = counted.encoding
    alone, joined = (160, 153) if encoding is Encoding.GSM_7 else (70, 67)
    assert "".join(part.text for part in counted.parts) == text
    weighed = [sum(units(c, encoding) for c in part.text) for part in counted.parts]
    assert weighed == [part.units for part in counted.parts]
    assert sum(weighed) == counted.units
    if len(weighed) == 1:
        assert weighed[0] <= alone
        return
    assert counted.units > alone and max(weighed) <= joined
    for number, part in enumerate(counted.parts[1:]):
        assert weighed[number] + units(part.text[0], encoding) > joined


@given(TEXTS)
def test_by_mainland_rule_the_count_is_a_division(text):
    parts = len(split(text, Rule.MAINLAND).parts)
    assert parts == (1 if len(text) <= 70 else -(-len(text) // 67))


@given(TEXTS.filter(lambda text: text and "\x1b" not in text))
@example("a" * 152 + "€" * 200)
def test_as_somebody_else_s_splitter_cuts(text):
    theirs = smsutil.split(text)
    ours = split(text)
    assert (ours.encoding is Encoding.GSM_7) == (theirs.encoding == "gsm0338")
    assert [part.text for part in ours.parts] == [part.content for part in theirs.parts]


def test_what_gsm_7_has_for_what_it_lacks_is_suggested():
    text, changes = into_gsm_7("“It’s” çà – ½…（ok）")
    assert text == '"It\'s" cà - 1/2...(ok)'
    assert changes[0] == Substitution("“", '"', 1)
    assert into_gsm_7("plain €") == ("plain €", ())
    assert (
        into_gsm_7("停电") is None and into_gsm_7("ok 👍") is None and into_gsm_7("a\x1b") is None
    )


@given(TEXTS)
def test_a_suggestion_is_in_gsm_7_and_names_every_change(text):
    found = into_gsm_7(text)
    if found is None:
        assert split(text).encoding is Encoding.UCS_2
        return
    plain, changes = found
    assert split(plain).encoding is Encoding.GSM_7
    for change in changes:
        assert text.count(change.character) == change.times > 0
        text = text.replace(change.character, change.instead)
    assert plain == text
