"""What can be asked of networks that learn by a rule of their own, and what is refused by name."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.cli import main

ROWS = np.random.default_rng(0).uniform(size=(20, 4)).astype("float32")
SIGNS = np.where(ROWS > 0.5, 1.0, -1.0).astype("float32")
DATA = {
    "hebbian": ROWS,
    "hopfield": SIGNS,
    "kohonen_map": ROWS,
    "modern_hopfield": SIGNS,
    "restricted_boltzmann_machine": ROWS,
}
WHOLE = ("hopfield", "kohonen_map", "modern_hopfield")  # whose layers give the whole change


def train(name, data=None, **settings):
    return zoo.train(name, DATA[name] if data is None else data, epochs=1, verbose=0, **settings)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("setting", [{"solver": "lbfgs"}, {"loss": "mse"}])
def test_a_rule_has_neither_a_solver_nor_another_loss(name, setting):
    with pytest.raises(ValueError, match=f"{name}.* rule of its own.*Leave it out"):
        train(name, **setting)


@pytest.mark.parametrize("name", DATA)
def test_a_rule_that_sees_all_rows_alike_refuses_sample_weights(name):
    frame = pd.DataFrame(DATA[name]).add_prefix("c").assign(w=1.0)
    with pytest.raises(ValueError, match="no sample weights"):
        train(name, frame, weight="w")
    with pytest.raises(ValueError, match="no sample weights"):
        zoo.build(name, DATA[name]).fit(DATA[name], sample_weight=np.ones(20), verbose=0)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(
    "setting", [{"learning_rate": 0.5}, {"optimizer": "adam"}, {"optimizer": keras.optimizers.SGD(1.0, 0.9)}]
)
def test_a_whole_change_is_applied_as_it_is_or_not_at_all(name, setting):
    with pytest.raises(ValueError, match="SGD with the learning rate 1"):
        train(name, **setting)


def test_weights_count_where_a_rule_learns_pairs():
    x, y = SIGNS[:2], np.array([[1.0], [1.0]], "float32")
    model = zoo.build("hebbian", x, rule="outer_product", units=1)
    model.fit(x, y, sample_weight=np.array([1.0, 0.0]), batch_size=2, verbose=0)
    np.testing.assert_allclose(model.components, x[:1], atol=1e-6)


@pytest.mark.parametrize("y", [ROWS[:, 0], ROWS[:, :1]], ids=["(rows,)", "(rows, 1)"])
def test_a_memory_with_one_output_takes_a_number_a_row(y):
    model = train("hebbian", (SIGNS, y), rule="outer_product", units=1).model
    np.testing.assert_allclose(model.components, y.reshape(1, -1) @ SIGNS, rtol=1e-5)


def test_a_map_is_scored_on_data_whose_target_it_has_never_seen():
    data = zoo.data.load("iris")
    model = zoo.train("kohonen_map", data, epochs=1, verbose=0).model
    rows = data.x.to_numpy("float64")
    codebook = model.codebook.reshape(-1, 4).astype("float64")
    nearest = np.linalg.norm(rows[:, None] - codebook, axis=-1).min(axis=1)
    assert zoo.evaluate(model, data, verbose=0)["quantization_error"] == pytest.approx(nearest.mean(), rel=1e-5)


@pytest.mark.slow
def test_an_axon_that_was_built_from_currents_alone_is_fitted_to_recordings():
    current = np.full((1, 40, 1), 10.0, "float32")
    voltage = zoo.build("hodgkin_huxley", current, g_l=0.6, method="exponential_euler").predict(current, verbose=0)
    model = zoo.build("hodgkin_huxley", current, method="exponential_euler")
    for train_further in (zoo.train, zoo.fine_tune):
        assert train_further(model, (current, voltage), epochs=1, verbose=0).metrics["train"]["rows"] == 1


def test_currents_for_which_the_step_is_too_long_are_refused_not_answered_by_nan():
    current = np.full((1, 40, 1), -1000.0, "float32")
    model = zoo.build("hodgkin_huxley", current)
    for predict in (lambda: model.predict(current, verbose=0), lambda: zoo.predict(model, current)):
        with pytest.raises(ValueError, match="row 0 is not finite from step .*smaller `dt`.*exponential_euler"):
            predict()
    stable = zoo.build("hodgkin_huxley", current, method="exponential_euler")
    assert np.isfinite(stable.predict(current, verbose=0)).all()


@pytest.mark.parametrize("name", ["perceptron", "logistic_regression", "mlp_classifier", "backprop_1986"])
def test_what_takes_a_vector_a_row_refuses_sequences_with_the_repair(name):
    with pytest.raises(ValueError, match=r"x\.reshape\(len\(x\), -1\)"):
        zoo.build(name, (ROWS.reshape(5, 4, 4), np.arange(5) % 2))


def test_the_nets_of_1986_refuse_images_with_the_repair():
    with pytest.raises(ValueError, match="Flatten images"):
        zoo.build("backprop_1986", (np.zeros((4, 3, 3), "uint8"), np.arange(4) % 2))


def test_classes_are_not_added_to_counts_of_labels_and_new_ones_begin_afresh():
    images = np.random.default_rng(0).integers(0, 256, (8, 6, 6), "uint8")
    model = zoo.build("cognitron", (images, np.arange(8) % 2), layers=1)
    more = (images, np.arange(8) % 3)
    with pytest.raises(ValueError, match="LabelCounts"):
        zoo.adapt(model, more, classes="extend")
    assert zoo.adapt(model, more, classes="new").classes == (0, 1, 2)


def test_there_are_no_coefficients_of_a_memory_and_no_classes_of_a_map():
    with pytest.raises(TypeError, match="'hopfield', which does association"):
        zoo.build("hopfield", SIGNS).coefficients()
    with pytest.raises(ValueError, match="this model has none"):
        zoo.adapt(zoo.build("kohonen_map", ROWS), ROWS, classes="extend")


def test_a_lacking_target_and_pixels_of_0_and_1_are_told_with_their_own_repair():
    with pytest.raises(ValueError, match=r"needs a target. Pass \(x, y\)"):
        zoo.build("mark_1_perceptron", np.zeros((4, 20, 20), "uint8"))
    model = zoo.build("cognitron", (np.zeros((4, 6, 6), "uint8"), np.arange(4) % 2), layers=1)
    with pytest.raises(ValueError, match=r"\(255 \* x\)"):
        zoo.predict(model, np.ones((2, 6, 6), "bool"))


def test_a_frame_of_many_columns_for_an_array_is_told_in_a_few_words():
    model = zoo.build("hopfield", np.ones((2, 500), "float32"))
    with pytest.raises(ValueError, match=r"frame\.to_numpy\(\)") as caught:
        model.predict(pd.DataFrame(np.ones((2, 500))))
    assert len(str(caught.value)) < 300


def test_predict_in_a_shell_tells_the_steps_of_sequences(tmp_path):
    zoo.save(zoo.build("mcculloch_pitts_network", net="delay"), tmp_path / "net")
    np.savez(tmp_path / "x.npz", x=np.array([[[1], [0], [0]], [[0], [1], [0]]]))
    assert main(["predict", str(tmp_path / "net"), str(tmp_path / "x.npz"), "-o", str(tmp_path / "y.csv")]) == 0
    table = pd.read_csv(tmp_path / "y.csv")
    assert table.columns.tolist() == ["row", "step", "prediction"]
    assert table.to_numpy().tolist() == [[0, 0, 0], [0, 1, 1], [0, 2, 0], [1, 0, 0], [1, 1, 0], [1, 2, 1]]
