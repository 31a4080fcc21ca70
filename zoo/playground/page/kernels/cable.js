"use strict";
/* A spike along Hodgkin and Huxley's axon (1952): compartments in a row, each the membrane of kernels/axon.js.

     C du_k/dt = I_k - I_ionic(u_k, m_k, h_k, n_k) + g (u_(k-1) - 2 u_k + u_(k+1)),   g = a / (2 R dx^2)

   No current leaves the ends. Axon 17 of the paper has a = 238 um and R = 35.4 ohm cm; at 18.5 C Hodgkin and Huxley
   worked out 18.8 m/s by hand, and measured 21.2 m/s. This is the zoo's `hodgkin_huxley` with `compartments`. */
(function (playground) {
  const axon = playground.kernels.axon;
  const DIAMETER = 476.0; // um
  const RESISTIVITY = 35.4; // ohm cm, of the axoplasm
  const COMPARTMENT = 1.0; // mm, for the diameter above; a thinner axon has shorter ones, for the same g
  const STIMULUS = 1000.0; // uA/cm2 into the first compartment
  const STIMULUS_MS = 0.2;

  /** Returns the length in mm of a compartment, so that neighbours are coupled alike at every diameter in um. */
  function compartmentLength(diameter) {
    return COMPARTMENT * Math.sqrt(diameter / DIAMETER);
  }

  /** Returns the conductance between neighbours in mS/cm2 of membrane, from um, ohm cm and mm. */
  function coupling(diameter, length, resistivity = RESISTIVITY) {
    const radius = (diameter / 2.0) * 1e-4; // cm
    return (1e3 * radius) / (2.0 * resistivity * (0.1 * length) ** 2);
  }

  /** Writes du/dt, dm/dt, dh/dt, dn/dt of all compartments into `out`; a state is [all u, all m, all h, all n]. */
  function derivatives(state, count, g, phi, first, last, out) {
    const r = buffer;
    for (let k = 0; k < count; k += 1) {
      const u = state[k];
      const m = state[count + k];
      const h = state[2 * count + k];
      const n = state[3 * count + k];
      axon.rates(u, r);
      const gNa = axon.G_NA * m * m * m * h;
      const gK = axon.G_K * n * n * n * n;
      const beside = (k > 0 ? state[k - 1] : u) + (k + 1 < count ? state[k + 1] : u);
      const current = (k === 0 ? first : 0.0) + (k === count - 1 ? last : 0.0);
      const inward = current + gNa * axon.E_NA + gK * axon.E_K + axon.G_L * axon.E_L + g * beside;
      out[k] = (inward - (gNa + gK + axon.G_L + 2.0 * g) * u) / axon.CAPACITANCE;
      out[count + k] = phi * (r[0] - (r[0] + r[1]) * m);
      out[2 * count + k] = phi * (r[2] - (r[2] + r[3]) * h);
      out[3 * count + k] = phi * (r[4] - (r[4] + r[5]) * n);
    }
  }

  const buffer = new Float64Array(6);

  /** Returns a function that advances the state in place by Runge and Kutta's method; its arrays are made once. */
  function stepper(count, g, phi, dt) {
    const slope = new Float64Array(4 * count);
    const sum = new Float64Array(4 * count);
    const ahead = new Float64Array(4 * count);
    return (state, first, last) => {
      sum.set(state);
      ahead.set(state);
      for (let stage = 0; stage < 4; stage += 1) {
        derivatives(ahead, count, g, phi, first, last, slope);
        const share = (stage === 0 || stage === 3 ? 1.0 : 2.0) * (dt / 6.0);
        const reach = stage === 2 ? dt : dt / 2.0;
        for (let i = 0; i < slope.length; i += 1) {
          sum[i] += share * slope[i];
          ahead[i] = state[i] + reach * slope[i];
        }
      }
      state.set(sum);
    };
  }

  /** Returns `{time, u, count, g, length, dt}`: u holds the voltages in mV of all compartments, row after row.

      count: compartments, `length` mm each; duration in ms; temperature in C; diameter in um;
      both: whether the last compartment is stimulated, too; every: how many steps one row stands for. */
  function simulate(count, duration, temperature = axon.TEMPERATURE, diameter = DIAMETER, both = false, every = 1) {
    const dt = axon.stepOf(temperature);
    const length = compartmentLength(diameter);
    const g = coupling(diameter, length);
    const advance = stepper(count, g, axon.speedUp(temperature), dt);
    const rest = axon.rest();
    const state = new Float64Array(4 * count).map((_, i) => rest[Math.floor(i / count)]);
    const rows = Math.floor(Math.round(duration / dt) / every + 1e-9);
    const trace = { time: new Float64Array(rows), u: new Float64Array(rows * count), count, g, length, dt };
    for (let row = 0, step = 0; row < rows; row += 1) {
      for (let i = 0; i < every; i += 1, step += 1) {
        const current = step * dt < STIMULUS_MS - 1e-9 ? STIMULUS : 0.0;
        advance(state, current, both ? current : 0.0);
      }
      trace.time[row] = step * dt;
      trace.u.set(state.subarray(0, count), row * count);
    }
    return trace;
  }

  /** Returns when each compartment's voltage first rises through 50 mV, in ms, or null where it does not. */
  function arrivals(trace) {
    const rows = trace.time.length;
    return Array.from({ length: trace.count }, (_, k) => {
      for (let row = 1; row < rows; row += 1) {
        const before = trace.u[(row - 1) * trace.count + k];
        const after = trace.u[row * trace.count + k];
        if (before < axon.SPIKE && after >= axon.SPIKE) {
          const share = (axon.SPIKE - before) / (after - before);
          return trace.time[row - 1] + share * (trace.time[row] - trace.time[row - 1]);
        }
      }
      return null;
    });
  }

  /** Returns the speed in m/s between compartments at 0.4 and 0.7 of the length, or null where no spike passes both. */
  function speed(trace) {
    const times = arrivals(trace);
    const from = Math.round(0.4 * trace.count);
    const to = Math.round(0.7 * trace.count);
    if (times[from] === null || times[to] === null) return null;
    return ((to - from) * trace.length) / (times[to] - times[from]); // mm/ms is m/s
  }

  playground.kernels.cable = {
    DIAMETER, RESISTIVITY, STIMULUS, STIMULUS_MS, compartmentLength, coupling, simulate, arrivals, speed,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
