"""What `zoo doctor` says of a machine without a seen GPU, and of libraries that do not import."""

import os
import subprocess
import sys

import pytest

from zoo import doctor

FINE = {"gpus": [], "cuda_build": True, "said": "E0000 cuda_platform.cc: failed call to cuInit"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"environment": {"CUDA_VISIBLE_DEVICES": ""}}, "CUDA_VISIBLE_DEVICES is ''"),
        ({"environment": {"CUDA_VISIBLE_DEVICES": "-1"}}, "CUDA_VISIBLE_DEVICES is '-1'"),
        ({"driver": False}, "driver is missing"),
        ({"told": {**FINE, "cuda_build": False}}, "built for CPUs alone"),
        (
            {"told": {**FINE, "said": "W0000 Cannot dlopen some GPU libraries."}},
            "libraries are missing",
        ),
        ({"backend": "jax"}, "no plugin for CUDA"),
        ({"backend": "jax", "plugin": True, "environment": {"JAX_PLATFORMS": "cpu"}}, "JAX_PLATFORMS is 'cpu'"),
        ({"told": {"error": "ImportError: numpy"}}, "tensorflow cannot be imported: ImportError: numpy"),
        ({"told": None, "backend": "torch"}, "torch is not installed here"),
        ({"told": {**FINE, "cuda_build": False}, "backend": "torch"}, "this PyTorch was built for CPUs alone"),
        ({}, "failed call to cuInit"),
    ],
)
def test_the_first_reason_for_no_gpu_is_told(change, told):
    facts = {"backend": "tensorflow", "told": FINE, "environment": {}, "driver": True, "plugin": False, **change}
    backend, said, environment = facts.pop("backend"), facts.pop("told"), facts.pop("environment")
    assert told in doctor.why_no_gpu(backend, said, environment, **facts)


def test_a_library_that_crashes_is_a_line_of_the_report(monkeypatch):
    broken = {"tensorflow": "import os; os.abort()", "jax": "raise ImportError('no libjax.so')"}
    monkeypatch.setattr(doctor, "PROBES", broken)
    monkeypatch.setattr(doctor, "version", lambda package: "1.0")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    facts = doctor.examine()
    assert facts["broken"] == ["tensorflow: the process ended with -6", "jax: ImportError: no libjax.so"]
    assert facts["gpus"] == []
    assert "cannot be imported" in facts["no gpu"]


def test_pytorch_s_build_and_devices_are_told_beside_the_backend_s(monkeypatch):
    told = {"gpus": ["mps"], "cuda_build": False, "build": "CPU"}
    monkeypatch.setattr(doctor, "PROBES", {"torch": f"import json; print(json.dumps({told}))"})
    monkeypatch.setattr(doctor, "version", lambda package: "1.0")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    facts = doctor.examine()
    assert (facts["torch"], facts["torch build"], facts["torch gpus"], facts["gpus"]) == ("1.0", "CPU", ["mps"], [])


def test_a_library_that_hangs_is_a_line_of_the_report(monkeypatch):
    monkeypatch.setattr(doctor, "SECONDS", 0.2)
    assert doctor._told(doctor._started("import time; time.sleep(60)")) == {"error": "no answer in 0.2 s"}


def test_the_backend_is_read_without_keras(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert doctor.keras_backend() == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    assert doctor.keras_backend() == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert doctor.keras_backend() == "torch"


@pytest.mark.process
def test_the_doctor_imports_no_library_itself():
    code = "import sys, zoo.doctor; print({'tensorflow', 'keras', 'jax', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout == "set()\n"
