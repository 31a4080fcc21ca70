"use strict";
/* Station 6, second view: Newton's method on a logistic regression, and the paraboloid that it takes for the loss. */
(function (playground) {
  const DOMAIN = { x: [-3, 6], y: [-5, 4] };
  const CELLS = 90; // of the grid on which contour lines are found, a side
  const MOST = 30; // steps at most

  const { steps, star, PARAMETERS } = playground.descent;
  const kernel = () => playground.kernels.descent;
  const points = () => kernel().POINTS;
  const path = state => kernel().newton(points(), [state.nx, state.ny], MOST, state.halving);
  const chosen = (state, all) => Math.min(state.at, all.length - 1);

  /** Returns whether a path has come to the minimum. */
  const arrived = all => d3.max(all.at(-1).gradient, Math.abs) < 1e-5;

  const STEPS = { en: { one: "step", other: "steps" }, ru: { one: "шаг", few: "шага", many: "шагов" } };
  /** Returns a number of steps in words: "6 steps", after "за" in Russian. */
  const counted = (api, count) => `${count} ${api.plural(count, STEPS)}`;

  function draw(root, api) {
    const narrow = api.narrow;
    const ground = playground.descent.ground(root, api, {
      label: {
        en: "The loss over slope and bias, with Newton's quadratic model; a section along the step; the points and their curve",
        ru: "Функция потерь от наклона и сдвига с квадратичной моделью Ньютона; сечение вдоль шага; точки и кривая",
      },
      below: { height: 470, label: { en: "A section along the step; the points and their curve", ru: "Сечение вдоль шага; точки и кривая" } },
      domain: DOMAIN,
      name: "newton",
      keys: ["nx", "ny"],
      names: PARAMETERS,
    });
    const at = i => [DOMAIN.x[0] + ((i % CELLS) + 0.5) * ((DOMAIN.x[1] - DOMAIN.x[0]) / CELLS), DOMAIN.y[0] + (Math.floor(i / CELLS) + 0.5) * ((DOMAIN.y[1] - DOMAIN.y[0]) / CELLS)];
    const loss = theta => kernel().likelihood(points(), theta).value;
    const heights = d3.range(CELLS * CELLS).map(i => loss(at(i)));
    const least = kernel().newton(points(), [0, 0], MOST, true).at(-1);
    const highest = d3.max(heights);
    const levels = d3.range(1, 15).map(i => least.value + (highest - least.value) * (i / 15) ** 2.5);
    const place = d3.geoTransform({
      point(u, v) {
        this.stream.point(ground.x(DOMAIN.x[0] + (u / CELLS) * (DOMAIN.x[1] - DOMAIN.x[0])), ground.y(DOMAIN.y[0] + (v / CELLS) * (DOMAIN.y[1] - DOMAIN.y[0])));
      },
    });
    ground.rings.selectAll("path").data(d3.contours().size([CELLS, CELLS]).thresholds(levels)(heights)).join("path")
      .attr("d", d3.geoPath(place)).style("fill", "none").style("stroke", "var(--line)").style("stroke-width", 1.2);
    const model = ground.inside.append("g");
    const showSteps = steps(ground.inside, ground, "one");
    star(ground.inside).attr("transform", `translate(${ground.x(least.theta[0])},${ground.y(least.theta[1])})`);
    const next = ground.inside.append("path").attr("d", d3.symbol(d3.symbolDiamond, 130)()).style("fill", "var(--two)").style("stroke", "var(--paper)");
    const now = ground.inside.append("circle").attr("r", 7).style("fill", "none").style("stroke", "var(--two)").style("stroke-width", 3);
    const section = ground.chart({ top: narrow ? 35 : 40, height: narrow ? 150 : 180 });
    const curve = ground.chart({ top: narrow ? 315 : 316, height: narrow ? 130 : 140, yTicks: 2 });

    const space = narrow ? [360, 300] : [900, 400];
    const view = api.picture(root, { width: space[0], height: space[1], label: {
      en: "The loss in space, and Newton's paraboloid",
      ru: "Функция потерь в пространстве и параболоид Ньютона",
    } });
    const showSpace = playground.views.paraboloid(view, api, { width: space[0], height: space[1], domain: DOMAIN, loss, least: least.value });

    function drawSection(step) {
      const { theta, direction, value, share } = step;
      const along = part => [theta[0] + part * direction[0], theta[1] + part * direction[1]];
      const parts = d3.range(-0.6, 1.85, 0.03);
      const [truth, parabola] = [parts.map(part => [part, loss(along(part))]), parts.map(part => [part, kernel().model(step, direction.map(d => part * d))])];
      const bottom = kernel().model(step, direction);
      const spread = Math.max(value - bottom, 1e-9);
      const ends = [Math.min(bottom, d3.min(truth, ([, v]) => v)), Math.max(value + spread, Math.min(loss(along(1)), value + 4 * spread))];
      section.show({
        title: api.text({ en: "The section along the step", ru: "Сечение вдоль шага" }),
        x: [-0.6, 1.8],
        y: [ends[0] - 0.08 * (ends[1] - ends[0]), ends[1] + 0.1 * (ends[1] - ends[0])],
        lines: [{ points: truth, colour: "one" }, { points: parabola, colour: "two", dash: "6 4" }],
        dots: [{ at: [0, value], colour: "accent", r: 6 }, { at: [1, bottom], colour: "two", r: 6 }, { at: [share, loss(along(share))], colour: "one", r: 6 }],
        across: api.text({ en: "blue: the loss, orange: the model", ru: "синяя — потери, оранжевая — модель" }),
      });
    }

    return {
      update(state) {
        const all = path(state);
        const i = chosen(state, all);
        const step = all[i];
        const usable = step.direction !== null && step.direction.every(part => Math.abs(part) < 1e6);
        showSteps(all.map(({ theta }) => theta));
        ground.showStart(state);
        now.attr("cx", ground.x(step.theta[0])).attr("cy", ground.y(step.theta[1]));
        const lowest = usable ? [step.theta[0] + step.direction[0], step.theta[1] + step.direction[1]] : null;
        const depth = usable ? step.value - kernel().model(step, step.direction) : 0;
        next.style("display", usable ? null : "none");
        if (usable) next.attr("transform", `translate(${ground.x(lowest[0])},${ground.y(lowest[1])})`);
        const inSight = usable && lowest.every(value => Math.abs(value) < 1e3);
        ground.ellipses(model, step.hessian, inSight ? lowest : [0, 0], inSight ? [0.15, 0.5, 1, 1.8].map(part => part * Math.max(depth, 1e-6)) : [], { colour: "var(--two)", width: 1.6, dash: "6 4" });
        if (usable) drawSection(step);
        showSpace(usable ? step : { ...step, direction: null }, state.turn);
        const [slope, bias] = step.theta;
        const logistic = x => 1 / (1 + Math.exp(-(slope * x + bias)));
        curve.show({
          title: api.text({ en: "The points and their curve", ru: "Точки и кривая" }),
          x: [-3, 3],
          y: [-0.08, 1.08],
          lines: [{ points: d3.range(-3, 3.01, 0.05).map(x => [x, logistic(x)]), colour: "one" }],
          dots: points().map(([x, y]) => ({ at: [x, y], colour: y ? "two" : "ink", r: 5 })),
          across: "x",
        });
        const end = arrived(all)
          ? { en: `The minimum is reached after ${counted(api, all.length - 1)}.`, ru: `Минимум достигнут за ${counted(api, all.length - 1)}.` }
          : { en: "The full steps run away and reach no minimum.", ru: "Полные шаги уводят прочь, минимум не достигнут." };
        const halved = step.share < 1 ? {
          en: ` Of this step ${api.number(step.share)} is taken.`,
          ru: ` От этого шага взято ${api.number(step.share)}.`,
        } : { en: "", ru: "" };
        api.say({
          en: `Step ${i}: slope ${api.fixed(slope, 3)}, bias ${api.fixed(bias, 3)}, loss ${api.number(step.value, 5)}.${halved.en} ${end.en}`,
          ru: `Шаг ${i}: наклон ${api.fixed(slope, 3)}, сдвиг ${api.fixed(bias, 3)}, потери ${api.number(step.value, 5)}.${halved.ru} ${end.ru}`,
        });
      },
    };
  }

  Object.assign((playground.views ??= {}), { newton: { draw, path, arrived, counted, points, MOST } });
})(playground);
