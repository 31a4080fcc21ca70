"use strict";
/* Rosenblatt's rule on points of the plane, Novikoff's bound of its mistakes, and the best that any line can do.

   z = (x1, x2, 1),  w = (w1, w2, b),  a = w . z,  the unit fires where a >= 0,  t = +1 where it should and -1 elsewhere
   t a > 0   right: leave w alone
   t a <= 0  wrong, and so is a point on the line itself, where a is 0: w <- w + t z
   mistakes <= (R / gamma)^2,  R = max |z|,  gamma = max over |u| = 1 of min t u . z

   F. Rosenblatt, Psychological Review 65(6), 1958. A. B. J. Novikoff, On Convergence Proofs on Perceptrons, 1962.
   gamma is the distance of 0 from the convex hull of the t z, found exactly: the nearest point of the hull lies on a
   corner, an edge or a triangle of it (C. Caratheodory 1911), and all of these are tried. */
(function (playground) {
  const ROUNDING = 1e-9; // share of R^2 that counts as nothing

  const dot = (p, q) => p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  const plus = (p, q, share = 1) => [p[0] + share * q[0], p[1] + share * q[1], p[2] + share * q[2]];
  const cross = (p, q) => [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];

  /** Returns what a mistake at each point adds to the weights: t z. */
  const changes = (points, targets) => points.map(([x1, x2], row) => [x1, x2, 1].map(value => targets[row] * value));

  /** Returns a for each point. */
  const activations = (points, weights) => points.map(([x1, x2]) => dot(weights, [x1, x2, 1]));

  /** Returns {sum: a, met: whether the rule leaves the weights alone} for each point. */
  const demands = (points, targets, weights) =>
    activations(points, weights).map((sum, row) => ({ sum, met: targets[row] * sum > 0 }));

  /** Shows the points in turn, from zero weights, until none is wrong or so many mistakes were made.
   *
   *  points [[x1, x2], ...], targets +1 and -1. Returns {mistakes: [{row, epoch}, ...], weights: those after 0, 1, ...
   *  mistakes, learnt, round: {from, to} where the weights after `to` mistakes are those after `from`, and the rows stand
   *  at the same place: the unit goes round for ever; else null}. */
  function train(points, targets, most) {
    const added = changes(points, targets);
    const mistakes = [];
    const weights = [[0, 0, 0]];
    const seen = new Map([["0,0,0,0", 0]]);
    let round = null;
    let right = 0; // in succession
    for (let shown = 0; right < points.length && mistakes.length < most; shown++) {
      const row = shown % points.length;
      const now = weights[mistakes.length];
      if (dot(now, added[row]) > 0) {
        right++;
        continue;
      }
      right = 0;
      weights.push(plus(now, added[row]));
      mistakes.push({ row, epoch: Math.floor(shown / points.length) });
      const place = [...weights[mistakes.length], (row + 1) % points.length].join(",");
      if (!round && seen.has(place)) round = { from: seen.get(place), to: mistakes.length };
      seen.set(place, mistakes.length);
    }
    return { mistakes, weights, learnt: right >= points.length, round };
  }

  /** Returns the point of a corner's, an edge's or a triangle's plane that is nearest to 0; null outside of it. */
  function nearest(p, q, r) {
    if (!q) return p;
    if (!r) {
      const along = plus(q, p, -1);
      const share = -dot(p, along) / dot(along, along);
      return share > 0 && share < 1 ? plus(p, along, share) : null;
    }
    const normal = cross(plus(q, p, -1), plus(r, p, -1));
    const square = dot(normal, normal);
    if (square <= ROUNDING ** 2 * dot(p, p)) return null; // the three lie on one line, whose edges are tried too
    const foot = normal.map(value => (value * dot(normal, p)) / square);
    const inside = [[p, q], [q, r], [r, p]].every(
      ([from, to]) => dot(cross(plus(to, from, -1), plus(foot, from, -1)), normal) >= 0,
    );
    return inside ? foot : null;
  }

  /** Returns {gamma, radius, bound, direction: u, touching: the rows nearest to the line}.
   *
   *  gamma is 0 and the bound infinite where no line separates the classes. All in the space of z, whose third number
   *  is 1: there the line passes through 0, as the theorem wants it. Takes n^3 / 6 trials of n points. */
  function margin(points, targets) {
    const z = changes(points, targets);
    const radius = Math.sqrt(Math.max(...z.map(p => dot(p, p))));
    const least = ROUNDING * radius ** 2;
    const holds = foot => {
      const square = foot === null ? 0 : dot(foot, foot);
      return square > least && z.every(p => dot(p, foot) >= square - least);
    };
    const found = (rows, foot) => {
      const gamma = Math.sqrt(dot(foot, foot));
      return { gamma, radius, bound: (radius / gamma) ** 2, direction: foot.map(v => v / gamma), touching: rows };
    };
    for (let i = 0; i < z.length; i++) {
      if (holds(z[i])) return found([i], z[i]);
      for (let j = 0; j < i; j++) {
        const edge = nearest(z[i], z[j]);
        if (holds(edge)) return found([j, i], edge);
        for (let k = 0; k < j; k++) {
          const triangle = nearest(z[i], z[j], z[k]);
          if (holds(triangle)) return found([k, j, i], triangle);
        }
      }
    }
    return { gamma: 0, radius, bound: Infinity, direction: null, touching: [] };
  }

  /** Returns {right: the most points that any line puts on their sides, rows: these points, weights: such a line's}.
   *
   *  Any line may be moved, without a change of its sides, until it passes through two points (or one, where all lie on
   *  it). So all lines through two points are tried, turned a little about each place between the points on them. */
  function best(points, targets) {
    const rows = [...points.keys()];
    let found = [];
    for (const sign of [1, -1]) {
      const alike = rows.filter(row => targets[row] === sign);
      if (alike.length > found.length) found = alike;
    }
    for (let i = 0; i < points.length; i++) {
      for (let j = 0; j < i; j++) {
        const along = [points[j][0] - points[i][0], points[j][1] - points[i][1]];
        if (along[0] === 0 && along[1] === 0) continue;
        const offsets = points.map(point => [point[0] - points[i][0], point[1] - points[i][1]]);
        const sides = offsets.map(offset => Math.sign(offset[1] * along[0] - offset[0] * along[1]));
        const places = offsets.map(offset => offset[0] * along[0] + offset[1] * along[1]);
        const on = rows.filter(row => sides[row] === 0);
        const off = rows.filter(row => sides[row] !== 0);
        const pivots = [...new Set([-Infinity, ...on.map(row => places[row])])]; // turned just after this place
        for (const sign of [1, -1]) {
          const apart = off.filter(row => sign * sides[row] === targets[row]);
          for (const turn of [1, -1]) {
            for (const pivot of pivots) {
              const split = on.filter(row => (places[row] <= pivot ? turn : -turn) === targets[row]);
              if (apart.length + split.length > found.length) found = [...apart, ...split];
            }
          }
        }
      }
    }
    found.sort((p, q) => p - q);
    const line = margin(found.map(row => points[row]), found.map(row => targets[row]));
    return { right: found.length, rows: found, weights: line.direction };
  }

  /** Returns two clouds of points that a line separates with a gap between them, on a grid of 1/16, from a seed.
   *
   *  Numbers of this grid add up without rounding, so that weights that come round are recognised. */
  function clouds(count, gap, seed) {
    const random = playground.kernels.random.generator(seed);
    const angle = 2 * Math.PI * random.uniform();
    const normal = [Math.cos(angle), Math.sin(angle)];
    const shift = 0.4 * (2 * random.uniform() - 1);
    const points = [];
    const targets = [];
    while (points.length < count) {
      const point = [0, 1].map(() => Math.round(16 * 1.75 * (2 * random.uniform() - 1)) / 16);
      const distance = point[0] * normal[0] + point[1] * normal[1] + shift;
      if (Math.abs(distance) < gap / 2 || points.some(other => other[0] === point[0] && other[1] === point[1])) continue;
      points.push(point);
      targets.push(distance > 0 ? 1 : -1);
    }
    return { points, targets };
  }

  playground.kernels.perceptron = { activations, demands, changes, train, margin, best, clouds };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
