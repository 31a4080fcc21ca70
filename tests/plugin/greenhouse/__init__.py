"""A package of someone else's with one model for the zoo. Its entry point names this module."""

import zoo

zoo.register(
    "greenhouse/tomato",
    builder="greenhouse.nets:tomato",
    task="regression",
    year=2001,
    paper="A package that the zoo's tests install.",
    summary="One hidden layer for a harvest",
)
