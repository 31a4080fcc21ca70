"""`zoo serve` under load: requests a second, latency, start-up, memory, and 50,000 valid and broken requests.

    python -m tests.benchmarks.serve                     the titanic preset, both runtimes; needs wrk
    python -m tests.benchmarks.serve --seconds 1 --requests 0 --soak 500 --runtimes onnx

One row a request, over loopback, the client on the same two cores. Start-up and memory are compared with a bare
`import tensorflow` in the same run.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import hypothesis
import numpy as np

import zoo
from tests.serving import fuzzing

PRESET = "mlp_classifier.titanic"
GOALS = {
    "tensorflow": {1: (1_000, 1.0), 32: (5_000, 6.0)},  # connections -> requests a second, p50 in ms
    "onnx": {1: (3_000, None), 32: (10_000, None)},
}


class Server:
    """`zoo serve` on a free port, with the seconds that it took to answer its first request."""

    def __init__(self, folder, runtime):
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoo", "serve", str(folder), "--port", "0", "--runtime", runtime],
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stdout:
            if match := re.fullmatch(r"serving on http://127\.0\.0\.1:(\d+)\n", line):
                self.port = int(match[1])
                break
        self.seconds = time.perf_counter() - begin

    def rss(self) -> float:
        """Returns resident memory in MiB."""
        return _rss(self.process.pid)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.process.stdout.close()


def _rss(pid) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def bare_import() -> tuple[float, float]:
    """Returns seconds and MiB of a fresh process that imports TensorFlow."""
    code = "import os, tensorflow; print(open('/proc/self/status').read())"
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    return time.perf_counter() - begin, int(re.search(r"VmRSS:\s+(\d+)", done.stdout)[1]) / 1024


def load(port: int, name: str, body: str, connections: int, seconds: int, folder: Path) -> dict:
    """Returns requests a second, p50 and p99 in ms and the number of requests, by wrk."""
    script = folder / "post.lua"
    text = json.dumps(body)
    script.write_text(f'wrk.method = "POST"\nwrk.body = {text}\nwrk.headers["Content-Type"] = "application/json"\n')
    address = f"http://127.0.0.1:{port}/v1/models/{name}:predict"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), address]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"Not all requests were answered:\n{said}")

    def ms(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\n", said).groups()
        return float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]

    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", said)[1], re.search(r"(\d+) requests in", said)[1]
    return {"rate": float(rate), "p50": ms(50), "p99": ms(99), "requests": int(count)}


def drawn(strategy, count: int) -> list:
    """Returns examples of a strategy, always the same ones."""
    found = []

    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def draw(example):
        found.append(example)

    draw()
    return found


async def soak(port: int, name: str, model, count: int, connections: int = 32) -> dict:
    """Sends valid and broken requests in turn; returns statuses and the largest difference from offline."""
    schema = model.schema.to_dict()
    different = max(50, min(2_000, count // 4))
    valid, broken = drawn(fuzzing.valid(schema), different), drawn(fuzzing.broken(schema), different)
    wanted = np.split(
        fuzzing.offline(model, [row for _, rows in valid for row in rows]),
        np.cumsum([len(rows) for _, rows in valid])[:-1],
    )
    bodies = [json.dumps(request).encode() for request, _ in valid]
    statuses, worst = {}, 0.0
    turn = iter(range(count))

    async def client():
        nonlocal worst
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        for i in turn:
            is_valid = i % 2 == 0
            k = (i // 2) % len(valid if is_valid else broken)
            body = bodies[k] if is_valid else broken[k]
            head = f"POST /v1/models/{name}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer.split(b" ", 2)[1])
            content = await reader.readexactly(int(re.search(rb"content-length: (\d+)", answer)[1]))
            key = ("valid" if is_valid else "broken", status)
            statuses[key] = statuses.get(key, 0) + 1
            if is_valid and status == 200:
                found = json.loads(content)
                rows = [r["probabilities"] for r in found.get("predictions", ())] or found["outputs"]["probabilities"]
                worst = max(worst, float(np.abs(np.array(rows) - wanted[k]).max()))
        writer.close()

    await asyncio.gather(*[client() for _ in range(connections)])
    return {"statuses": statuses, "difference": worst}


def predict_one_row(times: int = 1_000) -> float:
    """Returns the median of ms that `zoo.predict` takes for a frame of one row."""
    model, rows = zoo.load(PRESET), zoo.data.load("titanic").x
    zoo.predict(model, rows.head(1))
    taken = []
    for i in range(times):
        row = rows.iloc[[i % len(rows)]]
        begin = time.perf_counter()
        zoo.predict(model, row)
        taken.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(taken))


def measure(runtime: str, options, bare: tuple[float, float], folder: Path) -> None:
    """Prints the table of one runtime."""
    model = zoo.load(PRESET)
    name = "titanic"
    served = folder / runtime / name
    zoo.export(model, served, format="onnx" if runtime == "onnx" else "tf_saved_model")
    sample = zoo.data.load("titanic").x.head(1)
    row = {
        model.schema.served_names[column]: value
        for column, value in sample.astype(object).where(sample.notna(), "").iloc[0].to_dict().items()
    }
    body = json.dumps({"instances": [row]})
    server = Server(served, runtime)
    try:
        first = server.rss()
        over = f" (import tensorflow: {bare[0]:.1f} s, {bare[1]:.0f} MiB)" if runtime == "tensorflow" else ""
        print(f"{runtime}: answers after {server.seconds:.2f} s with {first:.0f} MiB{over}", flush=True)
        for connections, (goal, slowest) in GOALS[runtime].items():
            if shutil.which("wrk") is None:
                print("wrk is missing: no load was measured (apt-get install wrk)")
                break
            found = load(server.port, name, body, connections, options.seconds, folder)
            limit = f" (at most {slowest:g})" if slowest else ""
            print(
                f"{runtime}, {connections} connections: {found['rate']:,.0f} requests/s (goal {goal:,}), p50 "
                f"{found['p50']:.2f} ms{limit}, p99 {found['p99']:.2f} ms",
                flush=True,
            )
        if options.requests and shutil.which("wrk"):
            before, sent = server.rss(), 0
            while sent < options.requests:
                sent += load(server.port, name, body, 32, 5, folder)["requests"]
            after = server.rss()
            print(
                f"{runtime}: {sent:,} requests, {before:.0f} -> {after:.0f} MiB ({after / before - 1:+.1%})", flush=True
            )
        if options.soak:
            before = server.rss()
            begin = time.perf_counter()
            found = asyncio.run(soak(server.port, name, model, options.soak))
            shown = ", ".join(f"{kind} {status}: {n:,}" for (kind, status), n in sorted(found["statuses"].items()))
            print(
                f"{runtime}: {options.soak:,} valid and broken requests in {time.perf_counter() - begin:.0f} s: {shown}"
                f"; largest difference from offline {found['difference']:.2g}; {before:.0f} -> {server.rss():.0f} MiB",
                flush=True,
            )
            if any(status >= 500 and status != 503 for _, status in found["statuses"]) or found["difference"] > 1e-5:
                raise SystemExit("a request was answered wrongly")
    finally:
        server.stop()


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="of each load")
    parser.add_argument("--requests", type=int, default=200_000, help="to see growth by; 0 for none")
    parser.add_argument("--soak", type=int, default=50_000, help="valid and broken requests; 0 for none")
    parser.add_argument("--runtimes", nargs="+", default=list(GOALS), choices=GOALS)
    options = parser.parse_args(arguments)
    bare = bare_import() if "tensorflow" in options.runtimes else (0.0, 0.0)
    print(f"zoo.predict, one row: {predict_one_row():.2f} ms (at most 2)", flush=True)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        for runtime in options.runtimes:
            measure(runtime, options, bare, Path(folder))


if __name__ == "__main__":
    main()
