"""Images in files: folders by class, what is left out of them, single files, globs and lists."""

import sys

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data import image_pixels
from zoo.data.sources import load


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
    with pytest.raises(ValueError, match=r"two.png' must be a PNG, JPEG, GIF, BMP or WebP image"):
        load(tmp_path)
    cut = draw("b/two.png", 1, size=(300, 300))
    cut.write_bytes(cut.read_bytes()[:70])
    with pytest.raises(ValueError, match=r"two.png' must be a PNG, JPEG, GIF, BMP or WebP image"):
        load(tmp_path)
    with pytest.raises(ValueError, match="Only tables"):
        load(tmp_path, stream=True)


def test_without_pillow_the_error_says_what_to_install(draw, tmp_path, monkeypatch):
    draw("a/one.png", 1)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-zoo\[images\]'"):
        load(tmp_path)


def test_hidden_folders_are_no_classes_and_what_was_left_out_is_said(draw, tmp_path):
    draw("lion/a.png", 1)
    draw("zebra/b.bmp", 2)
    draw("lion/.ipynb_checkpoints/a-checkpoint.png", 3)
    draw("__MACOSX/lion/._a.png", 3)
    draw(".cache/x/y.png", 3)
    draw("lion/._a.png", 3)  # hidden files are not said: every Mac writes them
    (tmp_path / "lion" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "tiger").mkdir()
    (tmp_path / "lion" / "scan.tif").write_bytes(b"x")
    (tmp_path / "README.txt").write_text("lions and zebras")
    with pytest.warns(zoo.DataWarning) as said:
        data = load(tmp_path)
    assert data.y.tolist() == ["lion", "zebra"]
    assert len(said) == 1
    text = str(said[0].message)
    assert r"lion/.ipynb_checkpoints (1 files)" in text and "__MACOSX (1 files)" in text and ".cache (1 files)" in text
    assert "1 of .tif" in text and "lion/scan.tif" in text and "no classes: tiger" in text
    assert "DS_Store" not in text


def test_a_folder_of_classes_alone_says_nothing(draw, tmp_path, recwarn):
    draw("lion/a.png", 1)
    draw("zebra/b.webp", (1, 2, 3))
    (tmp_path / ".git").mkdir()
    assert load(tmp_path).y.tolist() == ["lion", "zebra"]
    assert not recwarn.list


def test_a_class_of_which_nothing_can_be_read_is_an_error(draw, tmp_path):
    draw("lion/a.png", 1)
    for name in ("a.heic", "b.HEIC", "c.tiff"):
        (tmp_path / "zebra").mkdir(exist_ok=True)
        (tmp_path / "zebra" / name).write_bytes(b"x")
    with pytest.raises(
        ValueError, match=r"class 'zebra'.*PNG, JPEG, GIF, BMP or WebP.*2 of .heic, 1 of .tiff.*Convert"
    ):
        load(tmp_path)
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "x.svg").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match=r"Received: none, but 1 of .svg"):
        load(tmp_path / "only", format="images")


def test_folders_that_are_links_are_followed_once(draw, tmp_path):
    draw("store/lion/a.png", 1)
    draw("pets/zebra/a.png", 2)
    (tmp_path / "pets" / "lion").symlink_to(tmp_path / "store" / "lion")
    (tmp_path / "store" / "lion" / "again").symlink_to(tmp_path / "pets" / "lion")
    assert load(tmp_path / "pets").y.tolist() == ["lion", "zebra"]


def test_one_file_is_one_row_and_a_glob_is_a_row_a_file(draw, tmp_path, monkeypatch):
    for i in range(3):
        draw(f"photos/{i}.jpg", 10 * i)
    (tmp_path / "photos" / "Thumbs.db").write_bytes(b"x")
    one = load(tmp_path / "photos" / "1.jpg")
    assert one.x.shape == (1, 4, 6, 1) and one.y is None
    assert one.files.tolist() == [str(tmp_path / "photos" / "1.jpg")]
    monkeypatch.chdir(tmp_path)
    several = load("photos/*.jpg")
    assert several.files.tolist() == ["photos/0.jpg", "photos/1.jpg", "photos/2.jpg"]
    assert several.x[:, 0, 0, 0].tolist() == pytest.approx([0, 10, 20], abs=2)
    assert several.take([2, 0]).files.tolist() == ["photos/2.jpg", "photos/0.jpg"]
    with pytest.raises(FileNotFoundError, match=r"There is no file, folder or glob 'photos/\*.png'"):
        load("photos/*.png")
    with pytest.raises(FileNotFoundError, match="There is no file, folder or glob 'nothing'"):
        load("nothing", format="images")
    (tmp_path / "photos" / "1.jpg").rename(tmp_path / "upload")
    assert load("upload", format="images").files.tolist() == ["upload"]
    with pytest.raises(ValueError, match="Only tables in files"):
        load("photos/*.jpg", stream=True)


