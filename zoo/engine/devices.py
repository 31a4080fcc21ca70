"""Which device trains, said in one line."""

from __future__ import annotations

import keras


def describe() -> str:
    """Returns the device that Keras runs on, such as `"GPU (NVIDIA H200)"` or `"CPU, 2 cores"`."""
    import os

    backend = keras.backend.backend()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    elif backend == "jax":
        import jax

        names = [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    else:
        import torch

        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
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
