"use strict";
/* A dense network that trains in the browser: rows of numbers, one flat array of parameters, gradients by batches.

   y_0 = x;   y_l = phi(y_{l-1} W_l + b_l);   z = y_L W + b;   answers: logistic(z), softmax(z) or z itself
   loss       the mean over rows of -ln p(class), or of the mean squared difference; plus l1 sum |w| + l2 sum w^2 over the
              kernels of the hidden layers (without hidden layers: of the only one), as the zoo's `mlp_*` have it
   sgd        w <- w - rate g;   with momentum  v <- m v - rate g,  w <- w + v
   adam       m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
              w <- w - rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + 1e-7), as Keras has it

   D. P. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, ICLR 2015. Initial weights of hidden layers: K. He et
   al., Delving Deep into Rectifiers, ICCV 2015 (normal, variance 2 / inputs); of the outputs: X. Glorot, Y. Bengio,
   Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010 (uniform).

   Of each layer the parameters hold the kernel (inputs, units) row by row, the bias, and for prelu the slopes a. */
(function (playground) {
  const OUTPUTS = ["logistic", "softmax", "identity"];
  const EPSILON = 1e-7; // Keras's, in Adam
  const MOMENTUM = 0.9;
  const BETA_1 = 0.9;
  const BETA_2 = 0.999;

  /** Returns where the kernel, the bias and the slopes of each layer begin, and how many parameters there are. */
  function layout(sizes, activation) {
    const layers = [];
    let at = 0;
    for (let l = 1; l < sizes.length; l++) {
      const [inputs, units] = [sizes[l - 1], sizes[l]];
      const slopes = activation === "prelu" && l < sizes.length - 1;
      const layer = { inputs, units, kernel: at, bias: at + inputs * units, slopes: slopes ? at + (inputs + 1) * units : -1 };
      layers.push(layer);
      at += (inputs + 1 + (slopes ? 1 : 0)) * units;
    }
    return { layers, count: at };
  }

  /** Returns a network of given parameters.

      sizes: units of each layer, inputs and outputs included; output: one of OUTPUTS. */
  function network(sizes, activation, output, parameters) {
    if (!OUTPUTS.includes(output)) {
      throw new Error(`An output must be one of ${OUTPUTS.join(", ")}. Received: ${output}`);
    }
    const { layers, count } = layout(sizes, activation);
    if (parameters.length !== count) {
      throw new Error(`A network of the sizes ${sizes} must have ${count} parameters. Received: ${parameters.length}`);
    }
    return { sizes, activation, output, layers, parameters: Float64Array.from(parameters) };
  }

  /** Returns a network with random weights, which the seed repeats; biases and slopes of prelu begin at 0. */
  function create(sizes, activation, output, seed) {
    const random = playground.kernels.random.generator(seed);
    const { layers, count } = layout(sizes, activation);
    const parameters = new Float64Array(count);
    layers.forEach(({ inputs, units, kernel }, l) => {
      const last = l === layers.length - 1;
      const limit = Math.sqrt(6 / (inputs + units));
      const deviation = Math.sqrt(2 / inputs);
      for (let i = 0; i < inputs * units; i++) {
        parameters[kernel + i] = last ? limit * (2 * random.uniform() - 1) : deviation * random.normal();
      }
    });
    return network(sizes, activation, output, parameters);
  }

  /** Returns buffers for one row: sums z and outputs y of each layer, and deltas. */
  function buffers({ sizes }) {
    return {
      z: sizes.map(units => new Float64Array(units)),
      y: sizes.map(units => new Float64Array(units)),
      delta: sizes.map(units => new Float64Array(units)),
    };
  }

  /** Computes the outputs of all layers for the row `row` of x into the buffers; the last layer's y are the answers. */
  function forwardRow(net, x, row, { z, y }) {
    const { layers, parameters } = net;
    const phi = playground.kernels.activations.VALUES[net.activation];
    const width = net.sizes[0];
    for (let i = 0; i < width; i++) y[0][i] = x[row * width + i];
    for (let l = 0; l < layers.length; l++) {
      const { inputs, units, kernel, bias, slopes } = layers[l];
      const below = y[l], sums = z[l + 1], out = y[l + 1];
      for (let j = 0; j < units; j++) sums[j] = parameters[bias + j];
      for (let i = 0; i < inputs; i++) {
        const start = kernel + i * units, value = below[i];
        for (let j = 0; j < units; j++) sums[j] += value * parameters[start + j];
      }
      if (l < layers.length - 1) {
        for (let j = 0; j < units; j++) out[j] = phi(sums[j], slopes < 0 ? 0 : parameters[slopes + j]);
      } else {
        answer(net.output, sums, out);
      }
    }
  }

  function answer(output, sums, out) {
    if (output === "softmax") {
      let [largest, total] = [-Infinity, 0];
      for (let j = 0; j < sums.length; j++) largest = Math.max(largest, sums[j]);
      for (let j = 0; j < sums.length; j++) total += out[j] = Math.exp(sums[j] - largest);
      for (let j = 0; j < sums.length; j++) out[j] /= total;
      return;
    }
    const { logistic } = playground.kernels.activations.VALUES;
    for (let j = 0; j < sums.length; j++) out[j] = output === "logistic" ? logistic(sums[j]) : sums[j];
  }

  /** Returns the loss of one row whose sums are in z; y is the class, or the number of an identity output. */
  function rowLoss(output, z, y) {
    const { softplus } = playground.kernels.activations.VALUES;
    if (output === "identity") return (z[0] - y) ** 2;
    if (output === "logistic") return softplus(y > 0.5 ? -z[0] : z[0]);
    let largest = -Infinity;
    for (let j = 0; j < z.length; j++) largest = Math.max(largest, z[j]);
    let total = 0;
    for (let j = 0; j < z.length; j++) total += Math.exp(z[j] - largest);
    return largest + Math.log(total) - z[y];
  }

  /** Returns the kernels that are penalised: [from, to) in the parameters. */
  function penalised({ layers }) {
    const hidden = layers.length > 1 ? layers.slice(0, -1) : layers;
    return hidden.map(({ kernel, bias }) => [kernel, bias]);
  }

  function penalty(net, { l1 = 0, l2 = 0 } = {}) {
    let sum = 0;
    for (const [from, to] of penalised(net)) {
      for (let i = from; i < to; i++) sum += l1 * Math.abs(net.parameters[i]) + l2 * net.parameters[i] ** 2;
    }
    return sum;
  }

  /** Returns the answers of all rows of x, (rows, outputs) row by row: probabilities or numbers. */
  function predict(net, x) {
    return fields(net, x)[net.sizes.length - 2];
  }

  /** Returns the outputs of each layer but the inputs for all rows of x, each (rows, units) row by row. */
  function fields(net, x) {
    const rows = x.length / net.sizes[0];
    const buffer = buffers(net);
    const found = net.sizes.slice(1).map(units => new Float64Array(rows * units));
    for (let row = 0; row < rows; row++) {
      forwardRow(net, x, row, buffer);
      for (let l = 0; l < found.length; l++) found[l].set(buffer.y[l + 1], row * net.sizes[l + 1]);
    }
    return found;
  }

  /** Returns the mean loss without the penalty, and for classes the share of right answers (else NaN). */
  function measure(net, x, y) {
    const buffer = buffers(net);
    const last = net.sizes.length - 1;
    let [loss, right] = [0, 0];
    for (let row = 0; row < y.length; row++) {
      forwardRow(net, x, row, buffer);
      loss += rowLoss(net.output, buffer.z[last], y[row]);
      right += chosen(net.output, buffer.y[last]) === y[row] ? 1 : 0;
    }
    return { loss: loss / y.length, accuracy: net.output === "identity" ? NaN : right / y.length };
  }

  /** Returns the class of an answer; a logistic output of 1/2 and more is class 1. */
  function chosen(output, answers) {
    if (output !== "softmax") return answers[0] >= 0.5 ? 1 : 0;
    let best = 0;
    for (let k = 1; k < answers.length; k++) if (answers[k] > answers[best]) best = k;
    return best;
  }

  /** Returns the loss of some rows, penalty included, and writes its gradient, in the order of the parameters.

      x: (rows, inputs) row by row; y: a class or a number a row; rows: which of them; gradient: an array to write to. */
  function gradients(net, x, y, options = {}, rows = null, gradient = new Float64Array(net.parameters.length), buffer = buffers(net)) {
    const { layers, parameters } = net;
    const slope = playground.kernels.activations.DERIVATIVES[net.activation];
    const count = rows === null ? y.length : rows.length;
    const { z, y: out, delta } = buffer;
    let loss = 0;
    gradient.fill(0);
    for (let n = 0; n < count; n++) {
      const row = rows === null ? n : rows[n];
      forwardRow(net, x, row, buffer);
      const last = layers.length;
      loss += rowLoss(net.output, z[last], y[row]);
      for (let k = 0; k < out[last].length; k++) {
        const target = net.output === "softmax" ? (k === y[row] ? 1 : 0) : y[row];
        delta[last][k] = ((net.output === "identity" ? 2 : 1) * (out[last][k] - target)) / count;
      }
      for (let l = last; l > 0; l--) {
        const { inputs, units, kernel, bias, slopes } = layers[l - 1];
        const above = delta[l], below = out[l - 1], passed = delta[l - 1];
        if (slopes >= 0) {
          for (let j = 0; j < units; j++) {
            // Here `above` is dE/dy: the slope a is learned where the unit is below 0.
            if (z[l][j] < 0) gradient[slopes + j] += above[j] * z[l][j];
          }
        }
        if (l < last) {
          for (let j = 0; j < units; j++) above[j] *= slope(z[l][j], slopes < 0 ? 0 : parameters[slopes + j]);
        }
        for (let j = 0; j < units; j++) gradient[bias + j] += above[j];
        for (let i = 0; i < inputs; i++) {
          const start = kernel + i * units, value = below[i];
          let sum = 0;
          for (let j = 0; j < units; j++) {
            gradient[start + j] += value * above[j];
            sum += parameters[start + j] * above[j];
          }
          passed[i] = sum; // dE/dy of the layer below
        }
      }
    }
    const { l1 = 0, l2 = 0 } = options;
    for (const [from, to] of penalised(net)) {
      for (let i = from; i < to; i++) gradient[i] += l1 * Math.sign(parameters[i]) + 2 * l2 * parameters[i];
    }
    return { loss: loss / count + penalty(net, options), gradient };
  }

  /** Returns {step(parameters, gradient)}, which changes the parameters in place.

      kind: "sgd", "momentum" or "adam". */
  function optimizer(kind, rate, count) {
    const [first, second] = [new Float64Array(count), new Float64Array(count)];
    let steps = 0;
    const steppers = {
      sgd(w, g) {
        for (let i = 0; i < w.length; i++) w[i] -= rate * g[i];
      },
      momentum(w, g) {
        for (let i = 0; i < w.length; i++) {
          first[i] = MOMENTUM * first[i] - rate * g[i];
          w[i] += first[i];
        }
      },
      adam(w, g) {
        steps += 1;
        const scaled = (rate * Math.sqrt(1 - BETA_2 ** steps)) / (1 - BETA_1 ** steps);
        for (let i = 0; i < w.length; i++) {
          first[i] += (1 - BETA_1) * (g[i] - first[i]);
          second[i] += (1 - BETA_2) * (g[i] * g[i] - second[i]);
          w[i] -= (scaled * first[i]) / (Math.sqrt(second[i]) + EPSILON);
        }
      },
    };
    if (!(kind in steppers)) {
      throw new Error(`An optimizer must be one of ${Object.keys(steppers).join(", ")}. Received: ${kind}`);
    }
    return { step: steppers[kind] };
  }

  /** Returns {step(), epochs()}: each step trains on the next batch; each epoch goes through all rows in another order.

      options: {optimizer, rate, batchSize, l1, l2, seed}. */
  function trainer(net, x, y, options) {
    const random = playground.kernels.random.generator(options.seed);
    const order = Uint32Array.from(y, (_, i) => i);
    const rule = optimizer(options.optimizer, options.rate, net.parameters.length);
    const [gradient, buffer] = [new Float64Array(net.parameters.length), buffers(net)];
    let [at, epochs] = [0, 0];
    return {
      step() {
        if (at === 0) random.shuffle(order);
        const batch = order.subarray(at, at + options.batchSize);
        gradients(net, x, y, options, batch, gradient, buffer);
        rule.step(net.parameters, gradient);
        at += batch.length;
        if (at >= order.length) [at, epochs] = [0, epochs + 1];
      },
      epochs: () => epochs + at / order.length,
    };
  }

  playground.kernels.network = {
    OUTPUTS, layout, network, create, predict, fields, measure, chosen, penalty, gradients, optimizer, trainer,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
