"""The preprocessor: what it makes of odd columns, against numpy and by hand; in Python and in a SavedModel alike."""

import json

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from zoo.data import block_encoding
from zoo.data.doubts import DataWarning
from zoo.data.encoding import Encoder
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.sampling import sample


def fitted(frame, target=None, encodings="expanded") -> Preprocessor:
    schema = infer(frame, target)
    return Preprocessor(schema, encodings).fit(frame, None if target is None else frame[target])


@pytest.fixture(scope="module")
def mixed():
    """60 rows of every kind, with gaps."""
    generator = np.random.default_rng(0)
    rows = 60
    frame = pd.DataFrame(
        {
            "a number": generator.normal(5.0, 2.0, rows),
            "Größe": np.where(generator.random(rows) < 0.6, 0, generator.exponential(1e4, rows)).round(),
            "city": generator.choice(["Rome", "Oslo", "Bern"], rows),
            "flag": generator.random(rows) < 0.5,
            "день": pd.date_range("2020-01-01", periods=rows, freq="31D"),
            "name": [f"Mr. {'Ivan' if i % 3 else 'Анна'} No{i}" for i in range(rows)],
        }
    )
    frame.loc[::7, "a number"] = np.nan
    frame.loc[3, "city"] = None
    return frame


def test_standard_scaling_equals_numpy():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    encoded = fitted(pd.DataFrame({"x": x}), encodings="standard").encode(pd.DataFrame({"x": x}))
    np.testing.assert_allclose(encoded["numeric"][:, 0], (x - x.mean()) / x.std(), rtol=1e-6)
    assert "quantile" not in encoded


