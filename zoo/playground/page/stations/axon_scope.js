"use strict";
/* The axon's oscilloscope: current, voltage and gates against time; and the rate of spikes against the current. */
(function (playground) {
  const kernel = playground.kernels.axon;
  const ROW = 0.1; // ms between the points of a curve
  const WORDS = {
    current: { en: "Current, µA/cm²", ru: "Ток, мкА/см²" },
    voltage: { en: "Voltage, mV above rest", ru: "Напряжение, мВ над уровнем покоя" },
    time: { en: "ms", ru: "мс" },
    gates: [
      { en: "Gates:", ru: "Ворота:" },
      { en: "m opens sodium", ru: "m открывает натрий" },
      { en: "h shuts it", ru: "h его закрывает" },
      { en: "n opens potassium", ru: "n открывает калий" },
    ],
    narrow: ["", "m → Na⁺", "h ⊣ Na⁺", "n → K⁺"], // on a phone
    rate: { en: "Spikes a second, against the current in µA/cm²", ru: "Импульсов в секунду при токе в мкА/см²" },
  };
  const GATES = { m: "var(--one)", h: "var(--two)", n: "var(--three)" };

  /** Returns the sizes of a picture for a screen or a phone. */
  function sizes(api) {
    return api.narrow ? { width: 360, left: 38, right: 22 } : { width: 880, left: 52, right: 30 };
  }

  /** Adds an axis of numbers in the page's language; returns its group. */
  function axis(group, made, api, ticks) {
    const drawn = group.call(made.ticks(ticks).tickSizeOuter(0).tickFormat(value => api.number(value)));
    drawn.attr("font-size", null).attr("font-family", null);
    return drawn;
  }

  /** Adds the oscilloscope; returns {svg, x, y, show(trace), window(from, to)}. `ghost` is a second, dashed voltage.

      from, to: the times shown, in ms; label: what a screen reader says; heights of the three panels, 0 leaves one out. */
  function scope(root, api, { from, to, label, most = 60, heights = api.narrow ? [40, 190, 100] : [44, 250, 116] }) {
    const { width, left, right } = sizes(api);
    const gap = 36;
    const tops = [26, 26 + heights[0] + gap, 26 + heights[0] + heights[1] + 2 * gap];
    const bottom = heights[2] ? tops[2] + heights[2] : tops[1] + heights[1];
    const svg = api.picture(root, { width, height: bottom + 30, label });
    const x = d3.scaleLinear([from, to], [left, width - right]);
    const current = d3.scaleLinear([-10, most], [tops[0] + heights[0], tops[0]]);
    const voltage = d3.scaleLinear([-25, 125], [tops[1] + heights[1], tops[1]]);
    const gate = d3.scaleLinear([0, 1], [tops[2] + heights[2], tops[2]]);
    const clip = `scope_${Math.round(from)}_${Math.round(to)}_${root.children.length}`;
    svg.append("clipPath").attr("id", clip).append("rect").attr("x", left).attr("width", width - left - right).attr("height", bottom);
    const heading = (text, y) => svg.append("text").attr("x", 4).attr("y", y - 10).text(api.text(text));
    const level = (value, scale, dash) =>
      svg.append("line").attr("class", "grid").attr("x1", left).attr("x2", width - right).attr("y1", scale(value)).attr("y2", scale(value))
        .attr("stroke-dasharray", dash);
    const time = svg.append("g").attr("transform", `translate(0,${bottom})`);
    const timed = () => axis(time, d3.axisBottom(x), api, api.narrow ? 5 : 10);
    timed();
    svg.append("text").attr("x", left - 12).attr("y", bottom + 20).attr("text-anchor", "end").text(api.text(WORDS.time));

    heading(WORDS.current, tops[0]);
    level(0, current);
    axis(svg.append("g").attr("transform", `translate(${left},0)`), d3.axisLeft(current), api, 2).call(g => g.selectAll("line,.domain").remove());
    heading(WORDS.voltage, tops[1]);
    level(0, voltage);
    for (const [value, name] of [[kernel.E_NA, "Na"], [kernel.E_K, "K"]]) {
      level(value, voltage, "6 5").attr("style", "stroke: var(--soft)");
      const named = svg.append("text").attr("x", width - right).attr("y", voltage(value) + (value > 0 ? -6 : 12)).attr("text-anchor", "end")
        .attr("style", "fill: var(--soft); font-size: 13px").text("E");
      named.append("tspan").attr("dy", 3).attr("style", "font-size: 11px").text(name);
    }
    axis(svg.append("g").attr("transform", `translate(${left},0)`), d3.axisLeft(voltage), api, 5);
    if (heights[2]) {
      const title = heading("", tops[2]);
      WORDS.gates.forEach((text, i) => {
        title.append("tspan").attr("dx", i ? 14 : 0).attr("font-weight", i ? 600 : 400)
          .attr("style", `fill: ${i ? Object.values(GATES)[i - 1] : "var(--ink)"}`).text(api.text((api.narrow && WORDS.narrow[i]) || text));
      });
      axis(svg.append("g").attr("transform", `translate(${left},0)`), d3.axisLeft(gate), api, 2);
    }
    const inside = svg.append("g").attr("clip-path", `url(#${clip})`).attr("fill", "none").attr("stroke-linejoin", "round");
    const line = (colour, thick) => inside.append("path").attr("stroke", colour).attr("stroke-width", thick);
    const ghost = line("var(--soft)", 1.5).attr("stroke-dasharray", "4 4");
    const paths = { current: line("var(--accent)", 2.5), u: line("var(--ink)", 2.5) };
    const ends = {};
    for (const name of heights[2] ? ["m", "h", "n"] : []) {
      paths[name] = line(GATES[name], 2.2);
      ends[name] = svg.append("text").attr("x", width - right + 5).attr("font-weight", 700).attr("style", `fill: ${GATES[name]}`).text(name);
    }
    const scales = { current, u: voltage, m: gate, h: gate, n: gate };
    const drawn = (trace, name) =>
      d3.line((_, i) => x(trace.time[i]), value => scales[name](value))(trace[name]);

    function show(trace, second = null) {
      for (const name of Object.keys(paths)) paths[name].attr("d", drawn(trace, name));
      ghost.attr("d", second && drawn(second, "u"));
      const last = Object.keys(ends).map(name => ({ name, y: gate(trace[name][trace.time.length - 1] ?? 0) + 5 }));
      last.sort((a, b) => a.y - b.y);
      last.forEach((end, i) => (end.y = i ? Math.max(end.y, last[i - 1].y + 13) : end.y)); // the names must not cover each other
      for (const { name, y } of last) ends[name].attr("y", y);
    }
    function window(begin, end) {
      x.domain([begin, end]);
      timed();
    }
    return { svg, x, y: voltage, show, window };
  }

  /** Shows the interval between the last two spikes as an arrow between them. */
  function interval(view, api) {
    const group = view.svg.append("g");
    const line = group.append("path").attr("fill", "none").attr("stroke", "var(--ink)").attr("stroke-width", 1.5);
    const text = group.append("text").attr("text-anchor", "middle").attr("font-weight", 600)
      .attr("style", "paint-order: stroke; stroke: var(--paper); stroke-width: 4px");
    return times => {
      group.attr("visibility", times.length > 1 ? "visible" : "hidden");
      if (times.length < 2) return;
      const [a, b] = times.slice(-2).map(view.x);
      const y = view.y(62);
      line.attr("d", `M${a + 5},${y - 4}L${a},${y}L${a + 5},${y + 4}M${a},${y}H${b}M${b - 5},${y - 4}L${b},${y}L${b - 5},${y + 4}`);
      text.attr("x", (a + b) / 2).attr("y", y - 7).text(`${api.number(times.at(-1) - times.at(-2))} ${api.text(WORDS.time)}`);
    };
  }

  /** Returns spikes a second under a steady current, from the last interval; 0 where the firing ends. */
  function rate(current, temperature) {
    const trace = kernel.simulate([[current, 0, 200]], 200, temperature, 5);
    const times = kernel.spikes(trace.time, trace.u);
    const [before, last] = times.slice(-2);
    return times.length > 2 && 200 - last < 2 * (last - before) ? 1000 / (last - before) : 0;
  }

  const known = new Map(); // temperature -> [[current, rate]], worked out so far

  /** Adds the rate of spikes against the current, worked out a point a frame; a ring that can be dragged is the current. */
  function rates(root, api, most) {
    const { width, left, right } = sizes(api);
    const height = api.narrow ? 170 : 190;
    const svg = api.picture(root, { width, height, label: WORDS.rate });
    const x = d3.scaleLinear([0, most], [left, width - right]);
    const y = d3.scaleLinear([0, 200], [height - 28, 30]);
    svg.append("text").attr("x", 4).attr("y", 16).text(api.text(WORDS.rate));
    axis(svg.append("g").attr("transform", `translate(0,${height - 28})`), d3.axisBottom(x), api, api.narrow ? 6 : 12);
    const side = svg.append("g").attr("transform", `translate(${left},0)`);
    const dots = svg.append("g").attr("fill", "var(--one)");
    const ring = svg.append("circle").attr("r", 9).attr("fill", "var(--paper)").attr("fill-opacity", 0.6).attr("stroke", "var(--accent)").attr("stroke-width", 3.5);
    const at = () => [x(Math.max(0, api.state.current)), y(rate(Math.max(0, api.state.current), api.state.temperature))];
    api.draggable(ring, {
      label: api.text(WORDS.current),
      at,
      to: place => api.set({ current: Math.round(2 * x.invert(place)) / 2 }),
      step: x(0.5) - x(0),
      ...api.quantity("current"),
    });
    function show({ temperature }) {
      const points = known.get(temperature) ?? [];
      y.domain([0, Math.max(60, ...points.map(point => 1.15 * point[1]))]);
      axis(side, d3.axisLeft(y), api, 4);
      dots.selectAll("circle").data(points).join("circle").attr("r", 2.5).attr("cx", point => x(point[0])).attr("cy", point => y(point[1]));
      const [cx, cy] = at();
      ring.attr("cx", cx).attr("cy", cy);
    }
    /** Works out one more point; returns whether there was one. */
    function more(state) {
      const points = known.get(state.temperature) ?? [];
      if (points.length > most) return false;
      known.set(state.temperature, [...points, [points.length, rate(points.length, state.temperature)]]);
      show(state);
      return true;
    }
    return { show, more };
  }

  playground.axon_scope = { ROW, WORDS, sizes, axis, scope, interval, rates };
})(playground);
