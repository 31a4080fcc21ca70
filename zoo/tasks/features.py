"""Features: what units that learn without targets answer to a row."""

from zoo.tasks.task import Task


class Features(Task):
    """Features: what units that learn without targets answer to a row."""

    name = "features"


TASK = Features()
