"""What models answer: one file a task, each with an object `TASK`.

    task             the protocol: `Task`                target        what it learns of the data: `Target`
    scored           its part that scores answers        protocol      whether a task has this form
    classification   one of several classes              multilabel    labels, each there or not
    regression       a number, or several                logic         units that fire or do not
    dynamics         values over time                    association   patterns recalled from others
    map              a place in a grid of units          features      what units answer to a row
    target_values    how a target's columns are read     differences   how far an export's answers may be off
    measures         the formulas of scores              keras_losses  what targets Keras's losses take
    thresholds       from which probability on           keras_metrics what targets Keras's metrics take
    imbalance        a hint about rare classes

No other file compares a task's name. The registry loads a task by its name, `zoo.registry.load_task`; a package outside
adds one by `zoo.register_task`.
"""
