"""Models of images as users have them: folders, tables of paths and photographs of any size, in Python and served."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.data import encoded_images
from zoo.cli import main

pil = pytest.importorskip("PIL.Image")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Dark and bright images of different sizes and formats, in a folder for each class."""
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(0)
    for i in range(12):
        for name, base in (("bright", 160), ("dark", 20)):
            (folder / name).mkdir(exist_ok=True)
            pixels = generator.integers(base, base + 90, (9 + i, 15 - i % 4, 3), dtype="uint8")
            pil.fromarray(pixels).save(folder / name / f"{i}.{('png', 'jpg', 'bmp', 'gif', 'webp')[i % 5]}")
    return folder


@pytest.fixture(scope="module")
def model(folder):
    options = {"hidden_units": (16,), "dropout": 0.0, "augmentation": False}
    options |= {"epochs": 30, "batch_size": 4, "learning_rate": 0.01}
    return zoo.train("image_mlp", folder, image_size=(8, 6), validation=None, verbose=0, **options).model


@pytest.fixture(scope="module")
def served(model, tmp_path_factory):
    from zoo.data.served import save_served

    path = tmp_path_factory.mktemp("served") / "1"
    save_served(model, path)
    return tf.saved_model.load(str(path))


def test_images_of_different_sizes_need_an_image_size(folder):
    with pytest.raises(ValueError, match=r"same size.*bright/0.png with 15 x 9 .*Resize them by `image_size`"):
        zoo.train("image_mlp", folder, verbose=0)


def test_every_file_is_answered_alike_by_python_and_by_the_served_bytes(folder, model, served):
    """The images of training, and one of each kind of format, none of them of the model's size."""
    contents = {str(path): path.read_bytes() for path in sorted(folder.rglob("*.*"))}
    contents |= encoded_images.images() | {f"turned {i}": encoded_images.turned(i) for i in range(1, 9)}
    (folder.parent / "all").mkdir(exist_ok=True)
    paths = [folder.parent / "all" / f"{i}.png" for i in range(len(contents))]
    for path, content in zip(paths, contents.values()):
        path.write_bytes(content)
    answers = zoo.predict(model, paths)
    assert answers["file"].tolist() == list(map(str, paths))
    found = served.signatures["serve_image_bytes"](image_bytes=tf.constant(list(contents.values())))
    np.testing.assert_allclose(found["probabilities"], answers[["p_bright", "p_dark"]], atol=1e-6)
    assert answers["label"][:24].tolist() == ["bright"] * 12 + ["dark"] * 12


def test_one_image_is_a_row_whatever_it_comes_as(folder, model):
    path = folder / "bright" / "0.png"
    answer = zoo.predict(model, path)
    assert list(answer.columns) == ["file", "label", "probability", "p_bright", "p_dark"]
    assert answer["file"].tolist() == [str(path)]
    with pil.open(path) as image:
        pixels = np.asarray(image)
        for one in (str(path), image, [image], pixels, pixels[None], [pixels], [path]):
            pd.testing.assert_frame_equal(
                zoo.predict(model, one).drop(columns="file", errors="ignore"), answer.iloc[:, 1:]
            )


def test_folders_globs_and_tables_are_answered_with_their_files(folder, model, monkeypatch):
    monkeypatch.chdir(folder)
    by_folder = zoo.predict(model, folder)
    assert by_folder["file"][0] == "bright/0.png"
    by_glob = zoo.predict(model, "*/*.png")
    assert by_glob["file"].tolist() == by_folder["file"][by_folder["file"].str.endswith("png")].tolist()
    table = pd.DataFrame({"photo": ["dark/3.gif", "bright/0.png"], "taken": [2020, 2021]}, index=["b", "a"])
    answers = zoo.predict(model, table)
    assert answers.index.tolist() == ["b", "a"] and answers["file"].tolist() == ["dark/3.gif", "bright/0.png"]
    assert answers["p_dark"].iloc[1] == by_folder["p_dark"][0]
    kept = zoo.predict(model, table, keep="taken")
    assert list(kept.columns[:2]) == ["taken", "file"] and kept["taken"].tolist() == [2020, 2021]
    with pytest.raises(ValueError, match="An array has no columns to keep"):
        zoo.predict(model, folder, keep="taken")


def test_a_folder_to_predict_may_have_any_depth(folder, model, tmp_path):
    (tmp_path / "2024" / "may" / "trip").mkdir(parents=True)
    shutil.copy(folder / "dark" / "0.png", tmp_path / "2024" / "may" / "trip" / "a.png")
    shutil.copy(folder / "dark" / "0.png", tmp_path / "b.png")
    assert zoo.predict(model, tmp_path)["file"].tolist() == ["2024/may/trip/a.png", "b.png"]


