"use strict";
/* Two pulses: the voltage, and below it the plane of delay and strength of the second, with the curve of its threshold. */
(function (playground) {
  const kernel = playground.kernels.axon;
  const { ROW, scope, sizes, axis } = playground.axon_scope;
  const WIDTH = 0.5; // ms, of a pulse
  const BEFORE = 2; // ms shown before the first pulse
  const LONGEST = 38; // ms, of a delay
  const STRONGEST = 120; // uA/cm2, of a second pulse
  // Delays at which the threshold is worked out: every 4 ms first, then those between, so that the curve is soon there.
  const DELAYS = [4, 2, 1, 0.5].flatMap((gap, i) => d3.range(WIDTH, LONGEST + 0.1, gap).filter((_, k) => i === 0 || k % 2 === 1));
  const WORDS = {
    plane: {
      en: "Delay and strength of the second pulse, and the curve of its threshold; a ring that can be dragged is the pulse",
      ru: "Задержка и сила второго импульса тока и кривая его порога; второй импульс — кольцо, которое можно тянуть",
    },
    heading: { en: "Second pulse, µA/cm²: above the curve it fires the axon", ru: "Второй импульс тока, мкА/см²: выше кривой аксон отвечает" },
    narrow: { en: "Second pulse, µA/cm²", ru: "Второй импульс тока, мкА/см²" },
    fires: { en: "fires", ru: "отвечает" },
    silent: { en: "does not fire", ru: "не отвечает" },
    rest: { en: "threshold at rest", ru: "порог в покое" },
    time: { en: "ms after the first pulse", ru: "мс после первого импульса тока" },
    voltage: { en: "The voltage after two pulses", ru: "Напряжение после двух импульсов тока" },
  };

  /** Returns the trace of both pulses, or of the first alone. */
  function traced({ first, second, delay, temperature }, both = true) {
    const pulses = [[first, BEFORE, WIDTH], ...(both ? [[second, BEFORE + delay, WIDTH]] : [])];
    const every = Math.round(ROW / 2 / kernel.stepOf(temperature));
    const trace = kernel.simulate(pulses, BEFORE + LONGEST + 6, temperature, every);
    return { ...trace, time: trace.time.map(time => time - BEFORE) };
  }

  /** Returns what the second pulse does: whether it fires the axon, its threshold, and the threshold at rest. */
  function outcome({ first, second, delay, temperature }) {
    const state = kernel.after(first, WIDTH, delay, temperature);
    const atRest = kernel.threshold(kernel.rest(), WIDTH, temperature);
    const threshold = kernel.secondThreshold(first, WIDTH, delay, temperature);
    const running = state[0] >= kernel.SPIKE || kernel.answers(state, 0, WIDTH, temperature);
    return { fires: threshold !== null && second >= threshold, threshold, atRest, running };
  }

  const known = new Map(); // "first temperature" -> [[delay, threshold or null]], worked out so far
  const key = state => `${state.first} ${state.temperature}`;
  const pointsOf = state => known.get(key(state)) ?? [];

  /** Adds the two pictures; returns {update(state), more(state)}; `more` works out some more of the curve. */
  function pulses(root, api) {
    const top = scope(root, api, { from: -BEFORE, to: LONGEST + 4, label: WORDS.voltage, most: STRONGEST, heights: api.narrow ? [40, 170, 0] : [44, 210, 0] });
    const { width, left, right } = sizes(api);
    const height = api.narrow ? 230 : 250;
    const svg = api.picture(root, { width, height, label: WORDS.plane });
    const x = d3.scaleLinear([-BEFORE, LONGEST + 4], [left, width - right]);
    const y = d3.scaleLinear([0, STRONGEST], [height - 46, 30]);
    const clip = "pulses_plane";
    svg.append("clipPath").attr("id", clip).append("rect").attr("x", x(0)).attr("y", y(STRONGEST)).attr("width", x(LONGEST) - x(0)).attr("height", y(0) - y(STRONGEST));
    svg.append("text").attr("x", 4).attr("y", 16).text(api.text(api.narrow ? WORDS.narrow : WORDS.heading));
    const inside = svg.append("g").attr("clip-path", `url(#${clip})`);
    const area = inside.append("path").attr("fill", "var(--one-soft)");
    const rest = inside.append("line").attr("x1", x(0)).attr("x2", x(LONGEST)).attr("stroke", "var(--soft)").attr("stroke-dasharray", "6 5");
    const curve = inside.append("path").attr("fill", "none").attr("stroke", "var(--one)").attr("stroke-width", 3);
    const note = (text, colour) => svg.append("text").attr("style", `fill: var(--${colour}); font-weight: 600`).text(api.text(text));
    const fires = note(WORDS.fires, "one").attr("x", x(LONGEST) - 8).attr("y", y(STRONGEST) + 20).attr("text-anchor", "end");
    const silent = note(WORDS.silent, "soft").attr("x", x(0.3)).attr("y", y(STRONGEST) + 20).attr("opacity", api.narrow ? 0 : 1);
    const named = note(WORDS.rest, "soft").attr("x", x(LONGEST) - 8).attr("text-anchor", "end").attr("style", "fill: var(--soft); font-size: 12px");
    axis(svg.append("g").attr("transform", `translate(0,${height - 46})`), d3.axisBottom(x), api, api.narrow ? 5 : 10);
    axis(svg.append("g").attr("transform", `translate(${left},0)`), d3.axisLeft(y), api, 4);
    svg.append("text").attr("x", width - right).attr("y", height - 8).attr("text-anchor", "end").text(api.text(WORDS.time));
    const stem = svg.append("line").attr("stroke", "var(--accent)").attr("stroke-width", 2);
    const ring = svg.append("circle").attr("r", 10).attr("fill-opacity", 0.6).attr("stroke", "var(--accent)").attr("stroke-width", 4);
    const delay = api.quantity("delay");
    api.draggable(ring, {
      label: api.text({ en: "Second pulse: delay, strength", ru: "Второй импульс тока: задержка, сила" }),
      at: () => [x(api.state.delay), y(api.state.second)],
      to: (px, py) => api.set({ delay: Math.round(4 * x.invert(px)) / 4, second: Math.round(y.invert(py)) }),
      step: x(0.25) - x(0),
      ...delay,
      value: () => `${delay.value()}, ${api.quantity("second").value()}`,
    });

    function showCurve(state, atRest) {
      const points = d3.sort(pointsOf(state), point => point[0]);
      const shown = points.map(([delay, threshold]) => [delay, threshold ?? 10 * STRONGEST]);
      const defined = point => point[1] < 10 * STRONGEST;
      area.attr("d", shown.length ? d3.area(point => x(point[0]), point => y(point[1]), y(STRONGEST)).defined(defined)(shown) : null);
      curve.attr("d", shown.length ? d3.line(point => x(point[0]), point => y(point[1])).defined(defined)(shown) : null);
      for (const part of [rest, named]) part.attr("visibility", atRest === null ? "hidden" : "visible");
      if (atRest !== null) {
        rest.attr("y1", y(atRest)).attr("y2", y(atRest));
        named.attr("y", y(atRest) + 16);
      }
      for (const part of [fires, silent]) part.attr("visibility", points.length > 8 ? "visible" : "hidden");
    }

    function update(state) {
      const result = outcome(state);
      top.show(traced(state), traced(state, false));
      ring.attr("cx", x(state.delay)).attr("cy", y(state.second)).attr("fill", `var(--${result.fires ? "accent" : "paper"})`);
      stem.attr("x1", x(state.delay)).attr("x2", x(state.delay)).attr("y1", y(0)).attr("y2", y(state.second));
      showCurve(state, result.atRest);
      api.say(said(api, state, result));
    }
    function more(state) {
      const points = pointsOf(state);
      const next = DELAYS.slice(points.length, points.length + 3);
      if (!next.length) return false;
      const found = next.map(delay => [delay, kernel.secondThreshold(state.first, WIDTH, delay, state.temperature)]);
      known.set(key(state), [...points, ...found]);
      showCurve(state, kernel.threshold(kernel.rest(), WIDTH, state.temperature));
      return true;
    }
    return { update, more };
  }

  /** Returns in words whether the second pulse fires the axon, and why. */
  function said(api, { second }, { fires, threshold, atRest, running }) {
    const n = api.number;
    if (atRest === null) return {
      en: "At this temperature not even 200 µA/cm² start a spike.",
      ru: "При этой температуре даже 200 мкА/см² не вызывают импульса.",
    };
    if (running) return { en: "The first spike is still running.", ru: "Первый нервный импульс ещё не прошёл." };
    if (threshold === null) {
      return {
        en: `Absolutely refractory: not even 200 µA/cm², ${n(200 / atRest, 2)} times the threshold at rest, start a second spike.`,
        ru: `Абсолютная рефрактерность: второго импульса не вызывают даже 200 мкА/см² при пороге в покое ${n(atRest)}.`,
      };
    }
    const ratio = threshold / atRest;
    const compared = {
      en: `its threshold now is ${n(threshold)} µA/cm², ${n(ratio)} times that at rest (${n(atRest)})`,
      ru: `порог сейчас ${n(threshold)} мкА/см², а в покое ${n(atRest)}`,
    };
    const phase = ratio > 1.02
      ? { en: "Relatively refractory", ru: "Относительная рефрактерность" }
      : ratio < 0.98 ? { en: "More excitable than at rest", ru: "Возбудимость выше, чем в покое" } : { en: "Recovered", ru: "Аксон восстановился" };
    return fires
      ? {
        en: `${phase.en}. The second pulse, ${n(second)}, fires the axon: ${compared.en}.`,
        ru: `${phase.ru}. Второй импульс тока, ${n(second)}, возбуждает аксон: ${compared.ru}.`,
      }
      : {
        en: `${phase.en}. The second pulse, ${n(second)}, is too weak: ${compared.en}.`,
        ru: `${phase.ru}. Второй импульс тока, ${n(second)}, слишком слаб: ${compared.ru}.`,
      };
  }

  playground.axon_pulses = { WIDTH, BEFORE, LONGEST, STRONGEST, pulses, outcome, traced };
})(playground);
