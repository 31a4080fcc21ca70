"use strict";
/* Station 5: Kohonen's map unfolds over what it is shown, or twists. */
(function (playground) {
  const { draw, settings, shape, chained } = playground.maps;
  const kernel = () => playground.kernels.kohonen_map;
  const MOST = 20_000; // samples of a training at most
  const BEGUN = 400; // samples that the station opens with: the sheet has unfolded, and is not yet even
  const PACE = 60; // a picture shows 1 + step / PACE samples more: slow at first, when most happens

  const SHEET = {
    figure: "square", topology: "rectangular", side: 10, kind: "gaussian", radius: 5, last_radius: 0.4, rate: 0.5,
    last_rate: 0.02, total: 10_000, seed: 1,
  };
  const TWISTED = { ...SHEET, radius: 0.7 };
  const CHAIN = { ...SHEET, topology: "chain", length: 100, radius: 30, last_radius: 0.5, total: 20_000 };
  const LINE = { ...SHEET, figure: "line", topology: "chain", length: 5, kind: "bubble", radius: 1, last_radius: 1, last_rate: 0.002, total: 20_000 };

  const FIGURES = {
    square: { en: "square", ru: "квадрат" },
    triangle: { en: "triangle", ru: "треугольник" },
    ring: { en: "ring", ru: "кольцо" },
    line: { en: "line", ru: "отрезок" },
  };
  const TOPOLOGIES = {
    rectangular: { en: "rectangular sheet", ru: "прямоугольная сетка" },
    hexagonal: { en: "hexagonal sheet", ru: "шестиугольная сетка" },
    chain: { en: "chain", ru: "цепочка" },
  };
  const options = texts => Object.entries(texts).map(([value, label]) => ({ value, label }));

  /** Returns lines of Python that draw samples as the station does. */
  function drawn({ figure }, count) {
    if (figure === "square") return `x = rng.uniform(0.05, 0.95, (${count}, 2))`;
    if (figure === "line") return `x = np.column_stack([rng.uniform(0, 1, ${count}), np.full(${count}, 0.5)])`;
    if (figure === "ring") {
      const { HOLE } = kernel();
      return `radius = 0.45 * np.sqrt(rng.uniform(${HOLE}**2, 1, ${count}))
angle = rng.uniform(0, 2 * np.pi, ${count})
x = 0.5 + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])`;
    }
    return `u, v = np.sort(rng.uniform(0, 1, (2, ${count})), axis=0)  # u and v - u fill a triangle
x = 0.05 + 0.9 * np.column_stack([u + (v - u) / 2, v - u])`;
  }

  function python(state) {
    const { radius, rate } = settings(state);
    const grid = chained(state) ? `grid=${state.length}, topology="chain"` : `grid=(${state.side}, ${state.side}), topology="${state.topology}"`;
    return `import numpy as np

import zoo

rng = np.random.default_rng(${state.seed})
${drawn(state, state.total)}
run = zoo.train(
    "kohonen_map", x, ${grid}, rule="online", neighbourhood="${state.kind}",
    radius=(${radius.join(", ")}), rate=(${rate.join(", ")}), initial="random", epochs=1, seed=${state.seed}, verbose=0,
)
print(run.metrics["train"])
print(run.model.codebook[0].round(2))  # the weights of the first row of units`;
  }

  const NEAR = [0, 0.1, 0.2]; // guesses for the unit at the lower end of a chain of five
  const finished = state => kernel().trained(settings(state), state.total);

  playground.station({
    name: "maps",
    title: { en: "A map unfolds", ru: "Карта разворачивается" },
    year: "1982",
    paper: {
      text: "T. Kohonen, Self-Organized Formation of Topologically Correct Feature Maps, Biol. Cybern. 43, 1982",
      href: "https://doi.org/10.1007/BF00337288",
    },
    entry: "kohonen_map",
    lead: {
      en: "Units on a grid are shown points, one after another. The nearest unit wins, and it and its neighbours on the grid move towards the point; nobody tells them where to go. Drag the circle to ask which unit wins.",
      ru: "Элементам сетки показывают точки, одну за другой. Побеждает ближайший элемент, и к точке сдвигаются он сам и его соседи по сетке; куда двигаться, им никто не говорит. Передвиньте кружок, чтобы узнать, какой элемент победит.",
    },
    defaults: { ...SHEET, length: 100, step: BEGUN, px: 0.72, py: 0.3 },
    controls: [
      { kind: "button", label: { en: "Unfold", ru: "Развернуть" }, press: unfold },
      { key: "step", kind: "range", min: 0, max: MOST, step: 1, label: { en: "Samples shown", ru: "Показано примеров" } },
      { kind: "heading", label: { en: "Experiments", ru: "Опыты" } },
      { kind: "button", label: { en: "A sheet over the square", ru: "Сетка на квадрате" }, press: api => begin(api, SHEET) },
      { kind: "button", label: { en: "A twist: the radius is small", ru: "Перекрут: мал радиус" }, press: api => begin(api, TWISTED) },
      { kind: "button", label: { en: "A chain over the square", ru: "Цепочка на квадрате" }, press: api => begin(api, CHAIN) },
      { kind: "button", label: { en: "Five units on a line", ru: "Пять элементов на отрезке" }, press: api => begin(api, LINE) },
      { kind: "heading", label: { en: "The data and the grid", ru: "Данные и сетка" } },
      { key: "figure", kind: "select", options: options(FIGURES), label: { en: "Points from", ru: "Точки из фигуры" } },
      { key: "topology", kind: "select", options: options(TOPOLOGIES), label: { en: "Grid", ru: "Сетка" } },
      { key: "side", kind: "range", min: 3, max: 16, step: 1, label: { en: "Units a side", ru: "Элементов на стороне" }, shown: state => !chained(state) },
      { key: "length", kind: "range", min: 3, max: 200, step: 1, label: { en: "Units", ru: "Элементов" }, shown: chained },
      { kind: "heading", label: { en: "How it learns", ru: "Как она учится" } },
      {
        key: "kind", kind: "select",
        options: options({ gaussian: { en: "Gaussian", ru: "гауссова" }, bubble: { en: "all within the radius", ru: "все в пределах радиуса" } }),
        label: { en: "Neighbourhood", ru: "Окрестность" },
      },
      { key: "radius", kind: "range", scale: "log", min: 0.3, max: 50, label: { en: "Radius, first", ru: "Радиус в начале" } },
      { key: "last_radius", kind: "range", scale: "log", min: 0.2, max: 5, label: { en: "Radius, last", ru: "Радиус в конце" } },
      { key: "rate", kind: "range", scale: "log", min: 0.01, max: 1, label: { en: "Learning rate, first", ru: "Скорость обучения в начале" } },
      { key: "last_rate", kind: "range", scale: "log", min: 0.001, max: 1, label: { en: "Learning rate, last", ru: "Скорость обучения в конце" } },
      { key: "total", kind: "range", scale: "log", min: 200, max: MOST, label: { en: "Samples in all", ru: "Всего примеров" } },
      { key: "seed", kind: "range", min: 0, max: 50, step: 1, label: { en: "Random start", ru: "Случайное начало" } },
    ],
    questions: [
      {
        ask: {
          en: "The radius begins at 0.7 steps of the grid instead of 5, so that hardly any neighbour moves along. Will the sheet untangle?",
          ru: "Радиус в начале не 5 шагов сетки, а 0,7: соседи почти не сдвигаются. Распутается ли сетка?",
        },
        choices: [
          { en: "Yes, only later", ru: "Да, только позже" },
          { en: "No, it stays twisted", ru: "Нет, перекруты останутся" },
        ],
        set: { ...TWISTED, step: TWISTED.total },
        right: api => (kernel().twists(finished(api.state), shape(api.state)).turned > 0 ? 1 : 0),
        explain(api) {
          const { turned, meshes } = kernel().twists(finished(api.state), shape(api.state));
          return {
            en: `After all samples ${turned} of ${meshes} meshes are turned over. A small radius smooths only what is near; a twist is larger than that.`,
            ru: `После всех примеров вывернуто ячеек: ${turned} из ${meshes}. Малый радиус сглаживает лишь то, что рядом, а перекрут больше.`,
          };
        },
      },
      {
        ask: {
          en: "A chain of five units with a radius of one step is shown numbers drawn evenly from 0 to 1. Where does the unit at the lower end come to rest?",
          ru: "Цепочке из пяти элементов с радиусом в один шаг показывают числа, равномерно взятые от 0 до 1. Где остановится элемент у нижнего края?",
        },
        choices: [{ en: "At 0", ru: "В точке 0" }, { en: "At 0.1", ru: "В точке 0,1" }, { en: "At 0.2", ru: "В точке 0,2" }],
        set: { ...LINE, step: LINE.total },
        right(api) {
          const w = finished(api.state);
          const first = Math.min(w[0], w[w.length - 2]);
          return d3.minIndex(NEAR, guess => Math.abs(guess - first));
        },
        explain(api) {
          const w = [...finished(api.state)].filter((_, i) => i % 2 === 0).sort(d3.ascending).map(value => api.fixed(value, 2)).join("; ");
          return {
            en: `The weights are ${w}. The unit at the end is pulled by its neighbour's samples too, but from one side alone.`,
            ru: `Веса равны ${w}. Крайний элемент тянут и примеры соседа, но только с одной стороны.`,
          };
        },
      },
      {
        ask: {
          en: "A square sheet is shown points from a ring. Do units remain in the hole, where no point ever falls?",
          ru: "Квадратной сетке показывают точки из кольца. Останутся ли элементы в дыре, куда не попадает ни одна точка?",
        },
        choices: [{ en: "Yes", ru: "Да" }, { en: "No", ru: "Нет" }],
        set: { ...SHEET, figure: "ring", step: SHEET.total },
        right: api => (left(api) > 0 ? 0 : 1),
        explain: api => ({
          en: `${left(api)} of ${api.state.side ** 2} units stand outside the ring: their neighbours on both sides pull at them.`,
          ru: `Вне кольца стоит элементов: ${left(api)} из ${api.state.side ** 2}. Их тянут соседи с двух сторон.`,
        }),
      },
    ],
    python,
    thumbnail(svg) {
      const w = kernel().trained(settings({ ...SHEET, side: 6, radius: 3, total: 1500 }), 1500);
      const grid = { rows: 6, columns: 6, topology: "rectangular" };
      const at = i => `${20 + 80 * w[2 * i]},${80 * w[2 * i + 1]}`;
      svg.append("path").attr("d", kernel().edges(grid).map(([i, j]) => `M${at(i)}L${at(j)}`).join(""))
        .style("fill", "none").style("stroke", "var(--one)").style("stroke-width", 1.5);
    },
    draw,
  });

  /** Returns how many units stand outside the figure at the end. */
  function left(api) {
    const w = finished(api.state);
    return d3.range(w.length / 2).filter(i => !kernel().inside(api.state.figure, w[2 * i], w[2 * i + 1])).length;
  }

  function begin(api, experiment) {
    api.set({ ...experiment, step: 0 });
    unfold(api);
  }

  /** Shows sample after sample, from the beginning where all have been shown. */
  function unfold(api) {
    api.end();
    if (api.state.step >= api.state.total) api.set({ step: 0 });
    api.animate(() => {
      const { step, total } = api.state;
      api.set({ step: Math.min(total, step + 1 + Math.floor(step / PACE)) });
      return step < total;
    });
  }
})(playground);
