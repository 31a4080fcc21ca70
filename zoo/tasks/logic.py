"""Logic: units that fire or do not, 0 or 1."""

from zoo.tasks.task import Task


class Logic(Task):
    """Logic: units that fire or do not, 0 or 1."""

    name = "logic"
    scored = True


TASK = Logic()
