"""The workers of a training on several machines, as `TF_CONFIG` names them, and how this process joins them.

Kubeflow sets `TF_CONFIG`, and any other launcher can:

    {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}

The first worker, or the job `chief` where there is one, is the chief: it alone decides, prints and writes.
"""

from __future__ import annotations

import dataclasses
import json
import os

import keras

from zoo import notices

LOST_AFTER = 30  # seconds without a sign of life after which JAX takes a worker for lost; TensorFlow's are 10


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The addresses of all workers, the chief's first, and which of them this process is."""

    addresses: tuple[str, ...]
    rank: int

    @property
    def chief(self) -> bool:
        """Whether this process decides, prints and writes."""
        return self.rank == 0


def named() -> Cluster | None:
    """Returns the workers that `TF_CONFIG` names, or None if they are fewer than two.

    Raises:
        ValueError: if it is no JSON of that form, or names jobs that train otherwise.
    """
    text = os.environ.get("TF_CONFIG", "").strip()
    if not text:
        return None
    form = (
        '`TF_CONFIG` must be {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}, or '
        "unset to train on this machine alone."
    )
    try:
        config = json.loads(text)
        jobs = {name: list(addresses) for name, addresses in config.get("cluster", {}).items()}
        job, index = config["task"]["type"], int(config["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{form} Received: {text}") from error
    if set(jobs) - {"chief", "worker", "evaluator"}:
        raise ValueError(f"{form} Parameter servers are not supported. Received the jobs: {', '.join(jobs)}")
    jobs = {name: jobs.get(name, []) for name in ("chief", "worker")}
    if job not in jobs or not 0 <= index < len(jobs[job]):
        raise ValueError(f"{form} Received a task that is not in the cluster: {job} {index}")
    addresses = (*jobs["chief"], *jobs["worker"])
    return Cluster(addresses, index + (len(jobs["chief"]) if job == "worker" else 0)) if len(addresses) > 1 else None


def is_chief() -> bool:
    """Returns whether this process writes: it trains alone, or is the first of its workers."""
    cluster = named()
    return cluster is None or cluster.chief


_joined: dict[str, object] = {}


def join():
    """Joins the workers that `TF_CONFIG` names, once a process, and returns the strategy (None on JAX).

    Raises:
        RuntimeError: if the backend has started already, so that it is too late.
        ConnectionError: if not all of the workers came.
    """
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax"):
        raise ValueError(
            f"Several workers train on the backends tensorflow and jax. Received: {backend}. Set KERAS_BACKEND, or "
            "unset TF_CONFIG to train on this machine alone."
        )
    if backend not in _joined:
        if backend == "jax":
            _join_jax(named())
        _joined[backend] = _join_tensorflow() if backend == "tensorflow" else None
    return _joined[backend]


@notices.unlogged()
def _join_tensorflow():
    import tensorflow as tf

    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise RuntimeError(_too_late("TensorFlow", error)) from error
    except tf.errors.OpError as error:
        raise ConnectionError(f"Not all of the workers in TF_CONFIG came: {error.message}") from error


def _join_jax(cluster: Cluster) -> None:
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(
            cluster.addresses[0], len(cluster.addresses), cluster.rank, heartbeat_timeout_seconds=LOST_AFTER
        )
    except RuntimeError as error:
        if "before" in str(error):
            raise RuntimeError(_too_late("JAX", error)) from error
        raise ConnectionError(f"Not all of the workers in TF_CONFIG came: {error}") from error


def _too_late(backend: str, error) -> str:
    return (
        f"{backend} has started already, and cannot join the workers in TF_CONFIG any more ({error}). Call zoo.train "
        "with the name or the path of a model, before anything else computes, or call "
        "zoo.engine.workers.cluster.join() first."
    )


def lost(error) -> ConnectionError | None:
    """Returns what to raise for a backend's error, if it comes of a worker that is gone, or of its peers' end."""
    kind, text = type(error).__name__, str(error)
    signs = ("Collective", "collective", "Gloo", "NCCL", "heartbeat", "Connection", "Socket closed", "coordination")
    if named() is None or isinstance(error, ConnectionError) or not any(sign in text for sign in signs):
        return None
    if kind not in ("UnavailableError", "AbortedError", "InternalError", "CancelledError", "DeadlineExceededError",
                    "FailedPreconditionError", "UnknownError", "XlaRuntimeError", "JaxRuntimeError",
                    "ValueError", "RuntimeError"):  # fmt: skip
        return None
    return ConnectionError(
        "A worker was lost, and the training stopped on all of them. See the log of the worker that ended first, and "
        "start all of them again: with `checkpoint=` they go on from the last checkpoint. "
        f"({' '.join(text.split())[:300]})"
    )
