"use strict";
/* Station 4: Hopfield's memory. Patterns are drawn, damaged and recalled while the energy falls; too many are lost. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.hopfield;
  const { LETTERS, letter } = playground.kernels.drawn;
  const { SIDE, field, energy, memories, errors, recalled } = playground.hopfield_pictures;
  const UNITS = SIDE * SIDE;
  const MOST = 12; // stored patterns
  const ASKED = 120; // units a second, while the recall runs
  const UPDATES = 1.5; // of all units at once, a second
  const SHOWN = 24; // updates of a state that alternates
  const POINTS = 30; // loads .01, .02, ... .30
  const TRIED = 10; // patterns recalled at each load
  const FRAME = 12; // milliseconds of computing between two pictures

  /** Returns a pattern as 25 hexadecimal digits, four units each. */
  const written = pattern => d3.range(UNITS / 4).map(i => d3.range(4).reduce((sum, bit) => sum + (pattern[4 * i + bit] > 0 ? 8 >> bit : 0), 0).toString(16)).join("");
  const drawn = digits => [...digits].flatMap(digit => [8, 4, 2, 1].map(bit => (parseInt(digit, 16) & bit ? 1 : -1)));
  const isDrawing = text => /^[0-9a-f]{25}$/.test(text);
  const pattern = text => (LETTERS.includes(text) ? letter(text) : drawn(text));
  const name = (api, text, p) => (LETTERS.includes(text) ? text : `${api.text({ en: "drawing", ru: "рисунок" })} ${p + 1}`);
  const chosen = state => Math.min(state.from, state.patterns.length - 1);

  /** Returns the updates of all units at once; of states that alternate, so many that it is seen. */
  function alternated(memory, start) {
    const path = kernel.alternate(memory, start);
    while (path.end === "alternates" && path.states.length <= SHOWN) {
      for (const list of [path.states, path.energies]) list.push(list[list.length - 2]);
    }
    return path;
  }

  let solved = { key: null };

  /** Returns everything that follows from the patterns, the rule and the start; computed once for each. */
  function solve(state) {
    const { patterns, rule, update, seed, probe, damage } = state;
    const key = [patterns, rule, update, seed, probe, damage, chosen(state)].join();
    if (solved.key === key) return solved;
    const stored = patterns.map(pattern);
    const memory = stored.length ? kernel.store(stored, rule) : kernel.empty(UNITS, rule);
    const rest = Array(UNITS).fill(-1);
    const start = probe ? drawn(probe) : stored.length ? kernel.damaged(stored[chosen(state)], damage, seed) : rest;
    const path = update === "asynchronous" ? kernel.recall(memory, start, kernel.orders(UNITS, seed)) : alternated(memory, start);
    solved = { key, stored, memory, start, path, length: path.energies.length - 1, levels: stored.map(x => kernel.energy(memory, x)) };
    return solved;
  }

  /** Returns the mixture of the first three stored patterns, sign(x_1 + x_2 + x_3), as a drawing. */
  function mixture(patterns) {
    const three = patterns.slice(0, 3).map(pattern);
    return written(d3.range(UNITS).map(unit => Math.sign(d3.sum(three, x => x[unit]))));
  }

  const made = state => Math.min(state.steps, solve(state).length);

  /** Returns the state of the network after so many steps. */
  function at({ path, start }, step) {
    if (path.states) return path.states[step];
    const s = [...start];
    for (let i = 0; i < step; i++) if (path.flipped[i]) s[path.asked[i]] *= -1;
    return s;
  }

  /** Returns what the network has ended in, in words. */
  function ending(api, state, found) {
    if (!found.stored.length) return { en: "Nothing is stored: every state stays.", ru: "Ничего не сохранено: любое состояние остаётся." };
    if (found.path.end === "alternates") {
      return { en: "The state alternates between two, for ever. Units that are updated at once may do that; one after another, never.", ru: "Состояние без конца чередуется с другим. При одновременном обновлении так бывает, при поочерёдном — никогда." };
    }
    const said = kernel.identify(at(found, found.length), found.stored);
    const names = said.rows.map(p => name(api, state.patterns[p], p));
    const m = api.fixed(kernel.overlap(at(found, found.length), found.stored[said.rows[0]]), 2);
    const signed = names.map((one, i) => `${said.signs[i] > 0 ? "+" : "−"} ${one}`).join(" ");
    return {
      pattern: { en: `Recalled: ${names[0]}.`, ru: `Восстановлен образ: ${names[0]}.` },
      reversed: { en: `The reverse of ${names[0]}. It was never stored, but has the same energy: E does not change when all signs do.`, ru: `Обращённый образ ${names[0]}. Его не сохраняли, но энергия у него та же: E не меняется, если сменить все знаки.` },
      mixture: { en: `A spurious state, the mixture sign(${signed}): a minimum that was never stored.`, ru: `Ложный образ, смесь sign(${signed}): минимум, которого не сохраняли.` },
      other: { en: `A spurious state, which was never stored; most like ${names[0]}, m = ${m}.`, ru: `Ложный образ, которого не сохраняли; больше всего похож на ${names[0]}, m = ${m}.` },
    }[said.kind];
  }

  /** The part in which a pattern is recalled; returns {update, stop}. */
  function recall(root, api) {
    const row = element("div", { style: "display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr));align-items:start" });
    const [first, second] = [0, 1].map(() => row.appendChild(element("div", { style: "min-width:0" })));
    const below = element("div", { style: "display:grid;gap:.4rem" });
    root.append(row, below);
    const now = () => at(solve(api.state), made(api.state));
    const square = field(first, api, {
      read: now,
      paint(begin, [toRow, toColumn], erase) {
        const state = [...now()];
        state[Math.round(toRow) * SIDE + Math.round(toColumn)] = erase ? -1 : 1;
        api.set({ probe: written(state), steps: 0 });
      },
    });
    const fall = energy(second, api);
    const row_of_memories = memories(below, api, p => {
      const { state } = api;
      const again = p === chosen(state) && !state.probe && state.steps === 0; // the same once more: other damage
      api.set({ from: p, probe: "", steps: 0, seed: state.seed + (again ? 1 : 0) });
    });

    let due = 0;
    const film = api.animate(seconds => {
      due = film.running ? due + seconds * (api.state.update === "asynchronous" ? ASKED : UPDATES) : 1;
      const steps = Math.min(Math.floor(due), solve(api.state).length - made(api.state));
      due -= Math.floor(due);
      if (steps > 0) api.set({ steps: made(api.state) + steps });
      if (made(api.state) === solve(api.state).length) film.pause();
    });
    film.pause();

    return {
      update(state) {
        const found = solve(state);
        const step = made(state);
        const s = at(found, step);
        const synchronous = Boolean(found.path.states);
        const overlaps = found.stored.map(x => kernel.overlap(s, x));
        const target = found.stored[chosen(state)];
        const near = target && !state.probe && overlaps[chosen(state)] > 0;
        const asked = synchronous || step === 0 ? null : found.path.asked[step - 1];
        const flipped = asked !== null && found.path.flipped[step - 1] === 1;
        const ended = step === found.length;
        let above = api.text({ en: "the state: draw on it, or run", ru: "состояние: рисуйте или запускайте" });
        if (synchronous && step > 0) {
          above = api.text({ en: `after ${step} updates of all units`, ru: `обновлений всех элементов: ${step}` });
        } else if (asked !== null) {
          const before = at(found, step - 1);
          const h = kernel.fields(found.memory, before)[asked];
          above = `h = ${api.fixed(h, 2)}, s = ${before[asked] > 0 ? "+1" : "−1"}: ${api.text(flipped ? { en: "the unit turns over", ru: "элемент меняет знак" } : { en: "the unit stays", ru: "элемент не меняется" })}`;
        }
        square.update({
          state: s, asked: ended ? null : asked, flipped, above,
          changed: near ? d3.range(UNITS).filter(unit => s[unit] !== target[unit]) : [],
          below: near && !ended ? api.text({ en: `orange rims: not as in ${name(api, state.patterns[chosen(state)], chosen(state))}`, ru: `оранжевые рамки: не как в образе ${name(api, state.patterns[chosen(state)], chosen(state))}` }) : "",
        });
        const reached = ended ? overlaps.findIndex(m => Math.abs(m) > 0.999) : -1;
        fall.update({ energies: found.path.energies, step, stored: found.levels, reached, synchronous });
        row_of_memories.update({ patterns: found.stored, key: state.patterns, names: state.patterns.map((text, p) => name(api, text, p)), overlaps, chosen: state.probe ? -1 : chosen(state) });
        if (ended) api.say(ending(api, state, found));
        else if (step === 0) {
          api.say({
            en: `E = ${api.fixed(found.path.energies[0], 1)}. Run: each unit takes the sign of its field h.`,
            ru: `E = ${api.fixed(found.path.energies[0], 1)}. Нажмите «Пуск»: каждый элемент примет знак своего поля h.`,
          });
        }
      },
      stop: () => film.stop(),
    };
  }

  /** The part that loads random patterns until they are lost; returns {update, stop}. */
  function overload(root, api) {
    const row = element("div", { style: "display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));align-items:start" });
    const [first, second] = [0, 1].map(() => row.appendChild(element("div", { style: "min-width:0" })));
    root.append(row);
    const chart = errors(first, api);
    const square = recalled(second, api);
    let run = null; // {key, experiment, points}
    let timer = null;

    function show() {
      const { state } = api;
      const limit = kernel.capacity(state.rule, state.units) / state.units;
      chart.update({ points: run.points, load: state.load, limit, damage: state.damage });
      const now = run.points.find(point => Math.abs(point.load - state.load) < 1e-9);
      square.update({ pattern: run.experiment.pattern, end: now?.first[1] ?? null });
      if (!now) return;
      const percent = value => `${api.number(100 * value)} %`;
      api.say({
        en: `${now.count} random patterns in ${state.units} units: wrong after recall ${percent(now.wrong[0])} of the units, and ${percent(now.wrong[1])} where ${state.damage} % were turned over before.`,
        ru: `Случайных образов: ${now.count}, элементов: ${state.units}. После восстановления неверны ${percent(now.wrong[0])} элементов, а если сначала исказить ${state.damage} %, то ${percent(now.wrong[1])}.`,
      });
    }
    function compute() {
      const end = performance.now() + FRAME;
      while (run.points.length < POINTS && performance.now() < end) run.points.push(run.experiment.next());
      show();
      timer = run.points.length < POINTS ? setTimeout(compute) : null;
    }
    return {
      update(state) {
        const { units, rule, seed, damage } = state;
        const key = [units, rule, seed, damage].join();
        if (run?.key !== key) {
          clearTimeout(timer);
          const settings = { units, rule, seed, step: units / 100, flips: [0, damage / 100], tried: TRIED };
          run = { key, experiment: kernel.experiment(settings), points: [] };
          compute();
        } else show();
      },
      stop: () => clearTimeout(timer),
    };
  }

  function draw(root, api) {
    const box = element("div", { style: "display:grid;gap:1rem" });
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
    defaults: { view: "recall", patterns: ["A", "J", "X"], from: 0, damage: 25, probe: "", steps: 0, rule: "hebb", update: "asynchronous", seed: 1, letter: "K", units: 200, load: 0.1 },
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
      { kind: "button", shown: seen("recall"), label: { en: "Damage again", ru: "Исказить заново" }, press: api => api.set({ seed: api.state.seed + 1, probe: "", steps: 0 }) },
      { kind: "button", shown: seen("recall"), label: { en: "Back to the start", ru: "Вернуться к началу" }, disabled: state => state.steps === 0, press: api => api.set({ steps: 0 }) },
      { kind: "button", shown: seen("recall"), label: { en: "Clear, to draw", ru: "Очистить, чтобы рисовать" }, press: api => api.set({ probe: "0".repeat(UNITS / 4), steps: 0 }) },
      {
        kind: "button", shown: seen("recall"), label: { en: "A mixture of three", ru: "Смесь трёх образов" }, disabled: state => state.patterns.length < 3,
        press: api => api.set({ probe: mixture(api.state.patterns), steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "Store what is shown", ru: "Сохранить то, что видно" }, disabled: state => state.patterns.length >= MOST,
        press: api => api.set({ patterns: [...api.state.patterns, written(at(solve(api.state), made(api.state)))], from: api.state.patterns.length, probe: "", steps: 0 }),
      },
      { key: "letter", kind: "select", shown: seen("recall"), label: { en: "Letter", ru: "Буква" }, options: LETTERS.map(value => ({ value, label: value })) },
      {
        kind: "button", shown: seen("recall"), label: state => ({ en: `Store ${state.letter}`, ru: `Сохранить ${state.letter}` }), disabled: state => state.patterns.length >= MOST || state.patterns.includes(state.letter),
        press: api => api.set({ patterns: [...api.state.patterns, api.state.letter], from: api.state.patterns.length, probe: "", steps: 0 }),
      },
      {
        kind: "button", shown: seen("recall"), label: { en: "Remove the chosen pattern", ru: "Убрать выбранный образ" }, disabled: state => state.patterns.length < 2 || state.probe !== "",
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
        ask: { en: "A, J and X are stored; a quarter of A is turned over. Where does the state end?", ru: "Сохранены A, J и X; четверть элементов A искажена. Чем всё кончится?" },
        choices: PLACES, set: { ...HEBB, damage: 25, steps: END }, right: place, explain: explained,
      },
      {
        ask: { en: "Now 80 of the 100 units of A are turned over. Where does the state end?", ru: "Теперь у A искажены 80 элементов из 100. Чем всё кончится?" },
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
        ask: { en: "Only A is stored, exactly half of it is turned over, and all units are updated at once. What happens?", ru: "Сохранена одна A, ровно половина её элементов искажена, все элементы обновляются сразу. Что будет?" },
        choices: [
          { en: "it stops in A", ru: "остановится в A" }, { en: "it stops in A reversed", ru: "остановится в обращённой A" }, { en: "it alternates for ever", ru: "будет чередоваться без конца" },
        ],
        set: { ...HEBB, patterns: ["A"], damage: 50, update: "synchronous", steps: END },
        right: api => (solve(api.state).path.end === "alternates" ? 2 : place(api)),
        explain: explained,
      },
      {
        ask: { en: "A, B, C, D, E and F are stored by Hebb's rule. Does A stay as it is?", ru: "По правилу Хебба сохранены A, B, C, D, E и F. Останется ли A неизменной?" },
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
        ask: { en: "50 random patterns are stored in 200 units by Hebb's rule. Recall begins with the patterns themselves: what share of units ends wrong?", ru: "По правилу Хебба в 200 элементах сохранено 50 случайных образов. Сеть начинает с самих образов: какая доля элементов окажется неверной?" },
        choices: [{ en: "none", ru: "никакая" }, { en: "up to 5 %", ru: "до 5 %" }, { en: "more than 5 %", ru: "больше 5 %" }],
        set: { ...HEBB, view: "load", units: 200, load: 0.25, damage: 20 },
        right: () => {
          const [wrong] = kernel.errors({ units: 200, rule: "hebb", seed: 1, step: 50, flips: [0], tried: TRIED }, 1)[0].wrong;
          return wrong === 0 ? 0 : wrong <= 0.05 ? 1 : 2;
        },
        explain: { en: "Beyond about 0.138 N patterns the memory is lost, and not only the last pattern but all of them (Amit, Gutfreund and Sompolinsky 1985).", ru: "Если образов больше примерно 0,138 N, пропадает вся память, а не только последний образ (Амит, Гутфройнд и Сомполинский, 1985)." },
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
