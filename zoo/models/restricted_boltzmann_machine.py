"""The restricted Boltzmann machine (1986): hidden causes of visible units, learnt by contrastive divergence.

    E(v, h) = -b . v - c . h - v'Wh,   p(v, h) = exp(-E) / Z,   v and h are 0 or 1
    p(h = 1 | v) = sigmoid(c + W'v),   p(v = 1 | h) = sigmoid(b + Wh)
    F(v) = -b . v - sum_j softplus(c + W'v)_j,   p(v) = exp(-F(v)) / Z
    d ln p / dW = <v h'>_data - <v h'>_model, and the same of b and c

Contrastive divergence (CD-k) takes <v h'>_model after k steps of Gibbs sampling that begin at the data; its persistent
form from chains that go on from one step of training to the next.

P. Smolensky, Information Processing in Dynamical Systems: Foundations of Harmony Theory, in Parallel Distributed
Processing 1, 1986. https://doi.org/10.7551/mitpress/5236.001.0001. G. E. Hinton, Training Products of Experts by
Minimizing Contrastive Divergence, Neural Computation 14(8), 2002. https://doi.org/10.1162/089976602760128018.
Persistent chains: T. Tieleman, Training Restricted Boltzmann Machines Using Approximations to the Likelihood Gradient,
ICML 2008. https://doi.org/10.1145/1390156.1390290.
"""

import keras
import numpy as np
from keras import ops

from zoo.data.columns import pictures
from zoo.layers.rules import add_rule
from zoo.progress import Progress
from zoo.registry import Recipe, Spec, Traits

SCALE = 0.01  # of the first weights: G. E. Hinton, A Practical Guide to Training Restricted Boltzmann Machines, 2010
MOST_COUNTED = 20  # units whose states are all summed
CHUNK = 2**12  # states at a time


