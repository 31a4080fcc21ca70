"""A map: the place of a row among units that stand in a grid."""

from zoo.tasks.task import Target, Task


class Map(Task[Target]):
    """A map: the place of a row among units that stand in a grid."""

    name = "map"


TASK = Map()
