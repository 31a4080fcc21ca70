"""Trains any compiled Keras model by the engine alone, as `zoo.train` does for the zoo's."""

from zoo.engine.plan import Training, Workload, plan
from zoo.engine.workers import following
from zoo.engine.workers.devices import place


def fit(model, batches=None, *, rows, batch_size, epochs, engine="auto", placement=None, verbose=0, **settings):
    """Returns what `fitting.fit` does, by the plan of such a training."""
    streamed = callable(rows)
    workload = Workload(
        num_rows=settings.pop("num_rows", None) or len(rows[1]),
        batch_size=batch_size,
        epochs=epochs,
        streamed=streamed,
        inputs_only=not streamed and len(rows) == 1,
        augmentation=settings.pop("augmentation", None),
    )
    callbacks = settings.get("callbacks", ())
    chosen = plan(model, workload, devices=placement or place(), engine=engine, callbacks=callbacks)
    training = Training(**vars(workload), rows=rows, batches=batches, **settings)
    return following.fit(model, training, chosen, verbose=verbose)
