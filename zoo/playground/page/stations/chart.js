"use strict";
/* A small chart of lines with axes, for stations that plot what they compute. */
(function (playground) {
  let count = 0; // gives each clipping path an id

  /** Returns the powers of ten in a domain, thinned out to at most `most`; of a short one 1, 2, 5, 10, 20, ... */
  function powers([low, high], most) {
    const exponents = d3.range(Math.floor(Math.log10(low)), Math.floor(Math.log10(high) + 1e-9) + 1);
    const every = Math.ceil(exponents.length / most);
    const within = values => values.filter(value => value > low * (1 - 1e-9) && value < high * (1 + 1e-9));
    const tens = within(exponents.filter(exponent => exponent % every === 0).map(exponent => 10 ** exponent));
    return tens.length > 1 ? tens : within(exponents.flatMap(exponent => [1, 2, 5].map(digit => digit * 10 ** exponent)));
  }

  /** Adds a chart at a place of a picture; the width and height are those of its inner area.
   *
   *  `x` and `y` are d3's scales, linear or logarithmic. Returns {plot, show}: `plot` is a group that is clipped, and
   *  `show({title, x: domain, y: domain, lines: [{points, colour, dash, width}], dots: [{at, colour}], across})` draws. */
  playground.chart = (svg, api, { left, top, width, height, x, y, xTicks = 5, yTicks = 4 }) => {
    const id = `chart_${++count}`;
    const g = svg.append("g").attr("transform", `translate(${left},${top})`);
    g.append("clipPath").attr("id", id).append("rect").attr("width", width).attr("height", height);
    const rules = g.append("g").attr("class", "grid");
    const below = g.append("g").attr("transform", `translate(0,${height})`);
    const beside = g.append("g");
    const plot = g.append("g").attr("clip-path", `url(#${id})`);
    const curves = plot.append("g").style("fill", "none");
    const marks = g.append("g");
    const title = g.append("text").attr("x", -40).attr("y", -10).style("font-weight", 600);
    const across = g.append("text").attr("x", width).attr("y", height + 36).attr("text-anchor", "end").style("fill", "var(--soft)");
    x.range([0, width]);
    y.range([height, 0]);
    const isLog = scale => typeof scale.base === "function";
    const ticks = (scale, most) => (isLog(scale) ? powers(scale.domain(), most) : scale.ticks(most));
    const raised = value => [...String(Math.round(Math.log10(value)))].map(sign => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("");
    const written = (value, scale) => (isLog(scale) && (value < 0.005 || value > 5e4) ? `10${raised(value)}` : api.number(value, 4));

    function show(what) {
      if (what.x) x.domain(what.x);
      if (what.y) y.domain(what.y);
      below.call(d3.axisBottom(x).tickValues(ticks(x, xTicks)).tickFormat(value => written(value, x)).tickSize(4));
      beside.call(d3.axisLeft(y).tickValues(ticks(y, yTicks)).tickFormat(value => written(value, y)).tickSize(4));
      rules
        .selectAll("line")
        .data(ticks(y, yTicks))
        .join("line")
        .attr("x2", width)
        .attr("y1", y)
        .attr("y2", y)
        .style("stroke", "var(--grid)");
      title.text(what.title ?? "");
      across.text(what.across ?? "");
      const inside = (pixel, size) => pixel >= -1 && pixel <= size + 1; // false where it is no number
      const drawable = ([u, v]) => Number.isFinite(x(u)) && Number.isFinite(y(v));
      const line = d3.line().defined(drawable).x(([u]) => x(u)).y(([, v]) => y(v));
      curves
        .selectAll("path")
        .data(what.lines ?? [])
        .join("path")
        .attr("d", one => line(one.points))
        .style("stroke", one => `var(--${one.colour})`)
        .style("stroke-width", one => one.width ?? 2.2)
        .style("stroke-dasharray", one => one.dash ?? null);
      marks
        .selectAll("circle")
        .data((what.dots ?? []).filter(({ at }) => inside(x(at[0]), width) && inside(y(at[1]), height)))
        .join("circle")
        .attr("r", dot => dot.r ?? 5)
        .attr("cx", dot => x(dot.at[0]))
        .attr("cy", dot => y(dot.at[1]))
        .style("fill", dot => `var(--${dot.colour})`)
        .style("stroke", "var(--paper)");
    }
    return { g, plot, x, y, show };
  };
})(playground);
