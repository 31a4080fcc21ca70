"""Association: patterns that are recalled from others."""

from zoo.tasks.task import Target, Task


class Association(Task[Target]):
    """Association: patterns that are recalled from others."""

    name = "association"


TASK = Association()
