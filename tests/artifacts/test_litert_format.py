import sys

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.artifacts import litert_format

pytestmark = pytest.mark.tensorflow
interpreters = pytest.importorskip("ai_edge_litert.interpreter")


def visits(rows=400, seed=0):
    """Numbers of very different sizes with gaps, a boolean and a category."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "minutes": generator.gamma(2.0, 30.0, rows),
            "latitude": generator.normal(48.0, 0.01, rows),
            "income": generator.lognormal(10.0, 1.0, rows),
            "member": generator.random(rows) < 0.5,
            "2nd gate": generator.choice(["north", "süd", "west"], rows),
        }
    )
    frame.loc[::9, "minutes"] = np.nan
    frame["again"] = np.where(frame["latitude"] + 0.01 * (frame["2nd gate"] == "süd") > 48.0, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def model():
    options = {"hidden_units": (32, 32), "epochs": 3, "batch_size": 32, "verbose": 0}
    return zoo.train("mlp_classifier", visits(), target="again", **options).model


@pytest.fixture(scope="module")
def reports(model, tmp_path_factory):
    """The reports of all formats, proved in fresh processes."""
    folder = tmp_path_factory.mktemp("litert")
    formats = ("litert", "litert_float16", "litert_int8")
    return {name: zoo.export(model, folder / name, format=name, data=visits(seed=1)) for name in formats}


def size(report):
    return (report.path / "model.tflite").stat().st_size


def answers(report, model, frame, **options):
    runner = interpreters.Interpreter(str(report.path / "model.tflite"), **options).get_signature_runner()
    tensors = model.preprocessor.tensors(frame).items()
    return runner(**{model.schema.served_names[name]: values for name, values in tensors})


@pytest.mark.slow
def test_a_table_is_proved_in_litert_and_answers_batches_of_any_size(reports, model):
    report = reports["litert"]
    assert report.max_difference <= 1e-5
    assert report.quality == {}
    assert report.inputs["c_2nd_gate"] == ["string", [None]]
    for rows in (visits(seed=2), visits(seed=3)[:1], visits(seed=4)[:7]):
        found, wanted = answers(report, model, rows), zoo.predict(model, rows)
        assert [label.decode() for label in found["label"]] == list(wanted["label"])
        np.testing.assert_allclose(found["probabilities"][:, 1], wanted["p_yes"], atol=1e-5)


def test_the_file_holds_builtin_operations_alone(reports, model):
    """Without the delegate that comes with the Python package too, as on a device."""
    plain = interpreters.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    rows = visits(seed=2)
    wanted = zoo.predict(model, rows)["p_yes"]
    for name, tolerance in (("litert", 1e-5), ("litert_float16", 1e-3), ("litert_int8", 0.05)):
        found = answers(reports[name], model, rows, experimental_op_resolver_type=plain)
        np.testing.assert_allclose(found["probabilities"][:, 1], wanted, atol=tolerance)


def test_smaller_weights_are_measured_on_the_rows_given(reports, model):
    """The first matrix has some 80 columns: half of 4 bytes a weight, or a quarter, is saved."""
    matrices = sum(w.size for w in model.network.get_weights() if w.ndim == 2 and w.size >= 256)
    for name, spared, least in (("litert_float16", 2, 1.0), ("litert_int8", 3, 0.97)):
        report = reports[name]
        assert size(reports["litert"]) - size(report) > spared * matrices - 2048
        quality = report.quality
        assert quality["rows"] == 400
        assert quality["metric"] == "accuracy"
        assert quality["before"] == zoo.evaluate(model, visits(seed=1), verbose=0)["accuracy"]
        assert least <= quality["agreement"] <= 1.0
        assert abs(quality["after"] - quality["before"]) <= 1.0 - quality["agreement"] + 1e-9
        assert f"the same label in {quality['agreement']:.2%}, accuracy {quality['before']:.5g} -> " in str(report)
        assert zoo.load(report.path).card["export"]["quality"] == quality


def test_numbers_keep_float32_where_weights_do_not(reports, model):
    """Latitudes that differ in the fifth digit are one number in float16."""
    rows = pd.concat([visits(seed=2)[:1]] * 50, ignore_index=True)
    rows["latitude"] = np.linspace(47.99, 48.01, 50)
    found = answers(reports["litert_float16"], model, rows)["probabilities"][:, 1]
    assert len(np.unique(found)) > 40
    np.testing.assert_allclose(found, zoo.predict(model, rows)["p_yes"], atol=1e-3)


def test_without_data_the_test_rows_of_the_cards_data_are_measured(quick_proof, tmp_path):
    report = zoo.export("logistic_regression.penguins", tmp_path, format="litert_int8")
    assert report.quality["source"] == "penguins (test rows)"
    assert report.quality["before"] == zoo.load("logistic_regression.penguins").card["metrics"]["test"]["accuracy"]


def test_without_any_data_rows_are_drawn_and_the_labels_compared(quick_proof, model, tmp_path):
    quality = zoo.export(model, tmp_path, format="litert_float16").quality
    assert set(quality) == {"rows", "source", "agreement"}
    assert quality["source"] == "rows drawn from the preprocessor's statistics"


@pytest.mark.slow
def test_a_regression_is_measured_by_its_rmse(quick_proof, tmp_path):
    frame = visits().drop(columns="again").dropna()
    options = {"target": "minutes", "hidden_units": (32,), "epochs": 2, "verbose": 0}
    run = zoo.train("mlp_regressor", frame, **options)
    assert zoo.export(run, tmp_path / "a", format="litert").max_difference <= 1e-5
    quality = zoo.export(run, tmp_path / "b", format="litert_int8", data=frame).quality
    assert quality["metric"] == "rmse"
    assert quality["before"] == pytest.approx(zoo.evaluate(run, frame, verbose=0)["rmse"])
    assert quality["after"] == pytest.approx(quality["before"], rel=0.05)
    assert 0 < quality["difference"] < 0.2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("perceptron", {}),
        ("mcculloch_pitts", {"truth_table": "nand"}),
        ("image_mlp", {"hidden_units": (4,)}),
        *[
            ("mlp_classifier", {"data": "penguins", "hidden_units": (4,), "activation": name})
            for name in ("gelu", "silu", "prelu")
        ],
    ],
)
def test_every_kind_of_model_and_activation_is_proved(quick_proof, name, options, tmp_path):
    assert zoo.export(zoo.build(name, **options), tmp_path, format="litert").max_difference <= 1e-5


@pytest.mark.slow
def test_tables_of_one_kind_of_column_are_proved(quick_proof, tmp_path):
    frame = visits(60)
    columns = {"categories": ["2nd gate"], "booleans": ["member"], "numbers": ["latitude", "income"]}
    for kind, names in columns.items():
        for name in ("mlp_classifier", "perceptron"):
            options = {"hidden_units": (32,)} if name == "mlp_classifier" else {}
            built = zoo.build(name, frame[[*names, "again"]], target="again", **options)
            assert zoo.export(built, tmp_path / kind / name, format="litert").max_difference <= 1e-5
            assert zoo.export(built, tmp_path / kind / f"{name}_int8", format="litert_int8").max_difference < 0.05


def test_units_that_compete_are_proved(quick_proof, tmp_path):
    report = zoo.export(zoo.build("perceptron", "penguins"), tmp_path, format="litert")
    assert report.max_difference == 0.0
    assert report.outputs["probabilities"] == ["float32", [None, 3]]


def test_columns_without_a_counterpart_are_named(run, tmp_path):
    for format in ("litert", "litert_int8"):
        with pytest.raises(ValueError, match=r"for dates. Received: .* from the column 'arrived'. Export as"):
            zoo.export(run, tmp_path / "served", format=format)
    texts = pd.DataFrame({"note": [f"row {i} of all" for i in range(40)], "y": np.arange(40.0)})
    with pytest.raises(
        ValueError, match=r"no operation for words in texts. Received: .* from the column 'note'.*ignore=\['note'"
    ):
        zoo.export(zoo.build("linear_regression", texts, target="y"), tmp_path / "served", format="litert")


def test_a_layer_without_a_counterpart_is_named(tmp_path):
    model = zoo.build("mlp_classifier", visits(), target="again", hidden_units=(4,), activation=keras.ops.erfinv)
    with pytest.raises(
        ValueError, match=r"The layer 'activation_0' cannot be .* LiteRT, which has no operation for Erfinv"
    ):
        zoo.export(model, tmp_path / "served", format="litert")
    assert not (tmp_path / "served").exists()


def test_a_missing_extra_is_said(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.delitem(sys.modules, "ai_edge_litert.interpreter")
    with pytest.raises(ImportError, match=r"which is not installed: pip install \"keras-zoo\[litert\]\""):
        zoo.export(model, tmp_path / "served", format="litert")


def test_more_rows_than_ten_thousand_are_drawn_from(model, monkeypatch):
    monkeypatch.setattr(litert_format, "MOST_ROWS", 50)
    rows = litert_format.measuring_rows(model, {}, visits(seed=1))
    assert len(rows["expected"]) == len(rows["y"]) == 50
    assert str(rows["source"]).startswith("50 of DataFrame 400 x 6")
