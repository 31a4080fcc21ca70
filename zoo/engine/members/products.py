"""Products of the matrices of many members.

    y_m = x_m W_m,   dx_m = dy_m W_m^T,   dW_m = x_m^T dy_m

TensorFlow's kernel of batched products takes up to twice as long as one product a member, but for the smallest.
"""

from __future__ import annotations

MOST_MEMBERS = 8  # the most members that have a product each, as every product is traced
FEW_WEIGHTS = 1024  # up to so many weights of a member, the batched product takes no longer


def product(x, kernel):
    """Returns the products `(members, rows, units)`, on TensorFlow.

    Args:
        x: `(members, rows, features)`.
        kernel: `(members, features, units)`.
    """
    import tensorflow as tf

    kernel = tf.convert_to_tensor(kernel)
    members, features, units = kernel.shape
    if members > MOST_MEMBERS or features * units <= FEW_WEIGHTS:
        return tf.matmul(x, kernel)

    def each(a, b, **transposed):
        pairs = zip(tf.unstack(a, members), tf.unstack(b, members), strict=True)
        return tf.stack([tf.raw_ops.MatMul(a=m, b=n, **transposed) for m, n in pairs])

    @tf.custom_gradient  # one gradient is traced faster than that of every product
    def of_members(x, kernel):
        def gradient(upstream):
            return each(upstream, kernel, transpose_b=True), each(x, upstream, transpose_a=True)

        return each(x, kernel), gradient

    return of_members(x, kernel)
