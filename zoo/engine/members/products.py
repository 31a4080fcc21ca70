"""Products of the matrices of many members.

    y_m = x_m W_m,   dx_m = dy_m W_m^T,   dW_m = x_m^T dy_m

TensorFlow's kernel of batched products takes up to twice as long as one product a member, but for the smallest.
"""

from __future__ import annotations

MOST_MEMBERS = 8  # of which each has a product of its own
FEW_WEIGHTS = 1024  # of a member, up to which one operation takes no longer


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

    def each(a, b, **how):
        pairs = zip(tf.unstack(a, members), tf.unstack(b, members), strict=True)
        return tf.stack([tf.raw_ops.MatMul(a=m, b=n, **how) for m, n in pairs])

    @tf.custom_gradient  # of which less is to be traced than of all these products
    def of_members(x, kernel):
        def gradient(upstream):
            return each(upstream, kernel, transpose_b=True), each(x, upstream, transpose_a=True)

        return each(x, kernel), gradient

    return of_members(x, kernel)
