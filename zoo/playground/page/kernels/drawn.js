"use strict";
/* The letters of the zoo's data set drawn_letters, 7 x 5 dots each, here stretched to 10 x 10: every dot is two units
   wide, and every second row is two units high. */
(function (playground) {
  const SIDE = 10;
  const HEIGHTS = [1, 2, 1, 2, 1, 2, 1]; // of the rows, in units

  // Seven rows of each letter; # is ink.
  const SIGNS = {
    A: ".###. #...# #...# ##### #...# #...# #...#",
    B: "####. #...# #...# ####. #...# #...# ####.",
    C: ".###. #...# #.... #.... #.... #...# .###.",
    D: "####. #...# #...# #...# #...# #...# ####.",
    E: "##### #.... #.... ####. #.... #.... #####",
    F: "##### #.... #.... ####. #.... #.... #....",
    G: ".###. #...# #.... #.### #...# #...# .###.",
    H: "#...# #...# #...# ##### #...# #...# #...#",
    I: ".###. ..#.. ..#.. ..#.. ..#.. ..#.. .###.",
    J: "..### ...#. ...#. ...#. ...#. #..#. .##..",
    K: "#...# #..#. #.#.. ##... #.#.. #..#. #...#",
    L: "#.... #.... #.... #.... #.... #.... #####",
    M: "#...# ##.## #.#.# #.#.# #...# #...# #...#",
    N: "#...# ##..# #.#.# #..## #...# #...# #...#",
    O: ".###. #...# #...# #...# #...# #...# .###.",
    P: "####. #...# #...# ####. #.... #.... #....",
    Q: ".###. #...# #...# #...# #.#.# #..#. .##.#",
    R: "####. #...# #...# ####. #.#.. #..#. #...#",
    S: ".#### #.... #.... .###. ....# ....# ####.",
    T: "##### ..#.. ..#.. ..#.. ..#.. ..#.. ..#..",
    U: "#...# #...# #...# #...# #...# #...# .###.",
    V: "#...# #...# #...# #...# #...# .#.#. ..#..",
    W: "#...# #...# #...# #.#.# #.#.# ##.## #...#",
    X: "#...# #...# .#.#. ..#.. .#.#. #...# #...#",
    Y: "#...# #...# .#.#. ..#.. ..#.. ..#.. ..#..",
    Z: "##### ....# ...#. ..#.. .#... #.... #####",
  };
  const LETTERS = Object.keys(SIGNS);

  /** Returns a letter as 100 numbers, +1 where there is ink and -1 elsewhere, row by row. */
  function letter(name) {
    const wide = row => [...row].flatMap(dot => Array(2).fill(dot === "#" ? 1 : -1));
    return SIGNS[name].split(" ").flatMap((row, i) => Array(HEIGHTS[i]).fill(wide(row))).flat();
  }

  playground.kernels.drawn = { SIDE, LETTERS, letter };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
