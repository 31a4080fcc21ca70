"use strict";
/* Station 3: Rosenblatt's perceptron, its line, the bound of its mistakes, and exclusive or. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.perceptron;
  const { EDGE, plane, vectors, proof } = playground.perceptron_pictures;
  const { GATES, demands, figures } = playground.perceptron_table;
  const MISTAKES = 2000; // the most that are followed
  const POINTS = 40; // the most that may be put: the exact margin tries n^3 / 6 triangles
  const PACE = 0.55; // seconds from mistake to mistake
  const CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]];

  /** Returns the points and targets of a state. */
  function given(state) {
    if (GATES[state.data]) return { points: CORNERS, targets: GATES[state.data] };
    if (state.data === "clouds") return kernel.clouds(24, state.gap, state.seed);
    return { points: state.points.map(([x1, x2]) => [x1, x2]), targets: state.points.map(point => point[2]) };
  }

  let solved = { key: null };

  /** Returns everything that follows from the points, computed once for each set of points. */
  function solve(state) {
    const { points, targets } = given(state);
    const key = JSON.stringify([points, targets]);
    if (solved.key === key) return solved;
    const trained = kernel.train(points, targets, points.length ? MISTAKES : 0);
    const bound = points.length ? kernel.margin(points, targets) : { gamma: 0, radius: 1, bound: Infinity };
    solved = { key, points, targets, ...trained, ...bound, best: points.length ? kernel.best(points, targets).right : 0 };
    return solved;
  }

  const made = (state, found = solve(state)) => Math.min(state.steps, found.mistakes.length);

  function draw(root, api) {
    const sides = element("div", { class: "sides" });
    const [first, second] = [0, 1].map(() => element("div", { class: "stack" }));
    sides.append(first, second);
    root.append(sides);

    const own = (points, targets) => api.set({ data: "own", steps: 0, points: points.map((point, row) => [...point, targets[row]]) });
    const field = plane(first, api, {
      put(point) {
        const { points, targets } = solve(api.state);
        if (points.length >= POINTS) return api.say({ en: `At most ${POINTS} points.`, ru: `Не больше ${POINTS} точек.` });
        own([...points, point], [...targets, api.state.adds]);
      },
      remove(row) {
        const { points, targets } = solve(api.state);
        own(points.filter((_, i) => i !== row), targets.filter((_, i) => i !== row));
      },
    });
    const counts = figures(first);
    const sum = vectors(second, api);
    const bounds = proof(second, api);
    const table = demands(first, api);
    second.append(element("p", { style: "color:var(--soft);font-size:.9rem" }, api.text({
      en: "R, γ and |w| are measured in the space of (x₁, x₂, 1), with b as the third weight: there the line is a plane through zero, and γ is the largest possible distance from it to the nearest point.",
      ru: "R, γ и |w| измерены в пространстве (x₁, x₂, 1), где b — третий вес: там прямая становится плоскостью через нуль, а γ — наибольшее возможное расстояние от неё до ближайшей точки.",
    })));

    let waited = 0;
    const film = api.animate(seconds => {
      waited += seconds;
      if (film.running && waited < PACE) return;
      waited = 0;
      const found = solve(api.state);
      const step = made(api.state, found);
      if (step >= found.mistakes.length) film.pause();
      else api.set({ steps: step + 1 });
    });
    film.pause();

    return {
      update(state) {
        const found = solve(state);
        const step = made(state, found);
        const last = step > 0 ? found.mistakes[step - 1].row : null;
        const next = found.mistakes[step]?.row ?? null;
        const weights = found.weights[step];
        field.update({ ...found, weights, before: found.weights[step - 1] ?? null, last, next });
        sum.update({ all: found.weights, step, points: found.points, targets: found.targets, last });
        bounds.update({ all: found.weights, step, ...found });
        table(found, weights, state.data);
        const total = found.points.length;
        counts([
          [api.number(step, 5), api.text({ en: "mistakes so far", ru: "ошибок до сих пор" }), "ink"],
          [api.number(found.bound, 4), api.text({ en: "at most, (R/γ)²", ru: "не больше, (R/γ)²" }), "accent"],
          [`${found.best} / ${total}`, api.text({ en: "the best line", ru: "лучшая прямая" }), "three"],
        ]);
        api.say(result(found, step, next, api));
      },
      stop: field.stop,
    };
  }

  /** Returns what has happened, in words. */
  function result(found, step, next, api) {
    const { points, learnt, round, gamma, radius } = found;
    if (!points.length) return { en: "Click in the plane to put points.", ru: "Щёлкните по плоскости, чтобы поставить точки." };
    const [w1, w2, b] = found.weights[step].map(value => api.number(value, 5));
    const now = `w = (${w1}${api.text({ en: ",", ru: ";" })} ${w2}), b = ${b}.`;
    const numbers = gamma > 0 ? ` R = ${api.number(radius)}, γ = ${api.number(gamma)}.` : "";
    if (next === null && learnt) {
      return {
        en: `All points are right after ${step} ${api.plural(step, { en: { one: "mistake", other: "mistakes" }, ru: {} })}: ${now}${numbers}`,
        ru: `Все точки верны; ошибок было ${step}: ${now}${numbers}`,
      };
    }
    if (gamma === 0) {
      const turns = round && step >= round.to;
      return {
        en: `No line divides these points: γ = 0 and there is no bound. ${now}${turns ? ` The weights come round every ${round.to - round.from} mistakes, for ever.` : ""}`,
        ru: `Никакая прямая эти точки не разделит: γ = 0, и границы нет. ${now}${turns ? ` Веса повторяются через каждые ${round.to - round.from} ${api.plural(round.to - round.from, { ru: { one: "ошибку", few: "ошибки", many: "ошибок" }, en: {} })}, и так без конца.` : ""}`,
      };
    }
    return {
      en: `${now} The ringed point is the next that the unit gets wrong.${numbers}`,
      ru: `${now} Обведена точка, на которой элемент ошибётся в следующий раз.${numbers}`,
    };
  }

  /** Returns a program with these points. */
  function python(state) {
    const { points, targets } = given(state);
    const rows = points.map(point => `    [${point.join(", ")}],`).join("\n");
    const separable = points.length > 0 && solve(state).gamma > 0;
    return `import numpy as np

import zoo

x = np.array([
${rows}
])
y = np.array([${targets.map(target => (target > 0 ? 1 : 0)).join(", ")}])
run = zoo.train("perceptron", (x, y), epochs=${separable ? 1000 : 20}, verbose=0)
print("mistakes:", sum(run.history["mistakes"]))
print("w, b:", run.model.get_weights())
print(run.stopped)
`;
  }

  const outcome = (data, targets = GATES[data]) => kernel.train(CORNERS, targets, MISTAKES).mistakes.length;

  playground.station({
    name: "perceptron",
    title: { en: "The perceptron", ru: "Персептрон" },
    year: "1958",
    paper: {
      text: "F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain, Psychological Review 65(6), 1958",
      href: "https://doi.org/10.1037/h0042519",
    },
    entry: "perceptron",
    lead: {
      en: "The unit leaves its weights alone while it is right. After a mistake it adds the point to its weights, or takes it away: w\u00a0←\u00a0w\u00a0+\u00a0t\u00a0x, b\u00a0←\u00a0b\u00a0+\u00a0t. A point on the line itself counts as a mistake. If any line divides the classes, it stops after at most (R/γ)² mistakes.",
      ru: "Пока элемент отвечает верно, он не меняет весов. После ошибки он прибавляет точку к весам или вычитает её: w\u00a0←\u00a0w\u00a0+\u00a0t\u00a0x, b\u00a0←\u00a0b\u00a0+\u00a0t. Точка на самой прямой тоже считается ошибкой. Если классы разделимы прямой, ошибок будет не больше (R/γ)².",
    },
    defaults: { data: "and", steps: 8, adds: 1, gap: 0.4, seed: 1, points: [] },
    encode: { points: points => points.map(point => point.join(",")).join(";") },
    decode: { points: text => (text ? text.split(";").map(point => point.split(",").map(Number)) : []) },
    check: {
      steps: steps => Number.isInteger(steps) && steps >= 0,
      seed: seed => Number.isInteger(seed) && seed >= 0,
      points: points => points.length <= POINTS && points.every(([x1, x2, t, ...rest]) =>
        Math.abs(x1) <= EDGE && Math.abs(x2) <= EDGE && Math.abs(t) === 1 && rest.length === 0),
    },
    controls: [
      {
        key: "data", kind: "select", label: { en: "Points", ru: "Точки" },
        options: [
          { value: "and", label: { en: "AND", ru: "И" } },
          { value: "or", label: { en: "OR", ru: "ИЛИ" } },
          { value: "xor", label: { en: "Exclusive or", ru: "Исключающее «или»" } },
          { value: "clouds", label: { en: "Two clouds", ru: "Два облака" } },
          { value: "own", label: { en: "Your own", ru: "Свои" } },
        ],
      },
      {
        key: "gap", kind: "range", min: 0.1, max: 1.2, step: 0.1,
        label: { en: "Gap between the clouds", ru: "Просвет между облаками" }, shown: state => state.data === "clouds",
      },
      {
        kind: "button", label: { en: "Other clouds", ru: "Другие облака" }, shown: state => state.data === "clouds",
        press: api => api.set({ seed: api.state.seed + 1, steps: 0 }),
      },
      {
        key: "adds", kind: "select", label: { en: "A click puts a point that", ru: "Щелчок ставит точку, на которой элемент" },
        options: [
          { value: 1, label: { en: "should fire (blue circle)", ru: "срабатывает (синий круг)" } },
          { value: -1, label: { en: "should be silent (orange square)", ru: "молчит (оранжевый квадрат)" } },
        ],
      },
      {
        kind: "button", label: { en: "Back one mistake", ru: "Назад на одну ошибку" },
        disabled: state => made(state) === 0, press: api => api.set({ steps: made(api.state) - 1 }),
      },
      { kind: "button", label: { en: "From zero weights", ru: "С нулевых весов" }, disabled: state => state.steps === 0, press: api => api.set({ steps: 0 }) },
      {
        kind: "button", label: { en: "To the end", ru: "До конца" },
        disabled: state => solve(state).gamma === 0 || made(state) === solve(state).mistakes.length,
        press: api => api.set({ steps: solve(api.state).mistakes.length }),
      },
      { kind: "button", label: { en: "Remove all points", ru: "Убрать все точки" }, press: api => api.set({ data: "own", points: [], steps: 0 }) },
    ],
    questions: [
      {
        ask: {
          en: "AND from zero weights, its rows in the order 00, 01, 10, 11: how many mistakes?",
          ru: "«И» с нулевых весов, строки в порядке 00, 01, 10, 11: сколько будет ошибок?",
        },
        choices: [4, 9, 18, 51].map(String),
        set: { data: "and", steps: 51 },
        right: () => [4, 9, 18, 51].indexOf(outcome("and")),
        explain: api => {
          const bound = api.number(kernel.margin(CORNERS, GATES.and).bound, 4);
          return { en: `The bound allows ${bound}; the rule needs fewer.`, ru: `Граница допускает ${bound}; правилу хватает меньшего.` };
        },
      },
      {
        ask: {
          en: "Exclusive or: how many of its four rows can one line get right?",
          ru: "Исключающее «или»: сколько строк из четырёх может верно разделить одна прямая?",
        },
        choices: [2, 3, 4].map(String),
        set: { data: "xor", steps: 4 },
        right: () => [2, 3, 4].indexOf(kernel.best(CORNERS, GATES.xor).right),
        explain: () => {
          const { from, to } = kernel.train(CORNERS, GATES.xor, MISTAKES).round;
          return {
            en: `The four demands contradict each other. The ${to - from} corrections add up to zero, and the line goes round.`,
            ru: `Четыре условия противоречат друг другу. Сумма ${to - from} поправок равна нулю, и прямая ходит по кругу.`,
          };
        },
      },
      {
        ask: {
          en: "AND with its rows shown in the reverse order, 11 first: how many mistakes?",
          ru: "«И», строки показаны в обратном порядке, начиная с 11: сколько ошибок?",
        },
        choices: [
          { en: "fewer than in the usual order", ru: "меньше, чем в обычном порядке" },
          { en: "as many", ru: "столько же" }, { en: "more", ru: "больше" },
        ],
        set: { data: "own", steps: 51, points: [[1, 1, 1], [1, 0, -1], [0, 1, -1], [0, 0, -1]] },
        right: api => 1 + Math.sign(solve(api.state).mistakes.length - outcome("and")),
        explain: api => {
          const [now, before] = [solve(api.state).mistakes.length, outcome("and")];
          return {
            en: `${now} instead of ${before}. The number depends on the order; the bound does not.`,
            ru: `${now} вместо ${before}. Число ошибок зависит от порядка, граница — нет.`,
          };
        },
      },
    ],
    python,
    thumbnail(svg) {
      for (const [x, y, target] of [[20, 18, 1], [42, 12, 1], [30, 36, 1], [62, 62, -1], [88, 34, -1], [96, 64, -1]]) {
        const shape = d3.symbol(target > 0 ? d3.symbolCircle : d3.symbolSquare, 110)();
        svg.append("path").attr("d", shape).attr("transform", `translate(${x},${y})`).style("fill", target > 0 ? "var(--one)" : "var(--two)");
      }
      svg.append("path").attr("d", "M22,76L98,4").style("stroke", "var(--ink)").style("stroke-width", 3);
    },
    draw,
  });
})(playground);
