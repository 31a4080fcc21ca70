"""What the server has done, for Prometheus: the text format 0.0.4.

    :tensorflow:serving:request_count{model_name="titanic",version="2",API="Predict",status="OK"} 41

What TensorFlow Serving counts too has its name there, its labels and more; the rest begins with `zoo_serving_`.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.serving.models import Served

PATHS = ("/metrics", "/monitoring/prometheus/metrics")  # the second is TensorFlow Serving's
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
STATUSES = {  # HTTP status -> the code of gRPC, as TensorFlow Serving names statuses
    200: "OK",
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    413: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
MICROSECONDS = tuple(float(f"{10 * 1.8**i:.6g}") for i in range(27))  # TensorFlow Serving's, up to 43 s
SECONDS = tuple(float(f"{1e-4 * 10 ** (i / 3):.2g}") for i in range(16))  # 0.1 ms to 10 s, three a decade
ROWS = tuple(2**i for i in range(15))
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Histogram:
    """Counts of values by their size.

    Args:
        bounds: The largest value of each bucket but the last, which takes all larger ones, from low to high.
    """

    __slots__ = ("_counts", "bounds", "total")

    def __init__(self, bounds: Sequence[float]):
        self.bounds, self.total = bounds, 0.0
        self._counts = [0] * (len(bounds) + 1)

    def add(self, value: float) -> None:
        """Counts a value."""
        self._counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Yields suffix, further labels and value of each sample."""
        count = 0
        for bound, more in zip((*self.bounds, "+Inf"), tuple(self._counts), strict=True):
            count += more
            yield "_bucket", {"le": str(bound)}, count
        yield "_sum", {}, self.total
        yield "_count", {}, count


class Call:
    """What is known of a request, to be counted when it is answered.

    Attributes:
        model: The model's name, `""` while none that is served was asked for.
        version: The number of the version that answers, `""` while it is not known.
        api: `"Predict"`, `"Classify"`, `"Regress"`, or `""` of other addresses.
        rows: Number of rows that were answered.
        begin: When the body was there, in seconds of `time.perf_counter`; None before.
    """

    __slots__ = ("api", "begin", "model", "rows", "version")

    def __init__(self) -> None:
        self.model = self.version = self.api = ""
        self.rows = 0
        self.begin: float | None = None


class Metrics:
    """Counts requests; all calls come from the server's event loop."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, str, int], int] = {}
        self._rows: dict[tuple[str, str, str], int] = {}
        self._latencies: dict[tuple[str, str, str], Histogram] = {}

    def count(self, call: Call, status: int, end: float) -> None:
        """Counts a request that is answered; of addresses that are no model's, the refused alone.

        Args:
            call: The request.
            status: HTTP's status of the answer.
            end: When it was ready, in seconds of `time.perf_counter`.
        """
        if status < 400 and not call.api:
            return
        key = (call.model, call.version, call.api)
        self._requests[(*key, status)] = self._requests.get((*key, status), 0) + 1
        if call.begin is not None:
            if (latencies := self._latencies.get(key)) is None:
                latencies = self._latencies[key] = Histogram(MICROSECONDS)
            latencies.add(1e6 * (end - call.begin))
        if call.rows:
            self._rows[key] = self._rows.get(key, 0) + call.rows

    def text(self, models: Mapping[str, Served], *, lenient: bool) -> bytes:
        """Returns all that was counted, and the state of the models, as Prometheus reads it.

        Args:
            models: By name.
            lenient: Whether keys of rows are counted.
        """
        families = [*self._of_requests(), *_of_models(models, lenient)]
        return "".join(line for family in families for line in _lines(*family)).encode()

    def _of_requests(self) -> Iterator[tuple]:
        requests = [
            ({**_of_call(key), "status": STATUSES.get(status, str(status))}, count)
            for (*key, status), count in self._requests.items()
        ]
        yield (
            ":tensorflow:serving:request_count",
            "counter",
            "Requests to models by their status, and refused requests to other addresses, which name no model.",
            requests,
        )
        yield (
            ":tensorflow:serving:request_latency",
            "histogram",
            "Microseconds from the last byte of a request's body to its answer.",
            [({**_of_call(key), "entrypoint": "REST"}, found) for key, found in self._latencies.items()],
        )
        yield (
            "zoo_serving_rows_total",
            "counter",
            "Rows that were answered.",
            [(_of_call(key), rows) for key, rows in self._rows.items()],
        )


def _of_call(key: Iterable[str]) -> dict[str, str]:
    return dict(zip(("model_name", "version", "API"), key))


def _of_models(models: Mapping[str, Served], lenient: bool) -> Iterator[tuple]:
    """Yields the families of what the versions that answer now tell of themselves."""
    states = [
        ({"model_name": model.name, "version": str(number), "state": state}, 1)
        for model in models.values()
        for number, (state, _) in model.status().items()
    ]
    yield (
        "zoo_serving_version_state",
        "gauge",
        "1 for each version that answers (AVAILABLE) or cannot be loaded (END).",
        states,
    )
    versions = [(name, model.version) for name, model in models.items() if model.version is not None]
    labelled = [({"model_name": name, "version": str(version.number)}, version) for name, version in versions]
    batches = [(labels, version.batcher) for labels, version in labelled]
    yield (
        "zoo_serving_batch_rows",
        "histogram",
        "Rows of a batch, which holds the requests that came while the one before was answered.",
        [(labels, batcher.batch_rows) for labels, batcher in batches],
    )
    yield (
        "zoo_serving_batch_seconds",
        "histogram",
        "Seconds in which the model answered a batch.",
        [(labels, batcher.batch_seconds) for labels, batcher in batches],
    )
    yield (
        "zoo_serving_waiting_requests",
        "gauge",
        "Requests that wait for the next batch.",
        [(labels, batcher.waiting) for labels, batcher in batches],
    )
    if not lenient:
        return
    yield (
        "zoo_serving_ignored_keys_total",
        "counter",
        "Keys of rows that are no columns of the model, which --lenient ignores.",
        [(labels, version.lenient.ignored) for labels, version in labelled],
    )
    yield (
        "zoo_serving_missing_keys_total",
        "counter",
        "Columns that rows did not have, which --lenient takes for missing values.",
        [(labels, version.lenient.absent) for labels, version in labelled],
    )


def _lines(name: str, kind: str, about: str, found: Iterable[tuple[dict[str, str], float | Histogram]]):
    """Yields the lines of a family of metrics."""
    yield f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
    for labels, value in found:
        samples = value.samples() if isinstance(value, Histogram) else [("", {}, value)]
        for suffix, more, number in samples:
            text = ",".join(f'{key}="{part.translate(ESCAPED)}"' for key, part in {**labels, **more}.items())
            yield f"{name}{suffix}{{{text}}} {number}\n"
