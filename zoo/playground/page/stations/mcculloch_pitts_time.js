"use strict";
/* What a net of 1943 does in time: inputs and cells tick by tick; its truth table; the 16 functions of two inputs. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.neurons;
  const { label } = playground.mcculloch_pitts_net;
  const MOST_INPUTS = 4; // of a truth table
  // By code: bit 3 is the value at 00, bit 0 that at 11.
  const NAMES = [
    "0", "x₁ ∧ x₂", "x₁ ∧ ¬x₂", "x₁", "¬x₁ ∧ x₂", "x₂", "x₁ ⊕ x₂", "x₁ ∨ x₂", "¬(x₁ ∨ x₂)", "x₁ ≡ x₂", "¬x₂", "x₂ → x₁",
    "¬x₁", "x₁ → x₂", "¬(x₁ ∧ x₂)", "1",
  ];

  const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  /** Calls `go([rows, columns], item)` where an arrow key asks to go on by so many. */
  function steered(selection, go) {
    selection.on("keydown.along", (event, item) => {
      const way = KEYS[event.key];
      if (!way) return;
      go(way, item);
      event.preventDefault();
      event.stopPropagation();
    });
    return selection;
  }

  /** Adds the inputs and cells against the ticks; returns {update({net, tape, rows, tick})}.

      toggle(tick, input) switches an input at one tick; go(tick) shows a tick. */
  function raster(root, api, { toggle, go }) {
    const most = api.narrow ? 9 : 16; // columns
    const width = api.narrow ? 360 : 540;
    const left = 128;
    const high = 27;
    const heading = { en: "Inputs and cells at each tick", ru: "Входы и клетки такт за тактом" };
    const svg = api.picture(root, { width, height: 100, label: heading });
    const now = svg.append("rect").attr("fill", "var(--one-soft)").attr("rx", 4);
    const ticks = svg.append("g");
    const names = svg.append("g");
    const squares = svg.append("g");
    let row = -1; // of the one place that Tab leads to: -1 is the row of the ticks, then come the inputs

    function update({ net, tape, rows, tick }) {
      const all = [...net.inputs, ...net.cells];
      const columns = Math.max(8, Math.min(most, tape.length));
      const side = (width - left - 8) / columns;
      const begin = Math.max(0, Math.min(tick - columns + 4, tape.length - columns));
      const shown = d3.range(begin, Math.min(begin + columns, tape.length));
      const x = time => left + (time - begin) * side;
      const y = row => 30 + row * high + (row >= net.inputs.length ? 10 : 0);
      const height = y(all.length) + 6;
      svg.attr("viewBox", `0 0 ${width} ${height}`);
      now.attr("x", x(tick)).attr("y", 4).attr("width", side).attr("height", height - 8);
      const heads = ticks.selectAll("text").data(shown).join("text").attr("x", time => x(time) + side / 2).attr("y", 20).attr("text-anchor", "middle")
        .attr("font-weight", time => (time === tick ? 700 : 400)).text(time => time);
      row = Math.min(row, net.inputs.length - 1);
      const isStop = (time, its) => (time === tick && its === row ? 0 : -1);
      /** Goes from a place to one beside it, which takes the focus after the update. */
      const along = ([down, on], time, its) => {
        row = Math.max(-1, Math.min(its + down, net.inputs.length - 1));
        go(Math.max(0, time + on));
        svg.select("[tabindex='0']").node().focus();
      };
      steered(api.pressable(heads, {
        label: time => api.text({ en: `show tick ${time}`, ru: `показать такт ${time}` }),
        press: (event, time) => go(time),
        pressed: time => time === tick,
      }).attr("tabindex", time => isStop(time, -1)), (way, time) => along(way, time, -1));
      names.selectAll("text").data([{ name: null }, ...all]).join("text").attr("x", left - 8).attr("text-anchor", "end")
        .attr("y", (node, i) => (i ? y(i - 1) + high / 2 + 5 : 20)).text(node => (node.name ? label(node.name, api) : api.text({ en: "tick", ru: "такт" })));
      const values = all.flatMap((node, row) => shown.map(time => {
        const input = row < net.inputs.length;
        return { row, time, node, input, value: input ? tape[time][row] : rows[time][row - net.inputs.length] };
      }));
      const drawn = squares.selectAll("rect").data(values, item => `${item.node.name} ${item.time}`).join("rect")
        .attr("x", item => x(item.time) + 2).attr("y", item => y(item.row) + 2).attr("width", side - 4).attr("height", high - 4)
        .attr("rx", item => (item.input ? 3 : (high - 4) / 2))
        .attr("fill", item => `var(--${item.value ? "two" : "paper"})`)
        .attr("stroke", item => `var(--${item.input ? "ink" : "field"})`).attr("stroke-width", item => (item.value ? 0 : 1.2));
      steered(api.pressable(drawn.filter(item => item.input), {
        label: item => api.text({
          en: `${label(item.node.name, api)} at tick ${item.time}: ${item.value ? "on" : "off"}`,
          ru: `${label(item.node.name, api)}, такт ${item.time}: ${item.value ? "включён" : "выключен"}`,
        }),
        press: (event, item) => toggle(item.time, item.row),
        pressed: item => Boolean(item.value),
      }).attr("tabindex", item => isStop(item.time, item.row)), (way, item) => along(way, item.time, item.row));
    }
    return { update };
  }

  /** Adds the truth table; returns a function of {net, inputs}, which marks the row of the present inputs. */
  function table(root, api) {
    const made = element("table", { style: `border-collapse:collapse;font-variant-numeric:tabular-nums;${api.narrow ? "font-size:.85rem" : ""}` });
    const note = element("p", { style: "color:var(--soft);font-size:.9rem" });
    const title = api.text({ en: "Truth table with constant inputs", ru: "Таблица истинности при постоянных входах" });
    const scrolled = element("div", { style: "overflow-x:auto", tabindex: "0", role: "region", "aria-label": title }, made);
    root.append(element("h3", {}, title), scrolled, note);
    const cell = (tag, text, style = "") => element(tag, { style: `padding:.1rem ${api.narrow ? ".4rem" : ".6rem"} .1rem 0;text-align:left;${style}` }, text);
    return ({ net, inputs }) => {
      if (!net.cells.length || net.inputs.length > MOST_INPUTS) {
        made.replaceChildren();
        note.textContent = net.cells.length ? "" : api.text({ en: "Add a cell and wire it.", ru: "Добавьте клетку и подключите её." });
        return;
      }
      const rows = kernel.truthTable(net);
      const heads = [
        ...net.inputs.map(input => label(input.name, api)), ...kernel.outputs(net).map(name => label(name, api)),
        api.text({ en: "ticks", ru: "тактов" }),
      ];
      const head = element(
        "tr", {},
        ...heads.map((text, i) => cell("th", text, i < net.inputs.length || i === heads.length - 1 ? "font-weight:400;color:var(--soft)" : ""))
      );
      made.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows.map(row => element(
        "tr", { style: row.inputs.join() === inputs.join() ? "background:var(--one-soft)" : "" },
        ...row.inputs.map(value => cell("td", value)),
        ...row.values.map(value => cell("td", value ?? "0, 1, …", `font-weight:700;color:var(--${value === 0 ? "ink" : "two"})`)),
        cell("td", row.ticks, "color:var(--soft)"),
      ))));
      note.textContent = kernel.hasCircle(net)
        ? api.text({
          en: "A circle of cells: the answer depends on the past, and no table says it all. This one begins at rest.",
          ru: "В сети есть кольцо: ответ зависит от прошлого, и таблица говорит не всё. Эта начата с покоя.",
        })
        : api.text({
          en: "No circle of cells: the answer settles after that many ticks.",
          ru: "Сеть без колец: ответ устанавливается за указанное число тактов.",
        });
    };
  }

  /** Returns to which kind a function of two inputs belongs. */
  const kindOf = one => (one.cell ? "cell" : one.weights ? "weights" : "none");
  const KINDS = {
    cell: { colour: "one", text: { en: "one cell of 1943", ru: "одна клетка 1943 года" } },
    weights: { colour: "three", text: { en: "one cell with weights only", ru: "одна клетка, но лишь с весами" } },
    none: { colour: "two", text: { en: "no single cell", ru: "ни одна клетка" } },
  };

  /** Adds the 16 functions of two inputs and how many of them one cell computes; load(code) wires one. */
  function functions(root, api, load) {
    const found = kernel.functions();
    const columns = api.narrow ? 4 : 8;
    const width = api.narrow ? 360 : 640;
    const side = width / columns;
    const high = 62;
    const heading = { en: "The 16 functions of two inputs", ru: "16 функций двух входов" };
    const svg = api.picture(root, { width, height: (high * 16) / columns + 26, label: heading });
    const order = api.narrow ? "" : api.text({ en: ", each with its values at 00, 01, 10, 11", ru: " и их значения при 00, 01, 10, 11" });
    svg.append("text").attr("x", 2).attr("y", 16).attr("font-weight", 600).text(api.text(heading) + order);
    const tiles = svg.append("g").selectAll("g").data(found).join("g")
      .attr("transform", one => `translate(${(one.code % columns) * side},${26 + Math.floor(one.code / columns) * high})`);
    tiles.append("rect").attr("x", 2).attr("y", 2).attr("width", side - 4).attr("height", high - 4).attr("rx", 6).attr("fill", "var(--panel)")
      .attr("stroke", one => `var(--${KINDS[kindOf(one)].colour})`).attr("stroke-width", 2.5)
      .attr("stroke-dasharray", one => ({ cell: null, weights: "7 4", none: "2 4" })[kindOf(one)]);
    tiles.append("text").attr("x", side / 2).attr("y", 24).attr("text-anchor", "middle").attr("style", "font-size: 13px").text(one => NAMES[one.code]);
    tiles.selectAll(".value").data(one => [0, 1, 2, 3].map(row => kernel.valueOf(one.code, row >> 1, row & 1))).join("circle").attr("class", "value")
      .attr("cx", (value, row) => side / 2 + (row - 1.5) * 14).attr("cy", 43).attr("r", 5).attr("stroke", "var(--ink)").attr("fill", value => `var(--${value ? "two" : "paper"})`);
    api.pressable(tiles, {
      label: one => `${NAMES[one.code]}: ${one.code.toString(2).padStart(4, "0")}, ${api.text(KINDS[kindOf(one)].text)}`,
      press: (event, one) => load(one.code),
    });
    const stop = code => tiles.attr("tabindex", one => (one.code === code ? 0 : -1));
    stop(0);
    steered(tiles, ([down, on], one) => {
      const code = (one.code + on + down * columns + found.length) % found.length;
      stop(code);
      tiles.nodes()[code].focus();
    });
    const count = kind => found.filter(one => kindOf(one) === kind).length;
    const zero = found.filter(one => one.cell?.threshold === 0).length;
    const able = found.filter(one => one.weights).length;
    const item = (kind, dash, text) => element(
      "span", { style: "display:inline-flex;gap:.4rem;align-items:center" },
      element("span", { style: `width:1.6rem;border-top:3px ${dash} var(--${KINDS[kind].colour})`, "aria-hidden": "true" }), text,
    );
    root.append(element("p", { class: "row", style: "gap:.2rem 1.2rem" },
      item("cell", "solid", api.text({
        en: `${count("cell")} by one cell of 1943, ${zero} of them only with threshold 0`,
        ru: `${count("cell")} вычисляет одна клетка 1943 года, из них ${zero} лишь с порогом 0`,
      })),
      item("weights", "dashed", api.text({
        en: `${count("weights")} more by one with weights of either sign: ${able}`,
        ru: `ещё ${count("weights")} — клетка с весами обоих знаков: всего ${able}`,
      })),
      item("none", "dotted", api.text({
        en: `${count("none")} by no single cell, but by two ticks`,
        ru: `${count("none")} не вычислит ни одна, зато сеть за два такта`,
      })),
    ));
  }

  playground.mcculloch_pitts_time = { raster, table, functions };
})(playground);
