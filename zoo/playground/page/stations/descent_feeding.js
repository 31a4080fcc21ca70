"use strict";
/* Station 6, third view: all rows a step, one row a step, or some, on a regression that has two parameters. */
(function (playground) {
  const COUNT = 20; // rows
  const DOMAIN = { x: [-1.6, 2.6], y: [-1.6, 2.6] }; // of slope and bias
  const RINGS = 10;
  const WAYS = [
    { name: "offline", colour: "one", width: 3, en: "offline, all 20 rows", ru: "офлайн, все 20 строк" },
    { name: "minibatch", colour: "three", width: 2, en: "mini-batch", ru: "мини-батч" },
    { name: "online", colour: "two", width: 1.3, en: "online, one row", ru: "онлайн, одна строка" },
  ];

  const { steps, star, PARAMETERS } = playground.descent;
  const kernel = () => playground.kernels.descent;
  const rows = state => kernel().rows(COUNT, state.noise, state.seed);
  const batch = (state, name) => ({ offline: COUNT, minibatch: state.batch, online: 1 })[name];
  const sign = state => (state.sign === "plus" ? 1 : -1);

  /** Returns the three paths by name, and the step of an epoch of each. */
  function paths(state) {
    const data = rows(state);
    return WAYS.map(way => {
      const how = { batch: batch(state, way.name), rate: state.feed_rate, epochs: state.epochs, sign: sign(state), seed: state.seed };
      return { ...way, path: kernel().feed(data, [state.fx, state.fy], how), steps: Math.ceil(COUNT / how.batch) };
    });
  }

  /** Returns the error after each way's last step, by name. */
  const finals = state => Object.fromEntries(paths(state).map(({ name, path }) => [name, kernel().error(rows(state), path.at(-1))]));

  function draw(root, api) {
    const narrow = api.narrow;
    const ground = playground.descent.ground(root, api, {
      label: {
        en: "Three paths over the error of slope and bias; the rows with their lines; the errors by epoch",
        ru: "Три пути на поверхности ошибки от наклона и сдвига; строки данных и прямые; ошибки по эпохам",
      },
      below: { height: 540, label: { en: "The rows with their lines; the errors by epoch", ru: "Строки данных и прямые; ошибки по эпохам" } },
      domain: DOMAIN,
      name: "feeding",
      keys: ["fx", "fy"],
      names: PARAMETERS,
    });
    const shows = [...WAYS].reverse().map(way => ({ way, show: steps(ground.inside, ground, way.colour, way.name === "offline") }));
    const bottom = star(ground.inside);
    const data = ground.chart({ top: narrow ? 35 : 40, height: narrow ? 150 : 176 });
    const errors = ground.chart({ top: narrow ? 255 : 276, height: narrow ? 140 : 136, y: d3.scaleLog() });
    const legend = ground.beside.append("g").attr("transform", `translate(${ground.left},${narrow ? 451 : 464})`);
    const entries = legend.selectAll("g").data(WAYS).join("g").attr("transform", (_, i) => `translate(0,${i * 22})`);
    entries.append("line").attr("x2", 26).attr("y1", -5).attr("y2", -5).style("stroke", way => `var(--${way.colour})`)
      .style("stroke-width", way => way.width + 1);
    entries.append("text").attr("x", 34);

    return {
      update(state) {
        const table = rows(state);
        const { hessian, minimum, value } = kernel().squares(table);
        const all = paths(state);
        const far = kernel().height(hessian, [DOMAIN.x[1] - DOMAIN.x[0], DOMAIN.y[1] - DOMAIN.y[0]]);
        ground.ellipses(ground.rings, hessian, minimum, d3.range(1, RINGS + 1).map(i => far * (i / RINGS) ** 2.2), { colour: "var(--line)", width: 1.2 });
        for (const { way, show } of shows) show(all.find(({ name }) => name === way.name).path);
        bottom.attr("transform", `translate(${ground.x(minimum[0])},${ground.y(minimum[1])})`);
        ground.showStart(state);
        const line = ([slope, bias]) => [-1.7, 2.7].map(x => [x, slope * x + bias]);
        data.show({
          title: api.text({ en: "The 20 rows and the lines", ru: "20 строк и прямые" }),
          x: [-1.7, 2.7],
          y: [d3.min(table, ([, y]) => y) - 0.5, d3.max(table, ([, y]) => y) + 0.5],
          lines: all.map(({ path, colour, width }) => ({ points: line(path.at(-1)), colour, width })),
          dots: table.map(at => ({ at, colour: "ink", r: 4 })),
          across: "x",
        });
        const series = all.map(({ path, steps: many, colour, width }) => ({
          points: path.map((theta, i) => [i / many, kernel().error(table, theta)]),
          colour,
          width,
        }));
        const values = series.flatMap(({ points }) => points.map(([, error]) => error));
        errors.show({
          title: api.text({ en: "Error by epoch", ru: "Ошибка по эпохам" }),
          x: [0, state.epochs],
          y: [Math.min(value, d3.min(values)) * 0.9, Math.min(1e12, d3.max(values) * 1.2)],
          lines: series,
          across: api.text({ en: "epochs", ru: "эпохи" }),
        });
        entries.select("text").text(({ name }) => {
          const way = all.find(one => one.name === name);
          const final = api.number(kernel().error(table, way.path.at(-1)), 4);
          const rest = name === "minibatch" ? ` ${batch(state, name)}` : "";
          return `${api.text(way)}${rest}: ${final}`;
        });
        const limit = kernel().largestRate(kernel().eigen(hessian).values[0]);
        api.say({
          en: `η = ${api.number(state.feed_rate)}; offline descent is stable for η < 2/λ₁ = ${api.number(limit)}. Least error: ${api.number(value, 4)}.`,
          ru: `η = ${api.number(state.feed_rate)}; офлайн-спуск устойчив при η < 2/λ₁ = ${api.number(limit)}. Наименьшая ошибка: ${api.number(value, 4)}.`,
        });
      },
    };
  }

  Object.assign((playground.views ??= {}), { feeding: { draw, paths, finals, rows, sign, WAYS } });
})(playground);
