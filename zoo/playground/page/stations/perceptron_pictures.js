"use strict";
/* The pictures of the perceptron: the plane with its points and line, the sum of vectors, and Novikoff's proof. */
(function (playground) {
  const TURN = 350; // milliseconds in which the line turns
  const SIZE = 430;
  const MARK = 11; // half the width of a point's mark
  const EDGE = 2; // the plane shows -2 to 2
  const GRID = 16; // points stand on multiples of 1/16, which add up exactly

  const RIM = "paint-order: stroke; stroke: var(--paper); stroke-width: 4px"; // of a name that lines pass

  const arrow = (from, to, head = 11) => {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (length < 1) return "";
    const along = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
    const size = Math.min(head, length / 2);
    const wing = side => [
      to[0] - size * (along[0] + side * 0.5 * along[1]),
      to[1] - size * (along[1] - side * 0.5 * along[0]),
    ];
    return `M${from}L${to}M${wing(1)}L${to}L${wing(-1)}`;
  };

  /** Returns the place on the way from a picture's origin that a point's mark does not hide. */
  const beside = (origin, to) => {
    const length = Math.hypot(to[0] - origin[0], to[1] - origin[1]);
    return length < MARK ? to : to.map((value, axis) => value - (MARK / length) * (value - origin[axis]));
  };

  /** Returns the corners of the plane's part where w1 x1 + w2 x2 + b >= 0. */
  function firing([w1, w2, b]) {
    const square = [[-EDGE, -EDGE], [EDGE, -EDGE], [EDGE, EDGE], [-EDGE, EDGE]];
    const value = ([x1, x2]) => w1 * x1 + w2 * x2 + b;
    return square.flatMap((corner, i) => {
      const next = square[(i + 1) % 4];
      const [here, there] = [value(corner), value(next)];
      const kept = here >= 0 ? [corner] : [];
      if ((here >= 0) === (there >= 0)) return kept;
      const share = here / (here - there);
      return [...kept, [0, 1].map(axis => corner[axis] + share * (next[axis] - corner[axis]))];
    });
  }

  /** Returns the two ends of the line w1 x1 + w2 x2 + b = 0 in the plane; null where it does not cross it. */
  function ends([w1, w2, b]) {
    const square = w1 * w1 + w2 * w2;
    if (square === 0) return null;
    const foot = [(-b * w1) / square, (-b * w2) / square];
    const far = (3 * EDGE + Math.hypot(...foot)) / Math.sqrt(square);
    return [1, -1].map(sign => [foot[0] - sign * far * w2, foot[1] + sign * far * w1]);
  }

  /** Adds the plane; returns {update(points, targets, weights, before, next)}. `put` and `remove` change the points. */
  function plane(root, api, { put, remove }) {
    const label = { en: "Points of two classes and the perceptron's line", ru: "Точки двух классов и прямая персептрона" };
    const svg = api.picture(root, { width: SIZE, height: SIZE, label });
    const margin = 30;
    const x = d3.scaleLinear([-EDGE, EDGE], [margin, SIZE - 8]);
    const y = d3.scaleLinear([-EDGE, EDGE], [SIZE - margin, 8]);
    const at = ([x1, x2]) => [x(x1), y(x2)];
    const clip = `plane_${svg.node().closest("figure").parentNode.children.length}`;
    svg.append("clipPath").attr("id", clip).append("rect")
      .attr("x", x(-EDGE)).attr("y", y(EDGE)).attr("width", x(EDGE) - x(-EDGE)).attr("height", y(-EDGE) - y(EDGE));
    const inside = svg.append("g").attr("clip-path", `url(#${clip})`);
    inside.append("rect").attr("x", x(-EDGE)).attr("y", y(EDGE)).attr("width", x(EDGE) - x(-EDGE))
      .attr("height", y(-EDGE) - y(EDGE)).attr("fill", "var(--two-soft)");
    const side = inside.append("path").attr("fill", "var(--one-soft)");
    const grid = inside.append("g");
    for (const value of [-1, 0, 1]) {
      grid.append("path").attr("d", `M${at([value, -EDGE])}L${at([value, EDGE])}M${at([-EDGE, value])}L${at([EDGE, value])}`)
        .attr("stroke", "var(--field)").attr("stroke-width", value === 0 ? 1.5 : 0.5);
    }
    const old = inside.append("path").attr("stroke", "var(--ink)").attr("stroke-width", 2).attr("stroke-dasharray", "3 6")
      .attr("opacity", 0.7);
    const line = inside.append("path").attr("stroke", "var(--ink)").attr("stroke-width", 4);
    const normal = inside.append("path").attr("stroke", "var(--ink)").attr("stroke-width", 3).attr("fill", "none");
    const moved = inside.append("path").attr("stroke", "var(--accent)").attr("stroke-width", 3.5).attr("fill", "none");
    const format = value => api.number(value);
    svg.append("g").attr("transform", `translate(0,${SIZE - margin})`).call(d3.axisBottom(x).ticks(5).tickFormat(format));
    svg.append("g").attr("transform", `translate(${margin},0)`).call(d3.axisLeft(y).ticks(5).tickFormat(format));
    svg.append("text").attr("x", x(1.5)).attr("y", SIZE - 10).attr("text-anchor", "middle").text("x₁");
    svg.append("text").attr("x", margin - 8).attr("y", y(1.5)).attr("text-anchor", "end").text("x₂");

    const ground = svg.append("rect").attr("x", x(-EDGE)).attr("y", y(EDGE)).attr("width", x(EDGE) - x(-EDGE))
      .attr("height", y(-EDGE) - y(EDGE)).attr("fill", "transparent").style("cursor", "crosshair")
      .on("click", event => put(place(d3.pointer(event, svg.node()))));
    const snapped = value => Math.round(GRID * Math.min(Math.max(value, -EDGE), EDGE)) / GRID;
    const place = ([px, py]) => [snapped(x.invert(px)), snapped(y.invert(py))];
    ground.attr("aria-hidden", "true");
    const ring = svg.append("circle").attr("r", 15).attr("fill", "none").attr("stroke", "var(--accent)")
      .attr("stroke-width", 3).attr("pointer-events", "none");
    const marks = svg.append("g");

    let cross = [-1, 1];
    const cursor = svg.append("g");
    cursor.append("circle").attr("r", 14).attr("fill", "transparent");
    cursor.append("path").attr("d", "M-10,0H-3M3,0H10M0,-10V-3M0,3V10").attr("stroke", "var(--ink)").attr("stroke-width", 2.5);
    const moveTo = (px, py) => {
      cross = place([px, py]);
      cursor.attr("transform", `translate(${at(cross)})`);
    };
    moveTo(...at(cross));
    api.draggable(cursor.datum(0), {
      label: api.text({ en: "Cross: arrows move it, Enter puts a point", ru: "Крест: стрелки двигают его, Enter ставит точку" }),
      at: () => at(cross),
      to: moveTo,
      step: (x(1) - x(0)) / 8,
      value: () => `x₁ = ${format(cross[0])}, x₂ = ${format(cross[1])}`,
      now: () => cross[0],
      min: -EDGE,
      max: EDGE,
    });
    cursor.on("keydown.put", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      put(cross);
    });

    function show(weights) {
      const crossing = ends(weights);
      const whole = weights[2] >= 0 ? firing([0, 0, 1]) : [];
      const corners = crossing ? firing(weights) : whole;
      side.attr("d", corners.length ? `M${corners.map(at).join("L")}Z` : "");
      line.attr("d", crossing ? `M${crossing.map(at).join("L")}` : "");
      if (!crossing) return normal.attr("d", "");
      const length = Math.hypot(weights[0], weights[1]);
      const unit = [weights[0] / length, weights[1] / length];
      const foot = unit.map(value => (-weights[2] / length) * value);
      normal.attr("d", arrow(at(foot), at(foot.map((value, axis) => value + 0.35 * unit[axis]))));
    }

    let shown = null;
    return {
      update({ points, targets, weights, before, last, next }) {
        const target = weights.join();
        if (shown !== null && shown !== target && before && !api.calm) {
          const between = d3.interpolateArray(before, weights);
          svg.transition().duration(TURN).ease(d3.easeCubicInOut).tween("turn", () => share => show(share < 1 ? between(share) : weights));
        } else if (shown !== target) {
          svg.interrupt();
          show(weights);
        }
        shown = target;
        const previous = before && ends(before);
        old.attr("d", previous ? `M${previous.map(at).join("L")}` : "");
        moved.attr("d", last === null ? "" : arrow(at([0, 0]), beside(at([0, 0]), at(points[last].map(value => targets[last] * value)))));
        ring.attr("visibility", next === null ? "hidden" : "visible");
        if (next !== null) ring.attr("cx", x(points[next][0])).attr("cy", y(points[next][1]));
        const shapes = { 1: d3.symbol(d3.symbolCircle, 210)(), [-1]: d3.symbol(d3.symbolSquare, 190)() };
        const one = marks.selectAll("path").data(points).join("path")
          .attr("transform", point => `translate(${at(point)})`)
          .attr("d", (_, row) => shapes[targets[row]])
          .attr("fill", (_, row) => (targets[row] > 0 ? "var(--one)" : "var(--two)"))
          .attr("stroke", "var(--paper)").attr("stroke-width", 2);
        const classes = { 1: { en: "fires", ru: "срабатывает" }, [-1]: { en: "is silent", ru: "молчит" } };
        api.pressable(one, {
          label: (point, row) => `${point.map(format).join("; ")}: ${api.text(classes[targets[points.indexOf(point)] ?? targets[row]])}. ${api.text({ en: "Remove", ru: "Убрать" })}`,
          press: (event, point) => remove(points.indexOf(point)),
        });
      },
      stop: () => svg.interrupt(),
    };
  }

  /** Adds the plane of the weights: w before, + t x, = w after. */
  function vectors(root, api) {
    const label = { en: "The weights before and after the last mistake", ru: "Веса до и после последней ошибки" };
    const [width, height] = [430, 215];
    const svg = api.picture(root, { width, height, label });
    const axes = svg.append("g");
    const trace = svg.append("path").attr("fill", "none").attr("stroke", "var(--field)").attr("stroke-width", 1);
    const dots = svg.append("g");
    const strokes = [["var(--field)", 3], ["var(--ink)", 5], ["var(--accent)", 2.5]];
    const arrows = strokes.map(([colour, thick]) =>
      svg.append("path").attr("fill", "none").attr("stroke", colour).attr("stroke-width", thick));
    const names = svg.append("g");
    const words = svg.append("text").attr("x", 10).attr("y", 20).attr("font-weight", 600);
    words.append("tspan").attr("fill", "var(--soft)").text("w");
    words.append("tspan").attr("fill", "var(--accent)").attr("dx", 6).text("+ t x");
    words.append("tspan").attr("fill", "var(--ink)").attr("dx", 6).text(`= ${api.text({ en: "w, new", ru: "новое w" })}`);
    const bias = svg.append("text").attr("x", width - 10).attr("y", 20).attr("text-anchor", "end");
    return {
      update({ all, step, points, targets, last }) {
        const ends = all.map(([w1, w2]) => [w1, w2]);
        const low = [0, 1].map(axis => Math.min(-1, ...ends.map(end => end[axis])));
        const high = [0, 1].map(axis => Math.max(1, ...ends.map(end => end[axis])));
        const unit = Math.min((width - 60) / (high[0] - low[0]), (height - 80) / (high[1] - low[1]));
        const at = ([w1, w2]) => [
          width / 2 + unit * (w1 - (low[0] + high[0]) / 2),
          (height + 24) / 2 - unit * (w2 - (low[1] + high[1]) / 2),
        ];
        const [ox, oy] = at([0, 0]);
        axes.selectAll("path").data([`M12,${oy}H${width - 12}`, `M${ox},34V${height - 8}`]).join("path")
          .attr("d", path => path).attr("stroke", "var(--field)");
        names.selectAll("text").data([["w₁", width - 14, oy - 6, "end"], ["w₂", ox + 6, 44, "start"]]).join("text")
          .attr("x", one => one[1]).attr("y", one => one[2]).attr("text-anchor", one => one[3])
          .attr("style", RIM).text(one => one[0]);
        const walked = ends.slice(0, step + 1);
        trace.attr("d", `M${walked.map(at).join("L")}`);
        dots.selectAll("circle").data(walked).join("circle").attr("r", 2.5).attr("fill", "var(--field)")
          .attr("cx", end => at(end)[0]).attr("cy", end => at(end)[1]);
        const [before, after] = [ends[step - 1], ends[step]];
        const paths = last === null ? ["", "", ""] : [[[0, 0], before], [[0, 0], after], [before, after]].map(pair => arrow(...pair.map(at)));
        arrows.forEach((one, i) => one.attr("d", paths[i]));
        const b = all[step][2];
        const sign = last === null ? "" : `${api.number(all[step - 1][2])} ${targets[last] > 0 ? "+" : "−"} 1 = `;
        bias.text(`b = ${sign}${api.number(b)}`);
      },
    };
  }

  /** Adds Novikoff's proof: gamma k <= |w| <= R sqrt(k), two lines that cross at the bound. */
  function proof(root, api) {
    const label = {
      en: "The length of the weights after each mistake, between two bounds",
      ru: "Длина вектора весов после каждой ошибки между двумя границами",
    };
    const [width, height] = [430, 270];
    const margin = { left: 46, right: 14, top: 14, bottom: 44 };
    const svg = api.picture(root, { width, height, label });
    const x = d3.scaleLinear([0, 1], [margin.left, width - margin.right]);
    const y = d3.scaleLinear([0, 1], [height - margin.bottom, margin.top]);
    const bottom = svg.append("g").attr("transform", `translate(0,${height - margin.bottom})`);
    const left = svg.append("g").attr("transform", `translate(${margin.left},0)`);
    svg.append("text").attr("x", width - margin.right).attr("y", height - 6).attr("text-anchor", "end")
      .text(api.text({ en: "mistakes k", ru: "число ошибок k" }));
    const band = svg.append("path").attr("fill", "var(--grid)").attr("opacity", 0.45);
    const upper = svg.append("path").attr("fill", "none").attr("stroke", "var(--two)").attr("stroke-width", 2.5);
    const lower = svg.append("path").attr("fill", "none").attr("stroke", "var(--one)").attr("stroke-width", 2.5);
    const upperText = svg.append("text").attr("fill", "var(--two)").style("fill", "var(--two)").text("R √k");
    const lowerText = svg.append("text").style("fill", "var(--one)");
    const bound = svg.append("path").attr("stroke", "var(--accent)").attr("stroke-width", 2).attr("stroke-dasharray", "4 4");
    const boundText = svg.append("text").attr("text-anchor", "end").style("fill", "var(--accent)");
    const steps = svg.append("path").attr("fill", "none").attr("stroke", "var(--ink)").attr("stroke-width", 1.5);
    const dots = svg.append("g");
    const name = svg.append("text").attr("font-weight", 600).attr("style", RIM).text("|w|");
    return {
      update({ all, step, gamma, radius, bound: most }) {
        const last = Number.isFinite(most) ? most : Math.max(24, 1.3 * step);
        const k = d3.range(0, 101).map(i => (last * i) / 100);
        x.domain([0, last * 1.04]);
        y.domain([0, radius * Math.sqrt(last) * 1.08]);
        bottom.call(d3.axisBottom(x).ticks(6).tickFormat(value => api.number(value, 4)));
        left.call(d3.axisLeft(y).ticks(5).tickFormat(value => api.number(value, 4)));
        const over = d3.line(x, value => y(radius * Math.sqrt(value)));
        const under = d3.line(x, value => y(gamma * value));
        upper.attr("d", over(k));
        lower.attr("d", under(k));
        band.attr("d", d3.area().x(x).y0(value => y(gamma * value)).y1(value => y(radius * Math.sqrt(value)))(k));
        upperText.attr("x", x(last * 0.3)).attr("y", y(radius * Math.sqrt(last * 0.3)) - 10).attr("text-anchor", "end");
        lowerText.attr("x", x(last * 0.62)).attr("y", y(gamma * last * 0.62) + (gamma > 0 ? 22 : -8))
          .text(gamma > 0 ? "γ k" : "γ = 0");
        const finite = Number.isFinite(most);
        bound.attr("d", finite ? `M${x(most)},${y.range()[0]}V${y(radius * Math.sqrt(most))}` : "");
        boundText.attr("x", x(last) - 6).attr("y", y(0) - 8).text(finite ? `(R/γ)² = ${api.number(most, 4)}` : "");
        const norms = all.slice(0, step + 1).map(w => Math.hypot(...w));
        steps.attr("d", d3.line((_, i) => x(i), value => y(value))(norms));
        dots.selectAll("circle").data(norms.length < 400 ? norms : []).join("circle").attr("fill", "var(--ink)")
          .attr("r", norms.length < 60 ? 3.5 : 1.8).attr("cx", (_, i) => x(i)).attr("cy", value => y(value));
        const end = norms.length - 1;
        name.attr("x", x(end) + 7).attr("y", y(norms[end]) + 5).attr("visibility", end > 0 ? "visible" : "hidden");
      },
    };
  }

  playground.perceptron_pictures = { EDGE, plane, vectors, proof };
})(playground);
