"use strict";
/* Station 6, first view: gradient descent and momentum on a quadratic surface, and the rate against 2 / lambda. */
(function (playground) {
  const REACH = 3; // of the picture, in each direction from the minimum
  const RINGS = 9; // contour lines
  const RATES = 160; // at which the factors are drawn

  const kernel = () => playground.kernels.descent;
  const matrix = state => kernel().matrix(state.l1, state.l2, state.angle);
  const path = state => kernel().descend(matrix(state), [state.bx, state.by], state.rate, state.momentum, state.steps);

  /** Returns how a descent goes: {factor a step, behaviour: "slow", "good", "jumps" or "diverges"}. */
  function course({ l1, l2, rate, momentum }) {
    const [fast, slow] = [kernel().factor(l1, rate, momentum), kernel().factor(l2, rate, momentum)];
    const factor = Math.max(fast, slow);
    if (factor >= 1) return { factor, behaviour: "diverges" };
    if (momentum > 0) return { factor, behaviour: "good" };
    return { factor, behaviour: rate * l1 > 1 ? "jumps" : slow > 0.95 ? "slow" : "good" };
  }

  /** Adds a square plane with contours of a quadratic function, and returns its scales and its updates. */
  function plane(svg, api, { left, top, size, x, y, label }) {
    const id = `plane_${label}`;
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

  /** Adds the start of a path, which is dragged. `keys` are the names of its coordinates in the state. */
  function start(svg, api, { x, y }, keys, size) {
    const handle = svg.append("g");
    handle.append("circle").attr("r", 18).style("fill", "var(--paper)").style("fill-opacity", 0.01);
    handle.append("circle").attr("r", 8).style("fill", "var(--accent)").style("stroke", "var(--paper)").style("stroke-width", 2);
    const within = (value, [a, b]) => Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b));
    playground.draggable(handle, {
      label: api.text({ en: "The start", ru: "Начало" }),
      at: () => [x(api.state[keys[0]]), y(api.state[keys[1]])],
      to: (u, v) => api.set({ [keys[0]]: Number(within(x.invert(u), x.domain()).toFixed(3)), [keys[1]]: Number(within(y.invert(v), y.domain()).toFixed(3)) }),
      value: () => keys.map(key => api.fixed(api.state[key], 2)),
      step: size / 60,
    });
    return state => handle.attr("transform", `translate(${x(state[keys[0]])},${y(state[keys[1]])})`);
  }

  /** Adds a star at a minimum. */
  const star = group => group.append("path").attr("d", d3.symbol(d3.symbolStar, 120)()).style("fill", "var(--ink)");

  function draw(root, api) {
    const narrow = api.narrow;
    const size = narrow ? 340 : 500;
    const [width, height] = narrow ? [360, size + 20] : [900, size + 20];
    const svg = api.picture(root, {
      width, height,
      label: {
        en: "The path of the descent over contour lines, and how fast it comes closer",
        ru: "Путь спуска на линиях уровня и то, как быстро он приближается",
      },
    });
    const beside = narrow ? api.picture(root, { width, height: 450, label: {
      en: "The factor of a step against the rate; the function by step",
      ru: "Множитель за шаг в зависимости от скорости; значение функции по шагам",
    } }) : svg;
    const reach = [-REACH, REACH];
    const bowl = plane(svg, api, { left: 10, top: 10, size, x: reach, y: reach, label: "bowl" });
    const axes = bowl.inside.append("g");
    const showSteps = steps(bowl.inside, bowl, "one");
    star(bowl.inside).attr("transform", `translate(${bowl.x(0)},${bowl.y(0)})`);
    const showStart = start(svg, api, bowl, ["bx", "by"], size);

    const [left, wide] = narrow ? [50, 286] : [584, 296];
    const factors = playground.chart(beside, api, {
      left, top: narrow ? 35 : 40, width: wide, height: narrow ? 150 : 180, x: d3.scaleLinear(), y: d3.scaleLinear(), yTicks: 4,
    });
    const errors = playground.chart(beside, api, {
      left, top: narrow ? 285 : 316, width: wide, height: narrow ? 120 : 140, x: d3.scaleLinear(), y: d3.scaleLog(), yTicks: 5,
    });
    const limit = factors.plot.append("line").style("stroke", "var(--ink)").style("stroke-dasharray", "4 3");
    const one = factors.plot.append("line").style("stroke", "var(--ink)").style("stroke-width", 1.2);
    const curvatures = factors.g.selectAll(".curvature").data(["λ₁", "λ₂"]).join("text").attr("class", "curvature")
      .style("font-weight", 600).style("stroke", "var(--paper)").style("stroke-width", 4).style("paint-order", "stroke")
      .style("fill", (_, i) => ["var(--two)", "var(--three)"][i]).text(text => text);
    const ends = bowl.inside.selectAll(".axis").data(["λ₁", "λ₂"]).join("text").attr("class", "axis")
      .style("font-weight", 600).attr("text-anchor", "middle").style("fill", (_, i) => ["var(--two)", "var(--three)"][i]).text(text => text);
    const handle = factors.g.append("g");
    handle.append("rect").attr("x", -14).attr("width", 28).style("fill", "var(--paper)").style("fill-opacity", 0.01);
    handle.append("line").style("stroke", "var(--accent)").style("stroke-width", 3);
    // Above the line of the rate, which is interrupted where the name stands.
    const name = factors.g.append("text").attr("text-anchor", "end").style("fill", "var(--ink)").style("pointer-events", "none");
    name.style("stroke", "var(--paper)").style("stroke-width", 7).style("paint-order", "stroke");
    const high = narrow ? 150 : 180;
    handle.select("rect").attr("height", high);
    handle.select("line").attr("y1", 0).attr("y2", high);
    playground.draggable(handle, {
      label: api.text({ en: "The learning rate", ru: "Скорость обучения" }),
      at: () => [factors.x(api.state.rate), 0],
      to: u => api.set({ rate: Math.max(0.005, Number(factors.x.invert(u).toPrecision(3))) }),
      value: () => api.number(api.state.rate),
      step: 3,
    });

    return {
      update(state) {
        const A = matrix(state);
        const points = path(state);
        const top = kernel().height(A, [REACH, 0]) + kernel().height(A, [0, REACH]);
        bowl.ellipses(bowl.rings, A, [0, 0], d3.range(1, RINGS + 1).map(i => top * (i / RINGS) ** 2), { colour: "var(--line)", width: 1.2 });
        const { angle } = kernel().eigen(A);
        axes
          .selectAll("line")
          .data([angle, angle + Math.PI / 2])
          .join("line")
          .attr("x1", turn => bowl.x(-9 * Math.cos(turn)))
          .attr("y1", turn => bowl.y(-9 * Math.sin(turn)))
          .attr("x2", turn => bowl.x(9 * Math.cos(turn)))
          .attr("y2", turn => bowl.y(9 * Math.sin(turn)))
          .style("stroke", (_, i) => ["var(--two)", "var(--three)"][i])
          .style("stroke-dasharray", "3 5");
        ends
          .data([angle, angle - Math.PI / 2])
          .attr("x", turn => bowl.x(2.7 * Math.cos(turn) - 0.14 * Math.sin(turn)))
          .attr("y", turn => bowl.y(2.7 * Math.sin(turn) + 0.14 * Math.cos(turn)));
        showSteps(points);
        showStart(state);

        const edge = kernel().largestRate(state.l1, state.momentum);
        const most = Math.max(1.3 * edge, 1.1 * state.rate);
        const rates = d3.range(1, RATES + 1).map(i => (most * i) / RATES);
        const { factor, behaviour } = course(state);
        factors.show({
          title: api.text({ en: `A step: distance to the minimum × ${api.fixed(factor, 3)}`, ru: `За шаг: расстояние до минимума × ${api.fixed(factor, 3)}` }),
          x: [0, most],
          y: [0, Math.max(1.5, 1.05 * factor)],
          across: api.text({ en: "learning rate η", ru: "скорость обучения η" }),
          lines: [
            { points: rates.map(rate => [rate, kernel().factor(state.l1, rate, state.momentum)]), colour: "two" },
            { points: rates.map(rate => [rate, kernel().factor(state.l2, rate, state.momentum)]), colour: "three" },
          ],
          dots: [{ at: [state.rate, factor], colour: "accent", r: 6 }],
        });
        limit.attr("x1", factors.x(edge)).attr("x2", factors.x(edge)).attr("y1", 0).attr("y2", high);
        one.attr("x1", 0).attr("x2", factors.x(most)).attr("y1", factors.y(1)).attr("y2", factors.y(1));
        const beside = [0.12 * edge, 1.22 * edge]; // where the lines of both curvatures are far from one another
        curvatures
          .data([state.l1, state.l2])
          .attr("x", (_, i) => factors.x(beside[i]) + (i ? 0 : 10))
          .attr("y", (l, i) => Math.min(high - 6, factors.y(kernel().factor(l, beside[i], state.momentum)) + (i ? 20 : 14)))
          .attr("text-anchor", (_, i) => (i ? "end" : "start"));
        const rule = state.momentum > 0 ? "2(1 + μ)/λ₁" : "2/λ₁";
        name.attr("x", factors.x(edge) - 6).attr("y", high - 8).text(`${rule} = ${api.number(edge)}`);
        handle.attr("transform", `translate(${factors.x(state.rate)},0)`);

        const heights = points.map(point => kernel().height(A, point));
        const [least, largest] = [d3.min(heights), d3.max(heights)];
        const floor = Math.max(least, 1e-12, largest * 1e-12);
        errors.show({
          title: `${api.text({ en: "f after", ru: "f после" })} ${points.length - 1} ${api.plural(points.length - 1, {
            en: { one: "step", other: "steps" },
            ru: { one: "шага", few: "шагов", many: "шагов" },
          })}: ${api.number(heights.at(-1))}`,
          x: [0, state.steps],
          y: [Math.max(floor / 2, 1e-12), Math.max(largest * 2, floor * 10)],
          lines: [{ points: heights.map((value, i) => [i, value]), colour: "one" }],
          across: api.text({ en: "steps", ru: "шаги" }),
        });
        const said = {
          slow: { en: "the rate is small and the descent slow", ru: "скорость мала, спуск медленный" },
          good: { en: "the descent converges", ru: "спуск сходится" },
          jumps: { en: "the path jumps from side to side of the valley, and converges", ru: "путь прыгает со склона на склон, но сходится" },
          diverges: { en: "the rate is beyond the limit, and the path runs away", ru: "скорость больше предельной, и путь уходит прочь" },
        }[behaviour];
        api.say({
          en: `η = ${api.number(state.rate)} = ${api.fixed(state.rate / kernel().largestRate(state.l1), 2)} · 2/λ₁: ${said.en}. In the long run a step multiplies the distance to the minimum by ${api.fixed(factor, 3)}.`,
          ru: `η = ${api.number(state.rate)} = ${api.fixed(state.rate / kernel().largestRate(state.l1), 2)} · 2/λ₁: ${said.ru}. На долгом пути за шаг расстояние до минимума умножается на ${api.fixed(factor, 3)}.`,
        });
      },
    };
  }

  Object.assign((playground.views ??= {}), { bowl: { draw, path, course } });
  Object.assign(playground.views, { plane, steps, start, star, drawable });
})(playground);
