"""/metrics: what Prometheus reads, by the rules of its text format, and what the numbers are."""

import asyncio
import math
import re
from pathlib import Path

import pytest

from tests.serving.conftest import ROW, call, client
from tests.serving.test_app import slow_app
from zoo.serving import metrics
from zoo.serving.app import App
from zoo.serving.metrics import Call, Histogram, Metrics

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
PREDICT = "/v1/models/ship:predict"
REQUESTS = ":tensorflow:serving:request_count"
LATENCY = ":tensorflow:serving:request_latency"
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def parsed(text):
    """Returns family -> labels -> value, by the text format 0.0.4: https://prometheus.io/docs/instrumenting/

    Args:
        text: The whole of an answer. A line that the format does not allow is an AssertionError.
    """
    assert text.endswith("\n") and "\r" not in text
    families, kinds, current = {}, {}, None
    for line in text.splitlines():
        if match := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
            current = match[1]
            assert current not in families, f"{current} stands in two groups"
            families[current] = {}
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            assert match[1] == current and current not in kinds and not families[current]
            kinds[current] = match[2]
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            suffix = match[1].removeprefix(current)
            assert match[1].startswith(current) and suffix in SUFFIXES[kinds[current]], line
            pairs = re.findall(LABEL, match[2] or "")
            labels = {key: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value) for key, value in pairs}
            assert len(labels) == len(pairs), f"a label stands twice: {line}"
            sample = (suffix, *sorted(labels.items()))
            assert sample not in families[current], f"a sample stands twice: {line}"
            families[current][sample] = float(match[match.lastindex])
    assert kinds.keys() == families.keys()
    for name in (name for name, kind in kinds.items() if kind == "histogram"):
        check_histogram(families[name])
    return families


