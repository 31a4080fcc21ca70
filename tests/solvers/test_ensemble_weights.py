"""Greedy weights of models that answer together, against all weights there are."""

import itertools

import numpy as np
import pytest

from zoo.solvers.ensemble_weights import greedy, optimism

GENERATOR = np.random.default_rng(0)
TRUTH = GENERATOR.normal(size=60)


def squared_error(answers):
    """Returns the mean squared error of a weighted mean, as a function of the weights."""
    return lambda weights: float(np.mean((answers.T @ np.asarray(weights) - TRUTH) ** 2))


def noisy(*deviations):
    return np.stack([TRUTH + GENERATOR.normal(scale=s, size=len(TRUTH)) for s in deviations])


def every_set(models, most):
    """Yields the weights of all sets of up to `most` models, with repetition."""
    for counts in itertools.product(range(most + 1), repeat=models):
        if 0 < sum(counts) <= most:
            yield np.array(counts) / sum(counts)


@pytest.mark.parametrize("deviations", [(1.0, 1.0), (0.3, 2.0), (1.0, 0.5)])
def test_of_two_models_the_greedy_weights_are_the_best_of_all(deviations):
    """Of two models the loss is convex in one number, and each pick moves towards its least."""
    loss = squared_error(noisy(*deviations))
    weights, _ = greedy(loss, 2, picks=12)
    best = min(loss(each) for each in every_set(2, 12))
    assert loss(weights) <= best + 1e-3 * best


def test_of_three_models_the_greedy_weights_come_near_the_best_of_all():
    loss = squared_error(noisy(1.0, 0.7, 0.9))
    weights, _ = greedy(loss, 3, picks=12)
    assert loss(weights) <= 1.02 * min(loss(each) for each in every_set(3, 12))


def test_each_pick_is_the_one_that_brute_force_finds():
    loss = squared_error(noisy(1.0, 0.7, 0.9, 2.0))
    counts, expected = np.zeros(4), []
    for _ in range(8):
        tried = [counts + one for one in np.eye(4)]
        counts = min(tried, key=lambda each: loss(each / each.sum()))
        expected.append(loss(counts / counts.sum()))
    weights, losses = greedy(loss, 4, picks=8)
    np.testing.assert_allclose(losses, expected)
    assert loss(weights) == pytest.approx(min(expected))


def test_a_small_weight_is_found_though_equal_parts_are_worse():
    """Half of the worse model harms; a tenth of it helps: to stop at the first pick that gains nothing misses it."""
    good, worse = TRUTH + 0.3, TRUTH - 2.0
    loss = squared_error(np.stack([good, worse]))
    assert loss([0.5, 0.5]) > loss([1.0, 0.0])
    weights, losses = greedy(loss, 2, picks=20)
    assert losses[1] == losses[0]
    np.testing.assert_allclose(weights, [2.0 / 2.3, 0.3 / 2.3], atol=0.03)


def test_the_first_pick_is_the_best_model_and_the_weights_are_never_worse_than_it():
    answers = noisy(1.0, 0.4, 0.9)
    loss = squared_error(answers)
    weights, losses = greedy(loss, 3)
    alone = [loss(row) for row in np.eye(3)]
    assert losses[0] == min(alone)
    assert loss(weights) <= min(alone)
    assert len(losses) == 50 and weights.sum() == pytest.approx(1.0) and np.all(weights >= 0.0)


def test_of_equal_sets_the_one_of_fewer_models_counts():
    """A copy of the best model takes no weight."""
    answers = noisy(0.4)
    weights, _ = greedy(squared_error(np.concatenate([answers, answers])), 2, picks=9)
    assert weights.tolist() == [1.0, 0.0]


def test_the_log_loss_of_probabilities_is_lowered():
    y = np.arange(60) % 3
    raw = np.exp(GENERATOR.normal(size=(3, 60, 3)) + 1.5 * np.eye(3)[y])
    probabilities = (raw / raw.sum(axis=-1, keepdims=True)).transpose(0, 2, 1)  # (models, classes, rows)

    def of_weights(weights):
        mixed = np.tensordot(weights, probabilities, axes=1)
        return float(-np.mean(np.log(mixed[y, np.arange(60)])))

    weights, _ = greedy(of_weights, 3)
    assert of_weights(weights) < min(of_weights(row) for row in np.eye(3))
    assert of_weights(weights) <= of_weights(np.full(3, 1 / 3))


def test_a_model_whose_loss_is_not_finite_is_never_taken():
    loss = squared_error(noisy(1.0, 1.0, 1.0))

    def broken(weights):
        return float("nan") if weights[1] > 0 else loss(weights)

    weights, losses = greedy(broken, 3, picks=10)
    assert weights[1] == 0.0 and np.all(np.isfinite(losses))


def test_without_a_model_that_can_answer_there_are_no_weights():
    with pytest.raises(ValueError, match=r"At least one of 2 models must have a finite loss. Received: \[nan, nan\]"):
        greedy(lambda weights: float("nan"), 2)
    with pytest.raises(ValueError, match="`picks` and `models` must be at least 1. Received: picks=0, models=2"):
        greedy(lambda weights: 0.0, 2, picks=0)


def test_optimism_is_what_an_epoch_of_the_fold_s_own_choice_gains():
    # Fold 0 would take epoch 1 by fold 1: .5 - .2 at its own best, epoch 2. Fold 1 would take epoch 2: .9 - .1.
    assert optimism([[0.6, 0.5, 0.2], [0.4, 0.1, 0.9]]) == pytest.approx((0.3 + 0.8) / 2)
    # Of three folds, the mean of the two others chooses: .5, .5 and .35 for the first, at epoch 2.
    curves = [[0.3, 0.4, 0.6], [0.5, 0.6, 0.2], [0.5, 0.4, 0.5]]
    chosen = [int(np.argmin(np.mean([c for j, c in enumerate(curves) if j != i], axis=0))) for i in range(3)]
    gaps = [curves[i][epoch] - min(curves[i]) for i, epoch in enumerate(chosen)]
    assert chosen[0] == 2 and optimism(curves) == pytest.approx(np.mean(gaps))


def test_a_fold_that_ended_before_others_stays_at_its_last_loss():
    # By fold 0, whose least is epoch 3, fold 1 is at its last, .7; by fold 1 (.2 at epoch 1), fold 0 is at .5.
    assert optimism([[0.6, 0.5, 0.4, 0.3], [0.4, 0.2, 0.7]]) == pytest.approx((0.2 + 0.5) / 2)


def test_folds_that_say_nothing_are_not_optimistic():
    assert optimism([]) == 0.0
    assert optimism([[0.5, 0.1]]) == 0.0
    assert optimism([[], []]) == 0.0
    assert optimism([[np.nan, np.inf], [0.1, 0.2]]) == 0.0
