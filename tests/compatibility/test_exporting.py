"""SavedModels of the archive answer by TensorFlow alone, and their models are saved and exported again, with the proof.

Every proof, and every answer of a SavedModel, comes from a process of its own in which the zoo is not imported.
"""

import subprocess
import sys

import numpy as np
import pytest

import zoo
from tests.compatibility import archive, serving
from tests.compatibility.answers import compare

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

CASES = archive.cases()


def check(folder, facts, version):
    """Compares what an exported version answers, and what it takes and gives, with what the stored one did."""
    found, signatures = serving.answered(version, folder / "requests.npz")
    for name, wanted in facts["signatures"].items():
        assert signatures[name]["inputs"] == wanted["inputs"], name
        kept = {output: signatures[name]["outputs"].get(output) for output in wanted["outputs"]}
        assert kept == wanted["outputs"], name
    for key, wanted in archive.read_arrays(folder, "served").items():
        name = key.partition("/")[2]
        compare({name: found[key]}, {name: wanted}, task=facts["task"], scale=facts["scale"])


@pytest.mark.process
@pytest.mark.parametrize("name", CASES)
def test_a_stored_saved_model_answers_by_tensorflow_alone(name, unpacked, forked):
    check(unpacked / name, CASES[name], unpacked / name / "export" / "1")


@pytest.mark.process
@pytest.mark.parametrize("name", CASES)
def test_it_is_saved_and_exported_again_with_the_same_signatures_and_answers(name, unpacked, forked, tmp_path):
    facts, folder = CASES[name], unpacked / name
    model = zoo.load(folder / "artifact")
    zoo.save(model, tmp_path / "again")
    report = zoo.export(tmp_path / "again", tmp_path / "served")
    assert set(report.signatures) >= set(facts["signatures"])
    assert [list(pair) for pair in report.served_names.items()] == facts["served_names"]
    check(folder, facts, report.path)
    again = zoo.load(report.path)
    assert all(np.array_equal(old, new) for old, new in zip(model.get_weights(), again.get_weights(), strict=True))


@pytest.mark.process
def test_a_forked_script_is_what_it_is_in_a_process_of_its_own(forked, tmp_path):
    """The same arguments, folder, environment and modules of the zoo: none; and what it prints, and how it ends."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.getcwd(), os.environ['SAID'], __name__)\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('zoo', 'tests')])\n"
        "sys.exit(3)\n"
    )
    command = [sys.executable, "-P", str(script), "a", "b c"]
    how = {"capture_output": True, "text": True, "cwd": tmp_path, "env": {"SAID": "so", "PATH": ""}}
    done = subprocess.run(command, **how)
    assert done.stdout.splitlines() == [f"['a', 'b c'] {tmp_path.resolve()} so __main__", "[]"]
    assert (done.returncode, done.args) == (3, command)
    script.write_text("raise ValueError('no such thing')\n")
    done = subprocess.run(command, **how)
    assert done.returncode == 1 and done.stderr.endswith("ValueError: no such thing\n")
