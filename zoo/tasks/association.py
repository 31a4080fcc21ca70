"""Association: patterns that are recalled from others."""

from zoo.tasks.task import Task


class Association(Task):
    """Association: patterns that are recalled from others."""

    name = "association"


TASK = Association()
