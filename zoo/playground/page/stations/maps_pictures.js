"use strict";
/* The picture of the station "maps": the map over its figure, and the course of its errors. */
(function (playground) {
  const PROBES = 400; // points of which the errors are computed
  const CHECKS = 40; // times of a training at which they are
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

  function draw(root, api) {
    const narrow = api.narrow;
    const map = narrow ? 332 : SIDE;
    const width = narrow ? 360 : 880;
    const label = {
      en: "The map over the figure that its samples are drawn from, and its errors",
      ru: "Карта поверх фигуры, из которой берутся примеры, и её ошибки",
    };
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
      value: () => `x = ${api.fixed(api.state.px, 2)}, y = ${api.fixed(api.state.py, 2)}`,
      now: () => api.state.px,
      min: 0,
      max: 1,
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

  playground.maps = { draw, settings, shape, chained };
})(playground);
