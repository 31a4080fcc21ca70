"use strict";
/* Station 8, your own data: its texts, state and controls. */
(function (playground) {
  const { FEATURES, LONGEST, MOST_UNITS, MOST_STEPS, python, draw, questions } = playground.yourData;
  const MOST_LAYERS = 6;
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
      {
        kind: "button", label: { en: "Start again", ru: "Начать заново" }, disabled: state => state.steps === 0,
        press: api => api.set({ steps: 0 }),
      },
      { kind: "button", label: { en: "Other points and weights", ru: "Другие точки и веса" }, press: api => api.set({ seed: api.state.seed + 1, steps: 0 }) },
    ],
    questions,
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
