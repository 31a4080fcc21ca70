"use strict";
/* Random numbers that a seed repeats: xoshiro128** 1.1, whose four words of state are filled by splitmix32.

   next     r = rotl(5 s1, 7) 9;  t = s1 << 9;  s2 ^= s0;  s3 ^= s1;  s1 ^= s2;  s0 ^= s3;  s2 ^= t;  s3 = rotl(s3, 11)
   uniform  r / 2^32, in [0, 1)
   normal   Box and Muller: sqrt(-2 ln(1 - u)) cos(2 pi v); its sine is the next number

   D. Blackman, S. Vigna, Scrambled linear pseudorandom number generators, ACM Trans. Math. Softw. 47(4), 2021.
   https://prng.di.unimi.it/xoshiro128starstar.c */
(function (playground) {
  const WEYL = 0x9e3779b9; // 2^32 over the golden ratio, odd: the step of splitmix32

  const rotate = (word, bits) => (word << bits) | (word >>> (32 - bits));

  /** Returns four words of 32 bits, which MurmurHash3's finalizer makes of seed + WEYL, seed + 2 WEYL, ... */
  function filled(seed) {
    return Uint32Array.from([1, 2, 3, 4], i => {
      let word = (seed + Math.imul(i, WEYL)) >>> 0;
      word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
      word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
      return word ^ (word >>> 16);
    });
  }

  /** Returns a generator of random numbers; one seed, an integer, always gives the same numbers. */
  function generator(seed) {
    const s = filled(seed);
    let spare = null; // the sine of the last pair of normal numbers

    function word() {
      const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
      const shifted = s[1] << 9;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = rotate(s[3], 11);
      return result;
    }

    const uniform = () => word() / 2 ** 32;
    const integer = n => Math.floor(uniform() * n);

    function normal() {
      if (spare !== null) {
        const second = spare;
        spare = null;
        return second;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    }

    /** Shuffles an array in place (Fisher and Yates) and returns it. */
    function shuffle(array) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [array[i], array[j]] = [array[j], array[i]];
      }
      return array;
    }

    return {
      /** A number in [0, 1). */ uniform,
      /** A number with mean 0 and variance 1. */ normal,
      /** An integer from 0 to n - 1. */ integer,
      shuffle,
    };
  }

  playground.kernels.random = { generator };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
