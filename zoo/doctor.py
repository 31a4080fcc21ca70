"""What `zoo doctor` tells: libraries, devices, and why a GPU is not seen.

Libraries are imported in processes of their own, side by side, so that one that is missing, broken or crashes is a line
in the report and not its end.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.engine import keras_internals

LIBRARIES = (
    "tensorflow",
    "keras",
    "jax",
    "torch",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "pyarrow",
    "tensorflow-datasets",
)
SECONDS = 120  # an import of TensorFlow on a busy machine takes 20

PROBES = {
    "tensorflow": """
import json, tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
print(json.dumps({"gpus": names, "cuda_build": bool(tf.test.is_built_with_cuda() or tf.test.is_built_with_rocm())}))
""",
    "jax": """
import json, jax
print(json.dumps({"gpus": [d.device_kind for d in jax.devices() if d.platform != "cpu"], "cuda_build": True}))
""",
    "torch": """
import json, torch
gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
if not gpus and torch.accelerator.is_available():
    gpus = [torch.accelerator.current_accelerator().type]
build = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}" if torch.version.hip else ""
print(json.dumps({"gpus": gpus, "cuda_build": bool(build), "build": build or "CPU"}))
""",
}


def examine() -> dict[str, Any]:
    """Returns versions, the backend, devices and, where no GPU is seen, the reason, in plain values."""
    probes = {name: _started(code) for name, code in PROBES.items() if version(name) != "not installed"}
    found = {name: _told(process) for name, process in probes.items()}
    backend = keras_backend()
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: version(name) for name in LIBRARIES},
        "backend": backend,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "gpus": found.get(backend, {}).get("gpus", []),
    }
    if facts["keras"] != "not installed" and (sentence := keras_internals.untested(facts["keras"])):
        facts["untested"] = sentence
    if "build" in (torch := found.get("torch", {})):
        facts["torch build"], facts["torch gpus"] = torch["build"], torch["gpus"]
    facts["broken"] = [f"{name}: {told['error']}" for name, told in found.items() if "error" in told]
    if not facts["gpus"]:
        facts["no gpu"] = why_no_gpu(backend, found.get(backend), os.environ, driver=driver(), plugin=jax_plugin())
    if workers := os.environ.get("TF_CONFIG"):
        facts["TF_CONFIG"] = workers
    return facts


def version(package: str) -> str:
    """Returns the version of an installed package, or `"not installed"`."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    return "not installed"


def keras_backend() -> str:
    """Returns the backend that Keras will take: the environment's, its settings file's, or TensorFlow."""
    if named := os.environ.get("KERAS_BACKEND"):
        return named
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def driver() -> bool:
    """Returns whether NVIDIA's driver can be loaded."""
    try:
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return False
    return True


def jax_plugin() -> bool:
    """Returns whether JAX's plugin for CUDA is installed."""
    return any(version(f"jax-cuda{number}-plugin") != "not installed" for number in (12, 13))


def why_no_gpu(backend: str, told: Mapping | None, environment: Mapping, *, driver: bool, plugin: bool) -> str:
    """Returns why no GPU is seen, and the repair: the first reason that holds.

    Args:
        backend: Keras's.
        told: What importing it told, or None if it is not installed or not known here.
        environment: Variables of the environment.
        driver: Whether NVIDIA's driver can be loaded.
        plugin: Whether JAX's plugin for CUDA is installed.
    """
    if told is None:
        return f"the backend {backend} is not installed here, or is not one that `zoo doctor` asks"
    if "error" in told:
        return f"{backend} cannot be imported: {told['error']}"
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1", "none"):
        return f"CUDA_VISIBLE_DEVICES is {visible!r}, which hides them all: unset it"
    if not driver:
        return (
            "NVIDIA's driver is missing (libcuda.so.1 cannot be loaded): install it, or start the container with "
            "`--gpus all`; a machine without an NVIDIA GPU has none"
        )
    if not told.get("cuda_build", True):
        if backend == "torch":
            return "this PyTorch was built for CPUs alone: install its build for CUDA, see PyTorch's installation page"
        return "this TensorFlow was built for CPUs alone: pip install 'tensorflow[and-cuda]'"
    if "Cannot dlopen some GPU libraries" in told.get("said", ""):
        return "CUDA's libraries are missing: pip install 'keras-zoo[gpu]', which is tensorflow[and-cuda]"
    if backend == "jax" and not plugin:
        return "JAX has no plugin for CUDA: pip install 'jax[cuda12]'"
    if environment.get("JAX_PLATFORMS", "") == "cpu" and backend == "jax":
        return "JAX_PLATFORMS is 'cpu': unset it"
    last = told.get("said", "").strip().splitlines()[-1:] or ["nothing"]
    return f"the driver is there and {backend} is built for CUDA; what it said last: {last[0][:300]}"


def _started(code: str) -> subprocess.Popen:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
    environment.pop("TF_CONFIG", None)
    command = [sys.executable, "-c", code]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", env=environment
    )


def _told(process: subprocess.Popen) -> dict[str, Any]:
    try:
        answer, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"error": f"no answer in {SECONDS} s"}
    if process.returncode:
        last = said.strip().splitlines()[-1:] or [f"the process ended with {process.returncode}"]
        return {"error": last[0][:300]}
    return {**json.loads(answer.strip().splitlines()[-1]), "said": said}
