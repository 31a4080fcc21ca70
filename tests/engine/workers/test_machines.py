"""Several workers on this machine, each a process, against one process: the same weights, whoever dies."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from zoo.engine.workers import cluster

pytestmark = pytest.mark.tensorflow

CASES = ("shuffled", "members", "steered", "streamed", "tuned", "sliced")
WORKERS = {"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 1}}


def start(
    folder: Path, cases, backend: str, count: int = 1, *, logical: int = 0, pause: float = 0
) -> list[subprocess.Popen]:
    """Starts workers; what they print goes to `<rank>.out` and `<rank>.err` in the folder."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in sockets]
    for listener in sockets:
        listener.close()
    processes = []
    for rank in range(count):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
        names = {"KERAS_BACKEND": backend, "LOGICAL": str(logical), "PAUSE": str(pause)}
        names |= {"TF_CONFIG": json.dumps(task) if count > 1 else ""}
        with open(folder / f"{rank}.out", "w") as out, open(folder / f"{rank}.err", "w") as err:
            command = [sys.executable, "-m", "tests.engine.workers.worker", str(folder), *cases]
            processes.append(subprocess.Popen(command, env={**os.environ, **names}, stdout=out, stderr=err))
    return processes


def finish(folder: Path, processes, seconds: float = 400) -> list[int]:
    """Returns the exit codes; whoever runs longer is killed."""
    end = time.monotonic() + seconds
    try:
        return [process.wait(max(0.1, end - time.monotonic())) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def run(folder: Path, cases, backend: str, count: int = 1, *, logical: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    codes = finish(folder, start(folder, cases, backend, count, logical=logical))
    assert codes == [0] * count, "\n".join((folder / f"{rank}.err").read_text()[-2000:] for rank in range(count))


def left(folder: Path, case: str, rank: int = 0) -> tuple[list, dict]:
    """Returns the weights and the history that a worker left."""
    with np.load(folder / f"{case}.{rank}.npz") as arrays:
        names = sorted((name for name in arrays.files if name != "history"), key=int)
        return [arrays[name] for name in names], json.loads(str(arrays["history"]))


def assert_same(folder: Path, alone: Path, case: str, rank: int = 0) -> None:
    (ours, history), (theirs, expected) = left(folder, case, rank), left(alone, case)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5, err_msg=case)
    assert set(history) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5, atol=1e-5, err_msg=f"{case} {name}")


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize(("count", "cases"), [(2, CASES), (3, ("shuffled", "sliced"))])
def test_workers_end_with_the_weights_of_one_process_and_the_chief_alone_writes(alone, tmp_path, backend, count, cases):
    run(tmp_path, cases, backend, count)
    for case in cases:
        for rank in range(count):
            assert_same(tmp_path, alone(backend), case, rank)
    written = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert written == {"checkpoint.0", "saver.0", "run.0"}
    assert f"{count} workers, this one number 0, the chief" in (tmp_path / "0.out").read_text()
    assert not any("epoch" in (tmp_path / f"{rank}.out").read_text() for rank in range(1, count))


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_killed_worker_stops_the_other_and_all_go_on_from_the_checkpoint(alone, tmp_path, backend):
    """First the second worker is killed, then, of those that went on, the chief; the third start ends the training."""
    for victim in (1, 0):
        stopped_by_the_death_of(victim, tmp_path, backend)
        assert victim == 1 or "resumed from epoch" in (tmp_path / "0.out").read_text()
    run(tmp_path, ["killed"], backend, 2)
    assert "resumed from epoch" in (tmp_path / "0.out").read_text()
    for rank in (0, 1):
        assert_same(tmp_path, alone(backend), "killed", rank)


def stopped_by_the_death_of(victim: int, folder: Path, backend: str) -> None:
    """Starts two workers and kills one after a further checkpoint; the other must end within a minute and say why."""
    file = folder / "checkpoint" / "checkpoint.npz"
    before = file.stat().st_mtime if file.exists() else 0.0
    processes = start(folder, ["killed"], backend, 2, pause=0.1)
    begin = time.monotonic()
    while not (file.exists() and file.stat().st_mtime > before):
        assert time.monotonic() - begin < 300
        assert all(process.poll() is None for process in processes), (folder / "0.err").read_text()[-2000:]
        time.sleep(0.05)
    time.sleep(1)  # some epochs more
    processes[victim].kill()
    code = processes[1 - victim].wait(60)
    finish(folder, processes, 1)
    assert code != 0
    told = (folder / f"{1 - victim}.err").read_text()
    # JAX ends a process whose coordinator is gone by itself, sometimes before Python can say why.
    assert "A worker was lost" in told or (backend == "jax" and "another task died" in told), told[-3000:]
    assert not (folder / "killed.0.npz").exists()


@pytest.mark.process
@pytest.mark.slow
def test_the_command_line_joins_the_workers_and_the_chief_alone_saves(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in (one, two)]
    words = ["-m", "zoo", "train", "mlp_classifier", "penguins", "--epochs", "2"]
    processes = []
    for rank in (0, 1):
        task = json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}})
        names = {**os.environ, "TF_CONFIG": task}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, *words, "-o", str(tmp_path / str(rank))]
        processes.append(subprocess.Popen(command, env=names, **pipes))
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert "2 workers" in said[0][0]
    assert said[1][0] == ""
    assert (tmp_path / "0" / "artifact.json").is_file()
    assert not (tmp_path / "1").exists()


def test_tf_config_names_workers_the_chief_first(monkeypatch):
    jobs = {"worker": ["b:2", "c:3"], "chief": ["a:1"]}
    for task, index, rank in (("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)):
        config = {"cluster": jobs, "task": {"type": task, "index": index}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
        assert cluster.named() == cluster.Cluster(("a:1", "b:2", "c:3"), rank)
        assert cluster.is_chief() == (rank == 0)


@pytest.mark.parametrize("config", ["", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'])
def test_one_worker_is_no_cluster(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    assert cluster.named() is None
    assert cluster.is_chief()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("two machines", "must be"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}}', "must be"),
        (json.dumps({**WORKERS, "task": {"type": "worker", "index": 2}}), "not in the cluster: worker 2"),
        (json.dumps({**WORKERS, "cluster": {"ps": ["c:3"], "worker": ["a:1", "b:2"]}}), "Parameter servers"),
    ],
)
def test_a_tf_config_of_another_form_is_refused(monkeypatch, config, told):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match=told):
        cluster.named()


def test_tensorflow_that_has_started_cannot_join(monkeypatch):
    import tensorflow as tf

    tf.constant(0)  # starts it
    monkeypatch.setenv("TF_CONFIG", json.dumps(WORKERS))
    with pytest.raises(RuntimeError, match="has started already.*before anything else computes"):
        cluster.join()


def test_errors_of_a_lost_worker_are_told_from_others(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps(WORKERS))
    gone = ValueError("UNKNOWN: Gloo all-reduce failed: Connection closed by peer")
    assert "A worker was lost" in str(cluster.lost(gone))
    assert cluster.lost(ValueError("`epochs` must be an integer")) is None
    assert cluster.lost(MemoryError("Connection")) is None
