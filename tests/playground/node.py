"""The playground's kernels in Node: `call("axon", "simulate", 10.0)` runs a function of kernels/axon.js.

A kernel is a classic script that fills `playground.kernels`; Node runs the same file as the browser.
"""

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[2] / "zoo" / "playground" / "page"
SECONDS = 120  # in which a script must end

# JSON has no words for NaN and the infinities, and writes typed arrays as objects.
RUN = """
const fs = require("fs"), vm = require("vm");
delete globalThis.exports; // a browser has none, and D3 would fill it instead of its global name
const {scripts, body, given} = JSON.parse(fs.readFileSync(0, "utf8"));
for (const path of scripts) vm.runInThisContext(fs.readFileSync(path, "utf8"), {filename: path});
const result = new Function("playground", "given", body)(globalThis.playground, given);
fs.writeSync(1, JSON.stringify({result}, (key, value) => {
  if (typeof value === "number" && !Number.isFinite(value)) return {"not finite": String(value)};
  return ArrayBuffer.isView(value) ? Array.from(value) : value;
}));
"""


def run(body, *kernels, files=(), given=None):
    """Runs a function's body, in which `playground` and `given` stand, and returns what it returns.

    Args:
        body: JavaScript, such as `"return playground.kernels.random.generator(1).uniform()"`.
        kernels: Names of files in kernels/, loaded after random.js.
        files: Further files, relative to the page's folder and loaded before the kernels, such as "weights/maps.js".
        given: What the body sees as `given`: JSON values and numpy arrays.

    Raises:
        RuntimeError: if the script fails, with what Node says.
    """
    node = shutil.which("node")
    if node is None:
        pytest.fail("There must be Node on the PATH. On Debian: apt-get install nodejs")
    scripts = [*files, *(f"kernels/{name}.js" for name in dict.fromkeys(("random", *kernels)))]
    message = {"scripts": [str(PAGE / script) for script in scripts], "body": body, "given": given}
    ended = subprocess.run(
        [node, "-e", RUN],
        input=json.dumps(message, default=_as_list, allow_nan=False),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"A script must run in Node. It failed:\n{ended.stderr}")
    return json.loads(ended.stdout, object_hook=_number).get("result")


def call(file, function, *arguments, files=()):
    """Returns what a function of a kernel returns.

    Args:
        file: The kernel's name, such as "axon".
        function: The function's, dotted if it stands in an object: "rules.hebb".
        arguments: What it is called with: JSON values and numpy arrays.
        files: Further kernels that it needs, or paths that end in .js, loaded before it.
    """
    kernels = [name for name in files if not name.endswith(".js")]
    body = f"return playground.kernels[{json.dumps(file)}].{function}(...given)"
    return run(body, *kernels, file, files=[name for name in files if name.endswith(".js")], given=list(arguments))


def _as_list(value):
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"What a kernel is given must be JSON values or numpy arrays. Received: {value!r}")


def _number(fields):
    """Returns the number that JSON cannot write; other objects as they are."""
    if set(fields) == {"not finite"}:
        return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[fields["not finite"]]
    return fields
