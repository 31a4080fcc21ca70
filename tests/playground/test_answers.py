"""The answers of the axon, the cells of 1943, the perceptron, Mark I and Hopfield's memory beside the right ones."""

import re

import pytest

from tests.playground.node import run
from tests.playground.test_stations import FILES

pytestmark = pytest.mark.node

# Station: the right answer of each of its questions, in order; from papers, by hand, or by scipy and the zoo.
RIGHT = {
    "axon": (
        "about as high as before",  # all or none
        "no",  # 30 uA/cm2 are below 78.8, the threshold 8 ms after a spike: scipy's axon, in test_kernels_axon.py
        "a spike",  # the paper's anode break excitation
        "a half",  # the speed goes as the root of the diameter: sqrt(1/4)
        "both go out",  # refractory behind each spike
    ),
    "mcculloch_pitts": (
        "heat",  # N_3(t) = N_1(t-1) or [N_2(t-3) and not N_2(t-2)]: cold at tick 0 alone, heat at tick 3
        "cold",  # N_4(t) = N_2(t-2) and N_2(t-1); cold never ends on this tape
        "11",  # by hand: 7 with thresholds above 0, and not x1, not x2, nor and 1 with a threshold of 0
        "5",  # a circle keeps what it was given
    ),
    "perceptron": (
        "18",  # counted by hand, and by the zoo's perceptron, in test_kernels_perceptron.py
        "3",  # Minsky and Papert 1969: not four, and three are a corner against the rest
        "more",  # 22, counted below
    ),
    "mark_1": ("50–75 %",),  # the zoo's network, with these letters and wires, in test_kernels_perceptron.py
    "hopfield": (
        "in A",  # 25 units of 100 wrong, and three patterns: m = 1/2 with A
        "in A reversed, light and dark exchanged",  # 80 wrong units: m = -0.6, and E(-s) = E(s)
        "in a state that was never stored",  # sign(A + J + X) is a minimum: Amit, Gutfreund, Sompolinsky 1985
        "it alternates for ever",  # m = 0: h_i = -s_i / N for each unit
        "no",  # letters are correlated
        "more than 5 %",  # 0.25 N is beyond 0.138 N
    ),
}

# A stand-in for the page, with what questions ask of it.
ANSWERED = """
const station = playground.stations.find(one => one.name === given);
const shown = text => (typeof text === "string" ? text : text.en);
return station.questions.map(({ask, choices, set = {}, right, explain}) => {
  const api = {
    state: {...station.defaults, ...set}, language: "en", text: shown,
    number: (value, digits = 3) => String(Number(Number(value).toPrecision(digits))),
    fixed: (value, decimals) => value.toFixed(decimals),
    plural: (n, forms) => (n === 1 ? forms.en.one : forms.en.other),
  };
  const answer = shown(choices[right(api)]);
  return {ask: ask.en, answer, explained: typeof explain === "function" ? explain(api) : explain};
});
"""


@pytest.fixture(scope="module")
def answered():
    return {name: run(ANSWERED, files=FILES, given=name) for name in RIGHT}


def mistakes(rows):
    """Counts the mistakes of the perceptron's rule from zero weights; a sum of 0 is a mistake."""
    w, count, right = [0, 0, 0], 0, 0
    while right < len(rows):
        for x1, x2, target in rows:
            if target * (w[0] * x1 + w[1] * x2 + w[2]) > 0:
                right += 1
            else:
                w, count, right = [w[0] + target * x1, w[1] + target * x2, w[2] + target], count + 1, 0
    return count


@pytest.mark.parametrize("name", RIGHT)
def test_a_station_knows_the_right_answers(answered, name):
    assert [one["answer"] for one in answered[name]] == list(RIGHT[name])


@pytest.mark.parametrize("name", RIGHT)
def test_what_explains_an_answer_has_no_gaps_and_does_not_repeat_it(answered, name):
    for one in answered[name]:
        for text in one["explained"].values():
            assert "undefined" not in text and "NaN" not in text and text.strip()
            assert not text.startswith(f"{one['answer']}.")


def test_the_reverse_order_of_and_needs_22_mistakes_instead_of_18(answered):
    rows = [(0, 0, -1), (0, 1, -1), (1, 0, -1), (1, 1, 1)]
    usual, reverse = mistakes(rows), mistakes(rows[::-1])
    assert answered["perceptron"][2]["explained"]["en"].startswith(f"{reverse} instead of {usual}. ")
    assert (usual, reverse) == (18, 22)


def test_the_thin_axon_is_as_fast_as_the_root_of_its_diameter_says(answered):
    """By the paper's own integration a spike runs at 18.8 m/s, at 18.5 C in an axon of 476 um."""
    said = answered["axon"][3]["explained"]["en"]
    thin, thick = map(float, re.match(r"(.+) m/s instead of (.+?):", said).groups())
    assert thick == pytest.approx(18.8, rel=0.02)
    assert thin == pytest.approx(thick / 2, rel=0.02)