def test_robust_scaling_clips_smoothly():
    x = np.arange(101.0)
    encoded = fitted(pd.DataFrame({"x": x})).encode(pd.DataFrame({"x": [50.0, 100.0, 1e9]}))
    z = np.array([0.0, 1.0, (1e9 - 50) / 50])  # median 50, quartiles 25 and 75
    np.testing.assert_allclose(encoded["numeric"][:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-5)


def test_ranks_are_shares_of_the_training_rows():
    x = np.repeat(np.arange(25.0), 2)
    encoded = fitted(pd.DataFrame({"x": x})).encode(pd.DataFrame({"x": [-9.0, 3.0, 3.5, 99.0]}))
    # of 50 rows 3 has 6 below it and half of its own 2, 3.5 is half way to 4
    np.testing.assert_allclose(encoded["quantile"][:, 0], [0.0, 0.14, 0.16, 1.0], atol=1e-6)


def test_of_a_value_of_most_rows_a_sixteenth_counts_in_the_ranks():
    x = np.append(np.zeros(150), np.arange(1.0, 11.0))
    encoded = fitted(pd.DataFrame({"x": x})).encode(pd.DataFrame({"x": [0.0, 1.0, 5.0, 5.5, 10.0]}))
    # 10 of the zeros count, of 160 rows, and 20 in all: 5 has 14 below it and half of its own, 5.5 is half way to 6
    np.testing.assert_allclose(encoded["quantile"][:, 0], [0.0, 0.525, 0.725, 0.75, 1.0], atol=1e-6)


def test_a_missing_number_is_the_median_and_a_flag_and_so_is_an_infinite_one():
    frame = pd.DataFrame({"x": [1.0, 2.0, np.nan, 4.0]})
    encoded = fitted(frame).encode(pd.DataFrame({"x": [2.0, np.nan, np.inf, -np.inf]}))
    np.testing.assert_array_equal(encoded["numeric"][:, 1], [0, 1, 1, 1])
    np.testing.assert_array_equal(encoded["numeric"][:, 0], [0, 0, 0, 0])  # 2 is the median
    np.testing.assert_array_equal(encoded["quantile"][1:, 0], [0.5, 0.5, 0.5])


def test_one_nan_changes_only_its_own_row(mixed):
    preprocessor = fitted(mixed)
    before = preprocessor.encode(mixed)
    after = preprocessor.encode(mixed.assign(**{"a number": mixed["a number"].where(mixed.index != 5)}))
    for name in before:
        changed = np.any(before[name] != after[name], axis=1)
        assert not changed[np.arange(60) != 5].any()
        assert np.all(np.isfinite(after[name]))


def test_unseen_categories_are_level_zero_and_missing_ones_a_level_of_their_own():
    frame = pd.DataFrame({"city": ["Rome", "Oslo", None, "Rome"]})
    encoded = fitted(frame).encode(pd.DataFrame({"city": ["Rome", "Paris", None, "?", "Oslo", ""]}))
    np.testing.assert_array_equal(encoded["categorical"][:, 0], [3, 0, 1, 1, 2, 1])


def test_levels_are_matched_as_strings_ints_and_floats():
    frame = pd.DataFrame({"code": ["1", "2", "x", "1"]})
    preprocessor = fitted(frame)
    for values in (["1", "2"], [1, 2], [1.0, 2.0]):
        np.testing.assert_array_equal(preprocessor.encode({"code": values})["categorical"][:, 0], [1, 2])


def test_numbers_may_come_as_strings_and_in_pandas_own_types():
    preprocessor = fitted(pd.DataFrame({"x": [1.0, 2.0, np.nan, 5.0]}))
    expected = preprocessor.encode(pd.DataFrame({"x": [1.0, np.nan, 5.0]}))
    for values in (["1", "", "5"], ["1.0", "NA", " 5 "], pd.array([1, None, 5], dtype="Int64"), [1, None, 5]):
        found = preprocessor.encode(pd.DataFrame({"x": values}))
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


def test_text_where_a_number_must_be_names_column_row_and_value():
    preprocessor = fitted(pd.DataFrame({"x": [1.0, 2.0, 5.0]}))
    with pytest.raises(ValueError, match="'x' must hold numbers. Received: 'many' in row 1"):
        preprocessor.encode(pd.DataFrame({"x": ["3", "many"]}))


def test_order_does_not_matter_and_extra_columns_warn_once(mixed):
    preprocessor = fitted(mixed)
    expected = preprocessor.encode(mixed)
    with pytest.warns(UserWarning, match="ignored: extra"):
        found = preprocessor.encode(mixed[mixed.columns[::-1]].assign(extra=1))
    preprocessor.encode(mixed.assign(extra=1))  # a second warning would be an error
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


def test_a_missing_column_is_named_with_the_repair(mixed):
    with pytest.raises(ValueError, match="columns city are missing.*build on these data"):
        fitted(mixed).encode(mixed.drop(columns=["city"]))


def test_frequent_words_and_lengths_stand_for_a_text(mixed):
    preprocessor = fitted(mixed)
    what = [feature["what"] for feature in preprocessor.layout.features if feature["column"] == "name"]
    assert what[:2] == ["length", "words"] and "has 'анна'" in what and "has 'ivan'" in what
    index = next(f["index"] for f in preprocessor.layout.features if f["what"] == "has 'анна'")
    expected = [float("Анна" in name) for name in mixed["name"]]
    np.testing.assert_array_equal(preprocessor.encode(mixed)["numeric"][:, index], expected)


def test_texts_of_one_length_do_not_make_another_length_enormous():
    """numpy's deviation of 300 equal logarithms is 4e-16, not 0."""
    codes = [f"A{i:05d}" for i in range(300)]
    preprocessor = fitted(pd.DataFrame({"code": codes}))
    encoded = preprocessor.encode(pd.DataFrame({"code": ["A00001", "A0000123 b"]}))["numeric"]
    lengths = np.log1p([[6, 2], [10, 3]]) - np.log1p([6, 2])  # letters and digits are words of their own
    np.testing.assert_allclose(encoded[:, :2], lengths, atol=1e-6)


def test_the_saved_graph_answers_bit_for_bit_and_each_row_by_itself(mixed, tmp_path):
    preprocessor = fitted(mixed)
    expected = preprocessor.encode(mixed)
    served, signature = preprocessor.schema.served_names, preprocessor.signature()

    class Holder(tf.Module):
        def __init__(self):
            super().__init__()
            self.encoder = Encoder(preprocessor)

    holder = Holder()
    call = tf.function(lambda **columns: holder.encoder({name: columns[served[name]] for name in signature}))
    specs = {served[name]: tf.TensorSpec(spec.shape, spec.dtype, served[name]) for name, spec in signature.items()}
    tf.saved_model.save(holder, str(tmp_path / "m"), signatures=call.get_concrete_function(**specs))
    loaded = tf.saved_model.load(str(tmp_path / "m")).signatures["serving_default"]
    tensors = {served[name]: tf.constant(values) for name, values in preprocessor.tensors(mixed).items()}
    whole = loaded(**tensors)
    for name in expected:
        np.testing.assert_array_equal(whole[name].numpy(), expected[name])
        rows = [loaded(**{key: value[i : i + 1] for key, value in tensors.items()})[name].numpy() for i in range(10)]
        # one row takes scalar arithmetic where many take vectors: the last place may differ
        np.testing.assert_allclose(np.concatenate(rows), expected[name][:10], rtol=3e-7, atol=1e-7)


def test_the_configuration_survives_json_exactly(mixed):
    preprocessor = fitted(mixed)
    again = Preprocessor.from_config(json.loads(json.dumps(preprocessor.get_config())))
    first, second = preprocessor.encode(mixed), again.encode(mixed)
    assert sorted(first) == sorted(second) and again.layout.sizes == preprocessor.layout.sizes
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_raw_columns_are_taken_as_they_are():
    frame = pd.DataFrame({"x": [3.0, np.nan, 5.0, 100.0], "b": [True, False, True, True], "c": ["u", "v", "u", None]})
    encoded = fitted(frame, encodings="raw").encode(frame)["inputs"]
    np.testing.assert_array_equal(encoded, [[3, 1, 0, 1, 0], [5, 0, 0, 0, 1], [5, 1, 0, 1, 0], [100, 1, 1, 0, 0]])


def test_the_target_s_mean_and_deviation_are_those_of_the_training_rows():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [10.0, 20.0, 60.0]})
    preprocessor = fitted(frame, "y")
    assert preprocessor.target.center == pytest.approx(30.0)
    assert preprocessor.target.scale == pytest.approx(np.std([10, 20, 60]))


