"use strict";
/* Station 2: McCulloch and Pitts's nets of 1943: wire cells, let time tick, and see what the net remembers. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.neurons;
  const { nets } = playground.kernels.nets;
  const { WIDTH, HEIGHT, label, diagram } = playground.mcculloch_pitts_net;
  const { raster, table, functions } = playground.mcculloch_pitts_time;
  const PACE = 0.9; // seconds a tick
  const MOST_TICKS = 60;
  const MOST_CELLS = 12;
  const MOST_INPUTS = 4;
  const MOST_LINKS = 60;

  // A net and a tape belong to the preset that they began with: "xor!x.x1.80.110~..." and "xor!00.10.01!2", the last
  // number being the tick. What belongs to another preset is not shown, so that choosing a preset begins it anew.
  const split = (text, preset) => {
    const [owner, ...parts] = text.split("!");
    return owner === preset ? parts : [];
  };

  /** Returns everything that follows from a state: the net, the tape of the inputs, the cells at each tick, the tick. */
  function given(state) {
    const [line] = split(state.net, state.preset);
    const net = kernel.read(line ?? nets[state.preset].net);
    const [bits, shown] = split(state.tape, state.preset);
    const read = kernel.readTape(bits ?? nets[state.preset].tape, net.inputs.length).slice(0, MOST_TICKS);
    const tape = read.length ? read : [net.inputs.map(() => 0)];
    const tick = Math.min(tape.length - 1, Math.max(0, Math.floor(Number(shown)) || 0));
    return { net, tape, tick, rows: kernel.run(net, tape) };
  }

  const setNet = (api, net) => api.set({ net: `${api.state.preset}!${kernel.write(net)}` });
  const setTape = (api, tape, tick) => api.set({ tape: `${api.state.preset}!${kernel.writeTape(tape)}!${tick}` });

  /** Shows a tick; behind the end of the tape the inputs stay as they were. */
  function go(api, tick) {
    const { tape } = given(api.state);
    const longer = [...tape];
    while (longer.length <= tick && longer.length < MOST_TICKS) longer.push([...longer.at(-1)]);
    setTape(api, longer, Math.max(0, Math.min(tick, longer.length - 1)));
  }

  /** Switches an input at one tick, or from that tick on. */
  function toggle(api, time, input, fromThenOn) {
    const { tape, tick } = given(api.state);
    const value = 1 - tape[time][input];
    const changed = tape.map((inputs, t) => inputs.map((bit, i) => (i === input && (t === time || (fromThenOn && t > time)) ? value : bit)));
    setTape(api, changed, tick);
  }

  /** Adds a cell, or an input, at the place of a grid that is farthest from all others. */
  function add(api, isInput) {
    const { net } = given(api.state);
    const all = [...net.inputs, ...net.cells];
    const names = isInput ? d3.range(1, 9).map(i => `x${i}`) : [..."abcdefghijklmnopqrstuvwyz"];
    const name = names.find(one => !all.some(node => node.name === one));
    const places = d3.cross(isInput ? [80] : d3.range(180, WIDTH - 60, 76), d3.range(60, HEIGHT - 50, 60));
    const gap = ([x, y]) => d3.min(all, node => Math.hypot(node.x - x, node.y - y)) ?? 0;
    const [x, y] = places[d3.maxIndex(places, gap)];
    if (isInput) net.inputs.push({ name, x, y });
    else net.cells.push({ name, x, y, threshold: 1 });
    if (isInput) setTape(api, given(api.state).tape.map(inputs => [...inputs, 0]), given(api.state).tick);
    setNet(api, net);
  }

  /** Returns the net without an input or a cell. */
  function without(net, name) {
    const others = node => node.name !== name;
    return { inputs: net.inputs.filter(others), cells: net.cells.filter(others), links: net.links.filter(({ from, to }) => from !== name && to !== name) };
  }

  function draw(root, api) {
    const wiring = element("div", {});
    const sides = element("div", { class: "sides uneven" });
    const left = element("div", {});
    const right = element("div", { class: "stack" });
    const below = element("div", { class: "stack" });
    sides.append(left, right);
    root.append(wiring, sides, below);
    let from = null; // where a connection that is being made begins

    const act = {
      press(name) {
        const { net, tick } = given(api.state);
        const input = net.inputs.findIndex(one => one.name === name);
        const { tool } = api.state;
        if (tool === "switch" && input >= 0) return toggle(api, tick, input, true);
        if (tool === "switch") return act.threshold(name, 1);
        if (tool === "remove") return act.remove(name);
        if (from === null) from = name;
        else if (input >= 0) from = name === from ? null : name; // nothing leads to an input
        else {
          if (net.links.length < MOST_LINKS) net.links.push({ kind: tool === "excite" ? "e" : "i", from, to: name });
          from = null;
          return setNet(api, net);
        }
        return update(api.state);
      },
      pressLink(index) {
        const { net } = given(api.state);
        if (api.state.tool === "remove") net.links.splice(index, 1);
        else net.links[index].kind = net.links[index].kind === "e" ? "i" : "e";
        setNet(api, net);
      },
      move(name, x, y) {
        const { net } = given(api.state);
        Object.assign([...net.inputs, ...net.cells].find(node => node.name === name), { x, y });
        setNet(api, net);
      },
      threshold(name, by) {
        const { net } = given(api.state);
        const cell = net.cells.find(one => one.name === name);
        if (!cell) return;
        const most = Math.max(3, net.links.filter(link => link.to === name).length + 1);
        cell.threshold = (cell.threshold + by + most + 1) % (most + 1);
        setNet(api, net);
      },
      remove(name) {
        const { net, tape, tick } = given(api.state);
        const input = net.inputs.findIndex(one => one.name === name);
        if (input >= 0 && net.inputs.length === 1) return; // a tape needs an input
        if (from === name) from = null;
        if (input >= 0) api.set({ tape: `${api.state.preset}!${kernel.writeTape(tape.map(inputs => inputs.filter((_, i) => i !== input)))}!${tick}` });
        setNet(api, without(net, name));
      },
    };
    const net = diagram(wiring, api, act);
    const time = raster(left, api, { toggle: (tick, input) => toggle(api, tick, input, false), go: tick => go(api, tick) });
    const truth = table(right, api);
    functions(below, api, code => {
      api.set({ preset: "own", net: `own!${kernel.write(kernel.netFor(code))}`, tape: "own!00.01.10.11.00.00!0" });
      wiring.scrollIntoView({ block: "nearest" });
    });

    let waited = 0;
    const film = api.animate(seconds => {
      waited += seconds;
      if (film.running && waited < PACE) return;
      waited = 0;
      const { tape, tick } = given(api.state);
      if (film.running && tick + 1 >= tape.length) film.pause();
      else go(api, tick + 1);
    });
    film.pause();

    function update(state) {
      const now = given(state);
      if (state.tool !== "excite" && state.tool !== "inhibit") from = null;
      net.update({ net: now.net, inputs: now.tape[now.tick], cells: now.rows[now.tick], from });
      time.update(now);
      truth({ net: now.net, inputs: now.tape[now.tick] });
      const quoted = one => api.text({ en: `“${label(one, api)}”`, ru: `«${label(one, api)}»` });
      const firing = now.net.cells.filter((_, i) => now.rows[now.tick][i]).map(cell => quoted(cell.name)).join(", ");
      const name = from && quoted(from);
      api.say(from
        ? { en: `From ${name}: now press the cell to which it leads.`, ru: `От клетки или входа ${name}: теперь нажмите клетку, к которой ведёт связь.` }
        : {
          en: `Tick ${now.tick}. ${firing ? `Active: ${firing}.` : "No cell is active."}`,
          ru: `Такт ${now.tick}. ${firing ? `Активны: ${firing}.` : "Все клетки молчат."}`,
        });
    }
    return { update };
  }

  /** Returns a program that runs the net on the tape in the zoo. */
  function python(state) {
    const { net, tape } = given(state);
    const quoted = names => `[${names.map(name => `"${name}"`).join(", ")}]`;
    const endings = (cell, kind) => quoted(net.links.filter(link => link.to === cell.name && link.kind === kind).map(link => link.from));
    const cells = net.cells.map(cell => `        "${cell.name}": {"excitatory": ${endings(cell, "e")}, "inhibitory": ${endings(cell, "i")}, "threshold": ${cell.threshold}},`);
    if (!net.cells.length) return `# A net must have a cell.\n`;
    return `import numpy as np

import zoo

net = {
    "inputs": ${quoted(net.inputs.map(input => input.name))},
    "cells": {
${cells.join("\n")}
    },
}
model = zoo.build("mcculloch_pitts_network", net=net)
x = np.array([${tape.map(inputs => `[${inputs.join(", ")}]`).join(", ")}], "float32")
y = model.predict(x[None], verbose=0)[0]  # all cells at each tick
for name, fires in zip(net["cells"], y.T.astype(int)):
    print(f"{name:12}", *fires)
`;
  }

  /** Returns which sensations occur on a tape of heat and cold: [hot, cold]. */
  function felt(api) {
    const { net, rows } = given(api.state);
    return ["feels_hot", "feels_cold"].map(name => rows.some(row => row[net.cells.findIndex(cell => cell.name === name)]));
  }
  const SENSATIONS = [{ en: "heat", ru: "тепло" }, { en: "cold", ru: "холод" }, { en: "both", ru: "и то и другое" }, { en: "nothing", ru: "ничего" }];
  const sensation = ([hot, cold]) => (hot ? (cold ? 2 : 0) : cold ? 1 : 3);
  const count = test => kernel.functions().filter(test).length;

  playground.station({
    name: "mcculloch_pitts",
    title: { en: "Cells of 1943", ru: "Клетки 1943 года" },
    short: { en: "Cells of 1943", ru: "Клетки 1943" },
    year: "1943",
    paper: {
      text: "W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of Mathematical Biophysics 5, 1943",
      href: "https://doi.org/10.1007/BF02478259",
    },
    entry: "mcculloch_pitts_network",
    lead: {
      en: "A cell fires one tick later if the number of its active excitatory endings reaches its threshold and no inhibitory ending is active. Wire cells and let time tick.",
      ru: "Клетка срабатывает на следующем такте, если число активных возбуждающих окончаний не меньше порога и ни одно тормозящее не активно. Соединяйте клетки и пускайте время.",
    },
    defaults: { preset: "heat_illusion", net: "", tape: "", tool: "switch" },
    controls: [
      {
        key: "preset", kind: "select", label: { en: "Net", ru: "Сеть" },
        options: Object.entries(nets).map(([value, { title }]) => ({ value, label: title })),
      },
      {
        key: "tool", kind: "select", label: { en: "A click on the picture", ru: "Щелчок по рисунку" },
        options: [
          { value: "switch", label: { en: "inputs, thresholds", ru: "входы и пороги" } },
          { value: "excite", label: { en: "wire: excites", ru: "связь: возбуждает" } },
          { value: "inhibit", label: { en: "wire: silences", ru: "связь: тормозит" } },
          { value: "remove", label: { en: "remove", ru: "убрать" } },
        ],
      },
      {
        kind: "button", label: { en: "Add a cell", ru: "Добавить клетку" },
        disabled: state => given(state).net.cells.length >= MOST_CELLS, press: api => add(api, false),
      },
      {
        kind: "button", label: { en: "Add an input", ru: "Добавить вход" },
        disabled: state => given(state).net.inputs.length >= MOST_INPUTS, press: api => add(api, true),
      },
      {
        kind: "button", label: { en: "Back one tick", ru: "Назад на такт" }, disabled: state => given(state).tick === 0,
        press: api => go(api, given(api.state).tick - 1),
      },
      { kind: "button", label: { en: "From rest", ru: "С покоя" }, disabled: state => given(state).tick === 0, press: api => go(api, 0) },
    ],
    questions: [
      {
        ask: { en: "Something cold touches the skin for one tick. What is felt?", ru: "Что-то холодное коснулось кожи на один такт. Что ощущается?" },
        choices: SENSATIONS,
        set: { preset: "heat_illusion", net: "", tape: "heat_illusion!01.00.00.00.00.00!3" },
        right: api => sensation(felt(api)),
        explain: {
          en: "“Cold ended” fires at tick 2 and excites “feels hot”. “Feels cold” needs two ticks of cold in a row.",
          ru: "На такте 2 срабатывает клетка «холод кончился» и возбуждает клетку «ощущает тепло». Клетке «ощущает холод» нужны два такта холода подряд.",
        },
      },
      {
        ask: { en: "And if it stays on the skin for six ticks?", ru: "А если оно остаётся на коже шесть тактов?" },
        choices: SENSATIONS,
        set: { preset: "heat_illusion", net: "", tape: "heat_illusion!01.01.01.01.01.01!5" },
        right: api => sensation(felt(api)),
        explain: {
          en: "Cold from tick 2 on, and no heat before it: as McCulloch and Pitts demand in their paper.",
          ru: "Холод с такта 2, и никакого тепла до него: так и требуют Мак-Каллок и Питтс в своей статье.",
        },
      },
      {
        ask: {
          en: "Of the 16 functions of two inputs, how many does one cell of 1943 compute, thresholds of 0 allowed?",
          ru: "Сколько из 16 функций двух входов вычисляет одна клетка 1943 года, если порог может быть и нулём?",
        },
        choices: [7, 11, 14, 16].map(String),
        right: () => [7, 11, 14, 16].indexOf(count(one => one.cell)),
        explain: () => {
          const weights = count(one => one.weights);
          return {
            en: `An inhibitory ending silences always, so “not both” is out of reach; with weights of either sign it is ${weights}. “Exclusive or” and its opposite need two ticks.`,
            ru: `Тормозящее окончание заставляет молчать всегда, и функция «не оба сразу» одной клетке недоступна; с весами обоих знаков выходит ${weights}. Исключающему «или» и его отрицанию нужны два такта.`,
          };
        },
      },
      {
        ask: {
          en: "A cell excites itself. “Set” is on for one tick. For how many of the next five ticks is it active?",
          ru: "Клетка возбуждает сама себя. «Запомнить» включили на один такт. Сколько из следующих пяти тактов она активна?",
        },
        choices: [1, 2, 5].map(String),
        set: { preset: "loop", net: "", tape: "loop!10.00.00.00.00.00!5" },
        right: api => [1, 2, 5].indexOf(d3.sum(given(api.state).rows.slice(1, 6), row => row[0])),
        explain: {
          en: "A circle remembers for ever, until “reset” silences it. Nets with circles are finite automata (Kleene 1956).",
          ru: "Кольцо помнит вечно, пока «забыть» его не остановит. Сети с кольцами — это конечные автоматы (Клини, 1956).",
        },
      },
    ],
    thumbnail(svg) {
      svg.append("path").attr("d", "M14,22 L58,36 M14,58 L58,44 M60,40 L112,40").style("fill", "none").style("stroke", "var(--ink)").style("stroke-width", 2.5);
      const places = [[14, 22, 6], [14, 58, 6], [64, 40, 16]];
      svg.selectAll("circle").data(places).join("circle").attr("cx", d => d[0]).attr("cy", d => d[1]).attr("r", d => d[2])
        .style("fill", (d, i) => (i < 2 ? "var(--two)" : "var(--one)"));
    },
    python,
    draw,
  });
})(playground);
