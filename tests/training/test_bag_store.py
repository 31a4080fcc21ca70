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


@pytest.mark.parametrize("name", ["checkpoint.npz", "head/checkpoint.npz"])
def test_a_folder_that_one_network_wrote_to_later_is_refused(tmp_path, name):
    BagStore(tmp_path, IDENTITY)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"of one network")
    with pytest.raises(ValueError, match="belongs to another run"):
        BagStore(tmp_path, IDENTITY)


def test_networks_whose_run_nothing_names_are_refused(tmp_path):
    BagStore(tmp_path, IDENTITY).write("tabm", [network(0)])
    (tmp_path / "committee.json").unlink()
    with pytest.raises(ValueError, match="belongs to another run"):
        BagStore(tmp_path, IDENTITY)


@pytest.mark.parametrize("content", ['{"entry": ', "[1, 2]", "null", b"\xff\xfe"])
def test_a_damaged_identity_is_an_error_that_says_what_to_do(tmp_path, content):
    (tmp_path / "committee.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match="committee.json' must say .* is damaged: .* Delete the folder to begin anew"):
        BagStore(tmp_path, IDENTITY)


def test_answers_for_another_number_of_rows_are_as_none(tmp_path):
    store = BagStore(tmp_path, IDENTITY, [4, 5])
    store.write("tabm", [network(0)])
    store.write("tabm", [network(1)])  # has answers for 4 rows, of 5
    with pytest.warns(UserWarning, match="tabm.1.npz' is damaged .bag 1 must answer the 5 rows held out from it"):
        assert sorted(store.read("tabm")) == [0]


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
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="must be a folder that can be written to.* Choose another name: a file has"):
            BagStore(path, IDENTITY)


def test_without_a_folder_nothing_is_kept():
    store = BagStore(None, IDENTITY)
    store.write("tabm", [network(0)])
    assert store.read("tabm") == {}
