"""A package of someone else's with one model for the zoo. Its entry point names this light module."""

import zoo

zoo.register(
    "madaline_demo/madaline",
    builder="madaline_demo.nets:madaline",
    task="classification",
    year=1962,
    paper="W. C. Ridgway, An Adaptive Logic System with Generalizing Properties, Stanford Electronics Laboratories "
    "Report 1556-1, 1962.",
    summary="A few Adalines that vote with equal weights",
)
zoo.data.register_column("madaline_demo/point", "madaline_demo.points:POINT_COLUMN")
