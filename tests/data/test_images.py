"""Arrays of images: idx files and .npz files."""

import gzip
import struct

import numpy as np
import pytest

from zoo.data.sources import load


def idx(array):
    """Returns the bytes of an idx file of uint8 values, as MNIST's page defines it."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype("uint8").tobytes()


@pytest.fixture
def mnist_like(tmp_path):
    """A folder as MNIST's: 3 training and 2 test images of 2 x 4 pixels, the labels compressed."""
    x = np.arange(5 * 2 * 4, dtype="uint8").reshape(5, 2, 4)
    y = np.array([7, 0, 3, 9, 1])
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(x[:3]))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(y[:3])))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(x[3:]))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(y[3:])))
    return tmp_path, x, y


@pytest.mark.parametrize("format", ["idx", None])
def test_a_folder_of_idx_files_has_training_and_test_rows(mnist_like, format):
    folder, x, y = mnist_like
    data = load(folder, format=format)
    np.testing.assert_array_equal(data.x[..., 0], x)
    assert data.x.dtype == np.uint8
    assert data.y.tolist() == y.tolist()
    assert load(folder, split="test").y.tolist() == [9, 1]
    assert data.schema.column("image").shape == (2, 4, 1)


def test_bad_idx_files_are_refused(mnist_like):
    folder, x, _ = mnist_like
    images = folder / "train-images-idx3-ubyte"
    images.write_bytes(idx(x[:3])[:-1])
    with pytest.raises(ValueError, match=r"must hold 40 bytes.*Received: 39.*truncated"):
        load(folder)
    images.write_bytes(b"not idx")
    with pytest.raises(ValueError, match="must be an idx file"):
        load(folder)
    images.write_bytes(idx(x[:2]))
    with pytest.raises(ValueError, match="2 images and 3 labels"):
        load(folder)
    labels = folder / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(labels.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"must be whole.*truncated"):
        load(folder)
    with pytest.raises(FileNotFoundError, match="must hold idx files"):
        (folder / "empty").mkdir()
        load(folder / "empty", format="idx")
    with pytest.raises(FileNotFoundError, match="must be a folder of images"):
        load(folder / "nothing", format="idx")


def test_npz_files_hold_x_and_y_or_both_for_each_split(tmp_path):
    x = np.arange(3 * 4 * 4, dtype="uint8").reshape(3, 4, 4)
    np.savez(tmp_path / "plain.npz", x=x, y=[0, 1, 0])
    assert load(tmp_path / "plain.npz").y.tolist() == [0, 1, 0]
    np.savez(tmp_path / "keras.npz", x_train=x[:2], y_train=[0, 1], x_test=x[2:], y_test=[0])
    test = load(tmp_path / "keras.npz", split="test")
    np.testing.assert_array_equal(test.x[..., 0], x[2:])
    np.savez(tmp_path / "other.npz", images=x)
    with pytest.raises(ValueError, match=r"`x` and `y`.*Received: images"):
        load(tmp_path / "other.npz")
    for content in (b"junk", b"", (tmp_path / "plain.npz").read_bytes()[:60]):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"bad.npz' must be"):
            load(tmp_path / "bad.npz")
