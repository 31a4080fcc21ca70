"use strict";
/* Station 8, your own data: a network trains in the browser on points of a plane, drawn or brought as a table. */
(function (playground) {
  const { FEATURES, LONGEST, MOST_UNITS, training, python } = playground.yourData;
  const BUDGET = 10; // milliseconds of a frame that training takes
  const CATCH_UP = 300; // milliseconds of training to the steps of a link before the picture is drawn; the rest is in frames
  const MOST_LAYERS = 6;
  const MOST_STEPS = 200_000;
  const NOTED = 500; // milliseconds between notes of the steps in the link
  const DATA = {
    moons: { en: "moons", ru: "полумесяцы" },
    circles: { en: "circles", ru: "окружности" },
    spirals: { en: "spirals", ru: "спирали" },
    gaussians: { en: "two clouds", ru: "два облака" },
    xor: { en: "exclusive or (XOR)", ru: "исключающее «или» (XOR)" },
    plane: { en: "a plane: numbers", ru: "плоскость: числа" },
    own: { en: "your own table (CSV)", ru: "своя таблица (CSV)" },
  };
  const NAMES = { f1: "x", f2: "y", f3: "x²", f4: "y²", f5: "xy", f6: "sin πx", f7: "sin πy" };

  const options = names => Object.entries(names).map(([value, label]) => ({ value, label }));
  const isOwn = state => state.data === "own";
  const keyOf = state => JSON.stringify({ ...state, steps: 0 });

  /** Trains a state for its steps; returns the training, or {problem}. */
  function trained(state, milliseconds = Infinity) {
    const made = training(state);
    if (made.problem) return made;
    const end = performance.now() + milliseconds;
    const every = Math.max(1, Math.floor(state.steps / 200));
    let steps = 0;
    for (made.note(); steps < state.steps && performance.now() < end; steps++) {
      made.step();
      if ((steps + 1) % every === 0) made.note();
    }
    return { ...made, steps };
  }

  /** Returns the accuracy on the test rows of a state that has been trained, or of regressions the loss. */
  function tested(api) {
    const { test } = trained(api.state).note();
    return Number.isNaN(test.accuracy) ? test.loss : test.accuracy;
  }

  function draw(root, api) {
    const { drawField, drawUnits, drawLosses } = playground.yourData;
    const { element } = playground;
    const notice = element("div", { class: "own_notes", role: "status" });
    const columns = element("div", { class: "row" });
    const places = Array.from({ length: 3 }, () => element("div"));
    const beside = element("div", {}, places[0], places[1]);
    if (!api.narrow) beside.style.cssText = "display: grid; grid-template-columns: minmax(0, 4fr) minmax(0, 3fr); gap: 1rem; align-items: start";
    root.append(notice, columns, beside, places[2]);
    const field = drawField(places[0], api), losses = drawLosses(places[1], api), units = drawUnits(places[2], api);
    let made = null, key = null, written = null, steps = 0, goal = 0, request = 0, painted = -Infinity, cost = 0;

    function rebuild(state) {
      made = trained(state, CATCH_UP);
      notice.replaceChildren(...[made.problem, ...(made.own?.notes ?? [])].filter(Boolean).map(text => element("p", {}, api.text(text))));
      choices(state);
      beside.hidden = places[2].hidden = Boolean(made.problem);
      if (made.problem) return;
      steps = made.steps;
      goal = state.steps;
      field.show(made);
      units.show(made);
      cancelAnimationFrame(request);
      request = requestAnimationFrame(reach);
    }

    /** Trains up to the steps that the state asked for. */
    function reach() {
      if (steps >= goal || made.problem) return;
      train(() => steps < goal);
      paint();
      request = requestAnimationFrame(reach);
    }

    /** Takes a step, and more while a frame's time lasts and `more()` says so. */
    function train(more) {
      const end = performance.now() + BUDGET;
      do {
        made.step();
        steps += 1;
      } while (more() && performance.now() < end);
    }

    /** Shows which columns of a table are taken, where it has more than three. */
    function choices(state) {
      columns.replaceChildren();
      const names = isOwn(state) && !made.problem ? made.own.columns : [];
      if (names.length < 4) return;
      const taken = ["x", "y", "label"].map(name => made.own.taken[name]);
      const titles = ["x", "y", api.text({ en: "label", ru: "метка" })];
      columns.append(...titles.map((title, i) => {
        const select = element("select", { onchange: () => api.set({ columns: taken.map((one, j) => (j === i ? Number(select.value) : one)) }) });
        select.append(...names.map((name, value) => element("option", { value }, name)));
        select.value = taken[i];
        return element("label", {}, `${title}: `, select);
      }));
    }

    function paint() {
      const found = made.note();
      losses(made, found);
      const begin = performance.now();
      if (begin - painted > 3 * cost) {
        field.field(made);
        units.field(made, field.domain());
        painted = performance.now();
        cost = painted - begin;
      }
      say(found);
    }

    function say({ train, test }) {
      const epochs = Math.floor(made.epochs());
      const right = part => `${api.fixed(100 * part.accuracy, 1)} %`;
      const regression = made.own.task === "regression";
      const en = regression ? `Mean squared error, in variances of the target: training ${api.fixed(train.loss, 3)}, test ${api.fixed(test.loss, 3)}.` : `Right: training ${right(train)}, test ${right(test)}.`;
      const ru = regression ? `Средний квадрат ошибки в долях дисперсии: обучение ${api.fixed(train.loss, 3)}, проверка ${api.fixed(test.loss, 3)}.` : `Верных ответов: обучение ${right(train)}, проверка ${right(test)}.`;
      const counts = api.number(made.net.parameters.length, 6);
      api.say({ en: `${epochs} epochs, ${steps} steps, ${counts} weights. ${en}`, ru: `Эпох: ${epochs}, шагов: ${steps}, весов: ${counts}. ${ru}` });
    }

    const animation = api.animate(() => {
      if (!made || made.problem) return;
      if (steps >= MOST_STEPS || !made.net.parameters.every(Number.isFinite)) {
        animation.pause();
        return;
      }
      train(() => animation.running && steps < MOST_STEPS);
      if (!animation.running) painted = -Infinity; // of a single step all is shown
      paint();
    });
    animation.pause();
    // The steps go into the state now and then, so that the link brings others to the same weights.
    const timer = setInterval(() => {
      if (made && !made.problem && steps >= goal && steps !== written) {
        written = steps;
        api.set({ steps });
      }
    }, NOTED);

    return {
      update(state) {
        const changed = keyOf(state) !== key;
        if (!changed && state.steps === written) return;
        const goesOn = key !== null && changed && state.steps === written && state.steps > 0;
        key = keyOf(state);
        written = goesOn ? 0 : state.steps;
        rebuild(goesOn ? { ...state, steps: 0 } : state);
        painted = -Infinity;
        if (!made.problem) paint();
        if (goesOn) queueMicrotask(() => api.set({ steps: 0 }));
      },
      stop() {
        clearInterval(timer);
        cancelAnimationFrame(request);
      },
    };
  }

  const CIRCLES = {
    data: "circles", noise: 0.08, count: 200, f1: true, f2: true, f3: false, f4: false, f5: false, f6: false, f7: false,
    hidden: [], penalty: "none", optimizer: "adam", rate: 0.03, batch: 10,
  };
  const SHARES = [
    { en: "About as many as by chance", ru: "Примерно как наугад" },
    { en: "About three quarters", ru: "Около трёх четвертей" },
    { en: "Nearly all", ru: "Почти все" },
  ];
  /** Returns which of the shares a state's accuracy is. */
  function share(api) {
    const accuracy = tested(api);
    return [0.65, 0.9].filter(bound => accuracy >= bound).length;
  }

  playground.station({
    name: "your_data",
    title: { en: "Your own data", ru: "Свои данные" },
    year: { en: "now", ru: "сегодня" },
    paper: {
      text: "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986",
      href: "https://doi.org/10.1038/323533a0",
    },
    entry: "mlp_classifier",
    lead: {
      en: "A network trains before your eyes: on drawn points, or on two columns of a table of yours. The table never leaves this page.",
      ru: "Сеть обучается на ваших глазах: на нарисованных точках или на двух столбцах вашей таблицы. Таблица не покидает эту страницу.",
    },
    defaults: {
      data: "moons", count: 200, noise: 0.15, test: 30, f1: true, f2: true, f3: false, f4: false, f5: false, f6: false, f7: false,
      hidden: [4, 4], activation: "tanh", optimizer: "adam", rate: 0.03, batch: 10, penalty: "none", strength: 0.001, seed: 1, steps: 0,
      table: "", columns: [],
    },
    encode: { hidden: sizes => sizes.join(","), columns: places => places.join(","), table: text => (text.length <= LONGEST ? text : "") },
    decode: Object.fromEntries(["hidden", "columns"].map(name => [name, text => (text === "" ? [] : text.split(",").map(Number))])),
    check: {
      hidden: sizes => sizes.length <= MOST_LAYERS && sizes.every(size => Number.isInteger(size) && size >= 1 && size <= MOST_UNITS),
      columns: places => [0, 3].includes(places.length) && places.every(place => Number.isInteger(place) && place >= 0),
      steps: steps => Number.isInteger(steps) && steps >= 0 && steps <= MOST_STEPS,
      seed: Number.isInteger,
    },
    controls: [
      { key: "data", kind: "select", label: { en: "Data", ru: "Данные" }, options: options(DATA) },
      {
        kind: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", shown: isOwn, label: { en: "A CSV file", ru: "Файл CSV" },
        read: (text, api) => api.set({ table: text, columns: [], steps: 0 }),
      },
      {
        key: "table", kind: "text", rows: 5, shown: isOwn,
        label: {
          en: "or rows: number, number, label. Tables of up to 2,000 characters go into the link",
          ru: "или строки: число, число, метка. Таблица до 2000 знаков попадает в ссылку",
        },
      },
      { key: "count", kind: "range", min: 20, max: 1000, step: 10, label: { en: "Points", ru: "Точек" }, shown: state => !isOwn(state) },
      { key: "noise", kind: "range", min: 0, max: 0.6, step: 0.01, label: { en: "Noise", ru: "Шум" }, shown: state => !isOwn(state) },
      { key: "test", kind: "range", min: 10, max: 80, step: 5, unit: "%", label: { en: "Test rows", ru: "На проверку" } },
      { kind: "heading", label: { en: "Inputs", ru: "Входы" } },
      ...FEATURES.map(([key]) => ({ key, kind: "checkbox", label: NAMES[key] })),
      { kind: "heading", label: { en: "Network", ru: "Сеть" } },
      {
        kind: "button", label: { en: "Add a hidden layer", ru: "Добавить скрытый слой" }, disabled: state => state.hidden.length >= MOST_LAYERS,
        press: api => api.set({ hidden: [...api.state.hidden, api.state.hidden[api.state.hidden.length - 1] ?? 4] }),
      },
      {
        kind: "button", label: { en: "Remove a hidden layer", ru: "Убрать скрытый слой" }, disabled: state => !state.hidden.length,
        press: api => api.set({ hidden: api.state.hidden.slice(0, -1) }),
      },
      { key: "activation", kind: "select", label: { en: "Activation", ru: "Функция активации" }, options: options(playground.kernels.activations.TITLES) },
      { kind: "heading", label: { en: "Training", ru: "Обучение" } },
      {
        key: "optimizer", kind: "select", label: { en: "Optimizer", ru: "Оптимизатор" },
        options: options({
          sgd: { en: "gradient descent", ru: "градиентный спуск" }, momentum: { en: "with momentum 0.9", ru: "с инерцией 0,9" },
          adam: "Adam",
        }),
      },
      { key: "rate", kind: "range", min: 0.0001, max: 3, scale: "log", label: { en: "Learning rate", ru: "Скорость обучения" } },
      {
        key: "batch", kind: "select", label: { en: "Batch", ru: "Мини-батч" },
        options: [1, 10, 30, 100, 0].map(value => ({ value, label: value ? String(value) : { en: "all rows (offline)", ru: "все строки (офлайн)" } })),
      },
      {
        key: "penalty", kind: "select", label: { en: "Regularisation", ru: "Регуляризация" },
        options: options({ none: { en: "none", ru: "нет" }, l1: "l1: Σ|w|", l2: "l2: Σw²" }),
      },
      {
        key: "strength", kind: "range", min: 0.00001, max: 1, scale: "log", label: { en: "Its factor", ru: "Её множитель" },
        shown: state => state.penalty !== "none",
      },
      { kind: "button", label: { en: "Start again", ru: "Начать заново" }, press: api => api.set({ steps: 0 }) },
      { kind: "button", label: { en: "Other points and weights", ru: "Другие точки и веса" }, press: api => api.set({ seed: api.state.seed + 1, steps: 0 }) },
    ],
    questions: [
      {
        ask: {
          en: "One class lies on a circle inside the other. A network without hidden layers sees x and y alone. How many test points will it get right?",
          ru: "Один класс лежит на окружности внутри другого. Сеть без скрытых слоёв видит только x и y. Сколько проверочных точек она определит верно?",
        },
        choices: SHARES,
        set: { ...CIRCLES, steps: 1400 },
        right: share,
        explain: api => ({
          en: `${api.fixed(100 * tested(api), 0)} % are right: a line cannot enclose a circle.`,
          ru: `Правильных ответов ${api.fixed(100 * tested(api), 0)} %: прямая не может окружить круг.`,
        }),
      },
      {
        ask: {
          en: "The same network without hidden layers now gets x² and y² too. How many test points will it get right?",
          ru: "Та же сеть без скрытых слоёв получает ещё x² и y². Сколько проверочных точек она определит верно?",
        },
        choices: SHARES,
        set: { ...CIRCLES, f3: true, f4: true, steps: 2800 },
        right: share,
        explain: {
          en: "x² + y² is constant on a circle: in these inputs the classes are parted by a plane.",
          ru: "x² + y² постоянна на окружности: в таких входах классы разделяет плоскость.",
        },
      },
      {
        ask: {
          en: "Three hidden layers of 8 units, the identity as the activation, two spirals. What will the border between the classes be?",
          ru: "Три скрытых слоя по 8 нейронов, функция активации — тождественная, две спирали. Какой будет граница между классами?",
        },
        choices: [
          { en: "A spiral", ru: "Спираль" },
          { en: "A curve with a few bends", ru: "Кривая с несколькими изгибами" },
          { en: "A straight line", ru: "Прямая" },
        ],
        set: {
          ...CIRCLES, data: "spirals", noise: 0.02, count: 300, hidden: [8, 8, 8], activation: "identity", rate: 0.01, steps: 1000,
        },
        right: api => {
          // What the output sums up is linear in the inputs where it has no curvature along any line.
          const { net } = trained(api.state);
          const [low, middle, high] = [[-2, 1], [0, 0], [2, -1]].map(point => playground.kernels.network.predict(net, Float64Array.from(point))[0]);
          const logit = p => Math.log(p / (1 - p));
          return Math.abs(logit(low) + logit(high) - 2 * logit(middle)) < 1e-6 ? 2 : 1;
        },
        explain: {
          en: "Without a bend, layers of sums are one layer of sums, however many there are.",
          ru: "Без изгиба несколько слоёв сумм — это один слой сумм, сколько бы их ни было.",
        },
      },
    ],
    thumbnail(svg) {
      const { points, targets } = playground.kernels.data.generate("moons", 60, 0.08, 1);
      for (const [i, label] of targets.entries()) {
        svg.append("circle").attr("cx", 42 + 30 * points[2 * i]).attr("cy", 48 - 30 * points[2 * i + 1]).attr("r", 3)
          .style("fill", label ? "var(--two)" : "var(--one)");
      }
    },
    python,
    draw,
  });
})(playground);
