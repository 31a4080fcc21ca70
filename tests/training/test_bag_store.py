"""The folder of a committee's networks: what is written is read, what is damaged is trained again."""

import numpy as np
import pytest

from zoo.training.bag_store import BagStore, Trained

IDENTITY = {"entry": "committee_regressor", "seed": 0}


def network(bag, problem="", given=True):
    generator = np.random.default_rng(bag)
    weights = {"hidden_0": [generator.normal(size=(2, 3)).astype("float32"), np.zeros(3, "float32")], "line": []}
    outputs = generator.normal(size=(4, 1)).astype("float32")
    return Trained(bag, weights, outputs, outputs[:2] if given else None, [0.5, 0.25], 1.5, problem)


def test_networks_are_read_as_they_were_written(tmp_path):
    BagStore(tmp_path / "run", IDENTITY).write("tabm", [network(0), network(2, "its loss was no longer finite")])
    store = BagStore(tmp_path / "run", IDENTITY)
    store.write("tabm", [network(1, given=False)])
    found = store.read("tabm")
    assert sorted(found) == [0, 1, 2] and store.read("mlp") == {}
    for bag, one in found.items():
        expected = network(bag)
        assert one.outputs.tobytes() == expected.outputs.tobytes()
        assert [w.tobytes() for w in one.weights["hidden_0"]] == [w.tobytes() for w in expected.weights["hidden_0"]]
        assert one.weights["line"] == [] and (one.curve, one.seconds) == ([0.5, 0.25], 1.5)
    assert found[1].given is None and found[2].given.shape == (2, 1)
    assert found[2].problem == "its loss was no longer finite" and not found[0].problem


def test_another_run_is_refused(tmp_path):
    BagStore(tmp_path, IDENTITY)
    with pytest.raises(ValueError, match="belongs to another run: seed differ. Repeat the call that began it"):
        BagStore(tmp_path, {**IDENTITY, "seed": 1})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "checkpoint.npz").write_bytes(b"of one network")
    with pytest.raises(ValueError, match="belongs to another run: its settings differ"):
        BagStore(tmp_path / "other", IDENTITY)


def test_a_damaged_file_is_as_none(tmp_path):
    store = BagStore(tmp_path, IDENTITY)
    store.write("tabm", [network(0)])
    store.write("tabm", [network(1)])
    path = tmp_path / "tabm.0.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.warns(UserWarning, match="is damaged .* Its networks are trained again"):
        assert sorted(store.read("tabm")) == [1]


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path):
    (tmp_path / ".tabm.0.npz.77.new").write_bytes(b"half")
    assert BagStore(tmp_path, IDENTITY).read("tabm") == {}
    assert [path.name for path in tmp_path.iterdir()] == ["committee.json"]


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="`checkpoint` must be a folder that can be written to"):
        BagStore(tmp_path / "file", IDENTITY)


def test_without_a_folder_nothing_is_kept():
    store = BagStore(None, IDENTITY)
    store.write("tabm", [network(0)])
    assert store.read("tabm") == {}
