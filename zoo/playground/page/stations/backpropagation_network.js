"use strict";
/* The network of the station "backpropagation": units, weights to click and to drag, paths of the chosen one, softmax. */
(function (playground) {
  const WIDE = { width: 760, height: 372, left: 56, right: 590, radius: 27, low: 62, high: 316 };
  const NARROW = { width: 360, height: 390, left: 26, right: 330, radius: 22, low: 66, high: 310 };
  const GAPS = [0, 0, 156, 122]; // between units of a layer of so many
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
    const right = frame.right - (softmax ? (narrow ? 96 : 40) : 0);
    const x = layer => frame.left + (layer * (right - frame.left)) / (sizes.length - 1);
    const y = (layer, unit) => {
      return (frame.low + frame.high) / 2 + (unit - (sizes[layer] - 1) / 2) * GAPS[sizes[layer]];
    };
    return { ...frame, right, x, y, narrow, label: narrow ? 42 : 50 };
  }

  const SHARES = [0.36, 0.3, 0.44, 0.24, 0.52, 0.6, 0.68]; // of a line, where its number may stand

  /** Returns the weights as data of the picture: {at, layer, from, to, bias, x1, y1, x2, y2, labelX, labelY}. */
  function edges(sizes, place) {
    const { count, place: placeOf } = playground.kernels.backpropagation;
    const below = unit => place.radius + 15 + unit; // where a bias stands
    // Middles of the numbers that have a place: those of the biases, to begin with.
    const taken = sizes.flatMap((size, layer) => (layer ? d3.range(size).map(unit => [place.x(layer), below(place.y(layer, unit))]) : []));
    const free = (x, y) => taken.every(([left, top]) => Math.abs(x - left) > place.label + 4 || Math.abs(y - top) > 22);
    return Array.from({ length: count(sizes) }, (_, at) => {
      const { layer, from, to, bias } = placeOf(sizes, at);
      const [x2, y2] = [place.x(layer), place.y(layer, to)];
      if (bias) return { at, layer, from, to, bias, labelX: x2, labelY: below(y2) };
      const [x1, y1] = [place.x(layer - 1), place.y(layer - 1, from)];
      const middle = y1 === y2 ? [0.5] : [];
      const spots = [...middle, ...SHARES].map(share => [x1 + share * (x2 - x1), y1 + share * (y2 - y1)]);
      const spot = spots.find(([x, y]) => free(x, y)) ?? spots[0];
      taken.push(spot);
      return { at, layer, from, to, bias, x1, y1, x2, y2, labelX: spot[0], labelY: spot[1] };
    });
  }

  /** Draws the network into `root`; returns update(facts), where `first` and facts are what `facts` of the station computes. */
  function draw(root, api, first) {
    const { sizes, softmax } = first;
    let current = first;
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
    weight.append("text").attr("text-anchor", "middle").attr("dy", 5).style("font-size", place.narrow ? "12px" : "14px");
    api.draggable(weight, {
      label: d => `${api.text({ en: "Weight", ru: "Вес" })} ${edgeName(sizes, d)}`,
      at: d => [current.weights[d.at] * PER_UNIT, 0],
      to: (x, y, d) => change(api, current, d.at, (x - y) / PER_UNIT),
      step: PER_UNIT / 20,
      value: d => api.fixed(current.weights[d.at], 2),
      now: d => current.weights[d.at],
      min: -LARGEST,
      max: LARGEST,
    });
    const choose = (event, d) => api.set({ weight: d.at, path: -1 });
    weight.on("click", choose);
    // All weights are one stop of the tab key: up and down go from one to another, left and right change it.
    const move = weight.on("keydown.move");
    weight.attr("aria-orientation", "horizontal").on("keydown.move", function (event, d) {
      const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!way) {
        move.call(this, event, d);
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      choose(event, { at: (d.at + way + data.length) % data.length });
      weight.filter(edge => edge.at === current.weight).node().focus();
    });

    const unit = units.selectAll("g").data(nodes).join("g")
      .attr("transform", d => `translate(${place.x(d.layer)},${place.y(d.layer, d.unit)})`);
    unit.append("circle").attr("r", place.radius).attr("fill", "var(--paper)").attr("stroke-width", 2);
    unit.append("text").attr("class", "value").attr("text-anchor", "middle").attr("dy", 5).style("font-weight", 600)
      .style("font-size", place.narrow ? "12px" : "14px");
    unit.append("text").attr("class", "name").attr("text-anchor", "middle").attr("dy", -place.radius - 6)
      .text(d => unitName(d.layer, d.unit)).style("fill", "var(--soft)");
    const inputs = unit.filter(d => d.layer === 0);
    api.draggable(inputs, {
      label: d => `${api.text({ en: "Input", ru: "Вход" })} ${unitName(0, d.unit)}`,
      at: d => [current.inputs[d.unit] * PER_UNIT, 0],
      to: (x, y, d) => api.set({ [`x${d.unit + 1}`]: Number(((x - y) / PER_UNIT).toFixed(2)) }),
      step: PER_UNIT / 10,
      value: d => api.fixed(current.inputs[d.unit], 2),
      now: d => current.inputs[d.unit],
      min: api.quantity("x1").min,
      max: api.quantity("x1").max,
    });

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
      weight.attr("tabindex", d => (chosen(d) ? 0 : -1)).attr("aria-current", d => (chosen(d) ? "true" : null));
      weight.select("text")
        .text(d => (d.bias ? `b ${api.fixed(facts.weights[d.at], 2)}` : api.fixed(facts.weights[d.at], 2)))
        .style("fill", d => (chosen(d) ? "var(--accent)" : on(d) ? "var(--two)" : d.bias ? "var(--soft)" : "var(--ink)"))
        .style("font-weight", d => (chosen(d) || on(d) ? 700 : 400));
      weight.select("rect")
        .attr("width", d => place.label + (d.bias ? 14 : 0)).attr("x", d => -(place.label + (d.bias ? 14 : 0)) / 2)
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
    api.set({ weights, weight: at, ...(at === facts.weight ? {} : { path: -1 }) });
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
    const full = Math.max(0, place.width - left - 8);
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
    row.selectAll("text").attr("display", softmax || !place.narrow ? null : "none");
    row.select(".target").attr("y", softmax ? -14 : -6).text(d => `d = ${api.number(d.target, 3)}`);
    row.select(".delta").attr("y", softmax ? 26 : 18)
      .text(d => (softmax ? `p−d = ${api.fixed(d.delta, 2)}` : `y−d = ${api.fixed(d.value - d.target, 2)}`));
    const bottom = place.height - 10;
    const below = rows.map(d => `d = ${api.number(d.target, 3)},  y−d = ${api.fixed(d.value - d.target, 2)}`);
    group.selectAll("text.below").data(softmax || !place.narrow ? [] : below).join("text").attr("class", "below").attr("x", 6).attr("y", bottom).text(d => d);
    group.selectAll("text.error").data([pass.error]).join("text").attr("class", "error").style("font-weight", 700).style("fill", "var(--two)")
      .attr("x", softmax && place.narrow ? 6 : place.width - 8).attr("y", softmax && !place.narrow ? 30 : bottom)
      .attr("text-anchor", softmax && place.narrow ? "start" : "end").text(d => `E = ${api.number(d, 4)}`);
    const sum = pass.y[last].reduce((total, one) => total + one, 0);
    group.selectAll("text.sum").data(softmax ? [sum] : []).join("text").attr("class", "sum")
      .attr("x", place.width - 8).attr("y", bottom).attr("text-anchor", "end").style("font-weight", 600)
      .text(d => `${pass.y[last].map(one => api.fixed(one, 3)).join(" + ")} = ${api.fixed(d, 3)}`);
  }

  playground.backpropagation = { drawNetwork: draw, edgeName, unitName, RAISED, LOWERED };
})(playground);
