"use strict";
/* Points of a plane with a class or a number each, drawn by a seed; standardised features of them.

   moons      t in [0, pi):  class 0 at (cos t, sin t),  class 1 at (1 - cos t, 1/2 - sin t)
   circles    an angle in [0, 2 pi) on the radius 1 (class 0) or 1/2 (class 1)
   spirals    t in [0, 1):  the angle 3 pi t + pi class on the radius t
   gaussians  normal around (-1, -1) and (1, 1), with the noise as the standard deviation
   xor        uniform in [-1, 1]^2; class 1 where exactly one coordinate is positive
   plane      uniform in [-1, 1]^2; the number (x + y) / 2

   Noise is normal: it is added to both coordinates, or to the number of `plane`. Classes take turns. */
(function (playground) {
  const KINDS = ["moons", "circles", "spirals", "gaussians", "xor", "plane"];
  const FEATURES = {
    "x": (u, v) => u,
    "y": (u, v) => v,
    "x^2": (u, v) => u * u,
    "y^2": (u, v) => v * v,
    "xy": (u, v) => u * v,
    "sin x": (u, v) => Math.sin(Math.PI * u),
    "sin y": (u, v) => Math.sin(Math.PI * v),
  };

  const PLACES = {
    moons(label, random) {
      const t = Math.PI * random.uniform();
      return label ? [1 - Math.cos(t), 0.5 - Math.sin(t)] : [Math.cos(t), Math.sin(t)];
    },
    circles(label, random) {
      const [t, radius] = [2 * Math.PI * random.uniform(), label ? 0.5 : 1];
      return [radius * Math.cos(t), radius * Math.sin(t)];
    },
    spirals(label, random) {
      const t = random.uniform();
      const angle = 3 * Math.PI * t + Math.PI * label;
      return [t * Math.cos(angle), t * Math.sin(angle)];
    },
    gaussians: label => (label ? [1, 1] : [-1, -1]),
    xor: (label, random) => [2 * random.uniform() - 1, 2 * random.uniform() - 1],
    plane: (label, random) => [2 * random.uniform() - 1, 2 * random.uniform() - 1],
  };

  /** Returns {points, targets, task, classes}: points (count, 2) row by row, and of each its class or number. */
  function generate(kind, count, noise, seed) {
    if (!KINDS.includes(kind)) {
      throw new Error(`Data must be one of ${KINDS.join(", ")}. Received: ${kind}`);
    }
    const random = playground.kernels.random.generator(seed);
    const [points, targets] = [new Float64Array(2 * count), new Float64Array(count)];
    for (let i = 0; i < count; i++) {
      let [x, y] = PLACES[kind](i % 2, random);
      targets[i] = i % 2;
      if (kind === "xor") targets[i] = x > 0 !== y > 0 ? 1 : 0;
      if (kind === "plane") {
        targets[i] = (x + y) / 2 + noise * random.normal();
      } else {
        [x, y] = [x + noise * random.normal(), y + noise * random.normal()];
      }
      points.set([x, y], 2 * i);
    }
    const task = kind === "plane" ? "regression" : "classification";
    return { points, targets, task, classes: task === "regression" ? [] : ["0", "1"] };
  }

  /** Returns the rows of training and of the test, shuffled by the seed: {train, test}; both have at least one row. */
  function split(count, share, seed) {
    const order = playground.kernels.random.generator(seed).shuffle(Array.from({ length: count }, (_, i) => i));
    const test = Math.min(count - 1, Math.max(1, Math.round(count * share)));
    return { train: order.slice(test), test: order.slice(0, test) };
  }

  /** Returns mean and standard deviation (1 where it is 0) of each column of (rows, width) values. */
  function moments(values, width) {
    const rows = values.length / width;
    const [mean, deviation] = [new Float64Array(width), new Float64Array(width)];
    for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / rows;
    for (let i = 0; i < values.length; i++) deviation[i % width] += (values[i] - mean[i % width]) ** 2 / rows;
    return { mean, deviation: deviation.map(one => Math.sqrt(one) || 1) };
  }

  /** Returns a function from points to features, whose constants are those of the training's points.

      Coordinates are standardised, u = (x - mean) / deviation, features are taken of u and v, and standardised again. */
  function encoder(points, names) {
    const unknown = names.filter(name => !(name in FEATURES));
    if (unknown.length || !names.length) {
      throw new Error(`Features must be some of ${Object.keys(FEATURES).join(", ")}. Received: ${unknown.join(", ") || "none"}`);
    }
    const coordinates = moments(points, 2);
    const width = names.length;

    function raw(of) {
      const found = new Float64Array((of.length / 2) * width);
      for (let i = 0; i < of.length / 2; i++) {
        const u = (of[2 * i] - coordinates.mean[0]) / coordinates.deviation[0];
        const v = (of[2 * i + 1] - coordinates.mean[1]) / coordinates.deviation[1];
        for (let k = 0; k < width; k++) found[i * width + k] = FEATURES[names[k]](u, v);
      }
      return found;
    }

    const { mean, deviation } = moments(raw(points), width);
    return of => raw(of).map((value, i) => (value - mean[i % width]) / deviation[i % width]);
  }

  /** Returns the features of points with the constants of the training's points. */
  function features(training, points, names) {
    return encoder(training, names)(points);
  }

  playground.kernels.data = { KINDS, FEATURES: Object.keys(FEATURES), generate, split, moments, encoder, features };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
