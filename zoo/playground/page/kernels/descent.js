"use strict";
/* Gradient descent with momentum, Newton's method, and three ways of feeding rows, on two parameters.

   quadratic   f = 1/2 (theta' A theta), A with eigenvalues l1 >= l2 and the axis of l1 at an angle
   descent     v <- mu v - eta g,  theta <- theta + v    (the heavy ball; mu = 0 is plain gradient descent)
               without momentum the part along an eigenvector is multiplied by 1 - eta l: stable for eta < 2 / l1
   Newton      theta <- theta - H^-1 g, the lowest point of q(d) = f + g'd + 1/2 d'H d
   feeding     theta <- theta + eta / |B| sum over the rows of B of (y - x'theta) x    the sign makes the error fall

   B. T. Polyak, Some Methods of Speeding Up the Convergence of Iteration Methods, 1964 (the heavy ball).
   https://doi.org/10.1016/0041-5553(64)90137-5. J. Nocedal, S. J. Wright, Numerical Optimization, 2006, chapter 3. */
(function (playground) {
  const FAR = 1e12; // from where on a path has left and is not followed
  const ARMIJO = 1e-4;
  const HALVINGS = 40;
  const CLOSE = 1e-6; // a step of at most this share of the largest parameter is the last

  const apply = ([[a, b], [c, d]], [x, y]) => [a * x + b * y, c * x + d * y];
  const dot = (u, v) => u[0] * v[0] + u[1] * v[1];

  /** Returns the solution of H d = g. */
  function solve([[a, b], [c, d]], [x, y]) {
    const determinant = a * d - b * c;
    return [(d * x - b * y) / determinant, (a * y - c * x) / determinant];
  }

  /** Returns {values: [largest, smallest], angle: of the largest's axis} of a symmetric matrix. */
  function eigen([[a, b], [, d]]) {
    const middle = (a + d) / 2;
    const spread = Math.hypot((a - d) / 2, b);
    return { values: [middle + spread, middle - spread], angle: Math.atan2(2 * b, a - d) / 2 };
  }

  /** Returns A with eigenvalues l1, l2 and the axis of l1 at an angle in degrees. */
  function matrix(l1, l2, degrees) {
    const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const b = (l1 - l2) * c * s;
    return [[l1 * c * c + l2 * s * s, b], [b, l1 * s * s + l2 * c * c]];
  }

  /** Returns f = 1/2 theta' A theta. */
  const height = (A, theta) => dot(theta, apply(A, theta)) / 2;

  /** Returns the path of a descent, steps + 1 points; it ends early beyond `FAR`. */
  function descend(A, start, rate, momentum, steps) {
    let [theta, v] = [start, [0, 0]];
    const path = [theta];
    for (let step = 0; step < steps && Math.hypot(...theta) < FAR; step++) {
      const g = apply(A, theta);
      v = [momentum * v[0] - rate * g[0], momentum * v[1] - rate * g[1]];
      theta = [theta[0] + v[0], theta[1] + v[1]];
      path.push(theta);
    }
    return path;
  }

  /** Returns the largest stable rate for a largest curvature: 2 (1 + mu) / l1. */
  const largestRate = (l1, momentum = 0) => (2 * (1 + momentum)) / l1;

  /** Returns the rate and momentum that come closest in many steps: {rate, momentum, factor a step}. */
  function best(l1, l2, withMomentum) {
    if (!withMomentum) return { rate: 2 / (l1 + l2), momentum: 0, factor: (l1 - l2) / (l1 + l2) };
    const [p, q] = [Math.sqrt(l1), Math.sqrt(l2)];
    const factor = (p - q) / (p + q);
    return { rate: 4 / (p + q) ** 2, momentum: factor ** 2, factor };
  }

  /** Returns by what a step multiplies, in the long run, the part of the error along a curvature l.
   *
   *  The step maps (theta_t, theta_t-1) by [[1 + mu - eta l, -mu], [1, 0]]; the factor is its larger |eigenvalue|. */
  function factor(l, rate, momentum) {
    const trace = 1 + momentum - rate * l;
    const under = trace * trace - 4 * momentum;
    return under < 0 ? Math.sqrt(momentum) : (Math.abs(trace) + Math.sqrt(under)) / 2;
  }

  // Points (x, 0 or 1) of which a logistic regression has a slope and a bias. The classes overlap.
  const POINTS = [[-2.6, 0], [-2.1, 0], [-1.5, 0], [-1.1, 1], [-0.6, 0], [-0.1, 0], [0.4, 1], [0.7, 0], [1.2, 1], [1.8, 1],
    [2.3, 1], [2.7, 1]];

  const logistic = z => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
  const softplus = z => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

  /** Returns {value, gradient, hessian} of the mean logarithmic loss of [slope, bias] on points. */
  function likelihood(points, [slope, bias]) {
    let value = 0;
    const [g, h] = [[0, 0], [[0, 0], [0, 0]]];
    for (const [x, y] of points) {
      const z = slope * x + bias;
      const p = logistic(z);
      const curve = (p * (1 - p)) / points.length;
      value += (softplus(z) - y * z) / points.length;
      g[0] += ((p - y) * x) / points.length;
      g[1] += (p - y) / points.length;
      h[0][0] += curve * x * x;
      h[0][1] += curve * x;
      h[1][1] += curve;
    }
    h[1][0] = h[0][1];
    return { value, gradient: g, hessian: h };
  }

  /** Returns q(d) = f + g'd + 1/2 d'H d, the quadratic model of a function at the point where it was taken. */
  const model = ({ value, gradient, hessian }, d) => value + dot(gradient, d) + dot(d, apply(hessian, d)) / 2;

  /** Returns Newton's path on the points' loss: [{theta, value, gradient, hessian, direction, share}, ...].
   *
   *  `direction` is -H^-1 g and `share` how much of it is taken: 1, or, where `halving`, halved until the loss falls as
   *  Armijo demands. It ends after a small step, beyond `FAR`, or after `steps`. */
  function newton(points, start, steps, halving) {
    const path = [];
    let theta = start;
    for (let step = 0; step <= steps; step++) {
      const now = likelihood(points, theta);
      const direction = solve(now.hessian, now.gradient).map(value => -value);
      const usable = direction.every(Number.isFinite);
      path.push({ theta, ...now, direction: usable ? direction : null, share: 1 });
      if (!usable || Math.hypot(...theta) > FAR) break;
      let share = 1;
      const at = part => [theta[0] + part * direction[0], theta[1] + part * direction[1]];
      const falls = part =>
        likelihood(points, at(part)).value <= now.value + ARMIJO * part * dot(now.gradient, direction) + 1e-15;
      for (let time = 0; halving && time < HALVINGS && !falls(share); time++) share /= 2;
      path[path.length - 1].share = share;
      if (share * Math.max(...direction.map(Math.abs)) <= CLOSE * Math.max(1, ...theta.map(Math.abs))) break;
      theta = at(share);
    }
    return path;
  }

  /** Returns `count` rows [x, y] about the line y = 0.8 x + 0.5, drawn by a seed. */
  function rows(count, noise, seed) {
    const random = playground.kernels.random.generator(seed);
    return Array.from({ length: count }, () => {
      const x = 4 * random.uniform() - 1.5;
      return [x, 0.8 * x + 0.5 + noise * random.normal()];
    });
  }

  /** Returns {hessian, minimum, value} of E = 1/(2 n) sum (y - slope x - bias)^2. */
  function squares(data) {
    const mean = take => data.reduce((sum, row) => sum + take(row), 0) / data.length;
    const hessian = [[mean(([x]) => x * x), mean(([x]) => x)], [mean(([x]) => x), 1]];
    const minimum = solve(hessian, [mean(([x, y]) => x * y), mean(([, y]) => y)]);
    return { hessian, minimum, value: error(data, minimum) };
  }

  /** Returns E of [slope, bias]. */
  const error = (data, [slope, bias]) =>
    data.reduce((sum, [x, y]) => sum + (y - slope * x - bias) ** 2, 0) / (2 * data.length);

  /** Returns the path of a descent that is fed `batch` rows a step, in an order that each epoch shuffles anew.
   *
   *  `sign` +1 makes the error fall, -1 makes it grow. All rows at once are not shuffled. */
  function feed(data, start, { batch, rate, epochs, sign, seed }) {
    const random = playground.kernels.random.generator(seed);
    const path = [start];
    let [slope, bias] = start;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = [...data.keys()];
      if (batch < data.length) random.shuffle(order);
      for (let begin = 0; begin < order.length; begin += batch) {
        const taken = order.slice(begin, begin + batch);
        let [down, across] = [0, 0];
        for (const row of taken) {
          const [x, y] = data[row];
          const residual = y - slope * x - bias;
          down += (residual * x) / taken.length;
          across += residual / taken.length;
        }
        slope += sign * rate * down;
        bias += sign * rate * across;
        if (Math.hypot(slope, bias) > FAR) return path;
        path.push([slope, bias]);
      }
    }
    return path;
  }

  playground.kernels.descent = {
    solve, eigen, matrix, height, descend, largestRate, best, factor, POINTS, likelihood, model, newton, rows, squares,
    error, feed,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