@pytest.mark.parametrize("classes", [["b", "a"], [3, 1], [True, False]])
def test_labels_come_back_in_the_caller_s_values(classes):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": classes * 2})
    preprocessor = fitted(frame, "y")
    indices = preprocessor.target.encode(frame.y)
    assert indices.tolist() == [1, 0, 1, 0]
    assert preprocessor.target.labels(indices).tolist() == frame.y.tolist()


def test_an_unknown_class_is_named():
    preprocessor = fitted(pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "a"]}), "y")
    with pytest.raises(ValueError, match="holds the class 'z', which training did not know"):
        preprocessor.target.encode(["a", "z"])


def test_streams_and_tables_give_the_same_statistics(mixed):
    whole = sample([mixed], size=40)
    blocks = sample([mixed[i : i + 7] for i in range(0, 60, 7)], size=40)
    pd.testing.assert_frame_equal(whole.frame, blocks.frame)
    assert whole.rows == blocks.rows == 60 and len(whole.frame) == 40
    schema = infer(mixed)
    first, second = (Preprocessor(schema).fit(part) for part in (whole, blocks))
    assert json.dumps(first.get_config(), default=str) == json.dumps(second.get_config(), default=str)


def test_levels_are_counted_over_all_rows_of_a_stream():
    frame = pd.DataFrame({"c": ["common"] * 90 + ["rare"] * 10, "x": np.arange(100.0)})
    drawn = sample([frame], size=5)
    levels = Preprocessor(infer(frame)).fit(drawn).layout.levels
    assert levels == [["common", "rare"]]


@pytest.mark.parametrize("encodings", ["expanded", "standard"])
def test_untraced_operations_and_the_graph_give_the_same_bits(encodings):
    generator = np.random.default_rng(0)
    numbers = generator.lognormal(size=(500, 19)).astype("float32")  # more columns than a processor takes at once
    frame = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(19)])
    frame = frame.assign(city=generator.choice(["Rome", "Oslo"], 500), flag=generator.random(500) < 0.5)
    frame.loc[::7, "x3"] = np.nan
    preprocessor = fitted(frame, encodings=encodings)
    first = preprocessor.encode(frame)
    assert preprocessor.block_encoder()._function is None
    for _ in range(4):
        later = preprocessor.encode(frame)
    assert preprocessor.block_encoder()._function is not None
    assert first.keys() == later.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, later[name])


def test_blocks_of_rows_give_what_all_rows_at_once_give(mixed, monkeypatch):
    preprocessor = fitted(mixed)
    whole = preprocessor.encode(mixed)
    monkeypatch.setattr(block_encoding, "BLOCK_VALUES", 7 * mixed.shape[1])  # blocks of 7 of the 60 rows
    parts = preprocessor.encode(mixed)
    for name, values in whole.items():
        np.testing.assert_allclose(parts[name], values, rtol=1e-6, atol=1e-6)  # a cosine's last bit is its place's


def test_a_regression_s_target_that_is_no_number_is_shown_with_its_row():
    """The first value of the column was shown, which may be a number."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    preprocessor = Preprocessor(infer(frame.assign(y=[1.0, 2.0, 3.5]), "y", task="regression")).fit(
        frame, [1.0, 2, 3.5]
    )
    with pytest.raises(ValueError, match="finite numbers. Received: 'two', at row b. Correct it, or drop these rows"):
        preprocessor.target.encode(pd.Series(["1", "two", "3"], ["a", "b", "c"]))


def test_the_statistics_of_many_rows_are_those_of_a_sample_whatever_columns_are_called():
    """The target was put beside the inputs under a name that a column may have."""
    rows = 200_001
    frame = pd.DataFrame({"__target__": np.arange(rows) % 7 * 1.0})
    y = np.arange(rows) * 0.5
    schema = infer(frame.assign(y=y), "y")
    drawn = sample([frame.assign(y=y)])
    preprocessor = Preprocessor(schema, "raw").fit(frame, y)
    assert preprocessor.get_config() == Preprocessor(schema, "raw").fit(drawn).get_config()
    np.testing.assert_array_equal(drawn.frame["y"], y[drawn.index])
    assert preprocessor.target.center == pytest.approx(drawn.frame["y"].mean(), rel=1e-12)


def test_a_model_of_raw_numbers_leaves_texts_out_and_says_so():
    frame = pd.DataFrame({"x": np.arange(30.0), "story": [f"once upon a time {i} lived" for i in range(30)]})
    with pytest.warns(DataWarning, match="The text columns story are no numbers, .* Take another model") as said:
        encoded = Preprocessor(infer(frame), "raw").fit(frame).encode(frame)
    assert len(said) == 1 and encoded["inputs"].shape == (30, 1)
