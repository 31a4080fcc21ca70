"use strict";
/* Station 5: Kohonen's map unfolds over what it is shown, or twists. */
(function (playground) {
  const MOST = 20_000; // samples of a training at most
  const PROBES = 400; // points of which the errors are computed
  const CHECKS = 40; // times of a training at which they are
  const BEGUN = 400; // samples that the station opens with: the sheet has unfolded, and is not yet even
  const PACE = 60; // a picture shows 1 + step / PACE samples more: slow at first, when most happens
  const SIDE = 500; // of the unit square in the picture
  const PAD = 16;
  const SEEN = [0.03, 0.97]; // of the unit square, so that figures fill the picture

  const kernel = () => playground.kernels.kohonen_map;
  const chained = state => state.topology === "chain";
  const shape = ({ topology, side, length }) =>
    topology === "chain" ? { rows: 1, columns: length, topology } : { rows: side, columns: side, topology };
  const falling = (first, last) => [first, Math.min(first, last)];

  /** Returns the kernel's settings of a state. */
  const settings = state => ({
    grid: shape(state),
    kind: state.kind,
    radius: falling(state.radius, state.last_radius),
    rate: falling(state.rate, state.last_rate),
    figure: state.figure,
    total: state.total,
    seed: state.seed,
  });

  const SHEET = { figure: "square", topology: "rectangular", side: 10, kind: "gaussian", radius: 5, last_radius: 0.4, rate: 0.5, last_rate: 0.02, total: 10_000, seed: 1 };
  const TWISTED = { ...SHEET, radius: 0.7 };
  const CHAIN = { ...SHEET, topology: "chain", length: 100, radius: 30, last_radius: 0.5, total: 20_000 };
  const LINE = { ...SHEET, figure: "line", topology: "chain", length: 5, kind: "bubble", radius: 1, last_radius: 1, last_rate: 0.002, total: 20_000 };

  /** Returns a training that begins anew where it must: its weights, and the errors at some times, up to any step. */
  function replayed() {
    let [key, run, history, probes, times] = ["", null, [], [], []];
    return state => {
      const wanted = JSON.stringify(settings(state));
      if (wanted !== key || run.step > state.step) {
        key = wanted;
        run = kernel().training(settings(state));
        history = [];
        probes = kernel().samples(state.figure, PROBES, state.seed + 1);
        times = [...new Set(d3.range(CHECKS + 1).map(i => Math.round(state.total ** (i / CHECKS))))];
      }
      const { grid } = settings(state);
      const measured = () => ({ step: run.step, ...kernel().errors(run.w, grid, probes) });
      for (const time of times.filter(time => time > run.step && time <= state.step)) {
        run.advance(time - run.step);
        history.push(measured());
      }
      run.advance(state.step - run.step);
      return { run, history, now: measured() };
    };
  }

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

  function draw(root, api) {
    const narrow = api.narrow;
    const map = narrow ? 332 : SIDE;
    const width = narrow ? 360 : 880;
    const label = { en: "The map over the figure that its samples are drawn from, and its errors", ru: "Карта поверх фигуры, из которой берутся примеры, и её ошибки" };
    const svg = api.picture(root, { width, height: map + 2 * PAD, label });
    const beside = narrow ? api.picture(root, { width, height: 480, label: { en: "The course of the learning", ru: "Ход обучения" } }) : svg;
    const [x, y] = [d3.scaleLinear(SEEN, [PAD, PAD + map]), d3.scaleLinear(SEEN, [PAD + map, PAD])];
    const figure = svg.append("path").style("fill", "var(--grid)").style("fill-rule", "evenodd").style("opacity", 0.75);
    const folds = svg.append("path").style("fill", "var(--accent)").style("opacity", 0.4);
    const lines = ["one", "two"].map(colour => svg.append("path").style("fill", "none").style("stroke", `var(--${colour})`).style("stroke-width", 1.6));
    const units = svg.append("g");
    const link = svg.append("line").style("stroke", "var(--ink)").style("stroke-dasharray", "3 3");
    const sample = svg.append("circle").attr("r", 5).style("fill", "var(--ink)");
    const probe = svg.append("g");
    probe.append("circle").attr("r", 16).style("fill", "var(--paper)").style("fill-opacity", 0.01);
    probe.append("circle").attr("r", 9).style("fill", "none").style("stroke", "var(--accent)").style("stroke-width", 3);
    playground.draggable(probe, {
      label: api.text({ en: "A point that asks which unit wins", ru: "Точка, которая спрашивает, какой элемент победит" }),
      at: () => [x(api.state.px), y(api.state.py)],
      to: (u, v) => api.set({ px: d3.median([0, 1, x.invert(u)]), py: d3.median([0, 1, y.invert(v)]) }),
      value: () => [api.fixed(api.state.px, 2), api.fixed(api.state.py, 2)],
      step: map / 50,
    });

    const chart = (place, of) => {
      const [left, top] = narrow ? [50, 30 + place * 150] : [map + 92, 30 + place * 174];
      return playground.chart(beside, api, { left, top, width: width - left - 28, height: narrow ? 84 : 112, x: d3.scaleLog(), y: of, xTicks: 5, yTicks: 3 });
    };
    const charts = [chart(0, d3.scaleLinear()), chart(1, d3.scaleLinear()), chart(2, d3.scaleLinear())];
    const replay = replayed();
    let [grid, edges, meshes] = ["", [], []];

    function outline(name) {
      const { MARGIN, HOLE } = kernel();
      const corners = { square: [[0, 0], [1, 0], [1, 1], [0, 1]], triangle: [[0, 0], [1, 0], [0.5, 1]] }[name];
      const within = value => MARGIN + (1 - 2 * MARGIN) * value;
      if (corners) return `M${corners.map(([u, v]) => [x(within(u)), y(within(v))]).join("L")}Z`;
      if (name === "line") return `M${x(0)},${y(0.5) - 3}H${x(1)}v6H${x(0)}Z`;
      const radius = x(0.5 + 0.5 - MARGIN) - x(0.5);
      const ring = d3.arc()({ innerRadius: HOLE * radius, outerRadius: radius, startAngle: 0, endAngle: 2 * Math.PI });
      figure.attr("transform", `translate(${x(0.5)},${y(0.5)})`);
      return ring;
    }

    function drawMap(state, { run }) {
      const { w } = run;
      const known = JSON.stringify(shape(state));
      if (known !== grid) [grid, edges, meshes] = [known, kernel().edges(shape(state)), kernel().meshes(shape(state))];
      const at = unit => `${x(w[2 * unit]).toFixed(1)},${y(w[2 * unit + 1]).toFixed(1)}`;
      figure.attr("transform", null).attr("d", outline(state.figure));
      const along = edges.filter(([i, j]) => j === i + 1);
      const between = edges.filter(([i, j]) => j !== i + 1);
      [along, between].forEach((pairs, i) => lines[i].attr("d", pairs.map(([a, b]) => `M${at(a)}L${at(b)}`).join("")));
      const twisted = kernel().turned(w, meshes);
      folds.attr("d", twisted.map(corners => `M${corners.map(at).join("L")}Z`).join(""));
      const time = Math.min(1, state.step / state.total);
      const radius = kernel().scheduled(settings(state).radius, time);
      const winner = kernel().winner(w, state.px, state.py);
      const h = kernel().neighbourhood(shape(state), state.kind, winner, radius);
      units
        .selectAll("circle")
        .data([...h])
        .join("circle")
        .attr("cx", (_, i) => x(w[2 * i]))
        .attr("cy", (_, i) => y(w[2 * i + 1]))
        .attr("r", (_, i) => (i === winner ? 7 : h.length > 200 ? 3 : 4.5))
        .style("fill", value => (value > 0.01 ? "var(--accent)" : "var(--paper)"))
        .style("fill-opacity", value => (value > 0.01 ? value : 1))
        .style("stroke", "var(--ink)");
      probe.attr("transform", `translate(${x(state.px)},${y(state.py)})`);
      const shown = run.last !== null;
      for (const one of [sample, link]) one.style("display", shown ? null : "none");
      if (shown) {
        const { last } = run;
        sample.attr("cx", x(last.x)).attr("cy", y(last.y));
        link.attr("x1", x(last.x)).attr("y1", y(last.y)).attr("x2", x(w[2 * last.winner])).attr("y2", y(w[2 * last.winner + 1]));
      }
      return { twisted, winner, radius, rate: kernel().scheduled(settings(state).rate, time) };
    }

    function drawCharts(state, { history, now }, { radius, rate }) {
      const across = [1, state.total];
      const step = Math.max(1, state.step);
      const passed = [...history, now].filter(one => one.step > 0);
      const { radius: radii } = settings(state);
      const course = d3.range(61).map(i => state.total ** (i / 60)).map(t => [t, kernel().scheduled(radii, t / state.total)]);
      charts[0].show({
        title: api.text({
          en: `Radius ${api.number(radius)}, learning rate ${api.number(rate)}`,
          ru: `Радиус ${api.number(radius)}, скорость обучения ${api.number(rate)}`,
        }),
        x: across,
        y: [0, 1.1 * radii[0]],
        lines: [{ points: course, colour: "one" }],
        dots: [{ at: [step, radius], colour: "one" }],
      });
      const series = key => passed.map(one => [one.step, one[key]]);
      const all = [...passed, now]; // `passed` is empty before the first sample
      charts[1].show({
        title: `${api.text({ en: "Distance to the winner", ru: "Расстояние до победителя" })} ${api.fixed(now.quantization, 3)}`,
        x: across,
        y: [0, 1.1 * d3.max(all, one => one.quantization)],
        lines: [{ points: series("quantization"), colour: "one" }],
        dots: [{ at: [step, now.quantization], colour: "one" }],
      });
      charts[2].show({
        title: `${api.text({ en: "Topographic error", ru: "Топографическая ошибка" })} ${api.fixed(now.topographic, 3)}`,
        x: across,
        y: [0, Math.max(0.1, 1.1 * d3.max(all, one => one.topographic))],
        lines: [{ points: series("topographic"), colour: "two" }],
        dots: [{ at: [step, now.topographic], colour: "two" }],
        across: api.text({ en: "samples shown", ru: "показано примеров" }),
      });
    }

    function tell(state, { run }, { twisted, winner }) {
      const { columns } = shape(state);
      const unit = chained(state)
        ? api.text({ en: `unit ${winner + 1} of the chain`, ru: `элемент цепочки ${winner + 1}` })
        : api.text({
            en: `the unit in row ${Math.floor(winner / columns) + 1}, column ${(winner % columns) + 1}`,
            ru: `элемент в строке ${Math.floor(winner / columns) + 1}, столбце ${(winner % columns) + 1}`,
          });
      const ends = chained(state) && state.length <= 10 ? [...run.w].filter((_, i) => i % 2 === 0).map(value => api.fixed(value, 2)) : null;
      const fold = chained(state)
        ? ends ? api.text({ en: `Weights: ${ends.join("; ")}.`, ru: `Веса: ${ends.join("; ")}.` }) : ""
        : api.text({
            en: `Meshes turned over (violet): ${twisted.length} of ${meshes.length}.`,
            ru: `Вывернуто ячеек (фиолетовые): ${twisted.length} из ${meshes.length}.`,
          });
      api.say({
        en: `${api.number(state.step, 6)} of ${api.number(state.total, 6)} samples shown. ${fold} At the circle, ${unit} wins.`,
        ru: `Показано примеров: ${api.number(state.step, 6)} из ${api.number(state.total, 6)}. ${fold} У кружка побеждает ${unit}.`,
      });
    }

    return {
      update(state) {
        if (state.step > state.total) {
          api.set({ step: state.total });
          return;
        }
        const all = replay(state);
        const seen = drawMap(state, all);
        drawCharts(state, all, seen);
        tell(state, all, seen);
      },
    };
  }

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
    paper: { text: "T. Kohonen, Self-Organized Formation of Topologically Correct Feature Maps, Biol. Cybern. 43, 1982", href: "https://doi.org/10.1007/BF00337288" },
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
      { key: "kind", kind: "select", options: options({ gaussian: { en: "Gaussian", ru: "гауссова" }, bubble: { en: "all within the radius", ru: "все в пределах радиуса" } }), label: { en: "Neighbourhood", ru: "Окрестность" } },
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
      svg.append("path").attr("d", kernel().edges(grid).map(([i, j]) => `M${at(i)}L${at(j)}`).join("")).style("fill", "none").style("stroke", "var(--one)").style("stroke-width", 1.5);
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
