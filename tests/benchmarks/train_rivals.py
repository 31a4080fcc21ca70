"""Tables, networks and rival trainers for the benchmarks of training."""

import time
import warnings

import keras
import numpy as np

TUNED = "Keras fit, by XLA, 64 steps an execution, batches gathered by index"


def table(rows: int, columns: int, classes: int, seed: int = 0):
    """Returns standard normal columns and the classes that a random linear map gives."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, columns)).astype("float32")
    return x, np.argmax(x @ generator.normal(size=(columns, classes)), axis=1).astype("int32")


def mlp(columns: int, hidden: tuple, outputs: int, *, rate: float = 1e-3) -> keras.Model:
    """Returns a compiled network of ReLU layers."""
    inputs = hidden_layer = keras.Input((columns,))
    for units in hidden:
        hidden_layer = keras.layers.Dense(units, activation="relu")(hidden_layer)
    model = keras.Model(inputs, keras.layers.Dense(outputs)(hidden_layer))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


class EpochSeconds(keras.callbacks.Callback):
    """Notes the seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._begin)

    def steady(self) -> float:
        """Returns the median, the first epoch, which compiles, left out."""
        return float(np.median(self.seconds[1:]))


def sklearn_epoch(x, y, hidden, batch_size, epochs=3) -> float:
    """Returns seconds of an epoch of scikit-learn's MLPClassifier."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(hidden, batch_size=batch_size, max_iter=epochs, n_iter_no_change=epochs)
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
    return (time.perf_counter() - begin) / epochs


def sklearn_run(x, y, hidden, batch_size: int, epochs: int) -> None:
    """Trains scikit-learn's MLPClassifier for so many epochs, a fifth of the rows held out."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden,
        batch_size=batch_size,
        max_iter=epochs,
        early_stopping=True,
        validation_fraction=0.2,
        n_iter_no_change=epochs,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)


def keras_run(x, y, hidden, batch_size: int, epochs: int) -> None:
    """Trains by Keras's `fit` as one writes it first, the last fifth of the rows held out."""
    model = mlp(x.shape[1], hidden, int(y.max()) + 1)
    model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=0.2, verbose=0)


def tuned_keras_run(x, y, hidden, batch_size: int, epochs: int) -> None:
    """Trains by `fit` as Keras can be had to: compiled by XLA, 64 steps an execution, batches gathered by index."""
    rows = len(x) * 4 // 5
    model = tuned_mlp(x.shape[1], hidden, int(y.max()) + 1)
    held_out = (x[rows:], y[rows:])
    model.fit(
        gathered(x[:rows], y[:rows], batch_size),
        epochs=epochs,
        shuffle=False,  # the pipeline shuffles
        validation_data=held_out,
        validation_batch_size=4096,
        verbose=0,
    )


def tuned_mlp(columns: int, hidden, outputs: int) -> keras.Model:
    """Returns the network of `mlp`, compiled by XLA and with 64 steps an execution."""
    model = mlp(columns, hidden, outputs)
    model.compile("adam", model.loss, metrics=["accuracy"], jit_compile=True, steps_per_execution=64)
    return model


def gathered(x, y, batch_size: int):
    """Returns a tf.data pipeline that shuffles the numbers of rows and gathers a whole batch at once.

    The last rows are left out where they fill no batch: XLA would compile them anew.
    """
    import tensorflow as tf

    x, y, rows = tf.constant(x), tf.constant(y), len(x)
    numbers = tf.data.Dataset.range(rows).shuffle(rows).batch(batch_size, drop_remainder=True)
    batches = numbers.map(lambda i: (tf.gather(x, i), tf.gather(y, i)), num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)


def torch_run(x, y, hidden, batch_size, epochs, mixed: bool = False) -> float | None:
    """Returns seconds of training in PyTorch, eager, on the GPU if there is one; None without PyTorch.

    Float32 products may be of TF32 on a GPU, as JAX's are; `mixed` asks for bfloat16.
    """
    try:
        import torch
    except ImportError:
        return None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    sizes = [x.shape[1], *hidden, int(y.max()) + 1]
    layers = []
    for i, (n, m) in enumerate(zip(sizes[:-1], sizes[1:])):
        layers += [torch.nn.Linear(n, m), *([torch.nn.ReLU()] if i < len(hidden) else [])]
    begin = time.perf_counter()
    network = torch.nn.Sequential(*layers).to(device)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    x, y = torch.from_numpy(x).to(device), torch.from_numpy(y).long().to(device)
    for _ in range(epochs):
        order, right = torch.randperm(len(x), device=device), 0
        for index in order.split(batch_size):
            with torch.autocast(device, torch.bfloat16, enabled=mixed):
                outputs = network(x[index])
                loss = torch.nn.functional.cross_entropy(outputs, y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += (outputs.detach().argmax(1) == y[index]).sum()
    float(right)  # waits for a GPU
    return time.perf_counter() - begin


def bare_xla_epoch(x, y, batch_size: int, epochs: int = 4) -> float:
    """Returns seconds of an epoch of a bare function compiled by XLA, without metrics."""
    import tensorflow as tf

    model = mlp(x.shape[1], (128, 64), 10)
    optimizer, loss = model.optimizer, model.loss
    optimizer.build(model.trainable_variables)
    x, y, count = tf.constant(x), tf.constant(y), len(x)
    steps = count // batch_size

    @tf.function(autograph=False, jit_compile=True)
    def run(order):
        def step(i):
            index = tf.slice(order, [i * batch_size], [batch_size])
            with tf.GradientTape() as tape:
                value = loss(tf.gather(y, index), model(tf.gather(x, index), training=True))
            optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
            return (i + 1,)

        tf.while_loop(lambda i: i < steps, step, (0,), parallel_iterations=1)

    seconds = []
    for epoch in range(epochs):
        begin = time.perf_counter()
        run(tf.random.experimental.stateless_shuffle(tf.range(count), seed=[0, epoch]))
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds[1:]))
