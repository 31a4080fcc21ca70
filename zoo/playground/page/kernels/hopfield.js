"use strict";
/* Hopfield's network: patterns are the minima of an energy, and recalling one is to fall into it.

   s_i <- sign(h_i),  h_i = sum_j w_ij s_j,  s_i stays where h_i is 0;   w_ii = 0, w_ij = w_ji
   E = -1/2 sum_ij w_ij s_i s_j  never rises while units are updated one after another
   hebb        w = (1/N) sum_p x_p x_p'
   storkey     w_ij += (1/N) (x_i x_j - x_i h_ji - h_ij x_j),  h_ij = sum_{k != i, j} w_ik x_k
   projection  w + diag(d) = P, the orthogonal projection on the patterns

   J. J. Hopfield, PNAS 79(8), 1982. A. J. Storkey 1997. L. Personnaz, I. Guyon, G. Dreyfus 1985. About .138 N random
   patterns by Hebb's rule: D. J. Amit, H. Gutfreund, H. Sompolinsky, Physical Review Letters 55, 1985. */
(function (playground) {
  const TIE = 1e-9; // a field of this size is 0 but for rounding
  const INDEPENDENT = 1e-6; // share of a pattern's square that must lie outside the stored ones
  const SWEEPS = 100; // the most updates of every unit
  const ORDER = 1_000_000; // added to a seed, gives an order that has nothing to do with the damage of that seed

  /** Returns how many random patterns a rule holds in N units. */
  function capacity(rule, units) {
    if (rule === "projection") return units - 1;
    return rule === "hebb" ? 0.138 * units : units / Math.sqrt(2 * Math.log(units));
  }

  /** Returns a network of N units that has stored nothing; w is N x N, row by row. */
  const empty = (units, rule) => ({
    units, rule, stored: 0, w: new Float64Array(units * units), diagonal: new Float64Array(units),
  });

  /** Returns the fields h of a state. */
  function fields({ units, w }, s) {
    const h = new Float64Array(units);
    for (let i = 0; i < units; i++) {
      let sum = 0;
      for (let j = 0; j < units; j++) sum += w[i * units + j] * s[j];
      h[i] = sum;
    }
    return h;
  }

  const RULES = {
    hebb({ units, w }, x) {
      for (let i = 0; i < units; i++) {
        for (let j = 0; j < units; j++) if (i !== j) w[i * units + j] += (x[i] * x[j]) / units;
      }
      return 1;
    },

    storkey(memory, x) {
      const { units, w } = memory;
      const h = fields(memory, x); // h_ij = h_i - w_ij x_j
      for (let i = 0; i < units; i++) {
        for (let j = 0; j < i; j++) {
          const before = w[i * units + j];
          const change = x[i] * x[j] - x[i] * (h[j] - before * x[i]) - (h[i] - before * x[j]) * x[j];
          w[i * units + j] = w[j * units + i] = before + change / units;
        }
      }
      return 1;
    },

    /** Adds to P what the pattern has outside it (Gram and Schmidt, twice against rounding). */
    projection(memory, x) {
      const { units, w, diagonal } = memory;
      let rest = Float64Array.from(x);
      for (let time = 0; time < 2; time++) {
        const inside = fields(memory, rest);
        rest = rest.map((value, i) => value - inside[i] - diagonal[i] * value);
      }
      const square = rest.reduce((sum, value) => sum + value * value, 0);
      if (square <= INDEPENDENT * units) return 0;
      for (let i = 0; i < units; i++) {
        for (let j = 0; j < units; j++) if (i !== j) w[i * units + j] += (rest[i] * rest[j]) / square;
        diagonal[i] += (rest[i] * rest[i]) / square;
      }
      return 1;
    },
  };

  /** Stores a pattern of -1 and +1 beside those that the network holds; changes and returns the network. */
  function add(memory, pattern) {
    memory.stored += RULES[memory.rule](memory, pattern);
    return memory;
  }

  /** Returns a network that has stored patterns, one after another. */
  const store = (patterns, rule) => patterns.reduce(add, empty(patterns[0].length, rule));

  /** Returns E of a state. */
  const energy = (memory, s) => fields(memory, s).reduce((sum, field, i) => sum - 0.5 * field * s[i], 0);

  /** Returns m = (1/N) s . x: 1 where a state is the pattern, -1 where it is its reverse. */
  const overlap = (s, x) => s.reduce((sum, value, i) => sum + value * x[i], 0) / s.length;

  /** Returns a pattern with so many units turned over, drawn by the seed: those of fewer are among those of more. */
  function damaged(pattern, flips, seed) {
    const order = playground.kernels.random.generator(seed).shuffle([...pattern.keys()]);
    const state = [...pattern];
    for (const unit of order.slice(0, flips)) state[unit] *= -1;
    return state;
  }

  /** Returns patterns of N units, each -1 or +1 with equal chance. */
  function randomPatterns(count, units, seed) {
    const random = playground.kernels.random.generator(seed);
    return Array.from({ length: count }, () => Array.from({ length: units }, () => (random.uniform() < 0.5 ? -1 : 1)));
  }

  /** Returns an order of the units for each sweep. */
  function orders(units, seed, sweeps = SWEEPS) {
    const random = playground.kernels.random.generator(seed + ORDER);
    return Array.from({ length: sweeps }, () => random.shuffle(Array.from({ length: units }, (_, unit) => unit)));
  }

  /** Turns a unit over in a state, its energy and all fields; `now` is {s, h, energy}. */
  function flip({ units, w }, now, unit) {
    now.energy += 2 * now.s[unit] * now.h[unit];
    now.s[unit] *= -1;
    const change = 2 * now.s[unit];
    for (let j = 0; j < units; j++) now.h[j] += change * w[unit * units + j];
  }

  const begin = (memory, start) => ({
    s: Float64Array.from(start), h: fields(memory, start), energy: energy(memory, start),
  });

  /** Whether a unit's field asks it to turn over. */
  const wants = (now, unit) => now.s[unit] * now.h[unit] < -TIE;

  /** Updates one unit after another, sweep by sweep, until none moves in a whole sweep.
   *
   *  Returns {state, asked: the units in turn, flipped: 0 or 1 each, energies: one more than asked}. */
  function recall(memory, start, order) {
    const now = begin(memory, start);
    const asked = [];
    const flipped = [];
    const energies = [now.energy];
    for (const sweep of order) {
      let moved = false;
      for (const unit of sweep) {
        const turns = wants(now, unit);
        if (turns) flip(memory, now, unit);
        moved ||= turns;
        asked.push(unit);
        flipped.push(turns ? 1 : 0);
        energies.push(now.energy);
      }
      if (!moved) break;
    }
    return { state: now.s, asked, flipped, energies };
  }

  /** Updates all units at once, until they stand still or alternate between two states.
   *
   *  Returns {states: one more than updates, energies: of them, end: "still", "alternates" or "limit"}. */
  function alternate(memory, start, most = SWEEPS) {
    const states = [Float64Array.from(start)];
    const same = (p, q) => p.every((value, i) => value === q[i]);
    let end = "limit";
    while (states.length <= most) {
      const s = states[states.length - 1];
      const h = fields(memory, s);
      const next = s.map((value, i) => (Math.abs(h[i]) <= TIE ? value : Math.sign(h[i])));
      if (same(next, s)) {
        end = "still";
        break;
      }
      states.push(next);
      if (states.length > 2 && same(next, states[states.length - 3])) {
        end = "alternates";
        break;
      }
    }
    return { states, energies: states.map(s => energy(memory, s)), end };
  }

  /** Returns the choices of `count` of 0, 1, ... n - 1, in order. */
  function choices(n, count, least = 0) {
    if (count === 0) return [[]];
    const firsts = Array.from({ length: Math.max(n - least, 0) }, (_, i) => least + i);
    return firsts.flatMap(first => choices(n, count - 1, first + 1).map(rest => [first, ...rest]));
  }

  /** Says what a state is: {kind: "pattern", "reversed", "mixture" or "other", rows, signs}.
   *
   *  A mixture is sign(+-x_p +-x_q +-x_r) of three patterns, or of five. Of another state, rows and signs name the
   *  pattern, or the reverse, that is most like it. */
  function identify(s, patterns) {
    const m = patterns.map(pattern => overlap(s, pattern));
    const nearest = m.reduce((best, value, p) => (Math.abs(value) > Math.abs(m[best]) ? p : best), 0);
    const named = { rows: [nearest], signs: [m[nearest] < 0 ? -1 : 1] };
    if (Math.abs(m[nearest]) > 1 - TIE) return { kind: m[nearest] > 0 ? "pattern" : "reversed", ...named };
    for (const count of [3, 5]) {
      for (const rows of choices(patterns.length, count)) {
        for (let code = 0; code < 2 ** count; code++) {
          const signs = rows.map((_, place) => (code & (1 << place) ? -1 : 1));
          const mixed = unit => rows.reduce((sum, row, place) => sum + signs[place] * patterns[row][unit], 0);
          if (s.every((value, unit) => value * mixed(unit) > 0)) return { kind: "mixture", rows, signs };
        }
      }
    }
    return { kind: "other", ...named };
  }

  /** Returns an experiment whose `next()` stores `step` more random patterns and tells {count, load, wrong, first}.
   *
   *  `wrong` has, for each share of `flips`, the mean share of wrong units after the recall of patterns that were
   *  damaged so; at most `tried` of those stored are recalled. `first` has what became of the first of them. The first
   *  pattern itself is the experiment's `pattern`. */
  function experiment({ units, rule, seed, step, flips, tried }) {
    const patterns = randomPatterns(units, units, seed);
    const order = orders(units, seed);
    const memory = empty(units, rule);
    let count = 0;
    function recalled(share) {
      const probes = patterns.slice(0, Math.min(tried, count));
      return probes.map((x, p) => recall(memory, damaged(x, Math.round(share * units), seed + p), order).state);
    }
    function wrong(states) {
      const errors = states.map((state, p) => (1 - overlap(state, patterns[p])) / 2);
      return errors.reduce((sum, error) => sum + error, 0) / errors.length;
    }
    return {
      pattern: patterns[0],
      next() {
        for (const pattern of patterns.slice(count, count + step)) add(memory, pattern);
        count += step;
        const states = flips.map(recalled);
        return { count, load: count / units, wrong: states.map(wrong), first: states.map(([state]) => state) };
      },
    };
  }

  /** Returns the first `points` results of an experiment. */
  function errors(settings, points) {
    const run = experiment(settings);
    return Array.from({ length: points }, () => run.next());
  }

  playground.kernels.hopfield = {
    capacity, empty, add, store, fields, energy, overlap, damaged, randomPatterns, orders, begin, wants, flip, recall,
    alternate, identify, experiment, errors,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
