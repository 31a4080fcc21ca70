"""Logic: units that fire or do not, 0 or 1."""

from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Logic(Task[Target]):
    """Logic: units that fire or do not, 0 or 1."""

    name = "logic"
    scored = True


TASK = Logic()
