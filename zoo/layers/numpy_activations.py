"""Activation functions as expressions of numpy, for the export to numpy."""

from __future__ import annotations

import re

EXPRESSIONS = {  # name of a Keras activation -> its value at x
    "linear": "x",
    "relu": "np.maximum(x, 0)",
    "relu6": "np.clip(x, 0, 6)",
    "leaky_relu": "np.where(x > 0, x, np.float32(0.2) * x)",
    "sigmoid": "0.5 * (1 + np.tanh(0.5 * x))",
    "hard_sigmoid": "np.clip(x / 6 + 0.5, 0, 1)",
    "hard_silu": "x * np.clip(x / 6 + 0.5, 0, 1)",
    "tanh": "np.tanh(x)",
    "hard_tanh": "np.clip(x, -1, 1)",
    "tanh_shrink": "x - np.tanh(x)",
    "arctan": "np.arctan(x)",
    "softplus": "np.logaddexp(x, np.float32(0))",
    "log_sigmoid": "-np.logaddexp(-x, np.float32(0))",
    "softsign": "x / (1 + np.abs(x))",
    "elu": "np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
    "celu": "np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
    "selu": "np.float32(1.05070099) * np.where(x > 0, x, np.float32(1.67326324) * np.expm1(np.minimum(x, 0)))",
    "silu": "x * 0.5 * (1 + np.tanh(0.5 * x))",
    "gelu": "x * 0.5 * (1 + np.vectorize(math.erf, otypes='f')(x / np.float32(2**0.5)))",
    "gelu_tanh": "0.5 * x * (1 + np.tanh(np.float32(0.79788456) * (x + np.float32(0.044715) * x * x * x)))",
    "mish": "x * np.tanh(np.logaddexp(x, np.float32(0)))",
    "squareplus": "0.5 * (x + np.sqrt(x * x + 4))",
    "exponential": "np.exp(x)",
    "binary_step": "(x >= 0).astype('float32')",
    "squash": "np.float32(1.7159) * np.tanh(np.float32(2 / 3) * x)",
}


def applied(function, x: str) -> str | None:
    """Returns an activation function's value at x, an expression; None of a function that has no expression."""
    template = EXPRESSIONS.get(getattr(function, "__name__", ""))
    if template is None:
        return None
    if template == "x":
        return x
    return re.sub(r"\bx\b", x if x.isidentifier() else f"({x})", template)
