"use strict";
/* Hodgkin and Huxley's membrane (1952): one patch of an axon, by Runge and Kutta's method of fourth order.

     C du/dt = I - g_na m^3 h (u - e_na) - g_k n^4 (u - e_k) - g_l (u - e_l)
     dx/dt   = phi (alpha_x(u) (1 - x) - beta_x(u) x)   for x = m, h, n,   phi = 3^((T - 6.3) / 10)

   A. L. Hodgkin, A. F. Huxley, Journal of Physiology 117(4), 1952. https://doi.org/10.1113/jphysiol.1952.sp004764
   u is the depolarisation from rest in mV, t in ms, I in uA/cm2, positive inwards. The current of step k flows from
   k dt to (k + 1) dt, and row k of a trace is the state at the end of step k, as in the zoo's `hodgkin_huxley`. */
(function (playground) {
  const G_NA = 120.0; // mS/cm2 (paper, table 3), as are the next five; mV from rest
  const G_K = 36.0;
  const G_L = 0.3;
  const E_NA = 115.0;
  const E_K = -12.0;
  const E_L = 10.613; // such that no ionic current flows at rest
  const CAPACITANCE = 1.0; // uF/cm2
  const TEMPERATURE = 6.3; // C, of the recordings that the rates were fitted to
  const SPIKE = 50.0; // mV: a voltage that rises through it is counted as a spike
  const WAIT = 12.0; // ms, at 6.3 C or above, in which a spike that a pulse starts has passed 50 mV
  const E_1 = Math.exp(1.0);
  const E_25 = Math.exp(2.5);
  const E_3 = Math.exp(3.0);

  /** Returns the factor by which all gates are faster at a temperature in C than at 6.3 C. */
  function speedUp(temperature) {
    return Math.pow(3.0, (temperature - TEMPERATURE) / 10.0);
  }

  /** Returns the longest step in ms, 0.01 or a part of it, by which the fastest gate is followed stably. */
  function stepOf(temperature) {
    return temperature <= 30.0 ? 0.01 : 0.005;
  }

  /** Returns x / (e^x - 1), which is 1 at 0, from x and e^x. */
  function linoid(x, expX) {
    if (Math.abs(x) >= 0.25) return x / (expX - 1.0);
    const y = x * x; // Bernoulli's numbers: exact to 1e-16 so near to 0
    return 1.0 - x / 2.0 + (y / 12.0) * (1.0 - (y / 60.0) * (1.0 - (y / 42.0) * (1.0 - (y / 40.0) * (1.0 - y / 39.6))));
  }

  /** Writes alpha and beta of m, h and n in 1/ms at 6.3 C into an array of six. Two exponentials give all of them. */
  function rates(u, out) {
    const root = Math.exp(-u / 80.0);
    const square = root * root;
    const fourth = square * square; // e^(-u/20)
    const eighth = fourth * fourth; // e^(-u/10)
    out[0] = linoid(2.5 - u / 10.0, E_25 * eighth);
    out[1] = 4.0 * Math.exp(-u / 18.0);
    out[2] = 0.07 * fourth;
    out[3] = 1.0 / (E_3 * eighth + 1.0);
    out[4] = 0.1 * linoid(1.0 - u / 10.0, E_1 * eighth);
    out[5] = 0.125 * root;
    return out;
  }

  /** Returns the gates m, h and n that a voltage in mV would end in, and how fast, in 1/ms at 6.3 C. */
  function gatesAt(u) {
    const r = rates(u, new Float64Array(6));
    const pairs = [0, 2, 4].map((i) => [r[i] / (r[i] + r[i + 1]), r[i] + r[i + 1]]);
    return { limits: pairs.map((pair) => pair[0]), speeds: pairs.map((pair) => pair[1]) };
  }

  /** Returns the state [u, m, h, n] of an axon that has rested for long. */
  function rest() {
    return [0.0, ...gatesAt(0.0).limits];
  }

  const buffer = new Float64Array(6);

  /** Writes the derivatives of a state (u, m, h, n), in mV/ms and 1/ms, into `out`. */
  function derivatives(u, m, h, n, current, phi, out) {
    rates(u, buffer);
    const gNa = G_NA * m * m * m * h;
    const gK = G_K * n * n * n * n;
    out[0] = (current + gNa * E_NA + gK * E_K + G_L * E_L - (gNa + gK + G_L) * u) / CAPACITANCE;
    out[1] = phi * (buffer[0] - (buffer[0] + buffer[1]) * m);
    out[2] = phi * (buffer[2] - (buffer[2] + buffer[3]) * h);
    out[3] = phi * (buffer[4] - (buffer[4] + buffer[5]) * n);
  }

  const a = new Float64Array(4); // the slopes of the four stages
  const b = new Float64Array(4);
  const c = new Float64Array(4);
  const d = new Float64Array(4);

  /** Advances a state [u, m, h, n] in place by one step of `dt` ms. */
  function advance(state, current, phi, dt) {
    const u = state[0];
    const m = state[1];
    const h = state[2];
    const n = state[3];
    const half = dt / 2.0;
    derivatives(u, m, h, n, current, phi, a);
    derivatives(u + half * a[0], m + half * a[1], h + half * a[2], n + half * a[3], current, phi, b);
    derivatives(u + half * b[0], m + half * b[1], h + half * b[2], n + half * b[3], current, phi, c);
    derivatives(u + dt * c[0], m + dt * c[1], h + dt * c[2], n + dt * c[3], current, phi, d);
    for (let i = 0; i < 4; i += 1) state[i] += (dt / 6.0) * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]);
    return state;
  }

  /** Returns the current in uA/cm2 at a time in ms, the sum of pulses [amplitude, start, length]. */
  function currentAt(pulses, time) {
    let current = 0.0;
    for (let i = 0; i < pulses.length; i += 1) {
      const pulse = pulses[i];
      if (time > pulse[1] - 1e-9 && time < pulse[1] + pulse[2] - 1e-9) current += pulse[0];
    }
    return current;
  }

  /** Returns the trace of an axon that begins at rest: `{time, current, u, m, h, n}`, a row for each `every` steps.

      pulses: a list of [amplitude in uA/cm2, start in ms, length in ms]; duration in ms; temperature in C;
      every: how many steps one row stands for; state: where to begin, if not at rest; from: at what time in ms. */
  function simulate(pulses, duration, temperature = TEMPERATURE, every = 1, state = rest(), from = 0.0) {
    const dt = stepOf(temperature);
    const phi = speedUp(temperature);
    const rows = Math.floor(Math.round(duration / dt) / every + 1e-9);
    const trace = { time: new Float64Array(rows), current: new Float64Array(rows) };
    for (const name of ["u", "m", "h", "n"]) trace[name] = new Float64Array(rows);
    const now = Float64Array.from(state);
    for (let row = 0, step = 0; row < rows; row += 1) {
      let current = 0.0;
      for (let i = 0; i < every; i += 1, step += 1) {
        current = currentAt(pulses, from + step * dt);
        advance(now, current, phi, dt);
      }
      trace.time[row] = from + step * dt;
      trace.current[row] = current;
      trace.u[row] = now[0];
      trace.m[row] = now[1];
      trace.h[row] = now[2];
      trace.n[row] = now[3];
    }
    return trace;
  }

  /** Returns the times in ms at which a voltage rises through a level, between rows by interpolation. */
  function spikes(time, u, level = SPIKE) {
    const found = [];
    for (let i = 1; i < u.length; i += 1) {
      if (u[i - 1] < level && u[i] >= level) {
        found.push(time[i - 1] + ((time[i] - time[i - 1]) * (level - u[i - 1])) / (u[i] - u[i - 1]));
      }
    }
    return found;
  }

  /** Returns the top of the parabola through three values that stand at equal distances. */
  function parabolaTop(left, middle, right) {
    const bend = left - 2.0 * middle + right;
    return bend < 0.0 ? middle - (right - left) ** 2 / (8.0 * bend) : middle;
  }

  /** Returns `{peak, width}` of the highest spike of a trace: mV above rest, and ms above half of the peak. */
  function shape(time, u) {
    let top = 0;
    for (let i = 1; i < u.length; i += 1) if (u[i] > u[top]) top = i;
    const isInside = top > 0 && top + 1 < u.length;
    const peak = isInside ? parabolaTop(u[top - 1], u[top], u[top + 1]) : u[top];
    const half = peak / 2.0;
    const crossing = (i) => time[i] + ((time[i + 1] - time[i]) * (half - u[i])) / (u[i + 1] - u[i]);
    let left = top - 1;
    let right = top;
    while (left >= 0 && u[left] > half) left -= 1;
    while (right + 1 < u.length && u[right + 1] > half) right += 1;
    const isWhole = left >= 0 && right + 1 < u.length && peak > 0.0;
    return { peak, width: isWhole ? crossing(right) - crossing(left) : null };
  }

  /** Returns whether a pulse starts a spike: above 50 mV the membrane's own current flows inwards, sodium's.

      state: of the axon at the pulse's start. A strong pulse alone lifts the voltage far, too, but against the
      membrane's current. */
  function answers(state, amplitude, width, temperature = TEMPERATURE) {
    const dt = stepOf(temperature);
    const phi = speedUp(temperature);
    const now = Float64Array.from(state);
    const pulse = Math.round(width / dt);
    const horizon = pulse + Math.round(WAIT / Math.min(1.0, phi) / dt);
    for (let step = 0; step < horizon; step += 1) {
      const before = now[0];
      const current = step < pulse ? amplitude : 0.0;
      advance(now, current, phi, dt);
      if (now[0] >= SPIKE && (CAPACITANCE * (now[0] - before)) / dt > current) return true;
      if (step >= pulse && now[0] <= before && now[0] < 1.0) return false; // back at rest
    }
    return false;
  }

  /** Returns the weakest pulse in uA/cm2 that starts a spike, to 0.01; null where not even `most` does. */
  function threshold(state, width, temperature = TEMPERATURE, most = 200.0) {
    let low = 0.0;
    let high = most;
    if (!answers(state, high, width, temperature)) return null;
    while (high - low > 0.005) {
      const middle = (low + high) / 2.0;
      if (answers(state, middle, width, temperature)) high = middle;
      else low = middle;
    }
    return (low + high) / 2.0;
  }

  /** Returns the state [u, m, h, n] of an axon so many ms after the start of a pulse that met it at rest. */
  function after(amplitude, width, delay, temperature = TEMPERATURE) {
    const dt = stepOf(temperature);
    const phi = speedUp(temperature);
    const pulse = Math.round(width / dt);
    const state = rest();
    for (let step = 0; step < Math.round(delay / dt); step += 1) advance(state, step < pulse ? amplitude : 0.0, phi, dt);
    return state;
  }

  /** Returns the threshold in uA/cm2 of a second pulse; null while the first spike runs, and where `most` is too weak. */
  function secondThreshold(amplitude, width, delay, temperature = TEMPERATURE, most = 200.0) {
    const state = after(amplitude, width, delay, temperature);
    const isRunning = state[0] >= SPIKE || answers(state, 0.0, width, temperature);
    return isRunning ? null : threshold(state, width, temperature, most);
  }

  playground.kernels.axon = {
    G_NA, G_K, G_L, E_NA, E_K, E_L, CAPACITANCE, TEMPERATURE, SPIKE,
    speedUp, stepOf, rates, gatesAt, rest, advance, currentAt, simulate, spikes, shape,
    answers, threshold, after, secondThreshold,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
