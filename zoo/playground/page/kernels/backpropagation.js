"use strict";
/* Back-propagation in a small network, number by number: every sum, output, delta, and every path from a weight to E.

   forwards    z_j = sum_i w_ij y_i + b_j,  y_j = phi(z_j)
   error       half the squared distance, E = 1/2 sum_k (y_k - d_k)^2, or behind a softmax the cross-entropy,
               E = -sum_k d_k ln p_k
   backwards   delta_k = (y_k - d_k) phi'(z_k) at an output (behind a softmax delta_k = p_k - d_k),
               delta_j = phi'(z_j) sum_k w_jk delta_k elsewhere;   dE/dw_ij = delta_j y_i,  dE/db_j = delta_j
   by paths    dE/dw_ij = sum over all chains of units from the weight to an output of the product of the slopes passed;
               a chain that begins at another unit than j has the factor dz/dw_ij = 0

   D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986.

   A network is {sizes: [2, 2, 1], activation, softmax: false, weights: [...]}. The weights stand in one list: a layer
   after another, a unit after another, of each unit the weights of its inputs and then its bias. */
(function (playground) {
  const DIFFERENCE = 1e-4; // of a weight, for the slope between two errors

  /** Returns how many weights, biases included, a network of these sizes has. */
  function count(sizes) {
    return sizes.slice(1).reduce((total, units, layer) => total + units * (sizes[layer] + 1), 0);
  }

  /** Returns where in the list the weight to unit `to` of a layer (1 is the first hidden one) stands: `from` is a unit
      of the layer below, or its size for the bias. */
  function index(sizes, layer, to, from) {
    return count(sizes.slice(0, layer)) + to * (sizes[layer - 1] + 1) + from;
  }

  /** Returns {layer, to, from, bias} of the weight that stands at `at`. */
  function place(sizes, at) {
    let layer = 1;
    for (; at >= sizes[layer] * (sizes[layer - 1] + 1); layer++) at -= sizes[layer] * (sizes[layer - 1] + 1);
    const from = at % (sizes[layer - 1] + 1);
    return { layer, to: Math.floor(at / (sizes[layer - 1] + 1)), from, bias: from === sizes[layer - 1] };
  }

  function checked(network, inputs, targets) {
    const { sizes, weights } = network;
    if (weights.length !== count(sizes)) {
      throw new Error(`A network of the sizes ${sizes} must have ${count(sizes)} weights. Received: ${weights.length}`);
    }
    if (inputs.length !== sizes[0] || targets.length !== sizes[sizes.length - 1]) {
      throw new Error(
        `There must be ${sizes[0]} inputs and ${sizes[sizes.length - 1]} targets. Received: ${inputs.length} and ${targets.length}`,
      );
    }
  }

  /** Returns sums z, outputs y and slopes phi'(z) of each layer (of the inputs only y), and the error. */
  function forward(network, inputs, targets) {
    checked(network, inputs, targets);
    const { sizes, activation, weights } = network;
    const { value, derivative, softmax } = playground.kernels.activations;
    const z = [null], y = [Array.from(inputs)], slope = [null];
    for (let layer = 1; layer < sizes.length; layer++) {
      const last = layer === sizes.length - 1;
      z.push([]);
      for (let unit = 0; unit < sizes[layer]; unit++) {
        let sum = weights[index(sizes, layer, unit, sizes[layer - 1])];
        for (let i = 0; i < sizes[layer - 1]; i++) sum += weights[index(sizes, layer, unit, i)] * y[layer - 1][i];
        z[layer].push(sum);
      }
      const bare = last && network.softmax;
      y.push(bare ? softmax(z[layer]) : z[layer].map(one => value(activation, one)));
      slope.push(bare ? null : z[layer].map(one => derivative(activation, one)));
    }
    const out = y[y.length - 1];
    const error = network.softmax
      ? crossEntropy(z[z.length - 1], targets)
      : out.reduce((sum, one, k) => sum + 0.5 * (one - targets[k]) ** 2, 0);
    return { z, y, slope, error };
  }

  /** Returns -sum_k d_k ln p_k from what the softmax takes: ln p_k = z_k - ln sum_j exp(z_j), finite for any z. */
  function crossEntropy(z, targets) {
    const largest = Math.max(...z);
    const total = largest + Math.log(z.reduce((sum, one) => sum + Math.exp(one - largest), 0));
    return z.reduce((sum, one, k) => sum + targets[k] * (total - one), 0);
  }

  /** Returns what `forward` does and the deltas dE/dz of each layer, and dE/dw in the order of the weights. */
  function backward(network, inputs, targets) {
    const { sizes, weights } = network;
    const pass = forward(network, inputs, targets);
    const last = sizes.length - 1;
    const delta = sizes.map(() => null);
    const mass = targets.reduce((sum, one) => sum + one, 0); // 1 where the targets are probabilities
    delta[last] = pass.y[last].map((one, k) =>
      network.softmax ? mass * one - targets[k] : (one - targets[k]) * pass.slope[last][k]);
    for (let layer = last - 1; layer > 0; layer--) {
      delta[layer] = pass.slope[layer].map((slope, unit) => {
        let sum = 0;
        for (let k = 0; k < sizes[layer + 1]; k++) {
          sum += weights[index(sizes, layer + 1, k, unit)] * delta[layer + 1][k];
        }
        return slope * sum;
      });
    }
    const gradient = weights.map((_, at) => {
      const { layer, to, from, bias } = place(sizes, at);
      return delta[layer][to] * (bias ? 1 : pass.y[layer - 1][from]);
    });
    return { ...pass, delta, gradient };
  }

  /** Returns the chains of units from the weight at `at` to each output, with their factors and products.

      Each path is {units, factors, product}: `units` has one unit of each layer from the weight's own to the output;
      `factors` run from the error back to the weight, each {name, layer, unit, from, value}, where name is "error" for
      dE/dy_k ("delta" for dE/dz_k behind a softmax), "slope" for phi'(z), "weight" for dz/dy below and "input" for
      dz/dw of the weight itself: what it multiplies, or 0 in a unit that it does not feed. */
  function paths(network, inputs, targets, at) {
    const { sizes, weights } = network;
    const pass = backward(network, inputs, targets);
    const { layer: first, to, from, bias } = place(sizes, at);
    const last = sizes.length - 1;
    const found = [];
    (function extend(units) {
      const layer = first + units.length;
      if (layer <= last) {
        for (let unit = 0; unit < sizes[layer]; unit++) extend([...units, unit]);
        return;
      }
      const out = units[units.length - 1];
      const factors = network.softmax
        ? [{ name: "delta", layer: last, unit: out, value: pass.delta[last][out] }]
        : [
            { name: "error", layer: last, unit: out, value: pass.y[last][out] - targets[out] },
            { name: "slope", layer: last, unit: out, value: pass.slope[last][out] },
          ];
      for (let above = last; above > first; above--) {
        const [unit, below] = [units[above - first], units[above - first - 1]];
        factors.push({ name: "weight", layer: above, unit, from: below, value: weights[index(sizes, above, unit, below)] });
        factors.push({ name: "slope", layer: above - 1, unit: below, value: pass.slope[above - 1][below] });
      }
      const multiplied = bias ? 1 : pass.y[first - 1][from];
      factors.push({ name: "input", layer: first, unit: units[0], from, value: units[0] === to ? multiplied : 0 });
      found.push({ units, factors, product: factors.reduce((product, factor) => product * factor.value, 1) });
    })([]);
    return found;
  }

  /** Returns (E(w + h) - E(w - h)) / 2h for the weight at `at`. */
  function difference(network, inputs, targets, at, h = DIFFERENCE) {
    const errors = [h, -h].map(change => {
      const weights = Array.from(network.weights);
      weights[at] += change;
      return forward({ ...network, weights }, inputs, targets).error;
    });
    return (errors[0] - errors[1]) / (2 * h);
  }

  /** Returns the weights after one step down the gradient, w - rate dE/dw. */
  function step(network, inputs, targets, rate) {
    const { gradient } = backward(network, inputs, targets);
    return network.weights.map((weight, at) => weight - rate * gradient[at]);
  }

  playground.kernels.backpropagation = { count, index, place, forward, backward, paths, difference, step };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