def check_histogram(samples):
    """Asserts that buckets add up: each holds those below it, the last is +Inf and all."""
    for suffix, *labels in [sample for sample in samples if sample[0] == "_count"]:
        buckets = [
            (math.inf if le == "+Inf" else float(le), value)
            for (kind, *others), value in samples.items()
            if kind == "_bucket"
            for le in [dict(others)["le"]]
            if [pair for pair in others if pair[0] != "le"] == labels
        ]
        assert buckets == sorted(buckets) and [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert buckets[-1] == (math.inf, samples[(suffix, *labels)]) and ("_sum", *labels) in samples


def scraped(ask, path="/metrics"):
    status, content, headers = ask("GET", path)
    assert (status, headers[b"content-type"]) == (200, b"text/plain; version=0.0.4; charset=utf-8")
    return parsed(content.decode())


def value(family, suffix="", **labels):
    """Returns the sum of the samples that have these labels."""
    return sum(v for (kind, *pairs), v in family.items() if kind == suffix and labels.items() <= dict(pairs).items())


@pytest.fixture
def ask(models):
    return client(App(models))


def test_requests_are_counted_by_model_version_method_and_status(ask):
    for _ in range(3):
        ask("POST", PREDICT, {"instances": [ROW, ROW]})
    ask("POST", "/v1/models/ship/versions/1:classify", {"signature_name": "classify", "examples": [{}]})
    ask("POST", PREDICT, b"{")
    ask("POST", "/v1/models/ship:regress", {"examples": [{}]})
    families = scraped(ask)
    ship = {"model_name": "ship", "version": "1"}
    counts = families[REQUESTS]
    assert value(counts, **ship, API="Predict", status="OK") == 3
    assert value(counts, **ship, API="Classify", status="OK") == 1
    assert value(counts, **ship, API="Regress", status="INVALID_ARGUMENT") == 1
    assert value(counts, model_name="ship", version="", API="Predict", status="INVALID_ARGUMENT") == 1  # no JSON
    assert value(counts) == 6
    rows = families["zoo_serving_rows_total"]
    assert value(rows, **ship, API="Predict") == 6 and value(rows, **ship, API="Classify") == 1 and value(rows) == 7
    latency = families[LATENCY]
    assert value(latency, "_count", **ship, API="Predict", entrypoint="REST") == 3
    total = value(latency, "_sum", **ship, API="Predict")
    assert 3 * 10 < total < 3 * 60e6  # microseconds


def test_what_names_no_model_is_counted_when_it_is_refused_and_adds_no_label(ask):
    for path in ("/healthz", "/metrics", "/", "/v1/models/ship"):
        assert ask("GET", path)[0] == 200
    for i in range(5):
        assert ask("POST", f"/v1/models/boat{i}:predict", {"instances": [ROW]})[0] == 404
        assert ask("GET", f"/nothing/{i}")[0] == 404
    counts = scraped(ask)[REQUESTS]
    assert len(counts) == 2 and value(counts, model_name="", status="NOT_FOUND") == 10
    assert value(counts, API="Predict") == value(counts, API="") == 5


def test_limits_have_statuses_of_their_own(models):
    small = client(App(models, most_bytes=100, most_rows=1))
    small("POST", PREDICT, b" " * 101)
    counts = scraped(small)[REQUESTS]
    assert value(counts, model_name="ship", status="RESOURCE_EXHAUSTED") == 1
    app = slow_app(models, most_waiting=1)
    asyncio.run(crowd(app, 4))
    text = app.metrics.text({}, lenient=False).decode()
    assert value(parsed(text)[REQUESTS], status="UNAVAILABLE") >= 2


async def crowd(app, count):
    await asyncio.gather(*[call(app, "POST", PREDICT, {"instances": [ROW]}) for _ in range(count)])


def test_what_fails_inside_is_counted(models, monkeypatch):
    app = App(models)
    monkeypatch.setattr(app, "_version", lambda *_: 1 / 0)
    assert client(app)("POST", PREDICT, {"instances": [ROW]})[0] == 500
    assert value(scraped(client(app))[REQUESTS], model_name="ship", status="INTERNAL") == 1


def test_batches_and_versions_are_told(ask, models):
    batcher = models["ship"].version.batcher
    before = sum(batcher.batch_rows._counts), batcher.batch_rows.total
    ask("POST", PREDICT, {"instances": [ROW] * 7})
    families = scraped(ask)
    rows = families["zoo_serving_batch_rows"]
    assert value(rows, "_count", model_name="ship", version="1") == before[0] + 1
    assert value(rows, "_sum") == before[1] + 7
    assert value(families["zoo_serving_batch_seconds"], "_sum") > 0
    assert value(families["zoo_serving_waiting_requests"], model_name="ship") == 0
    assert families["zoo_serving_version_state"] == {
        ("", ("model_name", "ship"), ("state", "AVAILABLE"), ("version", "1")): 1.0
    }
    assert "zoo_serving_ignored_keys_total" not in families


def test_a_lenient_server_tells_what_it_ignored_and_missed(models):
    ask = client(App(models, lenient=True))
    before = scraped(ask)
    ask("POST", PREDICT, {"instances": [{"age": 1, "more": 2, "other": 3}, {"sex": "male"}]})
    after = scraped(ask)
    grown = {
        name: value(after[name], model_name="ship") - value(before[name], model_name="ship")
        for name in ("zoo_serving_ignored_keys_total", "zoo_serving_missing_keys_total")
    }
    assert grown == {"zoo_serving_ignored_keys_total": 2, "zoo_serving_missing_keys_total": 8}


def test_tensorflow_servings_address_answers_too(ask):
    assert scraped(ask, "/monitoring/prometheus/metrics").keys() == scraped(ask).keys()


def test_a_histogram_counts_a_bound_into_its_own_bucket():
    found = Histogram((1, 2.5))
    for number in (0.5, 1, 1.5, 2.5, 2.6, 99):
        found.add(number)
    assert list(found.samples()) == [
        ("_bucket", {"le": "1"}, 2),
        ("_bucket", {"le": "2.5"}, 4),
        ("_bucket", {"le": "+Inf"}, 6),
        ("_sum", {}, 107.1),
        ("_count", {}, 6),
    ]


def test_names_of_models_are_escaped_and_read_back():
    counted, call = Metrics(), Call()
    call.model, call.api = 'a "b" \\n\nc', "Predict"
    counted.count(call, 200, 0.0)
    families = parsed(counted.text({}, lenient=False).decode())
    assert value(families[REQUESTS], model_name='a "b" \\n\nc') == 1


@pytest.mark.parametrize(
    "text",
    [
        "x 1\n",
        "# HELP x a\n# TYPE x counter\nx 1",
        "# HELP x a\n# TYPE x counter\nx{a=b} 1\n",
        '# HELP x a\n# TYPE x counter\nx{a="1"} 1\nx{a="1"} 2\n',
        '# HELP x a\n# TYPE x histogram\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 2\n',
    ],
)
def test_the_parser_of_these_tests_is_strict(text):
    with pytest.raises((AssertionError, KeyError, TypeError)):
        parsed(text)


def test_every_metric_stands_in_the_document(models):
    text = DEPLOY.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?::tensorflow:serving:|zoo_serving_)\w+)`", text))
    assert named == scraped(client(App(models, lenient=True))).keys()
    assert all(f"`{status}`" in text for status in metrics.STATUSES.values())


def test_every_status_of_the_server_has_a_name():
    import inspect

    from zoo.serving import app, protocol

    source = inspect.getsource(app) + inspect.getsource(protocol)
    assert {int(number) for number in re.findall(r"Refused\(\s*(\d+)", source)} <= metrics.STATUSES.keys()
