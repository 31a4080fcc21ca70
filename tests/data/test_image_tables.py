"""A table's column of images: how it is told, that it stays in its folder, and what is said of a missing file."""

import os

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data import image_pixels
from zoo.data.sources import load

pil = pytest.importorskip("PIL.Image")


@pytest.fixture
def table(tmp_path):
    """Writes a table of paths beside two images, and returns its path."""
    (tmp_path / "inner" / "deep").mkdir(parents=True)
    pil.new("L", (4, 3), 10).save(tmp_path / "inner" / "a.png")
    pil.new("RGB", (4, 3), (20, 30, 40)).save(tmp_path / "inner" / "deep" / "b.JPG")
    pil.new("L", (4, 3), 10).save(tmp_path / "outside.png")

    def write(paths=("a.png", "deep/b.JPG"), **columns):
        pd.DataFrame({"path": paths, "label": ["x", "y", "x"][: len(paths)], **columns}).to_csv(
            tmp_path / "inner" / "labels.csv", index=False
        )
        return tmp_path / "inner" / "labels.csv"

    return write


def test_paths_are_relative_to_the_folder_of_the_table(table):
    data = load(table(), target="label")
    assert data.x.shape == (2, 3, 4, 3) and data.x[0, 0, 0].tolist() == [10, 10, 10]
    assert data.y.tolist() == ["x", "y"] and data.target == "label"
    assert data.files.tolist() == ["a.png", "deep/b.JPG"]
    assert [(c.name, c.kind, c.shape) for c in data.schema.columns] == [("image", "image", (3, 4, 3))]
    assert data.schema.target == "label"
    assert load(table(["./a.png", "deep\\b.JPG"]), target="label").x.shape == (2, 3, 4, 3)
    assert load(table(), target="label", image_size=2).x.shape == (2, 2, 2, 3)


def test_a_data_frame_has_paths_from_the_current_folder(table, monkeypatch):
    frame = pd.read_csv(table())
    monkeypatch.chdir(table().parent)
    assert load(frame.set_index([[5, 6]]), target="label").files.index.tolist() == [5, 6]
    assert load({"path": ["a.png"], "label": ["x"]}, target="label").x.shape == (1, 3, 4, 1)


@pytest.mark.parametrize("path", ["../outside.png", "deep/../../outside.png", "deep/../a.png", "..\\outside.png",
                                  "~/outside.png",
                                  "C:\\outside.png", "https://example.org/outside.png", "link.png", "loop/a.png",
                                  "linked/outside.png", "absolute"])  # fmt: skip
def test_a_path_that_leaves_the_folder_is_refused(table, path):
    inner = table().parent
    (inner / "link.png").symlink_to(inner.parent / "outside.png")
    (inner / "linked").symlink_to(inner.parent)
    (inner / "loop").symlink_to(inner / "loop")
    path = str(inner.parent / "outside.png") if path == "absolute" else path
    with pytest.raises(ValueError, match=r"in row 1 of the column 'path', which leaves .*Write paths relative to it"):
        load(table(["a.png", path]), target="label")


def test_a_link_that_stays_in_the_folder_is_followed(table):
    (table().parent / "link.png").symlink_to("a.png")
    assert len(load(table(["a.png", "link.png"]), target="label")) == 2


@pytest.mark.parametrize("path", ["gone.png", "deep.png", "x" * 5000 + ".png"])
def test_a_missing_image_is_told_by_row_and_path(table, path):
    (table().parent / "deep.png").mkdir()
    with pytest.raises(
        FileNotFoundError, match=f"There is no image '{path}', which stands in row 1 of the column 'path'"
    ):
        load(table(["a.png", path]), target="label")


def test_a_named_pipe_is_no_image(table):
    os.mkfifo(table().parent / "pipe.png")
    with pytest.raises(FileNotFoundError, match="There is no image 'pipe.png'"):
        load(table(["a.png", "pipe.png"]), target="label")


def test_a_row_without_a_path_is_told(table):
    with pytest.raises(
        ValueError, match="Every row must name an image. Received: nothing in row 1 of the column 'path'"
    ):
        load(table(["a.png", None]), target="label")


def test_an_image_that_cannot_be_read_is_told_by_its_path(table, monkeypatch):
    (table().parent / "deep" / "b.JPG").write_bytes(b"no image")
    with pytest.raises(ValueError, match="'deep/b.JPG' must be a PNG, JPEG"):
        load(table(), target="label")
    monkeypatch.setenv(image_pixels.VARIABLE, "11")
    with pytest.raises(ValueError, match="'a.png' must have at most 11 pixels"):
        load(table(), target="label")


def test_other_columns_must_be_ignored_to_train(table):
    path = table(width=[4, 5])
    with pytest.raises(ValueError, match="one column of their paths, beside the target. Received: path and width."):
        load(path, target="label")
    assert load(path, target="label", ignore="width").x.shape == (2, 3, 4, 3)
    assert load(path, target="label", ignore="path").schema.names == ["width"]
    model = zoo.build("image_mlp", path, target="label", schema=load(path, target="label", ignore="width").schema)
    assert len(zoo.predict(model, path)) == 2  # a table to predict may have what it likes


