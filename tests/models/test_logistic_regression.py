"""Logistic regression: published coefficients, scikit-learn's optimum, and what happens without an optimum."""

import warnings

import numpy as np
import pandas as pd
import pytest

import zoo

pytestmark = pytest.mark.tensorflow  # double precision, which Keras has on TensorFlow

# Spector and Mazzeo 1980, as in Greene, Econometric Analysis
PUBLISHED = {"GPA": 2.826113, "TUCE": 0.095158, "PSI": 2.378688, "intercept": -13.021347}


@pytest.fixture(scope="module")
def noisy():
    """Three overlapping classes of four columns, one of them a category."""
    generator = np.random.default_rng(3)
    y = generator.integers(0, 3, 400)
    x = generator.normal(size=(400, 3)) * [1.0, 5.0, 0.1] + y[:, None] * [0.7, -2.0, 0.03] + [0.0, 100.0, 0.0]
    return pd.DataFrame(x, columns=["a", "b", "c"]).assign(kind=np.array(["low", "mid", "top"])[y])


@pytest.mark.parametrize("encodings", ["raw", "standard"])
def test_spector_and_mazzeo_s_coefficients_in_raw_units(encodings):
    run = zoo.train("logistic_regression", "spector", encodings=encodings, verbose=0)
    found = run.model.coefficients()[1]
    for name, value in PUBLISHED.items():
        assert found[name] == pytest.approx(value, abs=1e-3)
    assert run.stopped.startswith("converged")


def test_two_classes_agree_with_scikit_learn_without_its_penalty(noisy):
    from sklearn.linear_model import LogisticRegression

    two = noisy[noisy.kind != "mid"]
    x = two[["a", "b", "c"]].to_numpy()
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit((x - x.mean(0)) / x.std(0), two.kind)
    run = zoo.train("logistic_regression", two, target="kind", verbose=0)
    np.testing.assert_allclose(run.model.coefficients()["top"].iloc[:-1] * x.std(0), theirs.coef_[0], atol=1e-4)
    np.testing.assert_allclose(
        zoo.predict(run, two)["p_top"], theirs.predict_proba((x - x.mean(0)) / x.std(0))[:, 1], atol=1e-4
    )


def test_three_classes_agree_with_scikit_learn_with_and_without_penalty(noisy):
    from sklearn.linear_model import LogisticRegression

    x = noisy[["a", "b", "c"]].to_numpy()
    z = (x - x.mean(0)) / x.std(0)
    for l2, C in ((0.0, np.inf), (0.01, 1 / (2 * len(z) * 0.01))):
        theirs = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(z, noisy.kind)
        run = zoo.train("logistic_regression", noisy, target="kind", l2=l2, verbose=0)
        ours = zoo.predict(run, noisy)[["p_low", "p_mid", "p_top"]]
        np.testing.assert_allclose(ours, theirs.predict_proba(z), atol=1e-4)


def test_separable_classes_are_said_to_have_no_maximum():
    data = (np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1]))
    with pytest.warns(UserWarning, match="separable.*no maximum"):
        run = zoo.train("logistic_regression", data, verbose=0)
    assert "not converged" in run.stopped
    assert zoo.evaluate(run, data, verbose=0)["accuracy"] == 1.0


def test_a_penalty_gives_separable_classes_a_maximum():
    data = (np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = zoo.train("logistic_regression", data, l2=0.1, verbose=0)
    assert run.stopped.startswith("converged")


def test_weights_count_rows():
    x = np.array([[0.0], [0.0], [1.0], [1.0], [1.0]])
    y = np.array([0, 1, 0, 1, 1])
    frame = pd.DataFrame({"x": x[:, 0], "y": y})
    once = frame.assign(w=1.0).drop_duplicates()
    once["w"] = [1.0, 1.0, 1.0, 2.0]
    doubled = zoo.train("logistic_regression", frame, target="y", verbose=0)
    weighted = zoo.train("logistic_regression", once, target="y", weight="w", verbose=0)
    np.testing.assert_allclose(weighted.model.coefficients(), doubled.model.coefficients(), atol=1e-4)
    assert weighted.model.coefficients().loc["intercept", 1] == pytest.approx(0.0, abs=1e-5)  # 1 of 2
    assert weighted.model.coefficients()[1].sum() == pytest.approx(np.log(2.0), abs=1e-4)  # 2 to 1


def test_gradient_descent_reaches_the_same_optimum(noisy):
    two = noisy[noisy.kind != "mid"]
    exact = zoo.train("logistic_regression", two, target="kind", verbose=0)
    slow = zoo.train(
        "logistic_regression", two, target="kind", optimizer="sgd", learning_rate=2.0, epochs=400, verbose=0
    )
    np.testing.assert_allclose(zoo.predict(slow, two)["p_top"], zoo.predict(exact, two)["p_top"], atol=1e-3)


@pytest.mark.parametrize("option", [{"l2": -1.0}, {"encodings": "pixels"}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match="must"):
        zoo.build("logistic_regression", "spector", **option)


def overlapping(rows=120):
    """Two classes that a number tells roughly, with words, levels and flags beside it."""
    generator = np.random.default_rng(2)
    y = generator.integers(0, 2, rows)
    number = generator.normal(size=rows) + y
    return pd.DataFrame({"number": number, "y": np.array(["no", "yes"])[y]})


def test_a_level_of_one_class_alone_is_named_as_what_has_no_maximum():
    frame = overlapping().assign(kind="a")
    frame.loc[frame.index[frame.y == "yes"][:5], "kind"] = "rare"
    frame.loc[frame.index[frame.y == "no"][:9], "kind"] = "b"
    frame.loc[frame.index[frame.y == "yes"][6:12], "kind"] = "b"
    with pytest.warns(UserWarning, match=r"no maximum: rows of these values are never of some class: kind=rare. Their"):
        run = zoo.train("logistic_regression", frame, target="y", verbose=0)
    assert run.stopped.startswith("not converged: no maximum, after")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = zoo.train("logistic_regression", frame, target="y", l2=1e-3, verbose=0)
    assert run.stopped.startswith("converged")


def test_a_flag_of_one_class_alone_is_named_for_two_classes_and_for_three():
    frame = overlapping()
    frame["flag"] = (np.arange(120) % 20 == 0) & (frame.y == "yes")
    frame["three"] = np.where(np.arange(120) % 3 == 0, "other", frame.y)
    assert 2 <= frame.flag.sum() <= 6
    for target in ("y", "three"):
        rows = frame[["number", "flag", target]]
        with pytest.warns(UserWarning, match="never of some class: flag. Their weights"):
            zoo.train("logistic_regression", rows, target=target, verbose=0)


def test_values_that_all_classes_have_are_not_named(noisy):
    frame = overlapping()
    frame["flag"] = np.arange(120) % 20 == 0
    frame["far"] = frame.number * 1e-6  # a small unit, and so a large weight
    assert frame.groupby("y").flag.sum().min() > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = zoo.train("logistic_regression", frame.drop(columns="number"), target="y", verbose=0)
    assert run.stopped.startswith("converged") and abs(run.model.coefficients().loc["far", "yes"]) > 1e5
