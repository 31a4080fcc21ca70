"""The real server in a process of its own, Chromium without a window, and tests that run only when asked for."""

import json
import math
import shutil
import sys
import urllib.request

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.browser.process import ROOT, listening
from tests.browser.touching import Playground
from zoo.artifacts import proof

PASSENGERS = [
    {"pclass": 3.0, "name": "Moran, Mr. James", "sex": "male", "age": math.nan, "sibsp": 0.0, "parch": 0.0,
     "ticket": "330877", "fare": 8.4583, "cabin": "", "embarked": "Q"},
    {"pclass": 1.0, "name": 'Cumings, Mrs. John Bradley "Florence"', "sex": "female", "age": 38.0, "sibsp": 1.0,
     "parch": 0.0, "ticket": "PC 17599", "fare": 71.2833, "cabin": "C85", "embarked": "C"},
]  # fmt: skip


PHOTO = (160, 200, 3)  # of which a PNG of noise is too long for a command line
LONG = ("cat", "Bernese mountain dog", "schnauzer", "Donaudampfschifffahrtsgesellschaftskapitän")


def pytest_collection_modifyitems(config, items):
    """Leaves out the tests that need a browser, unless -m names them: `-m "not slow"` must not ask for one."""
    if "browser" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def serving(*folders):
    """`listening` to `zoo serve` on these folders."""
    return listening([sys.executable, "-m", "zoo", "serve", *folders, "--port", 0], PYTHONPATH=str(ROOT))


def excursions():
    """A table with every kind of column, names that must be renamed, and classes that are booleans."""
    generator = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(generator.integers(0, 700, 200), unit="D")
    table = pd.DataFrame(
        {
            "day": days.strftime("%Y-%m-%d"),
            "hours on foot": generator.uniform(1, 9, 200).round(1),
            "guide": generator.random(200) < 0.5,
            "class": generator.choice(["north", "south", "river's bend"], 200),
        }
    )
    table["rain"] = (table["hours on foot"] + 3 * table["guide"]) > 6
    return table


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Exported models: of tables, of grey and of large coloured images, of an array; a regressor."""
    root = tmp_path_factory.mktemp("served")
    trip = zoo.train("mlp_classifier", excursions(), target="rain", hidden_units=(8,), epochs=2, verbose=0)
    photos = np.random.default_rng(0).integers(0, 256, (20, *PHOTO)).astype("uint8")
    photo = zoo.train("image_mlp", (photos, np.arange(20) % 2), hidden_units=(4,), epochs=1, verbose=0)
    hours = excursions().drop(columns="rain")
    hours["costs"], hours["blisters"] = 12.0 * hours["hours on foot"], hours["hours on foot"] > 6
    hours["late"] = hours["guide"] ^ hours["blisters"]
    quick = {"hidden_units": (8,), "epochs": 2, "verbose": 0}
    both = zoo.train(
        "mlp_regressor", hours.drop(columns=["late", "blisters"]), target=["hours on foot", "costs"], **quick
    )
    two = {"target": ["blisters", "late"], **quick}
    labels = zoo.train("mlp_classifier", hours.drop(columns="costs"), **two)
    at = {"blisters": 0.999, "late": 0.001}
    careful = zoo.train("mlp_classifier", hours.drop(columns="costs"), threshold=at, **two)
    models = {
        "titanic": zoo.build("mlp_classifier.titanic"),
        "digits": zoo.build("image_mlp.mnist_10k"),
        "trips": trip,
        "housing": zoo.build("mlp_regressor.california_housing"),
        "photos": photo,
        "and": zoo.build("perceptron.and"),
        "plans": both,
        "feet": labels,
        "heels": careful,
        "breeds": zoo.build("mlp_classifier", {"weight": np.arange(40.0), "breed": LONG * 10}, target="breed"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "prove", lambda *_, **__: 0.0)  # tested elsewhere, and slow
        for name, model in models.items():
            zoo.export(model, root / name)
    samples = {"titanic": PASSENGERS, "digits": [{"image": digit(0).tolist()}]}
    for name, rows in samples.items():
        (root / name / "1" / "sample_request.json").write_text(json.dumps({"instances": rows}), encoding="utf-8")
    return [root / name for name in models]


def digit(i):
    """Returns a digit of the data set, `(28, 28, 1)`."""
    return np.asarray(zoo.data.load("mnist_10k").x[i]).reshape(28, 28, 1)


@pytest.fixture(scope="session")
def server(folders):
    """The address of a server of all of them."""
    with serving(*folders) as (_, address):
        yield address


@pytest.fixture(scope="session")
def chromium():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        pytest.fail(
            "There must be chromium and chromedriver on the PATH. On Debian: apt-get install chromium chromium-driver"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    driver.set_page_load_timeout(30)
    yield driver
    driver.quit()


def ask(address, name, *rows):
    """Returns what the server answers rows without the page."""
    body = json.dumps({"instances": rows}).encode()
    with urllib.request.urlopen(f"{address}/v1/models/{name}:predict", body, timeout=30) as response:
        return json.load(response)["predictions"]


@pytest.fixture
def page(chromium):
    """The playground from its file. Afterwards the console must be empty, and nothing else may have been asked for."""
    page = Playground(chromium)
    page.console(), page.requests()
    yield page
    assert page.console() == []
    root = page.address.removesuffix("index.html")
    assert [url for url in page.requests() if not url.startswith((root, "data:", "blob:", "about:"))] == []
