"""Target means and counts: sums by hand, out of fold for rows that are trained on, and no skill from noise."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo.artifacts.adapting import adapt
from zoo.data import pipelines, target_means
from zoo.data.packing import unpacked
from zoo.data.preprocessing import Preprocessor

MEANS = {"category": "target_means"}
CITIES = [f"city {i:02d}" for i in range(12)]


def table(rows=120, seed=0):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": draw.normal(size=rows),
            "city": [*np.repeat(CITIES, 2), *draw.choice(CITIES, rows - 24)],
            "size": draw.choice(["s", "m", "l"], rows),
            "y": draw.normal(size=rows) + 5.0,
            "kind": draw.choice(["a", "a", "b", "c"], rows),
        }
    )


def fitted(frame, target, encodings=MEANS):
    frame = frame.drop(columns=list({"y", "kind"} & set(frame) - {target}))
    data = zoo.data.load(frame, target=target)
    task = zoo.registry.load_task("regression" if target == "y" else "classification")
    return data, Preprocessor(task.described(data.schema, data.y), encodings).fit(data.x, data.y)


def smoothed(y, city, prior):
    """Returns the mean of y over the rows of each city, beside ten rows of the prior."""
    return {c: (y[city == c].sum() + 10 * prior) / ((city == c).sum() + 10) for c in CITIES}


def test_a_row_to_predict_has_the_mean_and_the_count_of_its_level():
    frame = table()
    data, known = fitted(frame, "y")
    encoded = known.encode(data.x)["numeric"]
    means = smoothed(frame.y, frame.city, frame.y.mean())
    np.testing.assert_allclose(encoded[:, 1], (frame.city.map(means) - frame.y.mean()) / frame.y.std(ddof=0), atol=1e-6)
    logs = np.log(1 + frame.city.map(frame.city.value_counts()))
    np.testing.assert_allclose(encoded[:, 2], (logs - logs.mean()) / logs.std(ddof=0), atol=1e-5)
    unseen = known.encode(data.x.assign(city="Atlantis"))["numeric"]
    assert not unseen[:, 1].any()  # the prior, in deviations from it
    np.testing.assert_allclose(unseen[:, 2], -logs.mean() / logs.std(ddof=0), rtol=1e-5)
    assert known.layout.levels == [["l", "m", "s"]]  # few levels keep their positions


def test_a_row_to_train_on_has_the_mean_of_the_rows_outside_of_its_fold():
    frame = table()
    data, known = fitted(frame, "y")
    found = pipelines.encode(data, known, training_seed=3).x["numeric"][:, 1]
    fold = np.random.default_rng(3).permutation(120) % 5
    for row in range(120):
        others = fold != fold[row]
        mean = smoothed(frame.y[others], frame.city[others], frame.y.mean())[frame.city[row]]
        assert found[row] == pytest.approx((mean - frame.y.mean()) / frame.y.std(ddof=0), abs=1e-6)


def test_a_row_s_own_target_does_not_change_its_features():
    frame = table()
    data, known = fitted(frame, "y")
    before = known.encode_training(data.x, frame.y, 3)["numeric"]
    changed = frame.y.copy()
    changed[17] = 1e3
    after = known.encode_training(data.x, changed, 3)["numeric"]
    np.testing.assert_array_equal(after[17], before[17])
    assert not np.allclose(after[:, 1], before[:, 1])


def test_of_classes_all_but_the_most_frequent_have_means():
    frame = table()
    data, known = fitted(frame, "kind")
    encoded = known.encode(data.x)["numeric"]
    for i, kind in enumerate(("b", "c")):  # "a" is half of all rows
        is_kind = (frame.kind == kind).astype(float)
        means = smoothed(is_kind, frame.city, is_kind.mean())
        wanted = (frame.city.map(means) - is_kind.mean()) / is_kind.std(ddof=0)
        np.testing.assert_allclose(encoded[:, 1 + i], wanted, atol=1e-6)
    whats = [feature["what"] for feature in known.layout.features if feature["column"] == "city"]
    assert whats == ["target mean 1", "target mean 2", "count"]


def test_two_classes_have_one_mean_and_of_many_the_most_frequent():
    positions = np.resize(np.arange(1, 11), 400)
    assert target_means.fit(positions, np.resize([0, 1, 1], 400).astype("int32"), 10)["outputs"] == [1]
    classes = np.repeat(np.arange(40), np.arange(1, 41)).astype("int32")  # the last is the most frequent one
    many = target_means.fit(np.resize(positions, 820), classes, 10)
    assert many["outputs"] == list(range(23, 39)) and target_means.width(many) == 17


def test_several_targets_and_labels_have_a_mean_each():
    positions = np.resize(np.arange(1, 11), 40)
    for y in (np.random.default_rng(0).normal(size=(40, 2)), np.random.default_rng(0).integers(0, 2, (40, 2))):
        found = unpacked(target_means.fit(positions, y, 10)["table"], 3)
        of_first = (y[positions == 1].sum(axis=0) + 10 * y.mean(axis=0)) / 14
        np.testing.assert_allclose(found[1, :2], (of_first - y.mean(axis=0)) / y.std(axis=0), atol=1e-6)


def test_levels_do_not_stand_beside_means_with_which_they_would_tell_a_row_s_target():
    frame = table(400, 1)
    data, known = fitted(frame, "y", {"category": ("levels", "target_means")})
    assert known.layout.levels == [["l", "m", "s"]]
    mean = known.encode_training(data.x, data.y, 0)["numeric"][:, 1]
    within = [np.corrcoef(mean[frame.city == city], frame.y[frame.city == city])[0, 1] for city in CITIES]
    assert np.mean(within) < -0.15  # among the rows of a level: what its indicator and the mean tell together


@pytest.mark.parametrize("target", ["y", "kind"])
def test_levels_of_a_random_target_give_no_skill(target):
    """Means that saw a row's own target would tell it: of levels of two rows each, half of the mean is the row's."""
    draw = np.random.default_rng(1)
    frame = table(400, 1).assign(city=draw.permutation(np.repeat([f"id {i}" for i in range(200)], 2)))
    entry = "linear_regression" if target == "y" else "logistic_regression"
    frame = frame.drop(columns="kind" if target == "y" else "y")
    scores = zoo.cross_validate(entry, frame, target=target, folds=2, encodings=MEANS, verbose=0)
    if target == "y":
        assert scores["r2"].mean() < 0.02
    else:
        assert scores["roc_auc"].mean() == pytest.approx(0.5, abs=0.08)
    data, known = fitted(frame, target)
    y = data.y if target == "y" else data.y == "b"
    plain, out_of_fold = (
        known.encode(data.x)["numeric"][:, 1],
        known.encode_training(data.x, data.y, 0)["numeric"][:, 1],
    )
    assert np.corrcoef(plain, y)[0, 1] > 0.5 and abs(np.corrcoef(out_of_fold, y)[0, 1]) < 0.15


def test_over_all_random_targets_mean_and_count_say_nothing_of_a_row_s_own():
    """What a row's mean holds beside the prior is the same for both classes in each level, which counts may name."""
    draw = np.random.default_rng(0)
    places = np.repeat([1, 2, 3, 4], [2, 3, 12, 40])  # each level can be told by its count
    fold = np.random.default_rng(7).permutation(57) % target_means.FOLDS
    others = (places[:, None] == places) & (fold[:, None] != fold)  # by row: those that its mean is taken from
    own, plain = [], []
    for _ in range(600):
        y = draw.integers(0, 2, 57)
        known = target_means.fit(places, y, 4)
        means = target_means.of_training_rows(places, y, known, 7)[:, 0] * known["deviation"][0] + y.mean()
        sums = means * (others.sum(axis=1) + 10) - 10 * y.mean()
        np.testing.assert_allclose(sums, others @ y, atol=1e-6)
        of_all = (places[:, None] == places) @ y
        for found, values in ((own, sums), (plain, of_all)):
            found.append([np.mean(values[places == i] * (2 * y[places == i] - 1)) for i in (1, 2, 3, 4)])
    errors = np.std(own, axis=0) / 600**0.5
    assert np.all(np.abs(np.mean(own, axis=0)) <= 4 * errors)
    assert np.all(np.mean(plain, axis=0) > 0.4)  # a row's own 1 adds 1 to the sum: half of the rows have one