def test_a_table_of_paths_trains_is_scored_and_remembers_its_target(folder, tmp_path):
    rows = [{"path": str(path.relative_to(folder)), "kind": path.parent.name} for path in sorted(folder.rglob("*.*"))]
    table = folder / "labels.csv"
    pd.DataFrame(rows).to_csv(table, index=False)
    try:
        run = zoo.train("image_mlp", table, target="kind", image_size=(8, 6), hidden_units=(8,), epochs=1, verbose=0)
        assert run.model.schema.target == "kind"
        assert run.model.schema.classes == ("bright", "dark")
        run.save(tmp_path / "out")
        loaded = zoo.load(tmp_path / "out")
        assert loaded.schema.columns[0].resized
        assert zoo.evaluate(loaded, table, verbose=0).rows == 24
        assert zoo.evaluate(loaded, folder, verbose=0).rows == 24
        answers = zoo.predict(loaded, table)
        assert answers["file"].tolist() == [row["path"] for row in rows]
        np.testing.assert_array_equal(answers["p_dark"], zoo.predict(run, folder)["p_dark"])
    finally:
        table.unlink()


def test_a_model_keeps_its_size_where_it_is_trained_further(folder, model):
    run = zoo.train(model, folder, epochs=1, verbose=0)
    assert run.model.schema.columns[0].shape == (8, 6, 3)
    tuned = zoo.fine_tune(model, folder, epochs=1, batch_size=8, verbose=0).model
    assert tuned.schema.columns[0].shape == (8, 6, 3) and tuned.schema.columns[0].resized
    larger = zoo.adapt(model, folder, image_size=(16, 12))
    assert larger.schema.columns[0].shape == (16, 12, 3) and larger.schema.columns[0].resized
    assert len(zoo.predict(larger, folder / "dark" / "0.png")) == 1


def test_a_model_of_one_size_takes_others_where_it_is_told_to(folder, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 6, 1), dtype="uint8")
    plain = zoo.build("image_mlp", (pixels, [0, 1] * 3), hidden_units=(4,))
    with pytest.raises(
        ValueError, match=r"must have 8 x 6 pixels.*Received: 9 x 15. Resize them by `image_size`, here"
    ):
        zoo.predict(plain, folder / "dark" / "0.png")
    answer = zoo.predict(plain, folder / "dark" / "0.png", image_size=(8, 6))
    assert len(answer) == 1
    one = zoo.predict(plain, pixels[0])
    assert one["p_0"].tolist() == zoo.predict(plain, pixels)["p_0"][:1].tolist()
    assert zoo.predict(plain, pixels[0, ..., 0])["p_0"].tolist() == one["p_0"].tolist()
    assert zoo.evaluate(plain, (pixels.repeat(2, 1), [0, 1] * 3), image_size=(8, 6), verbose=0).rows == 6
    built = zoo.build("image_mlp", (pixels, [0, 1] * 3), image_size=5, hidden_units=(4,))
    assert built.schema.columns[0].shape == (5, 5, 1) and built.schema.columns[0].resized
    with pytest.raises(ValueError, match="The preset 'image_mlp.mnist_10k' has its own data and options"):
        zoo.build("image_mlp.mnist_10k", image_size=5)


def test_images_of_different_sizes_are_cross_validated(folder):
    settings = {"folds": 2, "epochs": 1, "batch_size": 8, "hidden_units": (4,), "verbose": 0}
    scores = zoo.cross_validate("image_mlp", folder, image_size=(8, 6), **settings)
    assert scores["rows"].tolist() == [12, 12]


def test_the_command_line_trains_and_answers_photographs(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, "images")
    train = ["train", "image_mlp", "./images", "-o", "out", "--epochs", "1", "--hidden-units", "4", "--json"]
    assert main(train) == 2
    assert "Resize them by --image-size" in capsys.readouterr().err
    assert main([*train, "--image-size", "8x6"]) == 0
    capsys.readouterr()
    assert json.loads((tmp_path / "out" / "card.json").read_text())["data"]["image_size"] == [8, 6]
    assert main(["predict", "out", "images/dark/0.png"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header == "file,label,probability,p_bright,p_dark" and row.startswith("images/dark/0.png,")
    assert main(["predict", "out", "images/dark/0.png", "images/bright/1.jpg", "-o", "answers.csv"]) == 0
    assert pd.read_csv("answers.csv")["file"].tolist() == ["images/dark/0.png", "images/bright/1.jpg"]
    assert main(["predict", "out", "images/dark/0.png", "more.csv"]) == 2
    assert "Several sources must be images. Received: 'more.csv'" in capsys.readouterr().err
    assert main(["evaluate", "out", "./images", "--image-size", "8,6"]) == 0
    assert main(["train", "--config", "out/card.json", "-o", "again", "--json"]) == 0
    assert zoo.load("./again").schema.columns[0].resized
    assert main(["schema", "./images", "--image-size", "4", "--json"]) == 0
    assert '"resized": true' in capsys.readouterr().out
