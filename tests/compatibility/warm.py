"""Runs scripts that need TensorFlow in forks of one process that has imported it, instead of in new processes.

An export is proved by a script in a process of its own, which spends most of its time on the import of TensorFlow.
Inside `scripts_are_forked()`, each `subprocess.run([sys.executable, "-P", "script.py", ...])` runs in a fork of a
process that has imported TensorFlow and nothing else; in particular, the zoo is not imported there. On systems without
`fork`, and for all other commands, `subprocess.run` is unchanged.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock


@contextlib.contextmanager
def scripts_are_forked() -> Iterator[None]:
    """Runs Python scripts of `subprocess.run` in forks of a process that has imported TensorFlow."""
    if not hasattr(os, "fork"):
        yield
        return
    run, waiting = subprocess.run, []

    def forked(command, *arguments, **options):
        is_script = (
            isinstance(command, list)
            and command[:2] == [sys.executable, "-P"]
            and str(command[2]).endswith(".py")
            and not arguments
            and set(options) <= {"capture_output", "text", "cwd", "env", "check"}
            and options.get("capture_output")
            and options.get("text")
        )
        if not is_script:
            return run(command, *arguments, **options)
        if not waiting:
            waiting.append(_started())
        done = _ask(waiting[0], command[2:], options.get("cwd"), options.get("env"))
        done = subprocess.CompletedProcess(command, *done)
        if options.get("check"):
            done.check_returncode()
        return done

    with mock.patch.object(subprocess, "run", forked):
        try:
            yield
        finally:
            for process in waiting:
                process.stdin.close()
                process.wait()
                process.stdout.close()


def _started() -> subprocess.Popen:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-P", __file__], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment
    )


def _ask(process: subprocess.Popen, argv, cwd, env) -> tuple[int, str, str]:
    """Returns the exit status of a script, and what it printed to standard output and standard error."""
    asked = {"argv": [str(word) for word in argv], "cwd": str(cwd or os.getcwd()), "env": dict(env or os.environ)}
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    return answer["status"], answer["stdout"], answer["stderr"]


def _serve() -> None:
    """Reads a command a line from standard input, runs it in a fork, and writes how it ended to standard output."""
    import tempfile

    import tensorflow  # noqa: F401  the forks find it imported

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not stand between the answers
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                _run(asked)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            answer = {"status": status}
            for name, file in (("stdout", out), ("stderr", err)):
                file.seek(0)
                answer[name] = file.read().decode(errors="replace")
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    os._exit(0)  # skips the cleanup of TensorFlow, which takes seconds


def _run(asked) -> None:
    """Runs a script as `python -P script.py ...` would, and ends the process."""
    import runpy
    import traceback

    status = 1
    try:
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        sys.argv = asked["argv"]
        runpy.run_path(Path(asked["argv"][0]).as_posix(), run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
