"""The neocognitron of the playground: its planes are those of the zoo's network with the same weights."""

import json

import numpy as np
import pytest

import zoo
from tests.playground.make_neocognitron import FILE
from tests.playground.node import run
from zoo.data import numerals
from zoo.models.neocognitron import C_FALLS, D_CENTRE, D_FALLS

pytestmark = pytest.mark.node

LAYERS = ("s1", "c1", "s2", "c2", "s3", "c3")
WEIGHTS = json.loads(FILE.read_text(encoding="utf-8").split(".neocognitron =\n")[1].rstrip(";\n"))


def of_page(body, given=None):
    prepared = "const k = playground.kernels.neocognitron, net = k.build(playground.weights.neocognitron);"
    return run(prepared + body, "neocognitron", files=["weights/neocognitron.js"], given=given)


@pytest.fixture(scope="module")
def model():
    """The zoo's network, given the weights of the page."""
    made = zoo.build("neocognitron", zoo.data.load("numerals"))
    for stage in range(3):
        layer, weights = made.network.get_layer(f"s{stage + 1}"), WEIGHTS["layers"][2 * stage]
        layer.a.assign(np.reshape(weights["a"], layer.a.shape))
        layer.b.assign(weights["b"])
    made.network.get_layer("classes").n.assign(WEIGHTS["counts"])
    return made


@pytest.fixture(scope="module")
def images():
    """Numerals of the paper, bent and damaged ones, a letter, single dots, and nothing."""
    generator = np.random.default_rng(4)
    shown = list(numerals.numerals(seed=3)[0][:10])
    shown += list(numerals.distorted("3").values()) + [numerals.placed(numerals.figure("Z"), 2, 5)]
    shown += [255 * (generator.uniform(size=(16, 16)) < 0.2).astype("uint8"), np.zeros((16, 16), "uint8")]
    return np.array(shown)


@pytest.fixture(scope="module")
def responses(images):
    return of_page("return given.map(image => k.respond(net, image.flat().map(v => v / 255)))", images)


@pytest.mark.parametrize("layer", LAYERS)
def test_planes_are_those_of_python(model, images, responses, layer):
    planes = model.planes(images, layer)
    found = np.array([np.reshape(response[layer]["u"], planes.shape[1:]) for response in responses])
    assert planes.max() > 0.1
    assert np.abs(found - planes).max() < 1e-5


def test_probabilities_are_those_of_python(model, images, responses):
    logits = np.asarray(model.network.get_layer("classes")(model.cells(images)))
    apart = np.abs(np.exp(logits) - [response["probabilities"] for response in responses]).max(axis=1)
    responding = model.cells(images).sum(axis=1) > 0.1  # shares of less are of what float32 rounds
    assert responding.sum() >= 16
    assert apart[responding].max() < 1e-5
    assert apart[-1] < 1e-5
    assert responses[-1]["cell"] == responses[-1]["answer"] == -1


def test_each_numeral_drives_one_cell_of_its_own_wherever_it_is_shown():
    found = of_page(
        """
        return "01234".split("").map(name => {
          const dots = k.figure(playground.weights.neocognitron, name);
          const {rows, columns, answers} = k.everywhere(net, dots);
          const box = k.box(dots);
          const cells = answers.map((_, place) => k.respond(net, k.moved(
            dots, Math.floor(place / columns) - box.top, place % columns - box.left)).cell);
          return {answers, cells, places: rows * columns};
        });
        """
    )
    assert [set(one["answers"]) for one in found] == [{0}, {1}, {2}, {3}, {4}]
    assert len({cell for one in found for cell in one["cells"]}) == 5
    assert all(len(set(one["cells"])) == 1 for one in found)
    sizes = [numerals.figure(name).shape for name in "01234"]
    assert [one["places"] for one in found] == [(17 - height) * (17 - width) for height, width in sizes]


def test_figures_stand_at_the_centre_and_move_within_the_retina():
    dots = np.reshape(of_page('return k.figure(playground.weights.neocognitron, "4")'), (16, 16))
    box = numerals.figure("4") // 255
    assert np.array_equal(dots[2:13, 4:12], box)
    assert dots.sum() == box.sum()
    corner = np.reshape(of_page("return k.moved(given, 99, -99)", dots.ravel()), (16, 16))
    assert np.array_equal(corner[5:, :8], box)
    assert of_page("return k.box(given)", corner.ravel()) == {"top": 5, "left": 0, "height": 11, "width": 8}
    assert of_page("return k.box(given)", [0] * 256) is None
    assert of_page("return k.everywhere(net, given).answers", [0] * 256) == []


def test_weights_hold_the_numbers_of_the_entry():
    assert [layer["base"] for layer in WEIGHTS["layers"]] == [
        base for pair in zip(C_FALLS, D_FALLS, strict=True) for base in pair
    ]
    assert [layer["centre"] for layer in WEIGHTS["layers"][1::2]] == list(D_CENTRE)
    assert FILE.stat().st_size < 1_000_000


def test_damage_is_drawn_by_a_seed_and_grows():
    dots = of_page('return k.figure(playground.weights.neocognitron, "2")')
    few, many = (np.array(of_page("return k.damaged(...given)", [dots, n, 5])) for n in (6, 30))
    assert (few != dots).sum() == 6
    assert (many != dots).sum() == 30
    assert np.all((many != dots)[few != dots])
