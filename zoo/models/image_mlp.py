"""The multilayer perceptron on small images (1998), with the distortions of 2003.

    x = pixels / 255;   h_l = phi(W_l h_{l-1} + b_l);   p = softmax(W h_L + b)

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition, Proceedings of the
IEEE 86(11), 1998. https://doi.org/10.1109/5.726791. Distortions in training: P. Y. Simard, D. Steinkraus, J. C. Platt,
Best Practices for Convolutional Neural Networks, ICDAR 2003. https://doi.org/10.1109/ICDAR.2003.1227801
"""

from collections.abc import Sequence

import keras

from zoo.data.augmentation import distort, names_of
from zoo.layers.ensemble import ensemble as ensemble_of
from zoo.models.mlp import dense_stack
from zoo.registry import Recipe, Spec, Traits

RECIPE = Recipe(
    data="mnist_10k",
    encodings="image",
    decision="softmax",
    metrics=("accuracy",),
    optimizer="adam",
    learning_rate=1e-3,
    schedule="cosine",
    batch_size=128,
    epochs=50,
    expect={"accuracy": 0.97},
)
TRAITS = Traits(augmentation=distort)


def image_mlp(
    spec: Spec,
    *,
    hidden_units: Sequence[int] = (512, 256),
    activation: str = "relu",
    dropout: float = 0.1,
    normalization: str | None = None,
    l2: float = 0.0,
    augmentation: bool | str | Sequence[str] = ("distort",),
    output_activation: str | None = "softmax",
    ensemble: int = 1,
) -> keras.Model:
    """Builds a multilayer perceptron for images.

    Args:
        spec: The images and classes to build for.
        hidden_units: Units of each hidden layer.
        activation: A name of `zoo.layers.activations`, or one of Keras's.
        dropout: Share of hidden units dropped in training.
        normalization: None, `"batch"` or `"layer"`, before the activation.
        l2: Factor of the sum of squared hidden weights in the loss.
        augmentation: How `zoo.train` changes the images of each batch, one or several names of
            `zoo.data.augmentation`: `"distort"` (digits and drawings), `"shift"`, `"flip"` (where mirrored images mean
            the same), `"erase"`. True is `"distort"`, False none. The network is the same.
        output_activation: `"softmax"`, `"sigmoid"` or None (logits).
        ensemble: Networks that train side by side from initial weights of their own; the answer is the mean of their
            probabilities. Optimizers that look at whole variables (Lamb, clipnorm) see all of them as one.

    Returns:
        A network from images uint8 `(batch, height, width, channels)` to logits `(batch, num_outputs)`; of
        members, `(batch, members, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range.
    """
    names_of(augmentation)  # raises for a name that is none
    inputs = spec.inputs()
    x = keras.layers.Flatten(name="flatten")(keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"]))
    x = dense_stack(
        x, hidden_units=hidden_units, activation=activation, dropout=dropout, normalization=normalization, l2=l2
    )
    outputs = keras.layers.Dense(spec.num_outputs, name="outputs")(x)
    return ensemble_of(keras.Model(inputs, outputs, name="image_mlp"), ensemble)