def test_the_index_that_a_table_brings_along_is_left_out_and_that_is_said(table):
    path = table()
    pd.read_csv(path).to_csv(path, index=True)
    with pytest.warns(zoo.DataWarning, match="'Unnamed: 0': It is taken for the index of the rows"):
        assert load(path, target="label").x.shape == (2, 3, 4, 3)


def test_two_columns_of_images_must_be_told_apart(table):
    with pytest.raises(ValueError, match="Received: path and mask. Leave the others out"):
        load(table(mask=["a.png", "a.png"]), target="label")


def test_names_of_which_no_file_is_there_stay_text_and_that_is_said(table):
    path = table(["p.png", "q.png", "r.png"], size=[1.0, 2.0, 3.5])
    with pytest.warns(zoo.DataWarning, match=r"'path': .*none of which is in .*inner.*Such as 'p.png' in row 0"):
        data = load(path, target="label")
    assert data.x.columns.tolist() == ["path", "size"]


def test_a_schema_says_which_column_is_of_images(table):
    schema = {"columns": [{"name": "path", "kind": "image"}], "target": "label"}
    data = load(table(), schema=schema)
    assert data.schema.columns[0].shape == (3, 4, 3) and data.schema.names == ["image"]
    with pytest.raises(FileNotFoundError, match="There is no image 'p.png'"):
        load(table(["p.png"]), schema=schema)
    with pytest.raises(
        ValueError, match="must have the column of images that the schema names, 'file'. Received: path"
    ):
        load(table(), schema={"columns": [{"name": "file", "kind": "image"}], "target": "label"})
    resized = {"columns": [{"name": "image", "kind": "image", "shape": [2, 2, 1], "resized": True}], "target": "label"}
    assert load(table(), schema=resized).x.shape == (2, 2, 2, 1)
    assert load(table().parent, schema={"columns": [{"name": "x", "kind": "image"}]}, format="images").schema.columns[
        0
    ].shape == (3, 4, 3)


def test_tables_without_images_are_left_alone(recwarn):
    frame = pd.DataFrame({"a": ["x", "y.png"], "b": [None, None], "c": ["x.png", 3], "d": np.arange(2)})
    assert load(frame).x is frame
    assert not recwarn.list


def test_a_table_of_images_whose_paths_have_blanks_around_is_one(table):
    assert load(table([" a.png", "deep/b.JPG "]), target="label").x.shape == (2, 3, 4, 3)


def test_paths_of_images_and_of_others_are_text_and_said(table):
    paths = [*["a.png"] * 11, "scan.tif"]
    written = table().parent / "labels.csv"
    pd.DataFrame({"path": paths, "n": range(12), "label": ["x", "y"] * 6}).to_csv(written, index=False)
    with pytest.warns(zoo.DataWarning, match="'path': Of 12 values, 1 are no names of PNG.*'scan.tif' in row 11"):
        assert load(written, target="label").schema.names == ["path", "n"]


def test_columns_beside_the_paths_may_be_groups_times_and_weights(table):
    inner = table().parent
    for i in range(6):
        pil.new("L", (4, 3), 40 * i).save(inner / f"{i}.png")
    frame = pd.DataFrame({"path": [f"{i}.png" for i in range(6)], "label": list("xyxyxy"), "who": list("aabbcc")})
    frame.assign(w=[1, 0, 1, 1, 1, 1]).to_csv(inner / "labels.csv", index=False)
    how = {"target": "label", "ignore": ["who", "w"], "weight": "w", "groups": "who", "validation": 0.34}
    run = zoo.train("image_mlp", inner / "labels.csv", epochs=1, verbose=0, **how)
    assert run.data["rows"] == {"train": 4, "val": 2, "test": 0}
    scores = zoo.evaluate(run, inner / "labels.csv", target="label", weight="w", verbose=0)
    right = zoo.predict(run, inner / "labels.csv")["label"].eq(frame["label"])
    assert scores["accuracy"] == pytest.approx(np.average(right, weights=[1, 0, 1, 1, 1, 1]), abs=1e-6)
    with pytest.raises(ValueError, match="`weight` must be a column of the data.*weight='v'.*path, label, who, w"):
        zoo.train("image_mlp", inner / "labels.csv", target="label", ignore=["who", "w"], weight="v", epochs=1)


def test_a_stream_of_paths_is_refused_unless_they_are_ignored(table):
    data = load(table(["a.png", "deep/b.JPG", "a.png"], n=[1, 2, 4]), target="label", stream=True)
    with pytest.raises(ValueError, match="a stream whose column 'path' names images. Load with `stream=False`"):
        data.schema  # noqa: B018  reading it is what raises
    assert load(table(n=[1, 2]), target="label", stream=True, ignore="path").schema.names == ["n"]


def test_a_file_of_another_format_in_a_table_for_a_model_of_images_is_named(table, monkeypatch):
    monkeypatch.chdir(table().parent)
    schema = load(table(), target="label").schema
    with pytest.raises(ValueError, match="Every row must name a PNG.*'scan.tif' in row 1 of the column"):
        load(pd.DataFrame({"path": ["a.png", "scan.tif"]}), schema=schema)
