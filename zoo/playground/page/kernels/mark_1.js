"use strict";
/* The Mark I perceptron: a retina of 20 x 20 photocells, 512 association units wired by chance, response units that learn.

   a_j = 1 where sum_p c_pj s_p >= theta,  c_pj = +1 for 5 photocells, -1 for 5 others, 0 for the rest; theta = 1
   r_k = 1 where sum_j w_kj a_j + b_k >= 0
   t_k r_k <= 0, wrong:  w_kj <- w_kj + t_k a_j,  b_k <- b_k + t_k;   t_k = +1 for the letter shown, -1 for the others

   J. C. Hay, F. C. Martin, C. W. Wightman, The Mark I Perceptron, Design and Performance, IRE National Convention
   Record 8, 1960. The rule: F. Rosenblatt 1958. H. D. Block, The Perceptron: A Model for Brain Functioning, Reviews of Modern Physics 34, 1962. */
(function (playground) {
  const SIDE = 20;
  const LETTERS = [..."ACEHLOTX"]; // the machine had 8 response units
  const UNITS = 512;
  const EXCITATORY = 5;
  const INHIBITORY = 5;
  const THRESHOLD = 1;
  const NOISE = 0.01; // share of the photocells that see the other way
  const FRESH = 1_000_000; // added to a seed, gives letters that are never taught

  // Strokes through the points of a grid, a b c / d e f / g h i / j k l / m n o, from the upper left corner.
  const STROKES = {
    A: "mdbfo gi", C: "cbdjno", E: "camo gi", H: "am co gi", L: "amo", O: "bdjnlfb", T: "ac bn", X: "ao cm",
  };

  /** Returns where a letter lights the retina: 400 numbers, 0 and 1, row by row. Lengths in cells; it is 3/4 as wide. */
  function letter(name, row = 9.5, column = 9.5, height = 14, width = 2) {
    const point = sign => {
      const place = sign.charCodeAt(0) - "a".charCodeAt(0);
      return [row + ((Math.floor(place / 3) - 2) * height) / 4, column + ((place % 3) - 1) * 0.75 * (height / 2)];
    };
    const lit = new Uint8Array(SIDE * SIDE);
    for (const stroke of STROKES[name].split(" ")) {
      for (let i = 1; i < stroke.length; i++) draw(lit, point(stroke[i - 1]), point(stroke[i]), width / 2);
    }
    return lit;
  }

  /** Lights the cells whose centres are no further than this from a line between two points [row, column]. */
  function draw(lit, begin, end, reach) {
    const step = [end[0] - begin[0], end[1] - begin[1]];
    const square = step[0] ** 2 + step[1] ** 2;
    for (let cell = 0; cell < lit.length; cell++) {
      const offset = [Math.floor(cell / SIDE) - begin[0], (cell % SIDE) - begin[1]];
      const along = square === 0 ? 0 : (offset[0] * step[0] + offset[1] * step[1]) / square;
      const share = Math.min(Math.max(along, 0), 1);
      if (Math.hypot(offset[0] - share * step[0], offset[1] - share * step[1]) <= reach) lit[cell] = 1;
    }
  }

  /** Returns letters, one of each in turn: at most two cells from the middle, 11 to 14 cells high, with noise. */
  function letters(count, seed) {
    const random = playground.kernels.random.generator(seed);
    const between = (low, high) => low + (high - low) * random.uniform();
    return Array.from({ length: count }, (_, i) => {
      const name = LETTERS[i % LETTERS.length];
      const lit = letter(name, 9.5 + between(-2, 2), 9.5 + between(-2, 2), between(11, 14));
      return { name, lit: lit.map(cell => (random.uniform() < NOISE ? 1 - cell : cell)) };
    });
  }

  /** Returns for each association unit its photocells: the first five excite it, the last five inhibit it. */
  function wiring(seed, units = UNITS) {
    const random = playground.kernels.random.generator(seed);
    const cells = Array.from({ length: SIDE * SIDE }, (_, cell) => cell);
    return Array.from({ length: units }, () => {
      for (let i = 0; i < EXCITATORY + INHIBITORY; i++) {
        const other = i + random.integer(cells.length - i);
        [cells[i], cells[other]] = [cells[other], cells[i]];
      }
      return cells.slice(0, EXCITATORY + INHIBITORY);
    });
  }

  /** Returns which association units are active, 0 or 1 each. */
  function association(wires, lit) {
    return Uint8Array.from(wires, cells => {
      let sum = 0;
      for (let i = 0; i < cells.length; i++) sum += i < EXCITATORY ? lit[cells[i]] : -lit[cells[i]];
      return sum >= THRESHOLD ? 1 : 0;
    });
  }

  /** Returns a machine that has learnt nothing: {wires, weights: one row a letter, biases}. */
  function machine(seed, units = UNITS) {
    const wires = wiring(seed, units);
    return { wires, weights: LETTERS.map(() => new Float64Array(units)), biases: new Float64Array(LETTERS.length) };
  }

  /** Returns the sums of the response units. */
  function response({ weights, biases }, active) {
    return Float64Array.from(weights, (row, k) => {
      let sum = biases[k];
      for (let j = 0; j < active.length; j++) if (active[j]) sum += row[j];
      return sum;
    });
  }

  /** Returns the letter of the largest sum. */
  const answer = sums => LETTERS[sums.indexOf(Math.max(...sums))];

  /** Corrects, in place, the response units that are wrong about a letter; returns how many were. */
  function teach(machine, active, name) {
    const sums = response(machine, active);
    let wrong = 0;
    LETTERS.forEach((letter, k) => {
      const target = letter === name ? 1 : -1;
      if (target * sums[k] > 0) return;
      wrong++;
      for (let j = 0; j < active.length; j++) machine.weights[k][j] += target * active[j];
      machine.biases[k] += target;
    });
    return wrong;
  }

  /** Returns what share of patterns [{name, active}] is answered rightly. */
  function share(machine, patterns) {
    return patterns.filter(({ name, active }) => answer(response(machine, active)) === name).length / patterns.length;
  }

  /** Returns a machine of this seed taught so many letters, and the share of so many new ones that it then knows. */
  function taught(seed, lessons, tests) {
    const pupil = machine(seed);
    const seen = ({ name, lit }) => ({ name, active: association(pupil.wires, lit) });
    for (const { name, active } of letters(lessons, seed).map(seen)) teach(pupil, active, name);
    return { ...pupil, share: share(pupil, letters(tests, seed + FRESH).map(seen)) };
  }

  playground.kernels.mark_1 = {
    SIDE, LETTERS, UNITS, EXCITATORY, FRESH, draw, letter, letters, wiring, association, machine, response, answer, teach, share,
    taught,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
