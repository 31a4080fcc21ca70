"use strict";
/* Station 3, continued: what the Mark I is shown and has learnt in a state, and drawings in the link. */
(function (playground) {
  const kernel = playground.kernels.mark_1;
  const { SIDE } = kernel;
  const LESSONS = 1600; // the most random letters
  const TESTS = 160; // letters that are never taught
  const EVERY = 8; // lessons between two examinations
  const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const SIGNS = Math.ceil((SIDE * SIDE) / 6); // of a drawing in the link, six cells each

  /** Returns a drawing as signs for the link. */
  function written(lit) {
    return d3.range(SIGNS).map(i => CHARACTERS[d3.range(6).reduce((sum, bit) => sum + (lit[6 * i + bit] ? 1 << bit : 0), 0)]).join("");
  }

  function drawn(signs) {
    return Uint8Array.from({ length: SIDE * SIDE }, (_, cell) =>
      signs ? (CHARACTERS.indexOf(signs[Math.floor(cell / 6)]) >> cell % 6) & 1 : 0);
  }

  const valid = signs => signs === "" || (signs.length === SIGNS && [...signs].every(sign => CHARACTERS.includes(sign)));

  let school = { seed: null };

  /** Returns the letters of a seed and what their association units do, made as far as they are needed. */
  function schoolOf(seed, lessons) {
    if (school.seed !== seed) {
      const { wires } = kernel.machine(seed);
      const seen = ({ name, lit }) => ({ name, lit, active: kernel.association(wires, lit) });
      school = { seed, wires, seen, tests: kernel.letters(TESTS, seed + kernel.FRESH).map(seen), lessons: [], shares: [] };
      school.letters = kernel.letters(LESSONS, seed);
    }
    while (school.lessons.length < lessons) school.lessons.push(school.seen(school.letters[school.lessons.length]));
    return school;
  }

  let pupil = { seed: null, lessons: 0 };

  /** Returns the machine of a state: taught so many random letters, then the drawings; and what it knows.
   *
   *  Returns {machine, shares: after each eighth letter, share: now, wrong: units corrected by the last lesson}. */
  function taught({ seed, lessons, own }) {
    const { lessons: shown, tests, seen } = schoolOf(seed, lessons);
    if (pupil.seed !== seed || pupil.lessons > lessons) {
      const machine = kernel.machine(seed);
      pupil = { seed, lessons: 0, machine, shares: [{ lessons: 0, share: kernel.share(machine, tests) }], wrong: 0 };
    }
    for (; pupil.lessons < lessons; pupil.lessons++) {
      const { active, name } = shown[pupil.lessons];
      pupil.wrong = kernel.teach(pupil.machine, active, name);
      if ((pupil.lessons + 1) % EVERY) continue;
      pupil.shares.push({ lessons: pupil.lessons + 1, share: kernel.share(pupil.machine, tests) });
    }
    const { wires, weights, biases } = pupil.machine;
    const machine = { wires, weights: weights.map(row => row.slice()), biases: biases.slice() };
    let { wrong } = pupil;
    for (const lesson of own) wrong = kernel.teach(machine, seen({ lit: drawn(lesson.slice(1)) }).active, lesson[0]);
    return { machine, shares: pupil.shares, share: kernel.share(machine, tests), wrong };
  }

  /** Returns what the retina sees: the drawing, or the letter that was taught last. */
  function seen(state) {
    if (state.drawing || state.lessons === 0) return drawn(state.drawing);
    return schoolOf(state.seed, state.lessons).lessons[state.lessons - 1].lit;
  }

  playground.mark_1_school = { LESSONS, TESTS, written, drawn, valid, taught, seen };
})(playground);
