"""Whether a task has the form by which it is called: checked once, when the registry loads it."""

from __future__ import annotations

from zoo import overrides
from zoo.tasks.target import Target
from zoo.tasks.task import Task


def check_protocol(task: Task) -> None:
    """Checks that a task has the form by which it is called.

    Raises:
        TypeError: if it has not.
    """
    overrides.check(type(task), Task)
    if not (isinstance(task.target_type, type) and issubclass(task.target_type, Target)):
        raise TypeError(
            f"`target_type` of the task {task.name!r} must be a subclass of Target. Received: {task.target_type!r}."
        )
    overrides.check(task.target_type, Target)
    needed = {"loss": ("supervised", "learns_from_targets"), "scores": ("scored",), "scores_of": ("scored",)}
    for method, flags in needed.items():
        if getattr(type(task), method) is not getattr(Task, method) and not all(getattr(task, flag) for flag in flags):
            raise TypeError(
                f"The task {task.name!r} has `{method}`, and must say {' = '.join(flags)} = True: nothing calls it "
                "otherwise."
            )
    shapes = task.outputs(None)
    if not (isinstance(shapes, list) and shapes and all(isinstance(shape, tuple) for shape in shapes)):
        raise TypeError(
            f"`outputs` of the task {task.name!r} must return a list of shapes, such as [(None, 1)], without a target "
            f"too. Received: {shapes!r}."
        )