def test_lists_of_paths_and_images_of_pillow_are_rows(draw, tmp_path):
    image = pytest.importorskip("PIL.Image")
    paths = [draw("a.png", 1), draw("b.png", (1, 2, 3))]
    data = load(([str(path) for path in paths], ["x", "y"]))
    assert data.x.shape == (2, 4, 6, 3) and data.y.tolist() == ["x", "y"]
    assert load(pd.Series(paths)).files.tolist() == list(map(str, paths))
    assert load((paths, pd.Series(["x", "y"], index=[7, 8]))).files.index.tolist() == [7, 8]
    with image.open(paths[0]) as first, image.open(paths[1]) as second:
        np.testing.assert_array_equal(load([first, second]).x, data.x)
        assert load(first).x.shape == (1, 4, 6, 1)
        assert load(first).files is None
    with pytest.raises(FileNotFoundError, match="There is no image 'gone.png'"):
        load(["gone.png"])
    with pytest.raises(ValueError, match=r"same size.*image 0 with 6 x 4 and image 1 with 5 x 5.*`image_size`"):
        load([image.new("L", (6, 4)), image.new("L", (5, 5))])


def test_image_size_resizes_all_images_whatever_their_source(draw, tmp_path):
    """Of two columns 0 and 200 the middle is 100; a colour stays itself."""
    image = pytest.importorskip("PIL.Image")
    draw("lion/a.png", 10, size=(6, 4))
    draw("zebra/b.png", 20, size=(50, 30))
    for size in (3, (3, 3), [3, 3]):
        data = load(tmp_path, image_size=size)
        np.testing.assert_array_equal(data.x, np.repeat([[[[10]]], [[[20]]]], 9, 0).reshape(2, 3, 3, 1))
    assert data.schema.columns[0].resized and data.schema.columns[0].shape == (3, 3, 1)
    stripes = np.array([[0, 200]], "uint8")
    assert load(stripes[None], image_size=(1, 1)).x.tolist() == [[[[100]]]]
    assert load([stripes, stripes.repeat(2, 1)], image_size=(1, 1)).x.tolist() == [[[[100]]]] * 2
    assert load(image.fromarray(stripes), image_size=1).x.tolist() == [[[[100]]]]
    np.savez(tmp_path / "x.npz", x=stripes[None], y=[1])
    assert load(tmp_path / "x.npz", image_size=1).x.tolist() == [[[[100]]]]
    assert load(load(stripes[None]), image_size=1).x.tolist() == [[[[100]]]]
    assert not load(stripes[None]).schema.columns[0].resized


@pytest.mark.parametrize("size", [0, (3,), (3, -1), (2.0, 2), "3,3", True])
def test_an_image_size_is_two_lengths_or_one(size):
    with pytest.raises(ValueError, match=r"`image_size` must be \(height, width\), or one length"):
        load(np.zeros((1, 2, 2), "uint8"), image_size=size)


def test_an_image_size_beyond_the_limit_or_without_images_is_refused(monkeypatch):
    monkeypatch.setenv(image_pixels.VARIABLE, "100")
    with pytest.raises(ValueError, match="at most 100 pixels"):
        load(np.zeros((1, 2, 2), "uint8"), image_size=11)
    for data in (np.zeros((3, 2)), pd.DataFrame({"x": [1, 2]}), load(pd.DataFrame({"x": [1, 2]}))):
        with pytest.raises(ValueError, match="`image_size` is for images"):
            load(data, image_size=5)


def test_files_of_other_formats_are_told_to_be_converted_and_not_to_be_named_a_table(draw, tmp_path):
    draw("scan.tif", 3)
    draw("a.png", 3)
    (tmp_path / "notes.txt").write_text("a,b\n1,2\n")
    for source in ("scan.tif", "*"):
        with pytest.raises(ValueError, match="Images must be PNG, JPEG.* Received: '.*(scan.tif|a.png)'. Convert it"):
            load(str(tmp_path / source))


def test_a_folder_beside_those_of_the_splits_is_named(draw, tmp_path):
    for name in ("train/lion/a.png", "val/lion/a.png", "another/lion/a.png"):
        draw(name, 1)
    with pytest.raises(ValueError, match="Received: train/lion/a.png beside another/lion/a.png"):
        load(tmp_path)


def test_a_series_of_paths_keeps_its_index(draw):
    paths = pd.Series([str(draw("a.png", 1)), str(draw("b.png", 9))], index=["u", "v"])
    assert load(paths).files.index.tolist() == ["u", "v"]
    labelled = load((paths, pd.Series(["nine", "one"], index=["v", "u"])))
    assert labelled.y.tolist() == ["one", "nine"] and labelled.files.index.tolist() == ["u", "v"]
