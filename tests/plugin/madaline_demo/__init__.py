"""A package of someone else's with two models, a task and a kind of column. Its entry point names this light module."""

import zoo

zoo.register_task("madaline_demo/counts", "madaline_demo.counts:COUNTS")
zoo.data.register_column("madaline_demo/point", "madaline_demo.points:POINT_COLUMN")
zoo.register(
    "madaline_demo/madaline",
    builder="madaline_demo.nets:madaline",
    task="classification",
    year=1962,
    paper="W. C. Ridgway, An Adaptive Logic System with Generalizing Properties, Stanford Electronics Laboratories "
    "Report 1556-1, 1962.",
    summary="A few Adalines that vote with equal weights",
)
zoo.register(
    "madaline_demo/poisson",
    builder="madaline_demo.poisson:poisson",
    task="madaline_demo/counts",
    year=1972,
    paper="J. A. Nelder, R. W. M. Wedderburn, Generalized Linear Models, Journal of the Royal Statistical Society A "
    "135(3), 1972. https://doi.org/10.2307/2344614",
    summary="A linear layer whose exponential is the rate of a count",
)
