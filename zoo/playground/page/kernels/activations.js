"use strict";
/* The lecture's table of activations, phi(x), and their derivatives phi'(x).

   identity     x                   logistic  1 / (1 + exp(-x))        relu      max(x, 0)
   binary_step  1 if x >= 0 else 0  tanh      tanh(x)                  prelu     x if x > 0 else a x
   arctan       atan(x)             softplus  ln(1 + exp(x))           elu       x if x > 0 else exp(x) - 1

   At the kink, as zoo.plots.ACTIVATIONS has it: relu'(0) = 0, prelu'(0) = a, elu'(0) = 1, binary_step(0) = 1 with the
   derivative 0. No exponential of a positive number is taken, so all values are finite at any finite x. */
(function (playground) {
  const NAMES = ["identity", "binary_step", "logistic", "tanh", "arctan", "relu", "prelu", "elu", "softplus"];
  const PRELU_SLOPE = 0.25; // K. He et al., Delving Deep into Rectifiers, 2015: where the learned slope a begins

  /** What they are called, in both languages. */
  const TITLES = {
    identity: { en: "identity", ru: "тождественная" },
    binary_step: { en: "binary step", ru: "ступенька" },
    logistic: { en: "logistic", ru: "логистическая" },
    tanh: { en: "tanh", ru: "гиперболический тангенс" },
    arctan: { en: "arctan", ru: "арктангенс" },
    relu: "ReLU",
    prelu: "PReLU",
    elu: "ELU",
    softplus: "softplus",
  };

  function logistic(x) {
    const small = Math.exp(-Math.abs(x)); // in (0, 1]
    return (x >= 0 ? 1 : small) / (1 + small);
  }

  function softplus(x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  const VALUES = {
    identity: x => x,
    binary_step: x => (x >= 0 ? 1 : 0),
    logistic,
    tanh: Math.tanh,
    arctan: Math.atan,
    relu: x => Math.max(x, 0),
    prelu: (x, a) => (x > 0 ? x : a * x),
    elu: x => (x > 0 ? x : Math.expm1(x)),
    softplus,
  };

  const DERIVATIVES = {
    identity: () => 1,
    binary_step: () => 0,
    logistic: x => {
      const small = Math.exp(-Math.abs(x));
      return small / (1 + small) ** 2; // y (1 - y), which would round to 0 from x = 37 on
    },
    tanh: x => {
      const small = Math.exp(-2 * Math.abs(x));
      return (4 * small) / (1 + small) ** 2; // 1 - y^2, likewise
    },
    arctan: x => 1 / (1 + x * x),
    relu: x => (x > 0 ? 1 : 0),
    prelu: (x, a) => (x > 0 ? 1 : a),
    elu: x => (x > 0 ? 1 : Math.exp(x)),
    softplus: logistic,
  };

  function checked(name) {
    if (!NAMES.includes(name)) {
      throw new Error(`An activation must be one of ${NAMES.join(", ")}. Received: ${name}`);
    }
  }

  /** Returns phi(x); `a` is the slope of prelu below 0. */
  function value(name, x, a = PRELU_SLOPE) {
    checked(name);
    return VALUES[name](x, a);
  }

  /** Returns phi'(x). */
  function derivative(name, x, a = PRELU_SLOPE) {
    checked(name);
    return DERIVATIVES[name](x, a);
  }

  /** Returns phi and phi' at each of several x, as two arrays. */
  function table(name, xs, a = PRELU_SLOPE) {
    checked(name);
    return {
      values: Float64Array.from(xs, x => VALUES[name](x, a)),
      derivatives: Float64Array.from(xs, x => DERIVATIVES[name](x, a)),
    };
  }

  /** Returns the tangent at x as {slope, intercept}: the line slope t + intercept. */
  function tangent(name, x, a = PRELU_SLOPE) {
    const slope = derivative(name, x, a);
    return { slope, intercept: value(name, x, a) - slope * x };
  }

  /** Returns exp(z_k) / sum_j exp(z_j), computed from differences to the largest z. */
  function softmax(z) {
    const largest = Math.max(...z);
    const powers = Array.from(z, one => Math.exp(one - largest));
    const sum = powers.reduce((total, one) => total + one, 0);
    return powers.map(one => one / sum);
  }

  playground.kernels.activations = {
    NAMES, TITLES, PRELU_SLOPE, VALUES, DERIVATIVES, value, derivative, table, tangent, softmax,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
