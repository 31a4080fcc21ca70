"use strict";
/* Station 4: Hopfield's memory. Patterns are drawn, damaged and recalled while the energy falls; too many are lost. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.hopfield;
  const { LETTERS } = playground.kernels.drawn;
  const { SIDE } = playground.hopfield_pictures;
  const { UNITS, written, isDrawing, chosen, solve, mixture, made, at, ending, recall } = playground.hopfield_recall;
  const { POINTS, TRIED, overload } = playground.hopfield_load;
  const MOST = 12; // stored patterns

  function draw(root, api) {
    const box = element("div", { class: "stack" });
    root.append(box);
    let view = null;
    let part = null;
    return {
      update(state) {
        if (view !== state.view) {
          part?.stop();
          box.replaceChildren();
          view = state.view;
          part = (view === "load" ? overload : recall)(box, api);
        }
        part.update(state);
      },
      stop: () => part?.stop(),
    };
  }

  /** Returns a program that stores these patterns and recalls this state. */
  function python(state) {
    if (state.view === "load") {
      return `import numpy as np

import zoo

units, count = ${state.units}, ${Math.round(state.load * state.units)}
generator = np.random.default_rng(${state.seed})
patterns = generator.choice([-1.0, 1.0], (count, units)).astype("float32")
memory = zoo.build("hopfield", patterns, rule="${state.rule}")
memory.fit(patterns, verbose=0)
damaged = np.where(generator.random(patterns.shape) < ${state.damage / 100}, -patterns, patterns)
for name, start in (("itself", patterns), ("damaged", damaged)):
    print(name, "wrong units:", np.mean(memory.predict(start, verbose=0) != patterns))
`;
    }
    const { stored, start } = solve(state);
    const dots = x => `"${d3.range(SIDE).map(i => x.slice(SIDE * i, SIDE * (i + 1)).map(value => (value > 0 ? "#" : ".")).join("")).join(" ")}"`;
    return `import numpy as np

import zoo


def pattern(dots):
    return [1.0 if dot == "#" else -1.0 for dot in dots.replace(" ", "")]


stored = np.array([pattern(dots) for dots in [
${stored.map(x => `    ${dots(x)},`).join("\n")}
]], "float32").reshape(-1, ${UNITS})
start = np.array([pattern(
    ${dots([...start])}
)], "float32")
memory = zoo.build("hopfield", stored, rule="${state.rule}", update="${state.update}")
memory.fit(stored, verbose=0)
end = memory.predict(start, verbose=0)
print("energy:", memory.energy(start)[0], "->", memory.energy(end)[0])
print("overlap with the stored patterns:", memory.overlap(end, stored)[0])
`;
  }

  const seen = view => state => state.view === view;
  const HEBB = { view: "recall", rule: "hebb", update: "asynchronous", seed: 1, probe: "", from: 0, patterns: ["A", "J", "X"] };
  const END = 10_000; // steps, more than any recall takes
  const PLACES = [
    { en: "in A", ru: "в A" },
    { en: "in A reversed, light and dark exchanged", ru: "в обращённом A, где светлое и тёмное поменялись" },
    { en: "in another letter", ru: "в другой букве" },
    { en: "in a state that was never stored", ru: "в состоянии, которого не сохраняли" },
  ];
  const place = api => {
    const found = solve(api.state);
    const { kind, rows } = kernel.identify(at(found, found.length), found.stored);
    if (kind === "pattern") return rows[0] === 0 ? 0 : 2;
    return kind === "reversed" && rows[0] === 0 ? 1 : 3;
  };
  const explained = api => ending(api, api.state, solve(api.state));

  playground.station({
    name: "hopfield",
    title: { en: "Hopfield's memory", ru: "Память Хопфилда" },
    year: "1982",
    paper: {
      text: "J. J. Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, PNAS 79(8), 1982",
      href: "https://doi.org/10.1073/pnas.79.8.2554",
    },
    entry: "hopfield",
    lead: {
      en: "Patterns are stored as minima of the energy E\u00a0=\u00a0−½\u00a0Σ\u00a0wᵢⱼ\u00a0sᵢ\u00a0sⱼ. Each unit takes the sign of its field h\u00a0=\u00a0Σ\u00a0wᵢⱼ\u00a0sⱼ. While the units are updated one after another, the energy never rises, and the state falls into a minimum: it remembers.",
      ru: "Образы хранятся как минимумы энергии E\u00a0=\u00a0−½\u00a0Σ\u00a0wᵢⱼ\u00a0sᵢ\u00a0sⱼ. Каждый элемент принимает знак своего поля h\u00a0=\u00a0Σ\u00a0wᵢⱼ\u00a0sⱼ; при поочерёдном обновлении энергия не растёт, и состояние скатывается в минимум: сеть вспоминает.",
    },
    defaults: {
      view: "recall", patterns: ["A", "J", "X"], from: 0, damage: 25, probe: "", steps: 0, rule: "hebb",
      update: "asynchronous", seed: 1, letter: "K", units: 200, load: 0.1,
    },
    encode: { patterns: patterns => patterns.join(",") },
    decode: { patterns: text => (text ? text.split(",") : []) },
    check: {
      patterns: patterns => patterns.length <= MOST && patterns.every(text => LETTERS.includes(text) || isDrawing(text)),
      from: from => Number.isInteger(from) && from >= 0,
      probe: probe => probe === "" || isDrawing(probe),
      steps: steps => Number.isInteger(steps) && steps >= 0,
      seed: seed => Number.isInteger(seed) && seed >= 0,
      damage: Number.isInteger,
      load: load => Math.abs(100 * load - Math.round(100 * load)) < 1e-9,
    },
    controls: [
      {
        key: "view", kind: "select", label: { en: "Look at", ru: "Показать" },
        options: [
          { value: "recall", label: { en: "one recall", ru: "восстановление образа" } },
          { value: "load", label: { en: "too many patterns", ru: "слишком много образов" } },
        ],
      },
      {
        key: "rule", kind: "select", label: { en: "Stored by", ru: "Правило записи" },
        options: [
          { value: "hebb", label: { en: "Hebb's rule", ru: "правило Хебба" } },
          { value: "storkey", label: { en: "Storkey's rule (1997)", ru: "правило Сторки (1997)" } },
          { value: "projection", label: { en: "projection (1985)", ru: "проекция (1985)" } },
        ],
      },
      {
        key: "update", kind: "select", shown: seen("recall"), label: { en: "Units are updated", ru: "Элементы обновляются" },
        options: [
          { value: "asynchronous", label: { en: "one after another", ru: "по одному" } },
          { value: "synchronous", label: { en: "all at once", ru: "все сразу" } },
        ],
      },
      { key: "damage", kind: "range", min: 0, max: 100, step: 1, unit: "%", label: { en: "Turned over", ru: "Искажено" } },
      {
        kind: "button", shown: seen("recall"), label: { en: "Damage again", ru: "Исказить заново" },
        press: api => api.set({ seed: api.state.seed + 1, probe: "", steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "Back to the start", ru: "Вернуться к началу" },
        disabled: state => state.steps === 0, press: api => api.set({ steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "Clear, to draw", ru: "Очистить, чтобы рисовать" },
        press: api => api.set({ probe: "0".repeat(UNITS / 4), steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "A mixture of three", ru: "Смесь трёх образов" }, disabled: state => state.patterns.length < 3,
        press: api => api.set({ probe: mixture(api.state.patterns), steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "Store what is shown", ru: "Сохранить то, что видно" },
        disabled: state => state.patterns.length >= MOST,
        press: api => api.set({
          patterns: [...api.state.patterns, written(at(solve(api.state), made(api.state)))],
          from: api.state.patterns.length, probe: "", steps: 0,
        }),
      },
      { key: "letter", kind: "select", shown: seen("recall"), label: { en: "Letter", ru: "Буква" }, options: LETTERS.map(value => ({ value, label: value })) },
      {
        kind: "button", shown: seen("recall"),
        label: state => ({ en: `Store ${state.letter}`, ru: `Сохранить ${state.letter}` }),
        disabled: state => state.patterns.length >= MOST || state.patterns.includes(state.letter),
        press: api => api.set({ patterns: [...api.state.patterns, api.state.letter], from: api.state.patterns.length, probe: "", steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "Remove the chosen pattern", ru: "Убрать выбранный образ" },
        disabled: state => state.patterns.length < 2 || state.probe !== "",
        press: api => api.set({ patterns: api.state.patterns.filter((_, p) => p !== chosen(api.state)), from: 0, steps: 0 }),
      },
      {
        key: "units", kind: "select", shown: seen("load"), label: { en: "Units N", ru: "Элементов N" },
        options: [100, 200, 400].map(value => ({ value, label: String(value) })),
      },
      {
        key: "load", kind: "range", min: 0.01, max: POINTS / 100, step: 0.01, shown: seen("load"), label: { en: "Load P / N", ru: "Нагрузка P / N" },
      },
      { kind: "button", shown: seen("load"), label: { en: "Other patterns", ru: "Другие образы" }, press: api => api.set({ seed: api.state.seed + 1 }) },
    ],
    questions: [
      {
        ask: {
          en: "A, J and X are stored; a quarter of A is turned over. Where does the state end?",
          ru: "Сохранены A, J и X; четверть элементов A искажена. Чем всё кончится?",
        },
        choices: PLACES, set: { ...HEBB, damage: 25, steps: END }, right: place, explain: explained,
      },
      {
        ask: {
          en: "Now 80 of the 100 units of A are turned over. Where does the state end?",
          ru: "Теперь у A искажены 80 элементов из 100. Чем всё кончится?",
        },
        choices: PLACES, set: { ...HEBB, damage: 80, steps: END }, right: place, explain: explained,
      },
      {
        ask: {
          en: "The state begins as a mixture: each unit is as in at least two of A, J and X. Where does the state end?",
          ru: "Начальное состояние — смесь: каждый элемент такой, как по крайней мере в двух из образов A, J и X. Чем всё кончится?",
        },
        choices: PLACES, set: { ...HEBB, probe: mixture(HEBB.patterns), steps: END }, right: place, explain: explained,
      },
      {
        ask: {
          en: "Only A is stored, exactly half of it is turned over, and all units are updated at once. What happens?",
          ru: "Сохранена одна A, ровно половина её элементов искажена, все элементы обновляются сразу. Что будет?",
        },
        choices: [
          { en: "it stops in A", ru: "остановится в A" },
          { en: "it stops in A reversed", ru: "остановится в обращённой A" },
          { en: "it alternates for ever", ru: "будет чередоваться без конца" },
        ],
        set: { ...HEBB, patterns: ["A"], damage: 50, update: "synchronous", steps: END },
        right: api => (solve(api.state).path.end === "alternates" ? 2 : place(api)),
        explain: explained,
      },
      {
        ask: {
          en: "A, B, C, D, E and F are stored by Hebb's rule. Does A stay as it is?",
          ru: "По правилу Хебба сохранены A, B, C, D, E и F. Останется ли A неизменной?",
        },
        choices: [{ en: "yes", ru: "да" }, { en: "no", ru: "нет" }],
        set: { ...HEBB, patterns: ["A", "B", "C", "D", "E", "F"], damage: 0, steps: END },
        right: api => (place(api) === 0 ? 0 : 1),
        explain: api => {
          const found = solve(api.state);
          const most = api.number(d3.max(found.stored.slice(1), x => kernel.overlap(found.stored[0], x)), 2);
          const said = ending(api, api.state, found);
          return {
            en: `${said.en} Letters are alike (here m is up to ${most}), and Hebb's rule needs patterns that are not. Try the projection.`,
            ru: `${said.ru} Буквы похожи друг на друга (здесь m доходит до ${most}), а правилу Хебба нужны непохожие образы. Попробуйте проекцию.`,
          };
        },
      },
      {
        ask: {
          en: "50 random patterns are stored in 200 units by Hebb's rule. Recall begins with the patterns themselves: what share of units ends wrong?",
          ru: "По правилу Хебба в 200 элементах сохранено 50 случайных образов. Сеть начинает с самих образов: какая доля элементов окажется неверной?",
        },
        choices: [{ en: "none", ru: "никакая" }, { en: "up to 5 %", ru: "до 5 %" }, { en: "more than 5 %", ru: "больше 5 %" }],
        set: { ...HEBB, view: "load", units: 200, load: 0.25, damage: 20 },
        right: () => {
          const [wrong] = kernel.errors({ units: 200, rule: "hebb", seed: 1, step: 50, flips: [0], tried: TRIED }, 1)[0].wrong;
          return wrong === 0 ? 0 : wrong <= 0.05 ? 1 : 2;
        },
        explain: {
          en: "Beyond about 0.138 N patterns the memory is lost, and not only the last pattern but all of them (Amit, Gutfreund and Sompolinsky 1985).",
          ru: "Если образов больше примерно 0,138 N, пропадает вся память, а не только последний образ (Амит, Гутфройнд и Сомполинский, 1985).",
        },
      },
    ],
    python,
    thumbnail(svg) {
      const fall = d3.range(0, 60).map(i => [10 + i * 1.7, 40 - 22 * Math.cos(i / 7) + i * 0.1]);
      svg.append("path").attr("d", `M${fall.join("L")}`).style("fill", "none").style("stroke", "var(--one)").style("stroke-width", 3);
      svg.append("circle").attr("cx", 10 + 23 * 1.7).attr("cy", 56).attr("r", 6).style("fill", "var(--two)");
    },
    draw,
  });
})(playground);
