"""Rows from tf.data and from TensorFlow Datasets."""

import numpy as np
import pandas as pd
import pytest

from zoo.data.sources import load

tf = pytest.importorskip("tensorflow")

X = np.arange(12, dtype="float32").reshape(6, 2)
Y = np.array([0, 1, 0, 1, 1, 0])


@pytest.mark.parametrize("batch", [None, 4])
def test_a_dataset_of_pairs_gives_arrays(batch):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    data = load(dataset.batch(batch) if batch else dataset)
    np.testing.assert_array_equal(data.x, X)
    assert data.y.tolist() == Y.tolist()


def test_a_dataset_of_x_alone_has_no_target():
    for dataset in (tf.data.Dataset.from_tensor_slices(X), tf.data.Dataset.from_tensor_slices(X).batch(4)):
        data = load(dataset)
        np.testing.assert_array_equal(data.x, X)
        assert data.y is None


@pytest.mark.parametrize("batch", [None, 4])
def test_a_dataset_of_columns_is_a_table(batch):
    columns = {"minutes": X[:, 0], "gate": np.array(["a", "b", "a", "б", "a", ""]), "bought": Y}
    dataset = tf.data.Dataset.from_tensor_slices(columns)
    dataset = dataset.batch(batch) if batch else dataset
    data = load(dataset, target="bought")
    assert data.x["gate"].tolist() == ["a", "b", "a", "б", "a", ""]
    assert data.x["minutes"].tolist() == X[:, 0].tolist()
    assert data.y.tolist() == Y.tolist()
    stream = load(dataset, target="bought", stream=True)
    blocks = list(stream.blocks(4))
    assert [first for first, _ in blocks] == [0, 4]
    assert len(stream) == 6
    pd.testing.assert_frame_equal(pd.concat([block for _, block in blocks], ignore_index=True), data.frame())


def test_a_dataset_of_columns_and_targets_names_the_target():
    dataset = tf.data.Dataset.from_tensor_slices(({"minutes": X[:, 0]}, Y))
    assert load(dataset).target == "target"
    assert load(dataset, target="bought").y.name == "bought"
    assert load(dataset, stream=True).target == "target"
    assert next(load(dataset, target="bought", stream=True).blocks())[1].columns.tolist() == ["minutes", "bought"]


def test_datasets_that_do_not_fit_are_refused():
    pairs = tf.data.Dataset.from_tensor_slices((X, Y))
    with pytest.raises(ValueError, match=r"must end.*take\(n\)"):
        load(pairs.repeat())
    with pytest.raises(ValueError, match=r"must end.*take\(n\)"):
        load(pairs.batch(2).repeat())
    with pytest.raises(ValueError, match="must hold rows"):
        load(pairs.take(0))
    with pytest.raises(ValueError, match="Only tables stream"):
        load(pairs, stream=True)
    with pytest.raises(ValueError, match="'pair' must have one value a row"):
        load(tf.data.Dataset.from_tensor_slices(({"pair": X}, Y)))
    with pytest.raises(ValueError, match="dict of columns"):
        load(tf.data.Dataset.from_tensors(((X, X), Y)))


@pytest.fixture(scope="module")
def tfds():
    """TensorFlow Datasets with two sets of our own, which need no download."""
    tfds = pytest.importorskip("tensorflow_datasets")

    class KeeperNotes(tfds.core.GeneratorBasedBuilder):
        """Four animals, as a table."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            kinds = tfds.features.ClassLabel(names=["lion", "zebra"])
            features = {"weight": np.float32, "name": tfds.features.Text(), "kind": kinds}
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(0, 3), "validation": self._generate_examples(3, 4)}

        def _generate_examples(self, start, stop):
            for i in range(start, stop):
                yield i, {"weight": i / 2, "name": f"Лев {i}", "kind": ["lion", "zebra"][i % 2]}

    class KeeperPhotos(tfds.core.GeneratorBasedBuilder):
        """Four images of 2 x 3 pixels."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"image": tfds.features.Image(shape=(2, 3, 1)), "label": tfds.features.ClassLabel(num_classes=2)}
            features["light"] = np.float32
            return self.dataset_info_from_configs(
                features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
            )

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(3), "test": self._generate_examples(1)}

        def _generate_examples(self, count):
            for i in range(count):
                yield i, {"image": np.full((2, 3, 1), i, "uint8"), "label": i % 2, "light": i / 4}

    return tfds


@pytest.fixture
def data_dir(tfds, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))


def test_a_table_of_tensorflow_datasets_is_prepared_and_loaded(data_dir):
    data = load("tfds:keeper_notes", target="kind")
    rows = sorted(zip(data.x["weight"], data.x["name"], data.y))
    assert rows == [(i / 2, f"Лев {i}", ["lion", "zebra"][i % 2]) for i in range(4)]
    assert {part: len(numbers) for part, numbers in data.splits.items()} == {"train": 3, "val": 1}
    assert load("tfds:keeper_notes", target="kind", split="val").x["weight"].tolist() == [1.5]


def test_images_of_tensorflow_datasets_are_arrays_with_their_labels(data_dir):
    data = load("tfds:keeper_photos:1.0.0")
    assert data.x.shape == (4, 2, 3, 1)
    assert data.x.dtype == np.uint8
    train = load("tfds:keeper_photos", split="train")
    assert sorted(zip(train.x[:, 0, 0, 0].tolist(), train.y.tolist())) == [(0, 0), (1, 1), (2, 0)]


def test_sets_of_tensorflow_datasets_may_have_several_targets(data_dir):
    data = load("tfds:keeper_notes", target=["kind", "weight"])
    assert data.target == ["kind", "weight"] and data.schema.names == ["name"]
    photos = load("tfds:keeper_photos", target=["light", "label"], split="train")
    assert photos.target == ["light", "label"] == photos.schema.target
    pixels = photos.x[:, 0, 0, 0]
    assert photos.y["light"].tolist() == (pixels / 4).tolist() and photos.y["label"].tolist() == (pixels % 2).tolist()
    with pytest.raises(ValueError, match="no feature 'lable'. Did you mean 'label'"):
        load("tfds:keeper_photos", target=["light", "lable"])


def test_unknown_sets_and_features_of_tensorflow_datasets_are_refused(data_dir):
    with pytest.raises(ValueError, match=r"no set 'keeper_note'.*'keeper_notes'"):
        load("tfds:keeper_note")
    with pytest.raises(ValueError, match=r"no target column 'kin'.*'kind'"):
        load("tfds:keeper_notes", target="kin")
    with pytest.raises(ValueError, match="Only tables in files"):
        load("tfds:keeper_notes", stream=True)
