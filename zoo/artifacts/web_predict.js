"use strict";
/* Answers rows with a model that `zoo.export(..., format="web")` wrote as model.json. It needs no other file.

     Node      const { predictor } = require("./predict.js");   const predict = predictor(require("./model.json"));
     a page    <script src="predict.js"></script>
               const predict = predictor(await (await fetch("model.json")).json());

     predict([{ age: 22, fare: 7.25 }])    of a table: an object a row; null, or NaN, is a missing number
     predict([[0, 1], [1, 1]])             of an array or images: an array a row

   An answer is { label, probability, probabilities } of classes, { prediction } of numbers. Sums are computed in float64
   and kept in float32, in which the model was trained. */
(function (scope) {
  const FEW = 16; // terms of a sum
  const FLOAT32 = ["kernel", "bias", "alpha", "median", "center", "scale", "mean", "deviation"];
  const { fround } = Math;
  const logistic = x => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
  const ACTIVATIONS = {
    linear: x => x,
    binary_step: x => (x >= 0 ? 1 : 0),
    sigmoid: logistic,
    tanh: Math.tanh,
    arctan: Math.atan,
    relu: x => Math.max(x, 0),
    relu6: x => Math.min(Math.max(x, 0), 6),
    leaky_relu: x => (x > 0 ? x : 0.2 * x),
    elu: x => (x > 0 ? x : Math.expm1(x)),
    selu: x => 1.05070099 * (x > 0 ? x : 1.67326324 * Math.expm1(x)),
    silu: x => x * logistic(x),
    softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    softsign: x => x / (1 + Math.abs(x)),
    exponential: Math.exp,
    hard_sigmoid: x => Math.min(Math.max(x / 6 + 0.5, 0), 1),
    squash: x => 1.7159 * Math.tanh((2 / 3) * x),
  };
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);
  const of = (list, i) => list[list.length > 1 ? i : 0]; // a list of one number stands for any width

  /** Returns the numbers of a row, flat, NaN where one is missing. */
  function numbers(inputs, row) {
    if (inputs.columns) {
      const missing = inputs.columns.filter(name => row === null || typeof row !== "object" || !(name in row));
      if (missing.length) throw new Error(`A row must have the columns ${inputs.columns.join(", ")}. Missing: ${missing.join(", ")}`);
      return inputs.columns.map(name => number(row[name], `The column "${name}"`));
    }
    const flat = [];
    (function add(part) {
      if (Array.isArray(part) || ArrayBuffer.isView(part)) for (const one of part) add(one);
      else flat.push(number(part, "A row"));
    })(row);
    const size = inputs.shape.reduce((product, side) => product * side, 1);
    if (flat.length !== size) throw new Error(`A row must be an array of the shape ${inputs.shape.join(" x ")}. Received: ${flat.length} numbers`);
    return flat;
  }

  function number(value, what) {
    if (value === null || value === undefined) return NaN;
    if (typeof value !== "number") throw new Error(`${what} must hold numbers, null where one is missing. Received: ${JSON.stringify(value)}`);
    return value;
  }

  /** Returns the encoded tensors of a row by name. */
  function encoded(inputs, row) {
    const given = numbers(inputs, row);
    const { tensors } = inputs;
    if (tensors.own) return { [tensors.own]: Float32Array.from(given) };
    const read = Float32Array.from(given, (value, i) => (inputs.absent[i].includes(value) ? NaN : value - inputs.offset[i]));
    const known = Array.from(read, Number.isFinite);
    const x = read.map((value, i) => (known[i] ? value : inputs.median[i]));
    if (tensors.raw) return { [tensors.raw]: x };
    const flags = inputs.flags.map(i => (known[i] ? 0 : 1));
    const scaled = x.map((value, i) => {
      const z = fround(fround(value - inputs.center[i]) / inputs.scale[i]);
      // In float32, where the square of a huge number is infinite, as in training.
      return inputs.squashed ? z / Math.sqrt(1 + fround(fround(z / 3) ** 2)) : z;
    });
    const found = { [tensors.scaled]: Float32Array.from([...scaled, ...flags]) };
    if (tensors.standardised) {
      const { mean, deviation, farthest } = inputs;
      const line = Array.from(x, (value, i) => (known[i] ? clip(fround(value - mean[i]) / deviation[i], -farthest, farthest) : 0));
      found[tensors.standardised] = Float32Array.from([...line, ...flags]);
    }
    if (tensors.ranks) found[tensors.ranks] = Float32Array.from(inputs.ranked, one => (known[one.at] ? rank(x[one.at], one) : 0.5));
    return found;
  }

  /** Returns the share of the training rows below x: between knots, along a line. */
  function rank(x, { knots, ranks }) {
    let below = 0;
    while (below < knots.length - 2 && fround(knots[below + 1]) <= x) below += 1;
    const low = fround(knots[below]), high = fround(knots[below + 1]);
    return ranks[below] + clip((x - low) / (high - low), 0, 1) * (ranks[below + 1] - ranks[below]);
  }

  const joined = parts => (parts.length === 1 ? parts[0] : Float32Array.from(parts.flatMap(part => Array.from(part))));

  const LAYERS = {
    dense(layer, parts) {
      const x = joined(parts), { units, kernel, bias } = layer;
      // Few terms are rounded one by one, as processors do in float32; of many, the order of their sum is unknown.
      const sums = x.length > FEW ? new Float64Array(units) : new Float32Array(units);
      for (let i = 0; i < x.length; i++) {
        if (x[i] !== 0) for (let j = 0; j < units; j++) sums[j] += x[i] * kernel[i * units + j];
      }
      for (let j = 0; j < bias.length; j++) sums[j] += bias[j];
      return Float32Array.from(sums, x => ACTIVATIONS[layer.activation](fround(x)));
    },
    activation: (layer, [x]) => x.map(ACTIVATIONS[layer.activation]),
    prelu: (layer, [x]) => x.map((value, i) => (value > 0 ? value : of(layer.alpha, i) * value)),
    concatenate: (layer, parts) => joined(parts),
    add: (layer, parts) => parts.reduce((sum, part) => sum.map((value, i) => value + part[i])),
    affine: (layer, [x]) => x.map((value, i) => value * of(layer.scale, i) + of(layer.shift, i)),
    ramps: ({ bins }, [x]) => Float32Array.from({ length: x.length * bins }, (_, i) => clip(x[Math.floor(i / bins)] * bins - (i % bins), 0, 1) - 0.5),
    layer_normalization(layer, [x]) {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
      return x.map((value, i) => ((value - mean) / Math.sqrt(variance + layer.epsilon)) * of(layer.scale, i) + of(layer.shift, i));
    },
  };

  function softmax(z) {
    const largest = Math.max(...z);
    const powers = z.map(one => Math.exp(one - largest));
    const sum = powers.reduce((total, one) => total + one, 0);
    return powers.map(one => one / sum);
  }

  /** Returns calibrated log-odds or logits. */
  function calibrated(z, config) {
    if (config.kind === "temperature") {
      const p = softmax(z.map(one => one / config.temperature));
      return p.map(one => Math.log((1 - config.uniform) * one + config.uniform / z.length));
    }
    const [half, rest] = [0.5 * config.uniform, 1 - config.uniform];
    const { b, w1, w2, low, high } = config;
    return z.map((one, k) => {
      const far = clip(one, -config.farthest, config.farthest), within = clip(far, of(low, k), of(high, k));
      const bent = of(b, k) + (of(w1, k) + 2 * of(w2, k) * within) * far - of(w2, k) * within * within;
      const l = clip(bent, -config.most_logit, config.most_logit);
      return Math.log(half + rest * logistic(l)) - Math.log(half + rest * logistic(-l));
    });
  }

  /** Returns the answer of a classifier whose outputs are z. */
  function classified({ classes, decision, threshold, calibration }, z) {
    if (calibration) {
      if (classes.length === 2 && z.length === 2 && decision !== "sigmoid") z = [z[1] - z[0]];
      z = calibrated(z, calibration);
    }
    let p;
    if (decision === "threshold") {
      const best = z.indexOf(Math.max(...z));
      p = z.length === 1 ? (z[0] >= 0 ? [0, 1] : [1, 0]) : z.map((_, k) => (k === best ? 1 : 0));
    } else if (decision === "sigmoid" && z.length > 1) p = z.map(logistic);
    else p = softmax(z.length === 1 ? [0, z[0]] : z);
    p = p.map(fround);
    const best = threshold === null ? p.indexOf(Math.max(...p)) : p[1] >= threshold ? 1 : 0;
    return { label: classes[best], probability: p[best], probabilities: p };
  }

  /** Returns the answer of a regression whose outputs are z, in the units of the target. */
  function regressed({ decision, scale, center, low, high }, z, dtypes) {
    const values = z.map((one, k) => {
      if (decision === "clip") one = clip(one, of(low, k), of(high, k));
      if (decision === "sigmoid") one = of(low, k) + (of(high, k) - of(low, k)) * logistic(one);
      const value = one * of(scale, k) + of(center, k);
      return dtypes.prediction === "float32" ? fround(value) : value;
    });
    return { prediction: values.length === 1 ? values[0] : values };
  }

  const ANSWERS = { classes: classified, numbers: regressed };

  /** Returns the constants of a part of the model as the nearest numbers of float32: 0.2 is 0.20000000298023224 there. */
  function narrowed(part) {
    const found = { ...part };
    for (const name of FLOAT32) if (found[name]) found[name] = Float32Array.from(found[name]);
    return found;
  }

  /** Returns a function from an array of rows to an array of answers, of the content of a model.json. */
  function predictor(model) {
    const { answers, dtypes } = model, inputs = narrowed(model.inputs), layers = model.layers.map(narrowed);
    const last = layers[layers.length - 1].name;
    return rows =>
      Array.from(rows, row => {
        const tensors = encoded(inputs, row);
        for (const layer of layers) tensors[layer.name] = LAYERS[layer.op](layer, layer.from.map(name => tensors[name]));
        const z = Array.from(tensors[last]);
        return ANSWERS[answers.by](answers, z, dtypes);
      });
  }

  if (typeof module === "object" && module.exports) module.exports = { predictor };
  else scope.predictor = predictor;
})(globalThis);
