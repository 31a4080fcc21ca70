"""Images: idx files, .npz files, folders by class."""

import gzip
import struct
import sys

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


@pytest.fixture
def draw(tmp_path):
    """Writes an image of one colour."""
    image = pytest.importorskip("PIL.Image")

    def draw(name, colour, size=(6, 4)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = "L" if isinstance(colour, int) else "RGB" if len(colour) == 3 else "RGBA"
        image.new(mode, size, colour).save(path)
        return path

    return draw


def test_a_folder_of_images_has_the_names_of_its_subfolders_for_classes(draw, tmp_path):
    draw("lion/a.png", 10)
    draw("zebra/b.jpg", 200)
    draw("lion/c.jpeg", 30)
    data = load(tmp_path)
    assert data.x.shape == (3, 4, 6, 1)
    assert data.x.dtype == np.uint8
    assert data.y.tolist() == ["lion", "lion", "zebra"]
    assert data.x[:, 0, 0, 0].tolist() == pytest.approx([10, 30, 200], abs=2)  # JPEG is lossy
    assert data.schema.classes == ("lion", "zebra")


def test_one_colour_image_gives_all_three_channels(draw, tmp_path):
    draw("a/grey.png", 10)
    draw("b/red.png", (255, 0, 0))
    draw("b/see_through.png", (0, 255, 0, 128))
    data = load(tmp_path, format="images")
    assert data.x[:, 0, 0].tolist() == [[10, 10, 10], [255, 0, 0], [0, 255, 0]]


def test_image_folders_may_be_split_or_without_classes(draw, tmp_path):
    for part in ("train", "validation", "test"):
        draw(f"split/{part}/lion/a.png", 1)
        draw(f"split/{part}/zebra/a.png", 2)
    data = load(tmp_path / "split")
    assert {part: len(rows) for part, rows in data.splits.items()} == {"train": 2, "val": 2, "test": 2}
    assert load(tmp_path / "split", split="val").y.tolist() == ["lion", "zebra"]
    draw("loose/a.png", 1)
    assert load(tmp_path / "loose").y is None
    draw("loose/lion/b.png", 1)
    with pytest.raises(ValueError, match="<class>/<image>"):
        load(tmp_path / "loose")


def test_bad_image_folders_are_refused(draw, tmp_path):
    draw("a/one.png", 1)
    draw("b/two.png", 1, size=(5, 5))
    with pytest.raises(ValueError, match=r"same size.*6 x 4.*5 x 5.*Resize"):
        load(tmp_path)
    (tmp_path / "b" / "two.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"two.png' must be a PNG or JPEG"):
        load(tmp_path)
    cut = draw("b/two.png", 1, size=(300, 300))
    cut.write_bytes(cut.read_bytes()[:70])
    with pytest.raises(ValueError, match=r"two.png' must be a PNG or JPEG"):
        load(tmp_path)
    with pytest.raises(ValueError, match="Only tables"):
        load(tmp_path, stream=True)


def test_without_pillow_the_error_says_what_to_install(draw, tmp_path, monkeypatch):
    draw("a/one.png", 1)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-zoo\[images\]'"):
        load(tmp_path)
