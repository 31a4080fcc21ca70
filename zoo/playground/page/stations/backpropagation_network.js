"use strict";
/* The network of the station "backpropagation": units, weights to click and to drag, paths of the chosen one, softmax. */
(function (playground) {
  const WIDE = { width: 760, height: 400, left: 70, right: 640, radius: 27, low: 62, high: 330 };
  const NARROW = { width: 360, height: 420, left: 40, right: 290, radius: 22, low: 62, high: 350 };
  const PER_UNIT = 60; // of the picture, that a weight or an input is dragged by to change by 1
  const LARGEST = 8; // of weights, in either direction

  const RAISED = ["⁰", "¹", "²", "³", "⁴"];
  const LOWERED = ["₀", "₁", "₂", "₃", "₄"];

  /** Returns a unit's name: x₁ for an input, y²₁ for the first unit of layer 2 (inputs are layer 1). */
  function unitName(layer, unit) {
    return layer === 0 ? `x${LOWERED[unit + 1]}` : `y${RAISED[layer + 1]}${LOWERED[unit + 1]}`;
  }

  /** Returns where units and weights stand: functions of layer and unit. */
  function geometry(sizes, narrow, softmax) {
    const frame = narrow ? NARROW : WIDE;
    const right = frame.right - (softmax ? (narrow ? 20 : 110) : 0);
    const x = layer => frame.left + (layer * (right - frame.left)) / (sizes.length - 1);
    const y = (layer, unit) => {
      const [middle, gap] = [(frame.low + frame.high) / 2, (frame.high - frame.low) / Math.max(2, sizes[layer] - 0.4)];
      return middle + (unit - (sizes[layer] - 1) / 2) * gap * (sizes[layer] === 2 ? 1.25 : 1);
    };
    return { ...frame, right, x, y };
  }

  /** Returns the weights as data of the picture: {at, layer, from, to, bias, x1, y1, x2, y2, labelX, labelY}. */
  function edges(sizes, place) {
    const { count, place: placeOf } = playground.kernels.backpropagation;
    return Array.from({ length: count(sizes) }, (_, at) => {
      const { layer, from, to, bias } = placeOf(sizes, at);
      const [x2, y2] = [place.x(layer), place.y(layer, to)];
      if (bias) return { at, layer, from, to, bias, labelX: x2, labelY: y2 + place.radius + 17 };
      const [x1, y1] = [place.x(layer - 1), place.y(layer - 1, from)];
      const share = sizes.length > 3 && place.width < 500 ? 0.5 + 0.12 * (from === to ? 0 : from ? 1 : -1) : 0.36;
      return { at, layer, from, to, bias, x1, y1, x2, y2, labelX: x1 + share * (x2 - x1), labelY: y1 + share * (y2 - y1) };
    });
  }

  /** Draws the network into `root`; returns update(facts), where facts are what `facts` of the station computes. */
  function draw(root, api, sizes, softmax) {
    const place = geometry(sizes, api.narrow, softmax);
    const svg = api.picture(root, {
      width: place.width,
      height: place.height,
      label: {
        en: "A network with its weights, outputs, and the paths from the chosen weight to the error",
        ru: "Сеть с весами, выходами и путями от выбранного веса к ошибке",
      },
    });
    const layers = ["lines", "units", "labels", "bars"].map(name => svg.append("g").attr("class", name));
    const [lines, units, labels, bars] = layers;
    const data = edges(sizes, place);
    const nodes = sizes.flatMap((size, layer) => Array.from({ length: size }, (_, unit) => ({ layer, unit })));
    headings(svg, api, sizes, place);

    const line = lines.selectAll("g").data(data.filter(edge => !edge.bias)).join("g").style("cursor", "pointer");
    for (const kind of ["seen", "hit"]) {
      line.append("line").attr("class", kind).attr("x1", d => d.x1).attr("y1", d => d.y1).attr("x2", d => d.x2).attr("y2", d => d.y2);
    }
    line.select(".hit").attr("stroke", "transparent").attr("stroke-width", 14);
    line.on("click", (event, edge) => api.set({ weight: edge.at, path: -1 }));

    const weight = labels.selectAll("g").data(data).join("g").attr("transform", d => `translate(${d.labelX},${d.labelY})`);
    weight.append("rect").attr("rx", 4).attr("height", 20).attr("y", -10).attr("fill", "var(--paper)");
    weight.append("text").attr("text-anchor", "middle").attr("dy", 5);
    api.draggable(weight, {
      label: d => `${api.text({ en: "Weight", ru: "Вес" })} ${edgeName(sizes, d)}`,
      at: d => [current.weights[d.at] * PER_UNIT, 0],
      to: (x, y, d) => change(api, current, d.at, (x - y) / PER_UNIT),
      step: PER_UNIT / 20,
      value: d => [api.fixed(current.weights[d.at], 2)],
    });
    weight.on("focus", (event, d) => current.weight !== d.at && api.set({ weight: d.at, path: -1 }));

    const unit = units.selectAll("g").data(nodes).join("g")
      .attr("transform", d => `translate(${place.x(d.layer)},${place.y(d.layer, d.unit)})`);
    unit.append("circle").attr("r", place.radius).attr("fill", "var(--paper)").attr("stroke-width", 2);
    unit.append("text").attr("class", "value").attr("text-anchor", "middle").attr("dy", 5).style("font-weight", 600);
    unit.append("text").attr("class", "name").attr("text-anchor", "middle").attr("dy", -place.radius - 6)
      .text(d => unitName(d.layer, d.unit)).style("fill", "var(--soft)");
    const inputs = unit.filter(d => d.layer === 0);
    api.draggable(inputs, {
      label: d => `${api.text({ en: "Input", ru: "Вход" })} ${unitName(0, d.unit)}`,
      at: d => [current.inputs[d.unit] * PER_UNIT, 0],
      to: (x, y, d) => api.set({ [`x${d.unit + 1}`]: Number(((x - y) / PER_UNIT).toFixed(2)) }),
      step: PER_UNIT / 10,
      value: d => [api.fixed(current.inputs[d.unit], 2)],
    });

    let current = null;
    return facts => {
      current = facts;
      const shown = facts.shown;
      const on = edge => shown.some(path => passes(path, edge));
      const dead = edge => !on(edge) && facts.dead.some(path => passes(path, edge));
      const chosen = edge => edge.at === facts.weight;
      line.select(".seen")
        .attr("stroke", d => (chosen(d) ? "var(--accent)" : on(d) ? "var(--two)" : "var(--field)"))
        .attr("stroke-width", d => (chosen(d) ? 6 : on(d) ? 4 : 1.5))
        .attr("stroke-dasharray", d => (dead(d) ? "3 6" : null));
      weight.select("text")
        .text(d => (d.bias ? `b ${api.fixed(facts.weights[d.at], 2)}` : api.fixed(facts.weights[d.at], 2)))
        .style("fill", d => (chosen(d) ? "var(--accent)" : on(d) ? "var(--two)" : d.bias ? "var(--soft)" : "var(--ink)"))
        .style("font-weight", d => (chosen(d) || on(d) ? 700 : 400));
      weight.select("rect")
        .attr("width", d => (d.bias ? 60 : 46)).attr("x", d => (d.bias ? -30 : -23))
        .attr("stroke", d => (chosen(d) ? "var(--accent)" : "none"));
      unit.select(".value").text(d => api.fixed(facts.pass.y[d.layer][d.unit], 2));
      unit.select("circle")
        .attr("stroke", d => (shown.some(path => touches(path, d)) ? "var(--two)" : "var(--one)"))
        .attr("stroke-width", d => (shown.some(path => touches(path, d)) ? 4 : 2));
      ends(bars, api, place, sizes, facts);
    };
  }

  /** Returns what a weight is called: w from the unit below to the unit above. */
  function edgeName(sizes, { layer, from, to, bias }) {
    return `${bias ? "1" : unitName(layer - 1, from)} → ${unitName(layer, to)}`;
  }

  /** Returns whether a path goes along a weight that lies above its own. */
  function passes(path, edge) {
    const above = edge.layer - path.first;
    return !edge.bias && above > 0 && path.units[above] === edge.to && path.units[above - 1] === edge.from;
  }

  const touches = (path, { layer, unit }) => layer >= path.first && path.units[layer - path.first] === unit;

  function change(api, facts, at, value) {
    const weights = Array.from(facts.weights);
    weights[at] = Number(Math.min(LARGEST, Math.max(-LARGEST, value)).toFixed(2));
    api.set({ weights, weight: at });
  }

  /** Writes "layer 1" and so on above the columns. */
  function headings(svg, api, sizes, place) {
    const word = api.text({ en: "layer", ru: "слой" });
    svg.append("g").selectAll("text").data(sizes).join("text").attr("class", "heading")
      .attr("x", (d, layer) => place.x(layer)).attr("y", 16).attr("text-anchor", "middle").style("fill", "var(--soft)")
      .text((d, layer) => `${word} ${layer + 1}`);
  }

  /** Shows, right of the outputs, targets, and behind a softmax bars that sum to 1. */
  function ends(group, api, place, sizes, { pass, targets, softmax }) {
    const last = sizes.length - 1;
    const left = place.right + place.radius + 8;
    const full = place.width - left - 8;
    const rows = targets.map((target, k) => ({ target, k, y: place.y(last, k), value: pass.y[last][k], delta: pass.delta[last][k] }));
    const row = group.selectAll("g.end").data(rows).join(enter => {
      const made = enter.append("g").attr("class", "end");
      made.append("rect").attr("class", "full").attr("height", 14).attr("rx", 3).attr("fill", "none").attr("stroke", "var(--field)");
      made.append("rect").attr("class", "bar").attr("height", 14).attr("rx", 3).attr("fill", "var(--one)");
      made.append("text").attr("class", "target");
      made.append("text").attr("class", "delta");
      return made;
    }).attr("transform", d => `translate(${left},${d.y})`);
    row.selectAll("rect").attr("display", softmax ? null : "none").attr("y", -7);
    row.select(".full").attr("width", full);
    row.select(".bar").attr("width", d => full * d.value);
    row.select(".target").attr("y", softmax ? -14 : place.width < 500 ? -34 : -6).attr("x", softmax || place.width > 500 ? 0 : full)
      .attr("text-anchor", softmax || place.width > 500 ? "start" : "end")
      .text(d => `d = ${api.number(d.target, 3)}`);
    row.select(".delta").attr("y", softmax ? 26 : place.width < 500 ? 46 : 18).attr("x", softmax || place.width > 500 ? 0 : full)
      .attr("text-anchor", softmax || place.width > 500 ? "start" : "end")
      .text(d => (softmax ? `p−d = ${api.fixed(d.delta, 2)}` : `y−d = ${api.fixed(d.value - d.target, 2)}`));
    const sum = pass.y[last].reduce((total, one) => total + one, 0);
    group.selectAll("text.sum").data(softmax ? [sum] : []).join("text").attr("class", "sum")
      .attr("x", place.width - 8).attr("y", place.height - 8).attr("text-anchor", "end").style("font-weight", 600)
      .text(d => `${pass.y[last].map(one => api.fixed(one, 3)).join(" + ")} = ${api.fixed(d, 3)}`);
  }

  playground.backpropagation = { drawNetwork: draw, edgeName, unitName, RAISED, LOWERED };
})(playground);
