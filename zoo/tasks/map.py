"""A map: the place of a row among units that stand in a grid."""

from zoo.tasks.task import Task


class Map(Task):
    """A map: the place of a row among units that stand in a grid."""

    name = "map"


TASK = Map()
