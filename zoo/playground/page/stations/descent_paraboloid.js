"use strict";
/* Newton's paraboloid in space: the loss as a net of lines, and under it the paraboloid that touches it at a point. */
(function (playground) {
  const LINES = 19; // of the net, in each direction
  const POINTS = 73; // of a line
  const RINGS = 5; // of the paraboloid
  const RIBS = 12;
  const TILT = 0.42; // of the view from above, as the sine of an angle
  const ABOVE = 1.5; // the net ends so many times higher than the point, above the lowest loss
  const DEGREE = 2; // pixels of dragging for a degree of turning

  const kernel = () => playground.kernels.descent;

  /** Adds the picture; `loss(theta)` is drawn over `domain`. Returns its update, given a step of Newton's path. */
  function paraboloid(svg, api, { width, height, domain, loss, least }) {
    const [reachX, reachY] = [domain.x, domain.y].map(([a, b]) => (b - a) / 2);
    const middle = [d3.mean(domain.x), d3.mean(domain.y)];
    const size = Math.min(width / 3, height / 1.6);
    const net = svg.append("path").style("fill", "none").style("stroke", "var(--one)").style("stroke-width", 1).style("opacity", 0.75);
    const bowl = svg.append("path").style("fill", "none").style("stroke", "var(--two)").style("stroke-width", 1.8);
    const drop = svg.append("path").style("fill", "none").style("stroke", "var(--ink)").style("stroke-dasharray", "3 3");
    const dots = svg.append("g");
    const legend = [
      { colour: "one", en: "the loss", ru: "функция потерь" },
      { colour: "two", en: "Newton's paraboloid", ru: "параболоид Ньютона" },
    ];
    legend.forEach(({ colour, ...text }, i) => svg.append("text").attr("x", 10).attr("y", 22 + 22 * i).style("font-weight", 600).style("fill", `var(--${colour})`).text(api.text(text)));
    const touch = svg.append("rect").attr("width", width).attr("height", height).style("fill", "var(--paper)").style("fill-opacity", 0.01);
    playground.draggable(touch, {
      label: api.text({ en: "The view, which turns", ru: "Точка обзора, её поворачивают" }),
      at: () => [api.state.turn * DEGREE, 0],
      to: x => api.set({ turn: ((((Math.round(x / DEGREE) + 180) % 360) + 360) % 360) - 180 }),
      ...api.quantity("turn"),
      step: 5 * DEGREE,
    });

    return (step, turn) => {
      const top = least + ABOVE * Math.max(step.value - least, 0.5);
      const [c, s] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
      const project = ([slope, bias], value) => {
        const [x, y] = [(slope - middle[0]) / reachX, (bias - middle[1]) / reachY];
        const far = s * x + c * y;
        return [width / 2 + size * (c * x - s * y), 0.76 * height - size * TILT * far - ((value - least) / (top - least)) * 0.42 * height];
      };
      const within = ([slope, bias]) => slope >= domain.x[0] && slope <= domain.x[1] && bias >= domain.y[0] && bias <= domain.y[1];
      const line = d3.line().defined(([theta, value]) => value <= top && within(theta)).x(([theta, value]) => project(theta, value)[0].toFixed(1)).y(([theta, value]) => project(theta, value)[1].toFixed(1));
      const spread = ([a, b], count) => d3.range(count).map(i => a + ((b - a) * i) / (count - 1));
      const over = theta => [theta, loss(theta)];
      const along = spread(domain.x, LINES).map(slope => spread(domain.y, POINTS).map(bias => over([slope, bias])));
      const across = spread(domain.y, LINES).map(bias => spread(domain.x, POINTS).map(slope => over([slope, bias])));
      net.attr("d", [...along, ...across].map(line).join(""));

      const lowest = step.direction && step.theta.map((value, i) => value + step.direction[i]);
      const bottom = lowest && kernel().model(step, step.direction);
      const seen = lowest && Math.hypot(...step.direction) < 1e3;
      for (const part of [bowl, drop]) part.style("display", seen ? null : "none");
      const marks = [{ at: project(step.theta, step.value), colour: "accent" }];
      if (seen) {
        const { values, angle } = kernel().eigen(step.hessian);
        const at = (rise, way) => {
          const [p, q] = [Math.cos(way) * Math.sqrt((2 * rise) / values[0]), Math.sin(way) * Math.sqrt((2 * rise) / values[1])];
          return [[lowest[0] + Math.cos(angle) * p - Math.sin(angle) * q, lowest[1] + Math.sin(angle) * p + Math.cos(angle) * q], bottom + rise];
        };
        const most = top - bottom;
        const rings = d3.range(1, RINGS + 1).map(i => d3.range(POINTS).map(k => at(most * (i / RINGS) ** 2, (2 * Math.PI * k) / (POINTS - 1))));
        const ribs = d3.range(RIBS).map(k => d3.range(RINGS * 6 + 1).map(i => at(most * (i / (RINGS * 6)) ** 2, (2 * Math.PI * k) / RIBS)));
        bowl.attr("d", [...rings, ...ribs].map(line).join(""));
        const ends = [project(lowest, bottom), project(lowest, Math.min(top, loss(lowest)))];
        drop.attr("d", `M${ends.join("L")}`);
        if (within(lowest)) marks.push({ at: ends[0], colour: "two" }, { at: ends[1], colour: "one" });
        else drop.style("display", "none");
      }
      dots.selectAll("circle").data(marks).join("circle").attr("r", 6).attr("cx", ({ at }) => at[0])
        .attr("cy", ({ at }) => at[1]).style("fill", ({ colour }) => `var(--${colour})`).style("stroke", "var(--paper)");
    };
  }

  Object.assign((playground.views ??= {}), { paraboloid });
})(playground);
