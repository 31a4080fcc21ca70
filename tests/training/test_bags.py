"""The folds of a committee: each row is held out once, and classes and groups are kept in order."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data.pipelines import Encoded
from zoo.training.bags import Bag, as_seen, joined, known_levels, parted, rows_of
from zoo.training.parts import load_parts


def parts(y, entry="committee_classifier", validation=0.2, **roles):
    frame = pd.DataFrame({"a": np.arange(len(y)) * 0.5, "b": np.arange(len(y)) % 7 / 3.0, "y": y})
    named = {"groups": None, "time": None, "weight": None}
    for role, values in roles.items():
        frame[role], named[role] = values, role
    is_share = not isinstance(validation, pd.DataFrame)
    how = {"validation": validation, "schema": None, "shipped": False, "seed": 0, "whole": is_share}
    return load_parts(frame, target="y", entry=zoo.info(entry), **how, **named)


def bags_of(loaded, asked=None, *, share=0.2, **given):
    return parted(loaded, asked, given, share=share, seed=3)


CLASSES = np.array(["a"] * 20 + ["b"] * 10 + ["c"] * 6 + ["d"])


def test_each_row_is_held_out_once_and_never_trained_on_by_that_bag():
    found = bags_of(parts(np.arange(41) * 1.0, "committee_regressor"), 6)
    held = np.concatenate([bag.held for bag in found.bags])
    assert sorted(held) == list(range(41))
    for bag in found.bags:
        assert sorted([*bag.train, *bag.held]) == list(range(41))
        assert len(bag.held) in (6, 7)
    assert found.said == "all rows; 6 folds by seed 3"


def test_few_bags_are_trained_on_four_fifths_of_the_rows_each():
    found = bags_of(parts(np.arange(40) * 1.0, "committee_regressor"), 2)
    assert [(len(bag.train), len(bag.held)) for bag in found.bags] == [(32, 8), (32, 8)]
    assert not set(found.bags[0].held) & set(found.bags[1].held)
    assert found.said == "all rows; 5 folds by seed 3, of which 2 are held out"


def test_bags_of_many_rows_are_trained_on_nine_tenths_of_them_each():
    found = bags_of(parts(np.arange(6_000) * 1.0, "committee_regressor"))
    assert [(len(bag.train), len(bag.held)) for bag in found.bags] == [(5_400, 600)] * 3
    assert found.said == "all rows; 10 folds by seed 3, of which 3 are held out"


@pytest.mark.parametrize(("rows", "given", "trained"), [(3_000, 250, 3_000), (3_000, 249, 2_700), (2_000, 250, 1_750)])
def test_enough_validation_rows_of_the_caller_take_the_place_of_the_folds(rows, given, trained):
    validation = pd.DataFrame({"a": np.arange(given) * 0.5, "b": 0.0, "y": np.arange(given) * 1.0})
    found = bags_of(parts(np.arange(rows) * 1.0, "committee_regressor", validation=validation))
    assert len(found) > 1 and {len(bag.train) for bag in found.bags} == {trained}
    assert {len(bag.held) for bag in found.bags} == {rows - trained}


def test_classes_are_spread_evenly_and_the_only_row_of_one_is_trained_on_by_all():
    found = bags_of(parts(CLASSES), 6)
    for bag in found.bags:
        counts = pd.Series(CLASSES[bag.held]).value_counts()
        assert abs(counts["a"] - 20 / 6) < 1 and abs(counts["b"] - 10 / 6) < 1 and counts["c"] == 1
        assert "d" not in counts and 36 in bag.train


def test_a_class_of_two_rows_is_always_trained_on():
    y = np.array(["a"] * 10 + ["b"] * 2)
    assert all(set(y[bag.train]) == {"a", "b"} for bag in bags_of(parts(y), 6).bags)


def test_rows_of_a_group_are_held_out_together():
    groups = np.repeat(np.arange(9), [9, 1, 2, 3, 4, 5, 2, 2, 2])
    found = bags_of(parts(np.arange(30) % 2, groups=groups), 5, groups="groups")
    for bag in found.bags:
        assert not set(groups[bag.train]) & set(groups[bag.held])
    assert [len(bag.held) for bag in found.bags] == [9, 5, 6, 5, 5]  # the largest first, each to the emptiest fold
    assert found.said == "all rows; 5 folds by groups of groups and seed 3"


@pytest.mark.parametrize(("rows", "expected"), [(100, 8), (2_000, 8), (2_001, 5), (5_001, 3), (50_000, 2), (50_001, 1)])
def test_the_number_of_bags_follows_from_the_rows(rows, expected):
    assert len(bags_of(parts(np.arange(rows) * 1.0, "committee_regressor"))) == expected


def test_few_rows_have_fewer_bags():
    assert len(bags_of(parts(np.arange(5) * 1.0, "committee_regressor"))) == 2
    with pytest.raises(ValueError, match="needs at least 4 rows. Received: 3.*'mlp_classifier' or 'mlp_regressor'"):
        bags_of(parts(np.arange(3) * 1.0, "committee_regressor"))
    with pytest.raises(ValueError, match="at most half the number of rows, 5. Received: bags=6"):
        bags_of(parts(np.arange(10) * 1.0, "committee_regressor"), 6)


def test_there_are_no_more_bags_than_groups():
    groups = np.arange(30) // 10
    loaded = parts(np.arange(30) % 2, groups=groups)
    assert len(bags_of(loaded, groups="groups")) == 3
    with pytest.raises(ValueError, match="at most the number of groups of 'groups', 3. Received: bags=4"):
        bags_of(loaded, 4, groups="groups")
    alone = parts(np.arange(30) % 2, groups=np.zeros(30))
    with pytest.raises(ValueError, match="at least two groups to hold one out. Received: one"):
        bags_of(alone, groups="groups")


def test_by_time_the_last_rows_are_held_out_from_one_bag():
    time = np.random.default_rng(0).permutation(50)
    loaded = parts(np.arange(50) * 1.0, "committee_regressor", time=time)
    (bag,) = bags_of(loaded, time="time").bags
    assert sorted(time[bag.held]) == list(range(40, 50))
    with pytest.raises(ValueError, match="By `time` the last rows are held out, from one bag. Received: bags=4"):
        bags_of(loaded, 4, time="time")


def test_by_time_the_last_fifth_is_held_out_even_without_validation():
    time = np.random.default_rng(0).permutation(50)
    loaded = parts(np.arange(50) * 1.0, "committee_regressor", validation=None, time=time)
    (bag,) = bags_of(loaded, share=None, time="time").bags
    assert sorted(time[bag.held]) == list(range(40, 50))
    with pytest.raises(ValueError, match="One bag needs rows held out. Received: bags=1, validation=None"):
        bags_of(loaded, 1, share=None, time="time")


def test_one_bag_has_the_share_of_the_recipe_held_out():
    (bag,) = bags_of(parts(np.arange(50) % 2), 1).bags
    assert len(bag.held) == 10 and sorted([*bag.train, *bag.held]) == list(range(50))
    with pytest.raises(ValueError, match="One bag needs rows held out. Received: bags=1, validation=None"):
        bags_of(parts(np.arange(50) % 2), 1, share=None)


def test_one_bag_takes_the_validation_rows_of_the_caller_instead():
    given = pd.DataFrame({"a": [0.1], "b": [0.2], "y": [1]})
    (bag,) = bags_of(parts(np.arange(50) % 2, validation=given), 1, share=None).bags
    assert len(bag.train) == 50 and not len(bag.held)


def test_without_rows_held_out_a_large_table_has_folds_after_all():
    assert len(bags_of(parts(np.arange(50_001) * 1.0, "committee_regressor"), share=None)) == 2


def encoded(rows=4, weight=None):
    x = {"numeric": np.arange(rows, dtype="float32")[:, None], "categorical": np.arange(rows)[:, None] % 3}
    return Encoded({**x}, np.arange(rows), weight, np.arange(rows) * 1.0)


def test_rows_are_taken_and_joined_with_all_that_belongs_to_them():
    some = rows_of(encoded(weight=np.arange(4.0)), np.array([2, 0]))
    assert some.x["numeric"][:, 0].tolist() == [2.0, 0.0]
    assert (some.y.tolist(), some.weight.tolist(), some.truth.tolist()) == ([2, 0], [2.0, 0.0], [2.0, 0.0])
    both = joined(some, encoded(2))
    assert (both.y.tolist(), both.weight.tolist()) == ([2, 0, 0, 1], [2.0, 0.0, 1.0, 1.0])
    assert joined(some, None) is some


def test_levels_of_rows_held_out_that_the_bag_did_not_see_are_as_unseen():
    bag = Bag(np.array([0, 1]), np.array([2, 3]))  # levels 0 and 1 are trained on
    known = known_levels(encoded(), bag, (3,))
    seen = as_seen(rows_of(encoded(), bag.held), known, (3,))
    assert seen.x["categorical"][:, 0].tolist() == [0, 0]
    assert seen.x["numeric"][:, 0].tolist() == [2.0, 3.0]