def test_rows_of_fit_that_a_training_goes_on_with_do_not_see_their_own_target(monkeypatch):
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"id": np.repeat([f"id {i}" for i in range(1000)], 3), "y": draw.normal(size=3000)})
    how = {"encodings": MEANS, "hidden_units": (4,), "linear": False, "validation": None}
    run = zoo.train("mlp_regressor", frame, target="y", epochs=1, verbose=0, **how)
    seen, own = [], Preprocessor.encode_training
    monkeypatch.setattr(Preprocessor, "encode_training", lambda *a, **b: seen.append(own(*a, **b)) or seen[-1])
    some = frame[::3]
    served = run.model.preprocessor.encode(some[["id"]])["numeric"][:, 0]
    assert np.corrcoef(served, some.y)[0, 1] > 0.5  # the mean of three rows, of which it is one
    for rows in (some, frame.sample(frac=0.4, random_state=0), frame):
        zoo.fine_tune(run, rows, epochs=1, validation=None, freeze="none", verbose=0)
        means = seen[-1]["numeric"][:, 0]  # of one row for each id all are the prior
        assert np.ptp(means) < 1e-6 if rows is some else abs(np.corrcoef(means, rows.y)[0, 1]) < 0.1
    assert len(seen) == 3


def test_keras_s_own_fit_sees_the_means_out_of_fold(monkeypatch):
    frame = table().drop(columns="kind")
    model = zoo.build("mlp_regressor", frame, target="y", encodings=MEANS, hidden_units=(4,), linear=False)
    seen, own = [], Preprocessor.encode_training
    monkeypatch.setattr(Preprocessor, "encode_training", lambda *rows: seen.append(own(*rows)) or seen[-1])
    model.fit(frame, epochs=1, verbose=0)
    assert [len(encoded["numeric"]) for encoded in seen] == [120]
    with pytest.raises(ValueError, match="all rows are needed at once. Received: one batch of raw rows. Call `fit`"):
        model.train_on_batch(frame.head(40))
    batch = {name: values[:40] for name, values in seen[0].items()}
    assert np.isfinite(model.train_on_batch(batch, frame.y.to_numpy()[:40])).all()
    batches = zoo.data.load(frame, target="y")
    columns = {name: tf.constant(frame[name].to_numpy()) for name in ("x", "city", "size")}
    dataset = tf.data.Dataset.from_tensor_slices((columns, frame.y.to_numpy())).batch(40)
    with pytest.raises(ValueError, match="all rows are needed at once. Received: a tf.data.Dataset.*no 'target_means'"):
        model.fit(dataset, epochs=1, verbose=0)
    assert model.evaluate(dataset, verbose=0) is not None and len(batches) == 120


