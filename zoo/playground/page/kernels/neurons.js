"use strict";
/* McCulloch and Pitts's nets (1943): cells that answer one tick later, with absolute inhibition.

     N_i(t) = 1  where  sum_j N_j(t - 1) >= theta_i  over its excitatory endings j,  and no inhibitory one is active
     N_i(0) = 0  for all cells: a net begins at rest

   W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of Mathematical
   Biophysics 5, 1943. https://doi.org/10.1007/BF02478259
   A net is {inputs: [name], cells: [{name, threshold}], links: [{from, to, kind: "e" or "i"}]}; two equal links are two
   endings. Places {x, y} of inputs and cells are for the picture alone. */
(function (playground) {
  const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

  /** Returns the net as one line for the link: x.NAME.x.y, c.NAME.x.y.threshold, e.FROM.TO and i.FROM.TO with ~. */
  function write(net) {
    return [
      ...net.inputs.map((input) => ["x", input.name, Math.round(input.x), Math.round(input.y)].join(".")),
      ...net.cells.map((c) => ["c", c.name, Math.round(c.x), Math.round(c.y), c.threshold].join(".")),
      ...net.links.map((link) => [link.kind, link.from, link.to].join(".")),
    ].join("~");
  }

  /** Returns the net of a line that `write` wrote; what names nothing that is there is left out. */
  function read(line) {
    const net = { inputs: [], cells: [], links: [] };
    const known = new Set();
    const parts = line.split("~").map((part) => part.split("."));
    for (const [kind, name, x, y, threshold] of parts) {
      if ((kind !== "x" && kind !== "c") || !NAME.test(name) || known.has(name)) continue;
      known.add(name);
      const place = { name, x: Number(x) || 0, y: Number(y) || 0 };
      if (kind === "x") net.inputs.push(place);
      else net.cells.push({ ...place, threshold: Math.max(0, Math.floor(Number(threshold)) || 0) });
    }
    const cells = new Set(net.cells.map((cell) => cell.name));
    for (const [kind, from, to] of parts) {
      if ((kind === "e" || kind === "i") && known.has(from) && cells.has(to)) net.links.push({ kind, from, to });
    }
    return net;
  }

  /** Returns the cells `[0 or 1]` of the next tick, from the inputs and the cells of this one. */
  function tick(net, inputs, cells) {
    const active = new Map();
    net.inputs.forEach((input, i) => active.set(input.name, inputs[i]));
    net.cells.forEach((cell, i) => active.set(cell.name, cells[i]));
    const excited = new Map(net.cells.map((cell) => [cell.name, 0]));
    const silenced = new Set();
    for (const { kind, from, to } of net.links) {
      if (!active.get(from)) continue;
      if (kind === "i") silenced.add(to);
      else excited.set(to, excited.get(to) + 1);
    }
    return net.cells.map((cell) => (excited.get(cell.name) >= cell.threshold && !silenced.has(cell.name) ? 1 : 0));
  }

  /** Returns the cells at each tick `(ticks + 1, cells)`, from rest, for inputs `(ticks, inputs)`. */
  function run(net, tape) {
    const rows = [net.cells.map(() => 0)];
    for (const inputs of tape) rows.push(tick(net, inputs, rows[rows.length - 1]));
    return rows;
  }

  /** Returns a tape `(ticks, inputs)` from text such as "01.00", and text from a tape. */
  function readTape(text, count) {
    if (text === "") return [];
    return text.split(".").map((bits) => Array.from({ length: count }, (_, i) => (bits[i] === "1" ? 1 : 0)));
  }

  const writeTape = (tape) => tape.map((inputs) => inputs.join("")).join(".");

  /** Returns the names of the cells that no other cell listens to, or all where there is none such. */
  function outputs(net) {
    const heard = new Set(net.links.filter((link) => link.from !== link.to).map((link) => link.from));
    const last = net.cells.filter((cell) => !heard.has(cell.name));
    return (last.length ? last : net.cells).map((cell) => cell.name);
  }

  /** Returns whether a cell reaches itself again: such a net remembers, and its answer depends on the past. */
  function hasCircle(net) {
    const next = new Map(net.cells.map((cell) => [cell.name, []]));
    for (const { from, to } of net.links) if (next.has(from)) next.get(from).push(to);
    return net.cells.some(({ name }) => {
      const seen = new Set();
      const waiting = [...next.get(name)];
      while (waiting.length) {
        const cell = waiting.pop();
        if (cell === name) return true;
        if (!seen.has(cell)) {
          seen.add(cell);
          waiting.push(...next.get(cell));
        }
      }
      return false;
    });
  }

  /** Returns `[{inputs, values, ticks}]`, a row for each pattern of the inputs, held from rest on.

      values: of the output cells, 0 or 1, or null for one that goes on changing; ticks: after how many nothing else
      changes. A net of n cells has 2^n states, so it repeats itself after as many ticks at most. */
  function truthTable(net) {
    const count = net.inputs.length;
    const shown = outputs(net).map((name) => net.cells.findIndex((cell) => cell.name === name));
    return Array.from({ length: 2 ** count }, (_, number) => {
      const inputs = Array.from({ length: count }, (_, i) => (number >> (count - 1 - i)) & 1);
      const seen = new Map();
      const rows = [];
      for (let cells = net.cells.map(() => 0); !seen.has(cells.join("")); cells = tick(net, inputs, cells)) {
        seen.set(cells.join(""), rows.length);
        rows.push(cells);
      }
      const again = seen.get(tick(net, inputs, rows[rows.length - 1]).join("")); // the first row of what repeats
      const values = shown.map((i) => (rows.slice(again).every((row) => row[i] === rows[again][i]) ? rows[again][i] : null));
      let ticks = again;
      while (ticks > 0 && shown.every((i, k) => values[k] === null || rows[ticks - 1][i] === values[k])) ticks -= 1;
      return { inputs, values, ticks };
    });
  }

  /** Returns the value of function number `code` at (x_1, x_2): bit 3 is that of 00, bit 0 that of 11. */
  function valueOf(code, first, second) {
    return (code >> (3 - 2 * first - second)) & 1;
  }

  function computes(code, cell) {
    return [0, 1, 2, 3].every((pattern) => cell(pattern >> 1, pattern & 1) === valueOf(code, pattern >> 1, pattern & 1));
  }

  /** Returns a cell of 1943 for a function of two inputs, `{endings: [e, e], inhibits: [i, i], threshold}`, or null.

      All cells of up to two endings an input are tried, the highest threshold above 0 first: a cell of threshold 0
      fires of its own accord. */
  function cellFor(code) {
    for (const threshold of [1, 2, 3, 0]) {
      for (let wiring = 0; wiring < 36; wiring += 1) {
        const endings = [wiring % 3, Math.floor(wiring / 3) % 3];
        const inhibits = [Math.floor(wiring / 9) % 2, Math.floor(wiring / 18)];
        const cell = (first, second) => {
          const isSilenced = (inhibits[0] && first) || (inhibits[1] && second);
          return !isSilenced && endings[0] * first + endings[1] * second >= threshold ? 1 : 0;
        };
        if (computes(code, cell)) return { endings, inhibits, threshold };
      }
    }
    return null;
  }

  /** Returns weights `[w_1, w_2, threshold]` of either sign for a function of two inputs, or null: none exist.

      Whole weights from -2 to 2 are enough for two inputs: linear programming, in the tests, finds no more functions. */
  function weightsFor(code) {
    for (let first = -2; first <= 2; first += 1) {
      for (let second = -2; second <= 2; second += 1) {
        for (let threshold = -3; threshold <= 3; threshold += 1) {
          const cell = (x, y) => (first * x + second * y >= threshold ? 1 : 0);
          if (computes(code, cell)) return [first, second, threshold];
        }
      }
    }
    return null;
  }

  /** Returns `[{code, cell, weights}]` of the 16 functions of two inputs. */
  function functions() {
    return Array.from({ length: 16 }, (_, code) => ({ code, cell: cellFor(code), weights: weightsFor(code) }));
  }

  /** Returns a net for a function of two inputs: one cell if one is enough, else a cell a true row, and an "or". */
  function netFor(code) {
    const inputs = [{ name: "x1", x: 80, y: 90 }, { name: "x2", x: 80, y: 270 }];
    const endings = (kind, from, to, count) => Array.from({ length: count }, () => ({ kind, from, to }));
    const one = cellFor(code);
    if (one) {
      const links = [0, 1].flatMap((i) => [
        ...endings("e", inputs[i].name, "y", one.endings[i]),
        ...endings("i", inputs[i].name, "y", one.inhibits[i]),
      ]);
      return { inputs, cells: [{ name: "y", x: 420, y: 180, threshold: one.threshold }], links };
    }
    const rows = [0, 1, 2, 3].filter((pattern) => valueOf(code, pattern >> 1, pattern & 1));
    const cells = rows.map((pattern, k) => {
      const bits = [pattern >> 1, pattern & 1];
      const y = rows.length === 1 ? 180 : 60 + (240 * k) / (rows.length - 1);
      return { name: "abcd"[k], x: 320, y, threshold: bits[0] + bits[1] };
    });
    const links = rows.flatMap((pattern, k) => [
      { kind: pattern >> 1 ? "e" : "i", from: "x1", to: cells[k].name },
      { kind: pattern & 1 ? "e" : "i", from: "x2", to: cells[k].name },
      { kind: "e", from: cells[k].name, to: "y" },
    ]);
    return { inputs, cells: [...cells, { name: "y", x: 560, y: 180, threshold: 1 }], links };
  }

  playground.kernels.neurons = {
    NAME, write, read, readTape, writeTape, tick, run, outputs, hasCircle, truthTable, valueOf, cellFor, weightsFor, functions, netFor,
  };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
