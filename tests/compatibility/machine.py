"""The machine and the versions of packages: where both equal the recorded ones, results must be equal bit for bit."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "pandas")
# Prefixes of the processor's flags by which TensorFlow, XLA and oneDNN choose instructions.
INSTRUCTIONS = ("avx", "fma", "sse", "ssse", "amx", "f16c", "bmi", "asimd", "sve", "bf16", "i8mm")
FACTS = ("vendor_id", "cpu family", "model", "model name", "CPU implementer", "CPU part")


def machine() -> dict[str, str]:
    """Returns the processor's names and instructions, the system, and the settings that change arithmetic."""
    facts = {"system": platform.system(), "architecture": platform.machine()}
    processor: dict[str, str] = {}
    if (file := Path("/proc/cpuinfo")).is_file():
        for line in file.read_text().split("\n\n")[0].splitlines():
            name, _, value = line.partition(":")
            processor[name.strip()] = value.strip()
    facts |= {name: processor[name] for name in FACTS if name in processor}
    flags = processor.get("flags", processor.get("Features", "")).split()
    facts["instructions"] = " ".join(sorted(flag for flag in flags if flag.startswith(INSTRUCTIONS)))
    for name in ("TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "TF_XLA_FLAGS", "KERAS_BACKEND"):
        facts[name] = os.environ.get(name, "tensorflow" if name == "KERAS_BACKEND" else "")
    return facts


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that compute."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def is_newer(name: str, recorded: str) -> bool:
    """Returns whether a package, or Python, is newer here than recorded."""
    now = versions().get(name, "0")
    return _numbers(now) > _numbers(recorded)


def _numbers(version: str) -> list[int]:
    return [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:3]]