def test_batches_of_means_are_refused():
    model = zoo.build("mlp_classifier", table().drop(columns="y"), target="kind", encodings=MEANS)
    with pytest.raises(ValueError, match="'target_means' needs all training rows at once.*Pass the table itself"):
        zoo.data.pipeline(table().drop(columns="y"), model, batch_size=8)


def test_a_level_that_came_later_has_the_prior_in_training_and_when_it_is_served():
    frame = table().drop(columns="kind")
    run = zoo.train("mlp_regressor", frame, target="y", encodings=MEANS, hidden_units=(4,), epochs=1, verbose=0)
    later = table(60, 2).drop(columns="kind").assign(city=["Oslo", *CITIES[:11]] * 5)
    adapted = adapt(run, later, columns="extend")
    known = adapted.preprocessor
    assert "Oslo" in known.states[1]["levels"]
    is_new = (later.city == "Oslo").to_numpy()
    for encoded in (known.encode(later), known.encode_training(later, later.y, 0)):
        assert not encoded["numeric"][is_new, 1].any() and encoded["numeric"][~is_new, 1].all()
    np.testing.assert_array_equal(zoo.predict(adapted, later), zoo.predict(run, later))


def test_without_a_target_categories_keep_their_levels():
    data = zoo.data.load(table()[["x", "city"]])
    assert Preprocessor(data.schema, MEANS).fit(data.x).layout.levels == [CITIES]


def test_a_stream_s_blocks_have_means_of_their_own_rows_out_of_fold(tmp_path):
    frame = table()[["x", "city", "y"]]
    frame.to_csv(tmp_path / "rows.csv", index=False)
    rows = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    options = {"encodings": MEANS, "hidden_units": (4,), "epochs": 1, "batch_size": 60, "validation": None}
    known = zoo.train("mlp_regressor", rows, verbose=0, **options).model.preprocessor
    (block,) = pipelines.encoded_blocks(rows, known, training_seed=3)
    np.testing.assert_array_equal(block.x["numeric"], known.encode_training(frame, frame.y, 3)["numeric"])
    assert not np.allclose(block.x["numeric"], known.encode(frame)["numeric"])
