"use strict";
/* Station 6, first view: gradient descent and momentum on a quadratic surface, and the rate against 2 / lambda. */
(function (playground) {
  const REACH = 3; // of the picture, in each direction from the minimum
  const RINGS = 9; // contour lines
  const RATES = 160; // at which the factors are drawn

  const { ground, steps, star } = playground.descent;
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

  function draw(root, api) {
    const narrow = api.narrow;
    const reach = [-REACH, REACH];
    const bowl = ground(root, api, {
      label: {
        en: "The path of the descent over contour lines, and how fast it comes closer",
        ru: "Путь спуска на линиях уровня и то, как быстро он приближается",
      },
      below: {
        height: 450,
        label: {
          en: "The factor of a step against the rate; the function by step",
          ru: "Множитель за шаг в зависимости от скорости; значение функции по шагам",
        },
      },
      domain: { x: reach, y: reach },
      name: "bowl",
      keys: ["bx", "by"],
      names: ["θ₁", "θ₂"],
      axes: false,
    });
    const axes = bowl.inside.append("g");
    const showSteps = steps(bowl.inside, bowl, "one");
    star(bowl.inside).attr("transform", `translate(${bowl.x(0)},${bowl.y(0)})`);

    const high = narrow ? 150 : 180;
    const factors = bowl.chart({ top: narrow ? 35 : 40, height: high });
    const errors = bowl.chart({ top: narrow ? 285 : 316, height: narrow ? 120 : 140, y: d3.scaleLog(), yTicks: 5 });
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
    handle.select("rect").attr("height", high);
    handle.select("line").attr("y1", 0).attr("y2", high);
    api.draggable(handle, {
      label: api.text({ en: "The learning rate", ru: "Скорость обучения" }),
      at: () => [factors.x(api.state.rate), 0],
      to: u => api.set({ rate: Math.max(0.005, Number(factors.x.invert(u).toPrecision(3))) }),
      ...api.quantity("rate"),
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
        bowl.showStart(state);

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
})(playground);
