"""Features: what units that learn without targets answer to a row."""

from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Features(Task[Target]):
    """Features: what units that learn without targets answer to a row."""

    name = "features"


TASK = Features()
