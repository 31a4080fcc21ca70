"use strict";
/* The neocognitron (1980) at work, with the weights that zoo/models/neocognitron.py has learnt: no training here.

   S   u_S = r phi[(1 + sum a u_C) / (1 + 2 r / (1 + r) b v_C) - 1],   v_C = sqrt(sum c u_C^2),   sum c = 1
   C   u_C = psi[(1 + sum d u_S) / (1 + v_S) - 1],   psi[x] = x / (alpha + x) for x > 0,   v_S = mean of sum d u_S
   p(class) = sum_k u_k n_k,class / n_k / sum_k u_k     n: how much each last C-cell has responded to each class

   K. Fukushima, Biological Cybernetics 36, 1980. https://doi.org/10.1007/BF00344251 */
(function (playground) {
  const LAYERS = ["s1", "c1", "s2", "c2", "s3", "c3"];
  const SIDE = 16; // pixels of the retina
  const SMALL = 1e-4; // the share of an answer that is spread over all classes

  /** Returns base^|v| for the cells v of a window, row by row. */
  function falling(window, base) {
    const middle = (window - 1) / 2;
    return Float64Array.from({ length: window * window }, (_, cell) =>
      base ** Math.hypot(Math.floor(cell / window) - middle, (cell % window) - middle));
  }

  /** Returns the first row (or column) of the layer before that the first of `count` windows sees; may be outside. */
  const first = (size, count, window, stride) => Math.trunc((size - stride * (count - 1) - window) / 2);

  /** Copies what a cell sees into `seen` (window x window x planes); 0 outside of the layer. */
  function look(before, { places, window, stride }, row, column, seen) {
    const { rows, columns, planes, u } = before;
    const top = first(rows, places, window, stride) + row * stride;
    const left = first(columns, places, window, stride) + column * stride;
    let at = 0;
    for (let y = top; y < top + window; y++) {
      for (let x = left; x < left + window; x++) {
        const inside = y >= 0 && y < rows && x >= 0 && x < columns;
        const from = (y * columns + x) * planes;
        for (let k = 0; k < planes; k++) seen[at++] = inside ? u[from + k] : 0;
      }
    }
  }

  function sPlanes(before, layer) {
    const { places, window, planes, r, a, b, c } = layer;
    const size = window * window * before.planes;
    const seen = new Float64Array(size);
    const e = new Float64Array(planes);
    const u = new Float64Array(places * places * planes);
    for (let cell = 0; cell < places * places; cell++) {
      look(before, layer, Math.floor(cell / places), cell % places, seen);
      let v = 0;
      e.fill(0);
      for (let i = 0; i < size; i++) {
        if (seen[i] === 0) continue;
        v += c[Math.floor(i / before.planes)] * seen[i] * seen[i];
        for (let k = 0; k < planes; k++) e[k] += a[i * planes + k] * seen[i];
      }
      v = Math.sqrt(v);
      for (let k = 0; k < planes; k++) {
        u[cell * planes + k] = r * Math.max(0, (1 + e[k]) / (1 + ((2 * r) / (1 + r)) * b[k] * v) - 1);
      }
    }
    return { rows: places, columns: places, planes, u };
  }

  function cPlanes(before, layer) {
    const { places, window, d, alpha } = layer;
    const planes = before.planes;
    const seen = new Float64Array(window * window * planes);
    const e = new Float64Array(planes);
    const u = new Float64Array(places * places * planes);
    for (let cell = 0; cell < places * places; cell++) {
      look(before, layer, Math.floor(cell / places), cell % places, seen);
      e.fill(0);
      for (let i = 0; i < seen.length; i++) e[i % planes] += d[Math.floor(i / planes)] * seen[i];
      const v = e.reduce((sum, value) => sum + value, 0) / planes;
      for (let k = 0; k < planes; k++) {
        const x = Math.max(0, (1 + e[k]) / (1 + v) - 1);
        u[cell * planes + k] = x / (alpha + x);
      }
    }
    return { rows: places, columns: places, planes, u };
  }

  /** Returns a network from the numbers of weights/neocognitron.js. */
  function build({ planes, r, alpha, layers, counts }) {
    const made = layers.map((layer, number) => {
      const stage = Math.floor(number / 2);
      const fall = falling(layer.window, layer.base);
      if (number % 2) return { ...layer, alpha, d: fall.map(value => layer.centre * value) };
      const total = fall.reduce((sum, value) => sum + value, 0) * (stage ? planes : 1);
      const a = Float64Array.from(layer.a);
      return { ...layer, planes, r: r[stage], a, b: Float64Array.from(layer.b), c: fall.map(value => value / total) };
    });
    return { layers: made, counts };
  }

  /** Shows an image, 256 numbers from 0 to 1, to a network.
   *
   *  Returns the planes by layer {s1: {rows, columns, planes, u}, ...} with u laid out as (rows, columns, planes);
   *  `cell`, the strongest of C3, or -1 where none responds; `probabilities` of the classes and the `answer`, -1 without
   *  a response. */
  function respond(network, image) {
    const side = Math.sqrt(image.length);
    let now = { rows: side, columns: side, planes: 1, u: image };
    const result = {};
    network.layers.forEach((layer, number) => {
      now = number % 2 ? cPlanes(now, layer) : sPlanes(now, layer);
      result[LAYERS[number]] = now;
    });
    const u = now.u;
    const response = u.reduce((sum, value) => sum + value, 0);
    const classes = network.counts[0].length;
    const probabilities = new Float64Array(classes);
    u.forEach((value, k) => {
      const total = network.counts[k].reduce((sum, count) => sum + count + 1e-12, 0);
      network.counts[k].forEach((count, c) => (probabilities[c] += (value * (count + 1e-12)) / total));
    });
    const strongest = values => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
    for (let c = 0; c < classes; c++) {
      const share = response > 0 ? ((1 - SMALL) * probabilities[c]) / Math.max(response, 1e-12) : 0;
      probabilities[c] = share + SMALL / classes;
    }
    const total = probabilities.reduce((sum, value) => sum + value, 0);
    result.probabilities = probabilities.map(value => value / total);
    result.cell = response > 0 ? strongest(u) : -1;
    result.answer = response > 0 ? strongest(result.probabilities) : -1;
    return result;
  }

  /** Returns a figure of the weights' file at the centre of a retina of 16 x 16 pixels: 256 numbers, 0 or 1. */
  function figure({ figures }, name) {
    const rows = figures[name];
    const [top, left] = [Math.floor((SIDE - rows.length) / 2), Math.floor((SIDE - rows[0].length) / 2)];
    return Array.from({ length: SIDE * SIDE }, (_, i) =>
      rows[Math.floor(i / SIDE) - top]?.[(i % SIDE) - left] === "#" ? 1 : 0);
  }

  /** Returns an image with so many pixels turned over, drawn by a seed: those of fewer are among those of more. */
  function damaged(image, count, seed) {
    const order = playground.kernels.random.generator(seed).shuffle([...image.keys()]);
    const result = [...image];
    for (const i of order.slice(0, count)) result[i] = 1 - result[i];
    return result;
  }

  /** Returns the smallest box that holds all pixels that are not 0: {top, left, height, width}, or null. */
  function box(image) {
    const side = Math.sqrt(image.length);
    const lit = [...image.keys()].filter(i => image[i] > 0);
    if (lit.length === 0) return null;
    const [rows, columns] = [lit.map(i => Math.floor(i / side)), lit.map(i => i % side)];
    const [top, left] = [Math.min(...rows), Math.min(...columns)];
    return { top, left, height: Math.max(...rows) - top + 1, width: Math.max(...columns) - left + 1 };
  }

  /** Returns an image whose pattern is moved; it stays on the retina. */
  function moved(image, down, right) {
    const found = box(image);
    if (found === null) return [...image];
    const side = Math.sqrt(image.length);
    const clip = (shift, start, length) => Math.max(-start, Math.min(side - length - start, shift));
    const [y, x] = [clip(down, found.top, found.height), clip(right, found.left, found.width)];
    return Array.from(image, (_, i) => {
      const [row, column] = [Math.floor(i / side) - y, (i % side) - x];
      return row >= 0 && row < side && column >= 0 && column < side ? image[row * side + column] : 0;
    });
  }

  /** Returns the answers to a pattern wherever it fits on the retina: {rows, columns, answers}, row by row. */
  function everywhere(network, image) {
    const found = box(image);
    if (found === null) return { rows: 0, columns: 0, answers: [] };
    const side = Math.sqrt(image.length);
    const [rows, columns] = [side - found.height + 1, side - found.width + 1];
    const answers = Array.from({ length: rows * columns }, (_, place) => {
      const [top, left] = [Math.floor(place / columns), place % columns];
      return respond(network, moved(image, top - found.top, left - found.left)).answer;
    });
    return { rows, columns, answers };
  }

  playground.kernels.neocognitron = { LAYERS, SIDE, build, respond, figure, damaged, box, moved, everywhere };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
