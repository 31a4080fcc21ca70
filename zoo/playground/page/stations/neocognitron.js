"use strict";
/* Station 5, second half: a numeral is moved over the retina of the neocognitron, and its planes answer. */
(function (playground) {
  const SIDE = 16; // pixels of the retina
  const LEVELS = 6; // shades of a cell's response
  const KNOWN = ["0", "1", "2", "3", "4"];
  const SHOWN = [...KNOWN, "T", "Z"]; // the last two it has never seen
  const ACROSS = 6; // planes beside one another
  const ONCE = 4; // positions that are tried between two pictures
  const SURE = 0.5; // from which share of an answer on a pattern counts as recognised

  const kernel = () => playground.kernels.neocognitron;
  const numbers = () => playground.weights.neocognitron;
  let built = null;
  const network = () => (built ??= kernel().build(numbers()));
  const figure = name => kernel().figure(numbers(), name);
  const seen = state => kernel().damaged(state.image, state.damage, state.seed);
  const respond = state => kernel().respond(network(), seen(state));
  /** Returns the numeral that a cell of C3 has responded to most while the cells were organised. */
  const numeral = cell => d3.maxIndex(network().counts[cell]);
  const recognised = ({ answer, probabilities }) => answer >= 0 && probabilities[answer] > SURE;

  const encode = image => d3.range(0, image.length, 4).map(i => parseInt(image.slice(i, i + 4).join(""), 2).toString(16)).join("");
  const decode = text => [...text].flatMap(digit => [...parseInt(digit, 16).toString(2).padStart(4, "0")].map(Number));

  const LAYERS = [
    { name: "s1", en: "S1: strokes", ru: "S1: штрихи" },
    { name: "c1", en: "C1: the same, blurred", ru: "C1: то же размыто" },
    { name: "s2", en: "S2: parts", ru: "S2: части" },
    { name: "c2", en: "C2: blurred", ru: "C2: размыто" },
    { name: "s3", en: "S3: numerals", ru: "S3: цифры" },
    { name: "c3", en: "C3: one cell each", ru: "C3: по одной клетке" },
  ];

  /** Returns a path of squares, from their corners. */
  const squares = (corners, size) => corners.map(([u, v]) => `M${u.toFixed(2)},${v.toFixed(2)}h${size}v${size}h-${size}z`).join("");

  /** Adds a layer's planes to a picture; returns a function that shows their responses. */
  function planes(svg, api, { left, top, size, layer }) {
    const pitch = size / ACROSS;
    const side = pitch - 4;
    const g = svg.append("g").attr("transform", `translate(${left},${top})`);
    g.append("text").attr("y", -8).text(api.text(layer)).style("font-weight", 600);
    const places = d3.range(numbers().planes).map(k => [(k % ACROSS) * pitch, Math.floor(k / ACROSS) * pitch]);
    g.append("path").attr("d", squares(places, side)).style("fill", "var(--grid)");
    const shades = d3.range(1, LEVELS + 1).map(level =>
      g.append("path").style("fill", `var(--${layer.name[0] === "s" ? "one" : "two"})`).style("fill-opacity", level / LEVELS));
    const frame = layer.name === "c3" ? g.append("rect").attr("width", side + 4).attr("height", side + 4).style("fill", "none").style("stroke", "var(--accent)").style("stroke-width", 3) : null;
    if (frame) {
      g.selectAll(".name").data(places).join("text").attr("class", "name").attr("x", ([u]) => u + side / 2).attr("y", ([, v]) => v + side / 2 + 5).attr("text-anchor", "middle").style("fill", "var(--soft)");
    }
    return result => {
      const { rows, planes: count, u } = result[layer.name];
      const most = d3.max(u);
      const cell = side / rows;
      const corners = d3.range(LEVELS).map(() => []);
      for (let i = 0; i < u.length; i++) {
        if (u[i] <= 0) continue;
        const level = Math.ceil((LEVELS * u[i]) / most) - 1;
        const place = Math.floor(i / count);
        const [x, y] = places[i % count];
        if (level > 0 || u[i] > 0.05 * most) corners[level].push([x + (place % rows) * cell, y + Math.floor(place / rows) * cell]);
      }
      shades.forEach((shade, level) => shade.attr("d", squares(corners[level], cell)));
      if (!frame) return;
      frame.style("display", result.cell < 0 ? "none" : null);
      if (result.cell >= 0) frame.attr("x", places[result.cell][0] - 2).attr("y", places[result.cell][1] - 2);
      g.selectAll(".name")
        .text((_, k) => (d3.sum(network().counts[k]) > 0.01 ? numeral(k) : ""))
        .style("fill", (_, k) => (u[k] > 0.6 * most ? "var(--paper)" : "var(--soft)"))
        .style("font-weight", (_, k) => (k === result.cell ? 700 : 400));
    };
  }

  /** Adds the retina: its pattern is moved, or its pixels are drawn. */
  function retina(svg, api, { left, top, cell }) {
    const size = SIDE * cell;
    const g = svg.append("g").attr("transform", `translate(${left},${top})`);
    g.append("rect").attr("width", size).attr("height", size).style("fill", "var(--paper)").style("stroke", "var(--ink)");
    const lines = d3.range(1, SIDE).map(i => `M${i * cell},0v${size}M0,${i * cell}h${size}`).join("");
    g.append("path").attr("d", lines).style("stroke", "var(--grid)");
    const lit = g.append("path").style("fill", "var(--ink)");
    const cursor = g.append("rect").attr("width", cell).attr("height", cell).style("fill", "none").style("stroke", "var(--accent)").style("stroke-width", 3);
    const touch = svg.append("rect").attr("x", left).attr("y", top).attr("width", size).attr("height", size).style("fill", "var(--paper)").style("fill-opacity", 0.01);
    let at = [SIDE / 2, SIDE / 2]; // row and column of the pen
    let pen = 1;
    let mode = "";

    const said = ([row, column]) =>
      api.text({ en: `row ${row + 1}, column ${column + 1}`, ru: `строка ${row + 1}, столбец ${column + 1}` });
    function put([row, column], value) {
      const image = [...api.state.image];
      image[row * SIDE + column] = value;
      at = [row, column];
      api.set({ image });
    }
    const under = event => {
      const [x, y] = d3.pointer(event, g.node());
      return [y, x].map(value => Math.max(0, Math.min(SIDE - 1, Math.floor(value / cell))));
    };

    function draws() {
      touch.on(".move", null).on(".draw", null);
      touch
        .attr("role", "slider")
        .attr("tabindex", 0)
        .attr("aria-label", api.text({ en: "The pen: arrows move it, the space bar turns a pixel over", ru: "Перо: стрелки двигают его, пробел меняет пиксель" }))
        .on("keydown.draw", event => {
          const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
          if (!way && event.key !== " " && event.key !== "Enter") return;
          event.preventDefault();
          event.stopPropagation();
          if (way) at = at.map((value, i) => Math.max(0, Math.min(SIDE - 1, value + way[i])));
          else put(at, 1 - api.state.image[at[0] * SIDE + at[1]]);
          show(api.state);
        })
        .on("pointerdown.draw", function (event) {
          if (event.button) return;
          event.preventDefault();
          this.setPointerCapture(event.pointerId);
          this.focus({ preventScroll: true });
          const place = under(event);
          pen = 1 - api.state.image[place[0] * SIDE + place[1]];
          put(place, pen);
        })
        .on("pointermove.draw", event => {
          const place = under(event);
          if (event.buttons && String(place) !== String(at)) put(place, pen);
        });
    }

    function moves() {
      touch.on(".draw", null);
      const box = () => kernel().box(api.state.image) ?? { top: 0, left: 0 };
      playground.draggable(touch, {
        label: api.text({ en: "The pattern on the retina", ru: "Изображение на сетчатке" }),
        at: () => [box().left * cell, box().top * cell],
        to: (x, y) => {
          const { top: above, left: before } = box();
          const [down, right] = [Math.round(y / cell) - above, Math.round(x / cell) - before];
          if (down || right) api.set({ image: kernel().moved(api.state.image, down, right) });
        },
        value: () => said([box().top, box().left]),
        step: cell,
      });
    }

    function show(state) {
      if (mode !== state.mode) {
        mode = state.mode;
        if (mode === "draw") draws();
        else moves();
      }
      const image = seen(state);
      const on = d3.range(image.length).filter(i => image[i]).map(i => [(i % SIDE) * cell + 1, Math.floor(i / SIDE) * cell + 1]);
      lit.attr("d", squares(on, cell - 2));
      cursor.style("display", mode === "draw" ? null : "none").attr("x", at[1] * cell).attr("y", at[0] * cell);
      if (mode === "draw") touch.attr("aria-valuenow", at[1] + 1).attr("aria-valuetext", said(at));
    }
    return show;
  }

  /** Adds buttons with figures. */
  function figures(svg, api, { left, top, pitch }) {
    const dot = (pitch - 12) / 12;
    const g = svg.append("g").attr("transform", `translate(${left},${top})`);
    const buttons = g.selectAll("g").data(SHOWN).join("g").attr("transform", (_, i) => `translate(${i * pitch},0)`);
    buttons.append("rect").attr("width", pitch - 5).attr("height", pitch + 2).attr("rx", 5).style("fill", "var(--panel)").style("stroke", "var(--field)");
    buttons.append("path").style("fill", "var(--ink)").attr("d", name => {
      const image = figure(name);
      const { top: above, left: before, height, width } = kernel().box(image);
      const [x, y] = [(pitch - 5 - width * dot) / 2, (pitch + 2 - height * dot) / 2];
      const on = d3.range(image.length).filter(i => image[i]);
      return squares(on.map(i => [x + ((i % SIDE) - before) * dot, y + (Math.floor(i / SIDE) - above) * dot]), dot);
    });
    playground.pressable(buttons, {
      label: name => api.text({ en: `Show ${name}`, ru: `Показать ${name}` }),
      press: (_, name) => api.set({ image: figure(name) }),
    });
  }

  /** Adds bars of the answers' probabilities. */
  function answers(svg, api, { left, top, width }) {
    const g = svg.append("g").attr("transform", `translate(${left},${top})`);
    g.append("text").attr("y", -8).text(api.text({ en: "The answer", ru: "Ответ" })).style("font-weight", 600);
    const rows = g.selectAll("g").data(KNOWN).join("g").attr("transform", (_, i) => `translate(0,${i * 24})`);
    rows.append("text").attr("y", 15).text(name => name);
    rows.append("rect").attr("x", 16).attr("y", 2).attr("height", 16).attr("width", width - 80).style("fill", "var(--grid)");
    const bars = rows.append("rect").attr("x", 16).attr("y", 2).attr("height", 16);
    const texts = rows.append("text").attr("x", width).attr("y", 15).attr("text-anchor", "end");
    return result => {
      const p = i => (result.cell < 0 ? 0 : result.probabilities[i]);
      bars.attr("width", (_, i) => (width - 80) * p(i)).style("fill", (_, i) => (i === result.answer && recognised(result) ? "var(--accent)" : "var(--soft)"));
      texts.text((_, i) => `${api.fixed(100 * p(i), 1)} %`).style("font-weight", (_, i) => (i === result.answer ? 700 : 400));
    };
  }

  /** Adds the map of answers wherever the pattern fits; it is computed little by little. */
  function everywhere(svg, api, { left, top, size }) {
    const g = svg.append("g").attr("transform", `translate(${left},${top})`);
    const title = g.append("text").attr("y", size + 18).style("font-weight", 600);
    const cell = size / SIDE;
    g.append("rect").attr("width", size).attr("height", size).style("fill", "none").style("stroke", "var(--grid)");
    const same = g.append("path").style("fill", "var(--accent)");
    const other = g.append("path").style("fill", "var(--two-soft)").style("stroke", "var(--two)").style("stroke-width", 0.7);
    const here = g.append("rect").attr("width", cell).attr("height", cell).style("fill", "none").style("stroke", "var(--ink)").style("stroke-width", 2);
    let [key, found, waiting] = ["", [], null];
    let wanted = -1;

    function draw(columns) {
      const corners = right => found.map((answer, place) => [answer, place]).filter(([answer]) => (answer === wanted) === right)
        .map(([, place]) => [(place % columns) * cell + 0.5, Math.floor(place / columns) * cell + 0.5]);
      same.attr("d", wanted < 0 ? "" : squares(corners(true), cell - 1));
      other.attr("d", squares(wanted < 0 ? [...corners(true), ...corners(false)] : corners(false), cell - 1));
    }

    function show(state, result, say) {
      const box = kernel().box(state.image);
      here.style("display", box ? null : "none");
      if (!box) {
        clearTimeout(waiting);
        [key, found] = ["", []];
        title.text("");
        draw(1);
        say(0, 0);
        return;
      }
      here.attr("x", box.left * cell).attr("y", box.top * cell);
      const [rows, columns] = [SIDE - box.height + 1, SIDE - box.width + 1];
      const base = kernel().moved(state.image, -SIDE, -SIDE);
      const now = `${encode(base)} ${state.damage} ${state.seed}`;
      wanted = recognised(result) ? result.answer : -1;
      function told() {
        draw(columns);
        const alike = wanted < 0 ? 0 : found.filter(answer => answer === wanted).length;
        title.text(api.text({ en: `Same in ${alike} of ${rows * columns} places`, ru: `Так же в ${alike} из ${rows * columns} мест` }));
        say(alike, rows * columns);
      }
      if (now !== key) {
        clearTimeout(waiting);
        key = now;
        found = [];
        const more = () => {
          for (let i = 0; i < ONCE && found.length < rows * columns; i++) {
            const place = found.length;
            const moved = kernel().moved(base, Math.floor(place / columns), place % columns);
            const answered = kernel().respond(network(), kernel().damaged(moved, state.damage, state.seed));
            found.push(recognised(answered) ? answered.answer : -1);
          }
          told();
          if (found.length < rows * columns) waiting = setTimeout(more);
        };
        waiting = setTimeout(more, 60);
      }
      told();
    }
    return { show, stop: () => clearTimeout(waiting) };
  }

  function draw(root, api) {
    const narrow = api.narrow;
    const [width, height] = narrow ? [360, 1070] : [900, 640];
    const svg = api.picture(root, {
      width, height,
      label: { en: "The retina, and the planes of S-cells (blue) and C-cells (orange)", ru: "Сетчатка и плоскости S-клеток (синие) и C-клеток (оранжевые)" },
    });
    const cell = narrow ? 21 : 19;
    svg.append("text").attr("x", 8).attr("y", 18).text(api.text({ en: "Retina, 16 × 16 pixels", ru: "Сетчатка, 16 × 16 пикселей" })).style("font-weight", 600);
    const showRetina = retina(svg, api, { left: 8, top: 26, cell });
    const under = 26 + SIDE * cell + 10;
    figures(svg, api, { left: 8, top: under, pitch: narrow ? 48 : 44 });
    const showAnswers = answers(svg, api, { left: narrow ? 176 : 168, top: under + 84, width: narrow ? 168 : 144 });
    const places = everywhere(svg, api, { left: 8, top: under + 84, size: 116 });
    const shows = LAYERS.map((layer, i) => {
      const [column, row] = [i % 2, Math.floor(i / 2)];
      const [left, top] = narrow ? [8 + column * 180, under + 260 + row * 142] : [352 + column * 278, 26 + row * 206];
      return planes(svg, api, { left, top, size: narrow ? 170 : 268, layer });
    });

    return {
      update(state) {
        const result = respond(state);
        showRetina(state);
        for (const show of shows) show(result);
        showAnswers(result);
        places.show(state, result, (alike, all) => api.say(told(api, result, alike, all)));
      },
      stop: places.stop,
    };
  }

  function told(api, result, alike, all) {
    if (result.cell < 0) return { en: "No cell of C3 responds.", ru: "Ни одна клетка C3 не отвечает." };
    const u = api.fixed(result.c3.u[result.cell], 2);
    const cell = { en: `Cell ${result.cell + 1} of C3 responds most (${u}).`, ru: `Сильнее всех отвечает клетка ${result.cell + 1} слоя C3 (${u}).` };
    if (!recognised(result)) return { en: `${cell.en} No numeral has more than half: not recognised.`, ru: `${cell.ru} Ни у одной цифры нет больше половины: не узнано.` };
    return {
      en: `${cell.en} It is a ${result.answer}, as in ${alike} of the ${all} places where it fits.`,
      ru: `${cell.ru} Это ${result.answer}; так же в ${alike} из ${all} мест, где изображение помещается.`,
    };
  }

  function python(state) {
    const image = seen(state);
    const rows = d3.range(SIDE).map(row => image.slice(row * SIDE, (row + 1) * SIDE).map(dot => (dot ? "#" : ".")).join(""));
    return `import numpy as np

import zoo

model = zoo.train("neocognitron", verbose=0).model  # a few seconds: the experiment of 1980
dots = """
${rows.join("\n")}
"""
image = np.array([[255 * (dot == "#") for dot in row] for row in dots.split()], "uint8")
print("responses of C3:", model.cells(image[None])[0].round(2))
print("the numeral:", model.predict(image[None], verbose=0))
print("responses in S1:", model.planes(image[None], "s1").shape)`;
  }

  const corner = name => kernel().moved(figure(name), SIDE, SIDE);

  playground.station({
    name: "neocognitron",
    title: { en: "The neocognitron", ru: "Неокогнитрон" },
    year: "1980",
    paper: { text: "K. Fukushima, Neocognitron, Biol. Cybern. 36, 1980", href: "https://doi.org/10.1007/BF00344251" },
    entry: "neocognitron",
    lead: {
      en: "S-cells find a feature; C-cells answer to it anywhere nearby. After three layers of each, one cell answers to one numeral, wherever it is shown. Drag the numeral over the retina, draw on it, damage it.",
      ru: "S-клетки находят признак, C-клетки отвечают на него, где бы поблизости он ни был. После трёх пар слоёв одна клетка отвечает на одну цифру, где её ни покажи. Двигайте цифру по сетчатке, рисуйте на ней, портите её.",
    },
    get defaults() {
      return { image: figure("3"), mode: "move", damage: 0, seed: 1 };
    },
    encode: { image: encode },
    decode: { image: decode },
    check: { image: image => image.length === SIDE * SIDE && image.every(dot => dot === 0 || dot === 1) },
    controls: [
      { key: "mode", kind: "select", options: [{ value: "move", label: { en: "moves the numeral", ru: "двигает цифру" } }, { value: "draw", label: { en: "draws and erases", ru: "рисует и стирает" } }], label: { en: "The pointer", ru: "Указатель" } },
      { key: "damage", kind: "range", min: 0, max: 60, step: 1, label: { en: "Pixels turned over", ru: "Испорчено пикселей" } },
      { key: "seed", kind: "range", min: 0, max: 50, step: 1, label: { en: "Which pixels", ru: "Какие именно" }, shown: state => state.damage > 0 },
      { kind: "button", label: { en: "An empty retina to draw on", ru: "Пустая сетчатка для рисования" }, press: api => api.set({ image: Array(SIDE * SIDE).fill(0), mode: "draw", damage: 0 }) },
    ],
    questions: [
      {
        ask: { en: "The 3 moves into the lower right corner. Which cell of C3 responds most then?", ru: "Тройку сдвигают в правый нижний угол. Какая клетка C3 ответит сильнее всех?" },
        choices: [
          { en: "The same one", ru: "Та же самая" },
          { en: "Another one", ru: "Другая" },
          { en: "None", ru: "Никакая" },
        ],
        get set() {
          return { image: corner("3"), damage: 0 };
        },
        right(api) {
          const before = kernel().respond(network(), figure("3")).cell;
          const { cell } = respond(api.state);
          return cell < 0 ? 2 : cell === before ? 0 : 1;
        },
        explain(api) {
          const { cell, s1, c3 } = respond(api.state);
          return {
            en: `Cell ${cell + 1} responds (${api.fixed(c3.u[cell], 2)}). The ${d3.sum(s1.u, value => value > 0)} active cells of S1 moved along, those of C1 less, and C3 has forgotten the place.`,
            ru: `Отвечает клетка ${cell + 1} (${api.fixed(c3.u[cell], 2)}). Активные клетки S1 (их ${d3.sum(s1.u, value => value > 0)}) сдвинулись вместе с цифрой, в C1 сдвиг слабее, а C3 о месте уже не знает.`,
          };
        },
      },
      {
        ask: { en: "The network has organised itself on 0 to 4 alone. It is shown a T. What does it answer?", ru: "Сеть самоорганизовалась только на цифрах от 0 до 4. Ей показали T. Что она ответит?" },
        choices: [
          { en: "One of the numerals, surely", ru: "Уверенно назовёт одну из цифр" },
          { en: "Hardly anything", ru: "Почти ничего" },
        ],
        get set() {
          return { image: figure("T"), damage: 0 };
        },
        right: api => (recognised(respond(api.state)) ? 0 : 1),
        explain(api) {
          const u = kernel().respond(network(), figure("1")).c3.u;
          const most = d3.max(respond(api.state).c3.u);
          return {
            en: `The largest response in C3 is ${api.number(most, 2)}; to a 1 it is ${api.number(d3.max(u), 2)}. It knows strokes, but not this combination of them.`,
            ru: `Наибольший ответ в C3 равен ${api.number(most, 2)}, а на единицу — ${api.number(d3.max(u), 2)}. Штрихи сети знакомы, их сочетание — нет.`,
          };
        },
      },
      {
        ask: { en: "Six of the 256 pixels of the 4 are turned over. Is it still a 4?", ru: "У четвёрки испорчено 6 пикселей из 256. Сеть узнает четвёрку?" },
        choices: [{ en: "Yes", ru: "Да" }, { en: "No", ru: "Нет" }],
        get set() {
          return { image: figure("4"), damage: 6, seed: 1 };
        },
        right: api => (respond(api.state).answer === 4 && recognised(respond(api.state)) ? 0 : 1),
        explain(api) {
          const fails = d3.range(0, 61).find(damage => {
            const result = respond({ ...api.state, damage });
            return !recognised(result) || result.answer !== 4;
          });
          return fails === undefined
            ? { en: "It is recognised with up to 60 of these pixels turned over.", ru: "Её узнают и с 60 испорченными пикселями." }
            : {
                en: `With these pixels, in this order, it is first not recognised at ${fails}. Move the slider and watch S2 go dark.`,
                ru: `С этими пикселями, в этом порядке, её впервые не узнают при ${fails}. Двигайте ползунок и следите, как гаснет S2.`,
              };
        },
      },
    ],
    python,
    thumbnail(svg) {
      const image = figure("3");
      svg.append("path").attr("d", squares(d3.range(256).filter(i => image[i]).map(i => [24 + (i % SIDE) * 4.6, 3 + Math.floor(i / SIDE) * 4.6]), 4)).style("fill", "var(--one)");
    },
    draw,
  });
})(playground);
