"use strict";
/* The products of the station "backpropagation": a row a path, a column a factor, and their sum beside dE/dw computed
   in two other ways; and the activation with its tangent. On a phone the factors stand below the path and its product. */
(function (playground) {
  const { RAISED, unitName } = playground.backpropagation;
  const WIDE = { row: 27, head: 46, below: 0, left: 190, beside: 150, title: 22 };
  const NARROW = { row: 46, head: 50, below: 19, left: 4, beside: 4, title: 14 };

  /** Returns the column heads of paths that begin in a layer, from the error down. */
  function heads(first, last, softmax) {
    const top = RAISED[last + 1];
    const found = softmax ? [`p−d`] : ["y−d", `φ′(z${top})`];
    for (let layer = last; layer > first; layer--) found.push(`w${RAISED[layer + 1]}`, `φ′(z${RAISED[layer]})`);
    return [...found, "∂z/∂w"];
  }

  /** Draws the table of products; returns update(facts). */
  function drawProducts(root, api) {
    const width = api.narrow ? 360 : 760;
    const small = api.narrow;
    const place = small ? NARROW : WIDE;
    const most = 9; // of paths: layer 1 of a network 2-3-3 would have 9
    const svg = api.picture(root, {
      width,
      height: place.head + place.row * 4 + 40,
      label: { en: "The product of each path, and their sum", ru: "Произведение каждого пути и их сумма" },
    });
    const head = svg.append("g"), body = svg.append("g"), foot = svg.append("g");

    return facts => {
      const { paths, softmax, sizes, gradient, difference, sum } = facts;
      const last = sizes.length - 1;
      const names = heads(facts.first, last, softmax);
      const rows = paths.slice(0, most);
      const height = place.head + place.row * rows.length + 52;
      svg.attr("viewBox", `0 0 ${width} ${height}`);
      const left = place.left, right = width - place.beside;
      const columnX = i => left + ((i + 0.5) * (right - left)) / names.length;
      const font = small ? "12.5px" : "15px";
      const digits = 2;

      head.selectAll("text.head").data(names).join("text").attr("class", "head").attr("x", (d, i) => columnX(i)).attr("y", place.title + place.below)
        .attr("text-anchor", "middle").style("font-size", font).style("fill", "var(--soft)").text(d => d);
      head.selectAll("text.product").data([api.text({ en: "= product", ru: "= произведение" })])
        .join("text").attr("class", "product").attr("x", width - 6).attr("y", place.title).attr("text-anchor", "end")
        .style("font-size", small ? "12.5px" : "15px").style("fill", "var(--soft)").text(d => d);

      const row = body.selectAll("g.path").data(rows, d => d.units.join()).join(enter => {
        const made = enter.append("g").attr("class", "path");
        made.append("rect").attr("rx", 5).attr("x", 1).attr("width", width - 2).attr("height", place.row - 3).attr("y", -18);
        made.append("text").attr("class", "way").attr("x", 10);
        made.append("text").attr("class", "result").attr("x", width - 6).attr("text-anchor", "end");
        made.append("g").attr("class", "factors").attr("transform", `translate(0,${place.below})`);
        return made;
      }).attr("transform", (d, i) => `translate(0,${place.head + 14 + i * place.row})`);
      row.select("rect")
        .attr("fill", (d, i) => (facts.path === i ? "var(--two-soft)" : "transparent"))
        .attr("stroke", d => (d.product === 0 ? "none" : "var(--line)"));
      row.select(".way").text(d => d.units.map((unit, i) => unitName(facts.first + i, unit)).join(" → ")).style("fill", d => tone(d));
      row.select(".result").style("font-size", small ? "14px" : "15px").style("font-weight", 600).style("fill", d => tone(d))
        .text(d => `= ${d.product === 0 ? "0" : api.fixed(d.product, 4)}`);
      row.select(".factors").selectAll("text").data(d => d.factors).join("text").attr("x", (d, i) => columnX(i))
        .attr("text-anchor", "middle").style("font-size", font)
        .style("fill", function () { return tone(d3.select(this.parentNode).datum()); })
        .style("font-weight", d => (d.value === 0 ? 700 : 400))
        .text((d, i) => `${i ? "· " : ""}${d.value === 0 ? "0" : api.fixed(d.value, digits)}`);
      api.pressable(row, {
        label: d => `${api.text({ en: "Path", ru: "Путь" })} ${d.units.map((unit, i) => unitName(facts.first + i, unit)).join(" → ")}: ${api.fixed(d.product, 4)}`,
        press: (event, d) => api.set({ path: api.state.path === rows.indexOf(d) ? -1 : rows.indexOf(d) }),
        pressed: (d, i) => facts.path === i,
      });

      const lines = [
        { en: "sum of the products", ru: "сумма произведений", value: sum, colour: "var(--two)" },
        { en: "δ · y, backpropagation", ru: "δ · y, обратное распространение", value: gradient, colour: "var(--ink)" },
        { en: "ΔE / Δw, measured", ru: "ΔE / Δw, измерено", value: difference, colour: "var(--ink)" },
      ];
      svg.attr("viewBox", `0 0 ${width} ${height + 30}`);
      foot.selectAll("line").data([0]).join("line").attr("x1", 0).attr("x2", width).attr("stroke", "var(--field)")
        .attr("y1", height - 52).attr("y2", height - 52);
      const total = foot.selectAll("g").data(lines).join(enter => {
        const made = enter.append("g");
        made.append("text").attr("class", "what").attr("x", 10).style("font-size", small ? "12.5px" : null);
        made.append("text").attr("class", "value").attr("x", width - 6).attr("text-anchor", "end").style("font-weight", 700);
        return made;
      }).attr("transform", (d, i) => `translate(0,${height - 28 + i * 23})`);
      total.select(".what").text(d => api.text(d)).style("fill", d => d.colour);
      total.select(".value").text(d => `= ${api.fixed(d.value, 6)}`).style("fill", d => d.colour);
    };
  }

  const tone = path => (path.product === 0 ? "var(--soft)" : "var(--ink)");

  /** Returns how far below its point each name stands, so that none lies on another, on a point, or on what stands at `others`. */
  function spread(points, others) {
    const taken = [...others, ...points];
    return points.map(([x, y]) => {
      const free = rise => taken.every(([u, v]) => Math.abs(u - x) > 24 || Math.abs(v - y - rise) > 15);
      const rise = [-18, 20, -34, 36, -50, 52, -66].find(free) ?? -18;
      taken.push([x, y + rise]);
      return rise;
    });
  }

  /** Draws the activation, its derivative, the units' sums on it, and a tangent to drag; returns update(state, facts). */
  function drawActivation(root, api) {
    const width = api.narrow ? 360 : 760, height = api.narrow ? 300 : 330, limit = 5;
    const svg = api.picture(root, {
      width,
      height,
      label: { en: "The activation, its tangent and its derivative", ru: "Функция активации, её касательная и производная" },
    });
    const x = d3.scaleLinear([-limit, limit], [46, width - 14]);
    const y = d3.scaleLinear([-1.8, 3.2], [height - 30, 14]);
    const bottom = svg.append("g"), side = svg.append("g").attr("transform", `translate(${x(-limit)},0)`);
    const clip = svg.append("clipPath").attr("id", "activation_clip").append("rect");
    clip.attr("x", x(-limit)).attr("width", x(limit) - x(-limit)).attr("y", 14).attr("height", height - 44);
    const inside = svg.append("g").attr("clip-path", "url(#activation_clip)");
    const slope = inside.append("g"), curve = inside.append("g"), tangent = inside.append("line");
    const marks = svg.append("g"), point = svg.append("g").attr("class", "point");
    for (const [group, colour, dash] of [[slope, "var(--two)", "7 5"], [curve, "var(--one)", null]]) {
      group.attr("fill", "none").attr("stroke", colour).attr("stroke-width", 3).attr("stroke-dasharray", dash);
    }
    tangent.attr("stroke", "var(--accent)").attr("stroke-width", 2.5);
    point.append("circle").attr("r", 20).attr("fill", "transparent");
    point.append("circle").attr("r", 8).attr("fill", "var(--accent)").attr("stroke", "var(--paper)").attr("stroke-width", 2);
    api.draggable(point, {
      label: api.text({ en: "Where the tangent touches", ru: "Точка касания" }),
      at: () => [x(api.state.at), 0],
      to: place => api.set({ at: Number(Math.min(limit, Math.max(-limit, x.invert(place))).toFixed(2)) }),
      step: x(0.1) - x(0),
      value: () => `z = ${api.fixed(api.state.at, 2)}`,
      now: () => api.state.at,
      min: -limit,
      max: limit,
    });
    const legend = svg.append("g").attr("transform", `translate(${x(-limit) + 12},28)`);
    const said = ["φ(z)", "φ′(z)"].map((name, i) =>
      legend.append("text").attr("y", i * 20).style("font-weight", 600).style("fill", i ? "var(--two)" : "var(--one)").text(name));
    const words = legend.append("text").attr("y", 40).style("font-weight", 600).style("fill", "var(--accent)");

    return (state, facts) => {
      const { value, derivative, tangent: touching, table } = playground.kernels.activations;
      const name = state.activation;
      y.domain(HEIGHTS[name] ?? [-1.6, 4]);
      bottom.attr("transform", `translate(0,${y(0)})`)
        .call(d3.axisBottom(x).ticks(api.narrow ? 5 : 10).tickFormat(one => (one === -limit ? "" : api.number(one))));
      side.call(d3.axisLeft(y).ticks(5).tickFormat(one => api.number(one)));
      const line = d3.line((d, i) => x(d[0]), d => y(d[1]));
      const pieces = ["binary_step", "relu", "prelu"].includes(name) ? [[-limit, -1e-12], [name === "binary_step" ? 0 : 1e-12, limit]] : [[-limit, limit]];
      const paths = pieces.map(([from, to]) => {
        const xs = d3.range(201).map(i => from + ((to - from) * i) / 200), found = table(name, xs);
        return [found.values, found.derivatives].map(ys => line(xs.map((one, i) => [one, ys[i]])));
      });
      curve.selectAll("path").data(paths.map(pair => pair[0])).join("path").attr("d", d => d);
      slope.selectAll("path").data(paths.map(pair => pair[1])).join("path").attr("d", d => d);
      const { slope: rise, intercept } = touching(name, state.at);
      tangent.attr("x1", x(-limit)).attr("x2", x(limit)).attr("y1", y(intercept - rise * limit)).attr("y2", y(intercept + rise * limit));
      point.attr("transform", `translate(${x(state.at)},${y(value(name, state.at))})`);
      said[0].text(`φ(z) = ${FORMULAS[name][0]}`);
      said[1].text(`φ′(z) = ${FORMULAS[name][1]}`);
      words.text(`φ′(${api.fixed(state.at, 2)}) = ${api.fixed(derivative(name, state.at), 4)}`);
      const units = facts.sizes.slice(1).flatMap((size, i) =>
        facts.softmax && i === facts.sizes.length - 2 ? [] : d3.range(size)
          .map(unit => ({ name: unitName(i + 1, unit).replace("y", "z"), z: facts.pass.z[i + 1][unit] })));
      const [low, high] = y.domain();
      const seen = unit => Math.abs(unit.z) <= limit && value(name, unit.z) >= low && value(name, unit.z) <= high;
      const near = units.filter(seen).sort((a, b) => a.z - b.z);
      const ticks = x.ticks(api.narrow ? 5 : 10).map(one => [x(one), y(0) + 14]);
      const rises = spread(near.map(unit => [x(unit.z), y(value(name, unit.z))]), [...ticks, [x(state.at), y(value(name, state.at))]]);
      const mark = marks.selectAll("g").data(near).join(enter => {
        const made = enter.append("g");
        made.append("circle").attr("r", 6).attr("fill", "var(--paper)").attr("stroke", "var(--one)").attr("stroke-width", 2.5);
        made.append("text").attr("text-anchor", "middle").style("stroke", "var(--paper)").style("stroke-width", 4).style("paint-order", "stroke");
        return made;
      }).attr("transform", d => `translate(${x(d.z)},${y(value(name, d.z))})`);
      mark.select("text").text(d => d.name).attr("dy", (d, i) => rises[i] + 5);
      api.pressable(mark, {
        label: d => `${api.text({ en: "Put the tangent at", ru: "Провести касательную в точке" })} ${d.name} = ${api.fixed(d.z, 2)}`,
        press: (event, d) => api.set({ at: Number(d.z.toFixed(2)) }),
      });
    };
  }

  const HEIGHTS = { binary_step: [-0.6, 1.7], logistic: [-0.6, 1.7], tanh: [-1.5, 2], arctan: [-1.7, 2.2] }; // of the picture

  const FORMULAS = {
    identity: ["z", "1"],
    binary_step: ["1 (z ≥ 0), 0 (z < 0)", "0"],
    logistic: ["1 / (1 + e⁻ᶻ)", "y (1 − y)"],
    tanh: ["tanh z", "1 − y²"],
    arctan: ["arctan z", "1 / (1 + z²)"],
    relu: ["max(z, 0)", "1 (z > 0), 0 (z ≤ 0)"],
    prelu: ["z (z > 0), a z (z ≤ 0)", "1 (z > 0), a (z ≤ 0)"],
    elu: ["z (z > 0), eᶻ − 1 (z ≤ 0)", "1 (z > 0), y + 1 (z ≤ 0)"],
    softplus: ["ln(1 + eᶻ)", "1 / (1 + e⁻ᶻ)"],
  };

  Object.assign(playground.backpropagation, { drawProducts, drawActivation });
})(playground);