@keras.saving.register_keras_serializable(package="zoo")
class HiddenUnits(keras.layers.Layer):
    """Hidden units 0 and 1 of a restricted Boltzmann machine; gives their probabilities.

    Args:
        units: How many.
        steps: Of Gibbs sampling in a step of training.
        chains: Persistent chains, or 0: chains begin at the data.
        seed: Of the first weights, and of sampling in training.

    Input shape: `(batch, visible)`, 0 and 1 or probabilities. Output shape: `(batch, units)`.
    """

    def __init__(self, units: int, steps=1, chains=0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.steps, self.chains, self.seed = units, steps, chains, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        visible = input_shape[-1]
        first = keras.initializers.RandomNormal(0.0, SCALE, seed=self.seed)
        self.w = self.add_weight(shape=(visible, self.units), initializer=first, name="w")
        self.b = self.add_weight(shape=(visible,), initializer="zeros", name="b")
        self.c = self.add_weight(shape=(self.units,), initializer="zeros", name="c")
        if self.chains:
            anywhere = keras.initializers.RandomUniform(0.0, 1.0, seed=self.seed)
            shape = (self.chains, visible)
            self.chain = self.add_weight(shape=shape, initializer=anywhere, trainable=False, name="chain")

    def call(self, v, training=None):
        hidden = self.hidden(v)
        if training:
            changes, error = self.divergence(v)
            add_rule(self, changes, error)
        return hidden

    def hidden(self, v):
        """Returns p(h = 1 | v)."""
        return ops.sigmoid(ops.matmul(v, self.w) + self.c)

    def visible(self, h):
        """Returns p(v = 1 | h)."""
        return ops.sigmoid(ops.matmul(h, ops.transpose(self.w)) + self.b)

    def divergence(self, v):
        """Returns pairs of a weight and its change, <v h'>_data - <v h'>_model, and the error of reconstruction."""
        v = ops.stop_gradient(v)
        h = self.hidden(v)
        model = ops.convert_to_tensor(self.chain) if self.chains else v
        for _ in range(self.steps):
            model = self._drawn(self.visible(self._drawn(self.hidden(model))))
        if self.chains:
            self.chain.assign(model)
        model_h = self.hidden(model)
        changes = [
            (self.w, _mean_product(v, h) - _mean_product(model, model_h)),
            (self.b, ops.mean(v, axis=0) - ops.mean(model, axis=0)),
            (self.c, ops.mean(h, axis=0) - ops.mean(model_h, axis=0)),
        ]
        return changes, ops.mean(ops.square(v - self.visible(h)))

    def _drawn(self, probabilities):
        uniform = keras.random.uniform(ops.shape(probabilities), dtype=probabilities.dtype, seed=self.seed_generator)
        return ops.cast(uniform < probabilities, probabilities.dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        own = {"units": self.units, "steps": self.steps, "chains": self.chains, "seed": self.seed}
        return {**super().get_config(), **own}


def _mean_product(v, h):
    return ops.matmul(ops.transpose(v), h) / ops.cast(ops.shape(v)[0], v.dtype)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def _layer(model):
    return model.network.get_layer("hidden")


def _weights(model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns W, b and c in float64."""
    layer = _layer(model)
    return tuple(ops.convert_to_numpy(weight).astype("float64") for weight in (layer.w, layer.b, layer.c))


def _visible(model, x) -> np.ndarray:
    """Returns rows `(rows, visible)` from 0 to 1, in float64, of arrays, uint8 images or encoded tensors."""
    x = np.asarray(next(iter(x.values())) if isinstance(x, dict) else x)
    v = x.astype("float64") / (255.0 if x.dtype == np.uint8 and pictures(model.schema.columns) else 1.0)
    visible = _layer(model).w.shape[0]
    v = v.reshape(1, -1) if v.ndim == 1 else v.reshape(len(v), -1)
    if v.shape[-1] != visible:
        raise ValueError(f"Rows must have {visible} visible units. Received: the shape {x.shape}.")
    return v


def components(model) -> np.ndarray:
    """Returns what each hidden unit looks for: W' `(units, visible)`."""
    return ops.convert_to_numpy(_layer(model).w).T


def free_energy(model, x) -> np.ndarray:
    """Returns F `(rows,)`: p(x) = exp(-F(x)) / Z."""
    (w, b, c), v = _weights(model), _visible(model, x)
    return -v @ b - np.sum(np.logaddexp(0.0, v @ w + c), axis=-1)


def reconstruct(model, x) -> np.ndarray:
    """Returns the probabilities of the visible units `(rows, visible)` given those of the hidden ones given x."""
    w, b, c = _weights(model)
    return _sigmoid(_sigmoid(_visible(model, x) @ w + c) @ w.T + b)


def sample(model, rows: int = 16, steps: int = 1000, seed: int = 0, *, verbose: int = 1) -> np.ndarray:
    """Returns visible units 0 and 1 `(rows, visible)`, drawn by chains of Gibbs steps that begin at random ones.

    On a terminal a line shows the time left, unless `verbose` is 0.
    """
    for name, value in (("rows", rows), ("steps", steps)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be an integer, 1 or more. Received: {name}={value!r}")
    w, b, c = _weights(model)
    generator = np.random.default_rng(seed)
    v = generator.integers(0, 2, (rows, len(b))).astype("float64")
    with Progress(steps, "step", verbose=verbose) as progress:
        for _ in range(steps):
            h = generator.random((rows, len(c))) < _sigmoid(v @ w + c)
            v = (generator.random((rows, len(b))) < _sigmoid(h @ w.T + b)).astype("float64")
            progress.advance()
    return v.astype("float32")


def reconstruction_error(model, x, y) -> float:
    """Returns the mean square of rows minus their reconstructions."""
    return float(np.mean((_visible(model, x) - reconstruct(model, x)) ** 2))


def pseudo_log_likelihood(model, x, y) -> float:
    """Returns the mean over rows of sum_i ln p(v_i | the others), v rounded to 0 and 1, by one unit a row at random."""
    v = np.round(_visible(model, x))
    row, unit = np.arange(len(v)), np.random.default_rng(0).integers(0, v.shape[1], len(v))
    flipped = v.copy()
    flipped[row, unit] = 1.0 - v[row, unit]
    difference = free_energy(model, flipped) - free_energy(model, v)
    return float(-v.shape[1] * np.mean(np.logaddexp(0.0, -difference)))


def log_likelihood(model, x) -> np.ndarray:
    """Returns ln p(x) `(rows,)`, v rounded to 0 and 1, with Z summed over all states of the smaller layer.

    Raises:
        ValueError: if both layers have more than 20 units: 2^20 states are summed in a few seconds.
    """
    w, b, c = _weights(model)
    if (units := min(w.shape)) > MOST_COUNTED:
        raise ValueError(
            f"`log_likelihood` sums over all states of the smaller layer, which may have {MOST_COUNTED} units. "
            f"Received: {w.shape[0]} visible and {w.shape[1]} hidden units. Build fewer hidden units, units="
            f"{MOST_COUNTED}, or look at `pseudo_log_likelihood` in zoo.evaluate(model, rows)."
        )
    if w.shape[0] < w.shape[1]:
        w, b, c = w.T, c, b  # the formula is the same with the layers exchanged
    parts = []
    for first in range(0, 2**units, CHUNK):
        numbers = np.arange(first, min(first + CHUNK, 2**units))
        h = (numbers[:, None] >> np.arange(units) & 1).astype("float64")
        parts.append(np.logaddexp.reduce(h @ c + np.sum(np.logaddexp(0.0, h @ w.T + b), axis=-1)))
    return -free_energy(model, np.round(_visible(model, x))) - np.logaddexp.reduce(parts)


def check_rows(model, x, y) -> None:
    """Refuses rows that are no probabilities."""
    v = _visible(model, x)
    if not (np.isfinite(v).all() and v.min() >= 0.0 and v.max() <= 1.0):
        raise ValueError(
            f"Visible units must be 0 and 1, or probabilities between. Received: from {v.min():g} to {v.max():g}. "
            "Scale the rows, (x - x.min()) / (x.max() - x.min()), or give uint8 images."
        )


RECIPE = Recipe(
    data="digits",
    encodings="raw",
    optimizer="sgd",
    optimizer_options={"momentum": 0.5},
    learning_rate=0.05,
    # At a constant rate persistent chains stay behind the weights, and the likelihood falls while that of each unit
    # given the others goes on rising. Chains that begin at the data get the same rate, so that the two compare.
    schedule="cosine",
    batch_size=20,
    epochs=100,
    validation=None,
)
TRAITS = Traits(
    keep_constants=True,
    scores=(reconstruction_error, pseudo_log_likelihood),
    properties={"components": components},
    methods={
        "free_energy": free_energy,
        "log_likelihood": log_likelihood,
        "reconstruct": reconstruct,
        "sample": sample,
    },
    check=check_rows,
)


def restricted_boltzmann_machine(
    spec: Spec, *, units: int = 64, steps: int = 1, persistent: bool = False, chains: int = 100
) -> keras.Model:
    """Builds a restricted Boltzmann machine. Its weights are small and random, its biases zero.

    Args:
        spec: The inputs to build for: columns or an array of 0 and 1 or of probabilities, or uint8 images.
        units: Hidden units.
        steps: Of Gibbs sampling in a step of training, the k of CD-k.
        persistent: Whether the chains of that sampling go on from step to step, rather than begin at the data.
        chains: How many, where they are persistent.

    Returns:
        A network from visible units to the probabilities of the hidden ones `(batch, units)`.

    Raises:
        ValueError: if an option is out of its range, or the inputs are sequences.
    """
    for name, value in (("units", units), ("steps", steps), ("chains", chains)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be an integer, 1 or more. Received: {name}={value!r}")
    if not isinstance(persistent, bool):
        raise ValueError(f"`persistent` must be True or False. Received: persistent={persistent!r}")
    if spec.sequences:
        raise ValueError(
            "A restricted Boltzmann machine takes rows or images. Received: sequences. Flatten them: "
            "x.reshape(len(x), -1)."
        )
    inputs = spec.inputs()
    v = next(iter(inputs.values()))
    if spec.image_shape:
        v = keras.layers.Flatten()(keras.layers.Rescaling(1.0 / 255.0)(v))
    hidden = HiddenUnits(units, steps, chains if persistent else 0, spec.seed, name="hidden")
    return keras.Model(inputs, hidden(v), name="restricted_boltzmann_machine")
