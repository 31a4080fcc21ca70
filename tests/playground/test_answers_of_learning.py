"""The right answers to the questions of the stations from the maps on: from papers and by hand, not from the page.

maps             A twist of a sheet is never undone once the radius is small (T. Kohonen, Self-Organizing Maps, 3.4).
                 A chain of five on [0, 1], radius 1: each weight is the mean of what its neighbours' cells receive,
                 w1 = (w2 + w3) / 4, w2 = (w3 + w4) / 4, w3 = 1/2, w4 = 1 - w2, so w2 = 0.3 and w1 = 0.2.
                 Between the sides of a ring the neighbours of both sides pull: units remain in the hole.
neocognitron     A numeral keeps its cell wherever it is shown, and is known although it is damaged, and no other
                 pattern has a cell (K. Fukushima, Biol. Cybern. 36, 1980, section 4).
descent          1 - eta lambda = 1 - 0.52 * 4 = -1.08; 2 (1 + mu) / lambda = 0.75 > 0.7; full steps of Newton from
                 (3.6, 1.2) are taken below in numpy; 20 small steps come further than 4 or 1; the gradient of the
                 error is -X'(y - X theta) / n, and a step along it goes up.
backpropagation  Two of the four paths begin in the neighbour that the weight does not feed; p and d both sum to 1;
                 the step's derivative is 0 wherever it exists.
your_data        A line through two circles has as many points of each class on either side; x^2 + y^2 parts them;
                 layers of the identity are a line.
"""

import numpy as np
import pytest

from tests.playground.node import run
from tests.playground.test_stations import FILES

pytestmark = pytest.mark.node

ANSWERS = {
    "maps": ["No, it stays twisted", "At 0.2", "Yes"],
    "neocognitron": ["The same one", "Hardly anything", "Yes"],
    "descent": ["It runs away", "Yes", "Away from it", "online, one row", "It grows"],
    "backpropagation": ["2", "It is 0", "None"],
    "your_data": ["About as many as by chance", "Nearly all", "A straight line"],
}
ASKED = """
const {defaults, questions} = playground.stations.find(station => station.name === given);
const text = value => value.en ?? value, {language} = playground;
return questions.map(question => {
  const api = {
    state: {...defaults, ...question.set},
    number: (value, digits) => language.number(value, "en", digits),
    fixed: (value, decimals) => language.fixed(value, "en", decimals),
    plural: (count, forms) => language.plural(count, forms.en, "en"),
    text,
  };
  const {explain} = question;
  return {
    right: text(question.choices[question.right(api)]),
    explained: text(typeof explain === "function" ? explain(api) : explain),
  };
});
"""


@pytest.fixture(scope="module")
def asked():
    return {station: run(ASKED, files=FILES, given=station) for station in ANSWERS}


@pytest.mark.parametrize("station", ANSWERS)
def test_the_right_answers_are_those_of_papers_or_found_by_hand(asked, station):
    assert [question["right"] for question in asked[station]] == ANSWERS[station]


def test_explanations_have_the_numbers_found_by_hand(asked):
    """The limits 2 / 4 and 2 (1 + 0.5) / 4, and the factors: 1 - 0.52 * 4, and with momentum below 1."""
    away, momentum, *_ = (question["explained"] for question in asked["descent"])
    assert "1 − ηλ₁ = −1.08" in away and "2/λ₁ = 0.5." in away
    slow = np.roots([1, -(1 + 0.5 - 0.7 * 0.4), 0.5])  # of theta'' = (1 + mu - eta lambda) theta' - mu theta
    fast = np.roots([1, -(1 + 0.5 - 0.7 * 4), 0.5])
    factor = max(abs(np.concatenate([slow, fast])))
    assert f"= 0.75; in the long run a step multiplies the distance to the minimum by {factor:.3f}." in momentum


def test_the_chain_of_five_has_the_weights_found_by_hand(asked):
    weights = asked["maps"][1]["explained"].removeprefix("The weights are ").split(". ")[0].split("; ")
    np.testing.assert_allclose(np.array(weights, float), [0.2, 0.3, 0.5, 0.7, 0.8], atol=0.03)


def test_newton_s_full_steps_do_from_there_what_numpy_says(asked):
    points = np.array(run("return playground.kernels.descent.POINTS", "descent"))
    inputs, targets = np.column_stack([points[:, 0], np.ones(len(points))]), points[:, 1]
    theta, losses = np.array([3.6, 1.2]), []
    for _ in range(2):
        z = inputs @ theta
        p = 1 / (1 + np.exp(-z))
        losses.append(np.mean(np.logaddexp(0, z) - targets * z))
        hessian = inputs.T @ (inputs * (p * (1 - p))[:, None])
        theta = theta - np.linalg.solve(hessian, inputs.T @ (p - targets))
    said = asked["descent"][2]["explained"]
    assert losses[1] > losses[0]
    assert f"the loss grows from {losses[0]:.3g} to {losses[1]:.3g}." in said
