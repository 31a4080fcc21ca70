"""A map: the place of a row among units that stand in a grid."""

from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Map(Task[Target]):
    """A map: the place of a row among units that stand in a grid."""

    name = "map"


TASK = Map()
