"""Association: patterns that are recalled from others."""

from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Association(Task[Target]):
    """Association: patterns that are recalled from others."""

    name = "association"


TASK = Association()
