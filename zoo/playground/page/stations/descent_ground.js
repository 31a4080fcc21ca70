"use strict";
/* What the three views of station 6 share: a plane with contours, paths over it, their start, and the room for charts. */
(function (playground) {
  const kernel = () => playground.kernels.descent;

  /** Adds a square plane with contours of a quadratic function, and returns its scales and its updates. */
  function plane(svg, { left, top, size, x, y, name }) {
    const id = `plane_${name}`;
    svg.append("clipPath").attr("id", id).append("rect").attr("x", left).attr("y", top).attr("width", size).attr("height", size);
    svg.append("rect").attr("x", left).attr("y", top).attr("width", size).attr("height", size).style("fill", "none").style("stroke", "var(--field)");
    const inside = svg.append("g").attr("clip-path", `url(#${id})`);
    const scales = { x: d3.scaleLinear(x, [left, left + size]), y: d3.scaleLinear(y, [top + size, top]) };
    const rings = inside.append("g");

    /** Draws the ellipses 1/2 d'A d = height around a centre. */
    function ellipses(group, A, centre, heights, style) {
      const { values, angle } = kernel().eigen(A);
      const unit = Math.abs(scales.x(1) - scales.x(0));
      const stretch = Math.abs(scales.y(1) - scales.y(0)) / unit;
      const points = d3.range(0, 2 * Math.PI, Math.PI / 60).map(turn => [Math.cos(turn) / Math.sqrt(values[0]), Math.sin(turn) / Math.sqrt(values[1])]);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const shape = height => {
        const far = Math.sqrt(2 * height) * unit;
        const at = points.map(([p, q]) => [far * (c * p - s * q), -far * stretch * (s * p + c * q)]);
        return `M${at.map(([u, v]) => `${(scales.x(centre[0]) + u).toFixed(1)},${(scales.y(centre[1]) + v).toFixed(1)}`).join("L")}Z`;
      };
      group.selectAll("path").data(heights).join("path").attr("d", shape).style("fill", "none")
        .style("stroke", style.colour).style("stroke-width", style.width ?? 1).style("stroke-dasharray", style.dash ?? null);
    }
    return { ...scales, inside, rings, ellipses };
  }

  /** Returns where a path leaves a drawing: its points up to the first that is too far to draw. */
  const drawable = (points, far = 1e5) => {
    const end = points.findIndex(([u, v]) => !(Math.abs(u) < far && Math.abs(v) < far));
    return end < 0 ? points : points.slice(0, end);
  };

  /** Adds a path of steps to a plane; returns its update. */
  function steps(group, { x, y }, colour, dots = true) {
    const line = group.append("path").style("fill", "none").style("stroke", `var(--${colour})`).style("stroke-width", 2);
    const points = group.append("g");
    return path => {
      const shown = drawable(path);
      line.attr("d", shown.length ? `M${shown.map(([u, v]) => `${x(u).toFixed(1)},${y(v).toFixed(1)}`).join("L")}` : "");
      const few = dots ? shown.slice(0, 120) : [];
      points.selectAll("circle").data(few).join("circle").attr("r", 3).attr("cx", ([u]) => x(u)).attr("cy", ([, v]) => y(v)).style("fill", `var(--${colour})`);
    };
  }

  /** Adds the start of a path, which is dragged. `keys` are its coordinates in the state, `names` those for readers. */
  function start(svg, api, { x, y }, keys, names, size) {
    const handle = svg.append("g");
    handle.append("circle").attr("r", 18).style("fill", "var(--paper)").style("fill-opacity", 0.01);
    handle.append("circle").attr("r", 8).style("fill", "var(--accent)").style("stroke", "var(--paper)").style("stroke-width", 2);
    const within = (value, [a, b]) => Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b));
    api.draggable(handle, {
      label: api.text({ en: "The start", ru: "Начало" }),
      at: () => [x(api.state[keys[0]]), y(api.state[keys[1]])],
      to: (u, v) => api.set({ [keys[0]]: Number(within(x.invert(u), x.domain()).toFixed(3)), [keys[1]]: Number(within(y.invert(v), y.domain()).toFixed(3)) }),
      value: () => keys.map((key, i) => `${names[i]} = ${api.fixed(api.state[key], 2)}`).join(", "),
      now: () => api.state[keys[0]],
      min: d3.min(x.domain()),
      max: d3.max(x.domain()),
      step: size / 60,
    });
    return state => handle.attr("transform", `translate(${x(state[keys[0]])},${y(state[keys[1]])})`);
  }

  /** Adds a star at a minimum. */
  const star = group => group.append("path").attr("d", d3.symbol(d3.symbolStar, 120)()).style("fill", "var(--ink)");

  /** Adds the picture of a view: the plane, and beside it, on a phone below it, room for charts.
   *
   * `keys` are the coordinates of the start in the state, `names` what they are called, in both languages; `axes` writes
   * the names into the plane. `below` is the {label, height} of the charts' own picture on a phone. Returns the plane
   * with {showStart(state)}, {beside, left}, the room and its left edge, and chart(options), which adds a chart there. */
  function ground(root, api, { label, below, domain, name, keys, names, axes = true }) {
    const narrow = api.narrow;
    const size = narrow ? 340 : 500;
    const width = narrow ? 360 : 900;
    const svg = api.picture(root, { width, height: size + 20, label });
    const beside = narrow ? api.picture(root, { width, ...below }) : svg;
    const made = plane(svg, { left: 10, top: 10, size, ...domain, name });
    const [across, up] = names.map(api.text);
    if (axes) {
      svg.append("text").attr("x", 10 + size - 6).attr("y", 10 + size - 8).attr("text-anchor", "end").style("fill", "var(--soft)").text(`${across} →`);
      svg.append("text").attr("x", 18).attr("y", 28).style("fill", "var(--soft)").text(`↑ ${up}`);
    }
    const room = narrow ? { left: 50, width: 286 } : { left: 584, width: 296 };
    return {
      ...made,
      beside,
      left: room.left,
      showStart: start(svg, api, made, keys, [across, up], size),
      chart: options => playground.chart(beside, api, { ...room, x: d3.scaleLinear(), y: d3.scaleLinear(), ...options }),
    };
  }

  const PARAMETERS = [{ en: "slope", ru: "наклон" }, { en: "bias", ru: "сдвиг" }];

  playground.descent = { ground, steps, star, PARAMETERS };
})(playground);
