"use strict";
/* Station 5, second half: a numeral is moved over the retina of the neocognitron, and its planes answer. */
(function (playground) {
  const kernel = () => playground.kernels.neocognitron;
  const { SIDE } = kernel();
  const { network, figure, seen, recognised, squares, planes, retina, figures, answers, everywhere } = playground.neocognitron;
  const respond = state => kernel().respond(network(), seen(state));

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

  function draw(root, api) {
    const narrow = api.narrow;
    const [width, height] = narrow ? [360, 602] : [900, 640];
    const svg = api.picture(root, {
      width, height,
      label: { en: "The retina, and the planes of S-cells (blue) and C-cells (orange)", ru: "Сетчатка и плоскости S-клеток (синие) и C-клеток (оранжевые)" },
    });
    const beside = narrow ? api.picture(root, { width, height: 440, label: {
      en: "Planes of S-cells (blue) and C-cells (orange)",
      ru: "Плоскости S-клеток (синие) и C-клеток (оранжевые)",
    } }) : svg;
    const cell = narrow ? 21 : 19;
    svg.append("text").attr("x", 8).attr("y", 18).text(api.text({ en: "Retina, 16 × 16 pixels", ru: "Сетчатка, 16 × 16 пикселей" })).style("font-weight", 600);
    const showRetina = retina(svg, api, { left: 8, top: 26, cell });
    const under = 26 + SIDE * cell + 10;
    figures(svg, api, { left: 8, top: under, pitch: narrow ? 48 : 44 });
    const showAnswers = answers(svg, api, { left: narrow ? 176 : 168, top: under + 84, width: narrow ? 168 : 144 });
    const places = everywhere(svg, api, { left: 8, top: under + 84, size: 116 });
    const shows = LAYERS.map((layer, i) => {
      const [column, row] = [i % 2, Math.floor(i / 2)];
      const [left, top] = narrow ? [8 + column * 180, 26 + row * 142] : [352 + column * 278, 26 + row * 206];
      return planes(beside, api, { left, top, size: narrow ? 170 : 268, layer });
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
    const u = api.number(result.c3.u[result.cell], 2);
    const cell = { en: `Cell ${result.cell + 1} of C3 responds most (${u}).`, ru: `Сильнее всех отвечает клетка ${result.cell + 1} слоя C3 (${u}).` };
    if (!recognised(result)) return {
      en: `${cell.en} No numeral has more than half: not recognised.`,
      ru: `${cell.ru} Ни одна цифра не набрала и половины: не узнано.`,
    };
    if (!all) return { en: `${cell.en} It is a ${result.answer}.`, ru: `${cell.ru} Это ${result.answer}.` };
    return {
      en: `${cell.en} It is a ${result.answer}, as in ${alike} of ${all} places where it fits.`,
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
      {
        key: "mode", kind: "select",
        options: [{ value: "move", label: { en: "moves the numeral", ru: "двигает цифру" } }, { value: "draw", label: { en: "draws and erases", ru: "рисует и стирает" } }],
        label: { en: "The pointer", ru: "Указатель" },
      },
      { key: "damage", kind: "range", min: 0, max: 60, step: 1, label: { en: "Pixels turned over", ru: "Испорчено пикселей" } },
      { key: "seed", kind: "range", min: 0, max: 50, step: 1, label: { en: "Which pixels", ru: "Какие именно" }, shown: state => state.damage > 0 },
      {
        kind: "button", label: { en: "An empty retina to draw on", ru: "Пустая сетчатка для рисования" },
        press: api => api.set({ image: Array(SIDE * SIDE).fill(0), mode: "draw", damage: 0 }),
      },
    ],
    questions: [
      {
        ask: {
          en: "The 3 moves into the lower right corner. Which cell of C3 responds most then?",
          ru: "Тройку сдвигают в правый нижний угол. Какая клетка C3 ответит сильнее всех?",
        },
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
        ask: {
          en: "The network has organised itself on 0 to 4 alone. It is shown a T. What does it answer?",
          ru: "Сеть самоорганизовалась только на цифрах от 0 до 4. Ей показали T. Что она ответит?",
        },
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
      svg.append("path")
        .attr("d", squares(d3.range(256).filter(i => image[i]).map(i => [24 + (i % SIDE) * 4.6, 3 + Math.floor(i / SIDE) * 4.6]), 4)).style("fill", "var(--one)");
    },
    draw,
  });
})(playground);
