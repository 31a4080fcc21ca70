import hashlib
import math

import numpy as np
import pytest

import zoo
from zoo.artifacts.card import card_of, page, plain, weights_digest


def test_the_card_of_a_run_says_how_it_was_trained_and_how_good_it_is(run):
    card = card_of(run.model, run)
    assert card["metrics"]["val"]["accuracy"] == run.metrics["val"]["accuracy"]
    assert card["recipe"]["options"] == {"hidden_units": [8]}
    assert card["data"]["rows"]["train"] + card["data"]["rows"]["val"] == 120
    assert (card["seed"], card["epochs"], card["device"]) == (0, 2, run.device)
    assert card["ancestry"] == []


def test_a_card_counts_and_hashes_the_weights(run):
    weights = run.model.network.get_weights()
    card = card_of(run.model)
    assert card["weights"] == sum(w.size for w in weights)
    assert card["weights_sha256"] == hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()


def test_a_model_trained_on_no_longer_carries_the_metrics_of_its_past_but_its_ancestry(artifact):
    model = zoo.load(artifact)
    past = dict(model.card)
    assert card_of(model) == past
    weight = model.network.trainable_weights[0]
    weight.assign(weight + 1.0)
    card = card_of(model)
    assert "metrics" not in card
    assert [ancestor["weights_sha256"] for ancestor in card["ancestry"]] == [past["weights_sha256"]]
    assert card["ancestry"][0]["metrics"] == past["metrics"]


def test_a_run_from_a_loaded_model_names_it_as_its_ancestor(artifact, notes):
    model = zoo.load(artifact)
    before = weights_digest(model)
    run = zoo.train(model, notes, target="mood", epochs=1, verbose=0)
    card = card_of(run.model, run)
    assert card["metrics"] == plain(run.metrics)
    assert [ancestor["weights_sha256"] for ancestor in card["ancestry"]] == [before]
    assert "Began from: mlp_classifier" in page(card, model.schema)


def test_the_page_shows_metrics_columns_and_what_to_do(run):
    text = page(card_of(run.model, run), run.model.schema)
    accuracy = run.metrics["val"]["accuracy"]
    lines = [line for line in text.splitlines() if line.startswith("| val | 24 |")]
    assert len(lines) == 1
    assert f" {accuracy:.5g} " in lines[0]
    of_each = [name for name in run.metrics["val"] if name.startswith(("precision_", "recall_", "f1_"))]
    assert len(of_each) > 2 and not any(f" {name} " in text for name in of_each if name not in ("f1_macro", "f1_micro"))
    for words in ("zoo.load(", "zoo.train(", "zoo.export(", "weight in kg", "weight_in_kg", "Rumelhart"):
        assert words in text


def test_the_page_shows_the_mean_f1_where_a_class_is_called_macro(run):
    card = card_of(run.model, run)
    counts = {"classes": ["macro", "other"], "counts": [[3, 1], [0, 4]]}
    scores = {"f1_macro": 0.8765, "f1_class_macro": 0.1, "f1_other": 0.2, "recall_macro": 0.3, "confusion": counts}
    text = page({**card, "metrics": {"val": scores}}, run.model.schema)
    assert " f1_macro | f1_class" not in text and "| | rows | f1_macro |\n" in text and " 0.8765 |" in text


def test_the_page_shows_thirty_scores_and_counts_the_others(run):
    card = card_of(run.model, run) | {"metrics": {"val": {f"score {i}": i / 100 for i in range(32)}}}
    text = page(card, run.model.schema)
    assert "| score 29 |\n" in text and "card.json holds 2 more scores." in text


def test_the_page_of_an_untrained_model_says_nothing_of_training():
    model = zoo.build("mcculloch_pitts", truth_table="and")
    text = page(card_of(model), model.schema)
    assert "Trained on" not in text
    assert "zoo.train" not in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float32(0.5), 0.5),
        (np.arange(2), [0, 1]),
        ({1: (True, np.nan)}, {"1": [True, None]}),
        (np.float64("inf"), None),
        (math.floor, "<built-in function floor>"),
    ],
)
def test_a_card_holds_only_what_json_has(value, expected):
    assert plain(value) == expected
