"""Which devices there are, and which the caller asks for: one, several, or the workers of several machines.

Whether a training can run on several, and whether that pays off, `zoo.engine.plan` decides.
"""

from __future__ import annotations

import dataclasses
import functools
import os

import keras

from zoo import notices
from zoo.engine.workers import cluster
from zoo.engine.workers.messages import Messages


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a training runs.

    Args:
        several: Whether it runs on replicas: on several devices of this process, on one that is not the first, or on
            all workers.
        devices: Names of the devices of this process.
        text: What is used, in words.
        why: The reason, in words.
        forced: Whether the caller named the devices.
        cluster: The workers.
    """

    several: bool
    devices: tuple[str, ...]
    text: str
    why: str
    forced: bool = False
    cluster: cluster.Cluster | None = None

    @property
    def chief(self) -> bool:
        """Whether this process decides, prints and writes."""
        return self.cluster is None or self.cluster.chief

    @property
    def messages(self) -> Messages | None:
        """The channel from the chief to the other workers; None where there are none."""
        if self.cluster is None:
            return None
        if keras.backend.backend() == "jax":
            from zoo.engine.workers import replicas_jax

            return Messages(self.chief, replicas_jax.added)
        from zoo.engine.workers import replicas_tensorflow

        return Messages(self.chief, functools.partial(replicas_tensorflow.added, cluster.join()))

    def replicas(self, model, **settings):
        """Returns a model's replicas on the devices.

        Args:
            model: A compiled model.
            **settings: Further arguments of `Replicas`.
        """
        if keras.backend.backend() == "jax":
            import jax

            from zoo.engine.workers import replicas_jax

            return replicas_jax.Replicas(
                model, jax.devices() if self.cluster else [_jax_devices()[d] for d in self.devices], **settings
            )
        from zoo.engine.workers import replicas_tensorflow

        strategy = cluster.join() if self.cluster else _mirrored(self.devices)
        return replicas_tensorflow.Replicas(model, strategy, **settings)


@functools.lru_cache
@notices.unlogged()
def _mirrored(devices: tuple[str, ...]):
    """Returns the one strategy of some devices: two strategies would give their collectives the same numbers."""
    import tensorflow as tf

    config = os.environ.pop("TF_CONFIG", None)  # of one worker, or empty: TensorFlow would read it here
    try:
        return tf.distribute.MirroredStrategy(list(devices))
    finally:
        if config is not None:
            os.environ["TF_CONFIG"] = config


def describe() -> str:
    """Returns the device that Keras runs on, such as `"GPU (NVIDIA H200)"` or `"CPU, 2 cores"`."""
    backend = keras.backend.backend()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    elif backend == "jax":
        import jax

        names = [device.device_kind for device in jax.local_devices() if device.platform != "cpu"]
    else:
        names = _torch_gpus()
    return f"GPU ({', '.join(names)})" if names else f"CPU, {cores} cores"


def grow_memory() -> None:
    """Lets TensorFlow take GPU memory as needed, unless it has started."""
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has started: its settings are the caller's
            return


def place(devices="auto") -> Placement:
    """Returns where a training is to run, and joins the workers where `TF_CONFIG` names several.

    Args:
        devices: `"auto"`, `"cpu"`, a number of devices, or their names, such as `["GPU:0", "GPU:1"]` or `"GPU:0"`.

    Raises:
        ValueError: if there are no such devices, or they cannot be chosen; the message says what can.
    """
    devices = [devices] if isinstance(devices, str) and ":" in devices else devices  # the name of one
    _check(devices)
    workers = cluster.named()
    if workers is not None:
        if devices != "auto":
            raise ValueError(
                "With several workers in TF_CONFIG each takes all devices it sees: `devices` must be 'auto'. Received: "
                f"devices={devices!r}. Set CUDA_VISIBLE_DEVICES for each worker, or unset TF_CONFIG to train on this "
                "machine alone."
            )
        cluster.join()
        count, chief = len(workers.addresses), "the chief" if workers.chief else "not the chief"
        text = f"{count} workers, this one number {workers.rank}, {chief}, on {describe()}"
        return Placement(True, (), text, "TF_CONFIG names them", True, workers)
    grow_memory()
    known = _known()
    gpus = [name for name in known if name.startswith("GPU")]
    if devices == "auto":
        if len(gpus) > 1:
            return Placement(True, tuple(gpus), describe(), f"{len(gpus)} GPUs are seen")
        text = describe()
        if keras.backend.backend() == "torch" and gpus:
            return Placement(False, (), text, "on PyTorch Keras trains on one device")
        return Placement(False, (), text, "one GPU is seen" if text.startswith("GPU") else "no GPU is seen")
    if devices == "cpu":
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        if keras.backend.backend() == "torch" and gpus:
            raise ValueError(
                f"On PyTorch Keras chooses its device once, when it is imported: here a {describe()}. Received: "
                "devices='cpu'. Set the variable KERAS_TORCH_DEVICE=cpu before Python starts."
            )
        several = bool(gpus)  # beside GPUs a training must be led to the CPU
        return Placement(several, ("CPU:0",), f"CPU, {cores} cores", "as asked for", True)
    if isinstance(devices, int):
        pool = gpus or known
        if devices > len(pool):
            raise ValueError(
                f"There are {len(pool)} devices: {_listed(pool)}. Received: devices={devices}. {_more_devices()}"
            )
        chosen = tuple(pool[:devices])
    else:
        chosen = tuple(str(name).upper().removeprefix("/DEVICE:") for name in devices)
        if unknown := [name for name in chosen if name not in known]:
            raise ValueError(f"There is no device {_listed(unknown)}. There are: {_listed(known)}. {_more_devices()}")
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"`devices` must name each device once. Received: devices={devices!r}")
    if chosen == (known[0],):  # the first, where the ordinary way runs anyway
        return Placement(False, chosen, describe(), "as asked for", True)
    return Placement(True, chosen, f"{len(chosen)} devices, {_listed(chosen)}", "as asked for", True)


def _more_devices() -> str:
    """Returns a sentence that says how to get more devices."""
    if keras.backend.backend() == "torch":
        return (
            "On PyTorch Keras trains on one device: set KERAS_TORCH_DEVICE to choose it before Python starts, or "
            "KERAS_BACKEND to tensorflow or jax to train on several."
        )
    return (
        "To try several on one CPU, make them before the backend starts: tf.config.set_logical_device_configuration, "
        "or jax.config.update('jax_num_cpu_devices', 2)."
    )


def _listed(names) -> str:
    return ", ".join(names)


def _check(devices) -> None:
    named = isinstance(devices, (list, tuple)) and devices and all(isinstance(name, str) for name in devices)
    number = isinstance(devices, int) and not isinstance(devices, bool) and devices > 0
    if not (named or number or devices in ("auto", "cpu")):
        raise ValueError(
            "`devices` must be 'auto', 'cpu', a number of devices, or a list of their names such as "
            f"['GPU:0', 'GPU:1']. Received: devices={devices!r}"
        )


def _known() -> list[str]:
    """Returns the names of the devices that the backend sees, GPUs first."""
    backend = keras.backend.backend()
    if backend == "jax":
        return list(_jax_devices())
    if backend != "tensorflow":
        return ["GPU:0"] if _torch_gpus() else ["CPU:0"]
    import tensorflow as tf

    devices = [device for kind in ("GPU", "CPU") for device in tf.config.list_logical_devices(kind)]
    return [device.name.removeprefix("/device:") for device in devices]


def _torch_gpus() -> list[str]:
    """Returns the name of the GPU that Keras uses on PyTorch, in a list that is empty if it uses the CPU."""
    import torch

    device = keras.ops.zeros(()).device
    if device.type == "cpu":
        return []
    return [torch.cuda.get_device_name(device) if device.type == "cuda" else device.type]


def _jax_devices() -> dict:
    import jax

    found = {} if jax.default_backend() == "cpu" else {f"GPU:{i}": d for i, d in enumerate(jax.local_devices())}
    return found | {f"CPU:{i}": device for i, device in enumerate(jax.local_devices(backend="cpu"))}
