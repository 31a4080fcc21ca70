"use strict";
/* Station 4, continued: what follows from the patterns, the rule and the start, and the part in which a pattern is recalled. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.hopfield;
  const { LETTERS, letter } = playground.kernels.drawn;
  const { SIDE, field, energy, memories } = playground.hopfield_pictures;
  const UNITS = SIDE * SIDE;
  const ASKED = 120; // units a second, while the recall runs
  const UPDATES = 1.5; // of all units at once, a second
  const SHOWN = 24; // updates of a state that alternates

  /** Returns a pattern as 25 hexadecimal digits, four units each. */
  const written = pattern => d3.range(UNITS / 4).map(i => d3.range(4).reduce(
    (sum, bit) => sum + (pattern[4 * i + bit] > 0 ? 8 >> bit : 0), 0
  ).toString(16)).join("");
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
      return {
        en: "The state alternates between two, for ever. Units that are updated at once may do that; one after another, never.",
        ru: "Состояние без конца чередуется с другим. При одновременном обновлении так бывает, при поочерёдном — никогда.",
      };
    }
    const said = kernel.identify(at(found, found.length), found.stored);
    const names = said.rows.map(p => name(api, state.patterns[p], p));
    const m = api.fixed(kernel.overlap(at(found, found.length), found.stored[said.rows[0]]), 2);
    const signed = names.map((one, i) => `${said.signs[i] > 0 ? "+" : "−"} ${one}`).join(" ");
    return {
      pattern: { en: `Recalled: ${names[0]}.`, ru: `Восстановлен образ: ${names[0]}.` },
      reversed: {
        en: `The reverse of ${names[0]}. It was never stored, but has the same energy: E does not change when all signs do.`,
        ru: `Обращённый образ ${names[0]}. Его не сохраняли, но энергия у него та же: E не меняется, если сменить все знаки.`,
      },
      mixture: {
        en: `A spurious state, the mixture sign(${signed}): a minimum that was never stored.`,
        ru: `Ложный образ, смесь sign(${signed}): минимум, которого не сохраняли.`,
      },
      other: {
        en: `A spurious state, which was never stored; most like ${names[0]}, m = ${m}.`,
        ru: `Ложный образ, которого не сохраняли; больше всего похож на ${names[0]}, m = ${m}.`,
      },
    }[said.kind];
  }

  /** The part in which a pattern is recalled; returns {update, stop}. */
  function recall(root, api) {
    const row = element("div", { class: "sides" });
    const [first, second] = [0, 1].map(() => row.appendChild(element("div", {})));
    const below = element("div", { class: "stack" });
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
          below: near && !ended ? api.text({
            en: `orange rims: not as in ${name(api, state.patterns[chosen(state)], chosen(state))}`,
            ru: `оранжевые рамки: не как в образе ${name(api, state.patterns[chosen(state)], chosen(state))}`,
          }) : "",
        });
        const reached = ended ? overlaps.findIndex(m => Math.abs(m) > 0.999) : -1;
        fall.update({ energies: found.path.energies, step, stored: found.levels, reached, synchronous });
        row_of_memories.update({
          patterns: found.stored, key: state.patterns, names: state.patterns.map((text, p) => name(api, text, p)),
          overlaps, chosen: state.probe ? -1 : chosen(state),
        });
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

  playground.hopfield_recall = { UNITS, written, isDrawing, chosen, solve, mixture, made, at, ending, recall };
})(playground);
