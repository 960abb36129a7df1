"""What a category means is dated data, read strictly."""

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
import yaml

from services.notify import main
from services.notify.domain.categories import Ambiguity, BadCategories, Categories, Category

DATA = yaml.safe_load((Path(main.__file__).parent / "categories.yaml").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 20)


def test_only_an_emergency_is_sent_again_in_doubt_and_it_goes_first():
    means = {one: Categories.of(DATA).meaning(one, TODAY) for one in Category}
    again = [one for one in Category if means[one].ambiguity is Ambiguity.AT_LEAST_ONCE]
    assert again == [Category.EMERGENCY]
    assert sorted(Category, key=lambda one: means[one].lane) == list(Category)


def test_a_later_version_counts_from_its_day_on():
    later = deepcopy(DATA[-1]) | {"valid_from": date(2027, 1, 1)}
    later["categories"]["service"]["lane"] = 9
    both = Categories.of([later, *DATA])
    lanes = [
        both.meaning(Category.SERVICE, day).lane
        for day in (date(2020, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2030, 1, 1))
    ]
    assert lanes == [3, 3, 9, 9]


def _forget_one(version):
    del version["categories"]["service"]


def _unknown_one(version):
    version["categories"]["gossip"] = {"ambiguity": "at_most_once", "lane": 5}


def _unknown_key(version):
    version["categories"]["service"]["colour"] = "red"


def _unknown_ambiguity(version):
    version["categories"]["service"]["ambiguity"] = "twice"


def _lane_zero(version):
    version["categories"]["service"]["lane"] = 0


def _lane_true(version):
    version["categories"]["service"]["lane"] = True


def _no_source(version):
    version["source"] = ""


def _no_certainty(version):
    del version["certainty"]


def _another_key(version):
    version["valid_until"] = date(2027, 1, 1)


def _no_day(version):
    version["valid_from"] = "soon"


def _no_categories(version):
    version["categories"] = None


@pytest.mark.parametrize(
    "spoil",
    [
        _forget_one,
        _unknown_one,
        _unknown_key,
        _unknown_ambiguity,
        _lane_zero,
        _lane_true,
        _no_source,
        _no_certainty,
        _another_key,
        _no_day,
        _no_categories,
    ],
)
def test_what_is_missing_or_unknown_stops_the_start(spoil):
    versions = deepcopy(DATA)
    spoil(versions[0])
    with pytest.raises(BadCategories):
        Categories.of(versions)


def test_two_versions_of_one_day_or_none_stop_the_start():
    for versions in ([], [*DATA, *DATA]):
        with pytest.raises(BadCategories):
            Categories.of(versions)
