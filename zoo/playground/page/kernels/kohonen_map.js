"use strict";
/* Kohonen's self-organizing map (1982), as in zoo/models/kohonen_map.py with rule="online".

   c    = argmin_i |x - w_i|                                   the winner
   w_i += eta(t) h(r_i, r_c, sigma(t)) (x - w_i)               the winner and its neighbours on the grid move to x
   h    = exp(-|r_i - r_c|^2 / (2 sigma^2)) (gaussian), or 1 within sigma steps of the grid (bubble)
   eta and sigma fall exponentially from their first to their last value; t goes from 0 to 1

   T. Kohonen, Biological Cybernetics 43, 1982. https://doi.org/10.1007/BF00337288
   The topographic error: K. Kiviluoto, Topology Preservation in Self-Organizing Maps, 1996. */
(function (playground) {
  const TOGETHER = 1e-4; // a bubble's radius reaches so much farther, against rounding
  const MARGIN = 0.05; // of the unit square around what figures fill
  const HOLE = 0.55; // inner over outer radius of the ring

  /** Returns where the units of a grid {rows, columns, topology} stand in the plane: [down, right], one apart. */
  function positions({ rows, columns, topology }) {
    return Array.from({ length: rows * columns }, (_, unit) => {
      const [row, column] = [Math.floor(unit / columns), unit % columns];
      return topology === "hexagonal" ? [row * Math.sqrt(0.75), column + 0.5 * (row % 2)] : [row, column];
    });
  }

  /** Returns how many steps of the grid lead from a unit to another: 8 units are one step away, of a hexagon 6. */
  function steps({ columns, topology }, i, j) {
    const [r, c, s, d] = [Math.floor(i / columns), i % columns, Math.floor(j / columns), j % columns];
    if (topology !== "hexagonal") return Math.max(Math.abs(r - s), Math.abs(c - d));
    const across = c - (r - (r % 2)) / 2 - (d - (s - (s % 2)) / 2);
    return Math.max(Math.abs(across), Math.abs(r - s), Math.abs(across + r - s));
  }

  /** Returns the pairs [i, j] of neighbours between which a picture draws lines. */
  function edges(grid) {
    const units = grid.rows * grid.columns;
    const at = positions(grid);
    const near = (i, j) => Math.hypot(at[i][0] - at[j][0], at[i][1] - at[j][1]) < 1.01;
    const pairs = [];
    for (let i = 0; i < units; i++) {
      for (let j = i + 1; j < Math.min(units, i + grid.columns + 2); j++) if (near(i, j)) pairs.push([i, j]);
    }
    return pairs;
  }

  /** Returns the meshes of a grid, lists of the units at their corners, all in one sense of rotation. */
  function meshes({ rows, columns, topology }) {
    const found = [];
    for (let r = 0; r + 1 < rows; r++) {
      for (let c = 0; c + 1 < columns; c++) {
        const [a, b, d, e] = [r * columns + c, r * columns + c + 1, (r + 1) * columns + c, (r + 1) * columns + c + 1];
        if (topology !== "hexagonal") found.push([a, b, e, d]);
        else if (r % 2) found.push([a, b, e], [a, e, d]);
        else found.push([a, b, d], [b, e, d]);
      }
    }
    return found;
  }

  /** Returns eta or sigma at a time from 0 to 1, of [first, last]. */
  const scheduled = ([first, last], time) => first * Math.exp(time * Math.log(last / first));

  /** Returns the number of the unit nearest to x; `w` holds the weights of all units, flat. */
  function winner(w, x, y) {
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < w.length; i += 2) {
      const square = (w[i] - x) ** 2 + (w[i + 1] - y) ** 2;
      if (square < least) {
        best = i;
        least = square;
      }
    }
    return best / 2;
  }

  /** Returns h of every unit around a winner. `at` has the units' positions, if they are known. */
  function neighbourhood(grid, kind, unit, radius, at = positions(grid)) {
    const h = new Float64Array(at.length);
    if (kind === "bubble") return h.map((_, i) => (steps(grid, i, unit) <= radius + TOGETHER ? 1 : 0));
    const fall = distance => Math.exp(-(distance * distance) / (2 * radius * radius));
    if (grid.topology === "hexagonal") return h.map((_, i) => fall(Math.hypot(at[i][0] - at[unit][0], at[i][1] - at[unit][1])));
    // Elsewhere h is a product of one factor along rows and one along columns.
    const across = Float64Array.from({ length: grid.columns }, (_, column) => fall(column - at[unit][1]));
    for (let row = 0; row < grid.rows; row++) {
      const down = fall(row - at[unit][0]);
      for (let column = 0; column < grid.columns; column++) h[row * grid.columns + column] = down * across[column];
    }
    return h;
  }

  /** Moves the weights towards a sample; returns {winner, h, radius, rate}. */
  function show(w, settings, x, y, time, at) {
    const { grid, kind } = settings;
    const [radius, rate] = [scheduled(settings.radius, time), scheduled(settings.rate, time)];
    const unit = winner(w, x, y);
    const h = neighbourhood(grid, kind, unit, radius, at);
    for (let i = 0; i < h.length; i++) {
      w[2 * i] += rate * h[i] * (x - w[2 * i]);
      w[2 * i + 1] += rate * h[i] * (y - w[2 * i + 1]);
    }
    return { winner: unit, h, radius, rate };
  }

  /** Returns the weights after given samples [[x, y], ...], of which the first is number 0 of `total`. */
  function learn(codebook, samples, settings, total) {
    const w = Float64Array.from(codebook);
    samples.forEach(([x, y], number) => show(w, settings, x, y, number / total));
    return w;
  }

  const span = uniform => MARGIN + (1 - 2 * MARGIN) * uniform;
  const FIGURES = {
    square: random => [span(random.uniform()), span(random.uniform())],
    triangle(random) {
      const [u, v] = [random.uniform(), random.uniform()];
      const [p, q] = u + v > 1 ? [1 - u, 1 - v] : [u, v];
      return [span(p + q / 2), span(q)];
    },
    ring(random) {
      const radius = (0.5 - MARGIN) * Math.sqrt(HOLE ** 2 + (1 - HOLE ** 2) * random.uniform());
      const angle = 2 * Math.PI * random.uniform();
      return [0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)];
    },
    line: random => [random.uniform(), 0.5],
  };

  /** Returns points drawn evenly from a figure in the unit square. */
  function samples(figure, count, seed) {
    const random = playground.kernels.random.generator(seed);
    return Array.from({ length: count }, () => FIGURES[figure](random));
  }

  /** Whether a point lies in a figure. */
  function inside(figure, x, y) {
    const [u, v] = [x, y].map(value => (value - MARGIN) / (1 - 2 * MARGIN));
    if (figure === "square") return u >= 0 && u <= 1 && v >= 0 && v <= 1;
    if (figure === "triangle") return v >= 0 && v / 2 <= u && u <= 1 - v / 2;
    const radius = Math.hypot(x - 0.5, y - 0.5) / (0.5 - MARGIN);
    return figure === "ring" ? radius <= 1 && radius >= HOLE : y === 0.5 && x >= 0 && x <= 1;
  }

  /** Begins a training from weights near the centre; `advance(n)` shows n more samples, at most `total` in all.
   *
   *  `settings` has grid, kind, radius, rate, figure, total and seed. */
  function training(settings) {
    const random = playground.kernels.random.generator(settings.seed);
    const at = positions(settings.grid);
    const flat = settings.figure === "line";
    const w = Float64Array.from({ length: 2 * at.length }, (_, i) => {
      const offset = 0.1 * (random.uniform() - 0.5);
      return 0.5 + (flat && i % 2 ? 0 : offset);
    });
    const run = { w, step: 0, last: null, advance };
    function advance(count) {
      const end = Math.min(settings.total, run.step + count);
      while (run.step < end) {
        const [x, y] = FIGURES[settings.figure](random);
        run.last = { x, y, ...show(w, settings, x, y, run.step / settings.total, at) };
        run.step += 1;
      }
      return run;
    }
    return run;
  }

  /** Returns the weights after so many samples of a training. */
  const trained = (settings, step) => training(settings).advance(step).w;

  /** Returns {quantization: mean distance of points from their winners, topographic: share of points whose nearest
   *  and next unit are no neighbours on the grid}. */
  function errors(w, grid, points) {
    let quantization = 0;
    let apart = 0;
    for (const [x, y] of points) {
      let first = -1;
      let second = -1;
      let least = Infinity;
      let next = Infinity;
      for (let i = 0; i < w.length; i += 2) {
        const square = (w[i] - x) ** 2 + (w[i + 1] - y) ** 2;
        if (square < least) {
          second = first;
          next = least;
          first = i / 2;
          least = square;
        } else if (square < next) {
          second = i / 2;
          next = square;
        }
      }
      quantization += Math.sqrt(least);
      if (second >= 0 && steps(grid, first, second) > 1) apart += 1;
    }
    return { quantization: quantization / points.length, topographic: apart / points.length };
  }

  /** Returns the meshes that are turned over against the majority: where the map is twisted. */
  function turned(w, found) {
    const areas = found.map(corners =>
      corners.reduce((sum, i, place) => {
        const j = corners[(place + 1) % corners.length];
        return sum + w[2 * i] * w[2 * j + 1] - w[2 * j] * w[2 * i + 1];
      }, 0));
    const positive = areas.filter(area => area > 0).length > areas.length / 2;
    return found.filter((_, mesh) => areas[mesh] > 0 !== positive);
  }

  /** Returns how many meshes are turned over, and how many there are: {turned, meshes}. */
  function twists(w, grid) {
    const found = meshes(grid);
    return { turned: turned(w, found).length, meshes: found.length };
  }

  playground.kernels.kohonen_map = {
    positions, steps, edges, meshes, scheduled, winner, neighbourhood, learn, samples, inside, training, trained,
    errors, turned, twists, MARGIN, HOLE,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
