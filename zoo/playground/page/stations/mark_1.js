"use strict";
/* Station 3, continued: the Mark I, which is taught letters that are drawn on its retina. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.mark_1;
  const { SIDE, LETTERS, UNITS, EXCITATORY } = kernel;
  const { LESSONS, TESTS, written, drawn, valid, taught, seen } = playground.mark_1_school;
  const COLUMNS = 32; // of the picture of the association units
  const OWN = 40; // the most drawings
  const BRUSH = 1; // how far from the pointer cells light up
  const [FIRST, FASTEST] = [4, 60]; // letters a second, at the beginning of a run and later

  function retina(root, api) {
    const svg = api.picture(root, { width: 400, height: 424, label: { en: "The retina, 20 by 20 photocells", ru: "Сетчатка, 20 на 20 фотоэлементов" } });
    svg.append("text").attr("x", 0).attr("y", 15).text(api.text({ en: "retina: draw here", ru: "сетчатка: рисуйте здесь" }));
    const stroke = (begin, end, erase) => {
      const touched = new Uint8Array(SIDE * SIDE);
      kernel.draw(touched, begin, end, BRUSH);
      api.set({ drawing: written(seen(api.state).map((lit, cell) => (touched[cell] ? (erase ? 0 : 1) : lit))) });
    };
    const cells = playground.cells(svg.append("g").attr("transform", "translate(0,24)"), {
      rows: SIDE, columns: SIDE, size: 400, paint: stroke, label: api.text({ en: "Photocell", ru: "Фотоэлемент" }),
      read: cell => {
        const filled = Boolean(seen(api.state)[cell]);
        return { filled, text: api.text(filled ? { en: "lit", ru: "освещён" } : { en: "dark", ru: "тёмный" }) };
      },
    });
    return (lit, wires) => {
      const rims = wires.map((cell, i) => [cell, i < EXCITATORY ? "var(--one)" : "var(--two)"]);
      cells.show(Array.from(lit, cell => (cell ? "var(--ink)" : "var(--paper)")), rims);
    };
  }

  function associations(root, api) {
    const rows = UNITS / COLUMNS;
    const size = 400 / COLUMNS;
    const svg = api.picture(root, { width: 400, height: 24 + rows * size, label: { en: "512 association units", ru: "512 ассоциативных элементов" } });
    const count = svg.append("text").attr("x", 0).attr("y", 15);
    const sum = element("p", { style: "font-size:.9rem" });
    root.append(sum);
    const cells = playground.cells(
      svg.append("g").attr("transform", "translate(0,24)"),
      { rows, columns: COLUMNS, size: 400, press: cell => api.set({ unit: cell + 1 }) }
    );
    return (active, lit, wires, unit) => {
      cells.show(Array.from(active, one => (one ? "var(--accent)" : "var(--paper)")), [[unit, "var(--two)"]]);
      const on = active.reduce((total, one) => total + one, 0);
      count.text(`${api.text({ en: "association units active:", ru: "активны ассоциативные элементы:" })} ${on} / ${UNITS}`);
      const [plus, minus] = [wires.slice(0, EXCITATORY), wires.slice(EXCITATORY)].map(part => d3.sum(part, cell => lit[cell]));
      const sums = `${plus} − ${minus} ${plus - minus >= 1 ? "≥" : "<"} 1`;
      sum.textContent = api.text({
        en: `Unit ${unit + 1}: ${plus} of its five exciting photocells (blue rims) are lit, ${minus} of the five inhibiting ones (orange); ${sums}, so it is ${plus - minus >= 1 ? "active" : "silent"}.`,
        ru: `Элемент ${unit + 1}: из пяти возбуждающих фотоэлементов (синие рамки) освещено ${plus}, из пяти тормозящих (оранжевые) — ${minus}; ${sums}, поэтому он ${plus - minus >= 1 ? "активен" : "молчит"}.`,
      });
    };
  }

  function responses(root, api) {
    const [width, height] = [400, 236];
    const svg = api.picture(root, { width, height, label: { en: "Sums of the eight response units", ru: "Суммы восьми реагирующих элементов" } });
    svg.append("text").attr("x", 0).attr("y", 15).text(api.text({ en: "response units", ru: "реагирующие элементы" }));
    const y = d3.scaleBand(LETTERS, [26, height]).padding(0.2);
    const rows = svg.append("g").selectAll("g").data(LETTERS).join("g").attr("transform", letter => `translate(0,${y(letter)})`);
    const names = rows.append("text").attr("x", 4).attr("y", y.bandwidth() / 2 + 5).text(letter => letter);
    const bars = rows.append("rect").attr("height", y.bandwidth());
    const sums = rows.append("text").attr("y", y.bandwidth() / 2 + 5);
    const zero = svg.append("path").attr("stroke", "var(--field)");
    return (values, best) => {
      const most = Math.max(1, ...values.map(Math.abs));
      const x = d3.scaleLinear([-most, most], [70, width - 46]);
      zero.attr("d", `M${x(0)},22V${height}`);
      const winner = letter => letter === best;
      bars.data(values).attr("x", value => Math.min(x(0), x(value))).attr("width", value => Math.abs(x(value) - x(0)))
        .attr("fill", value => (value >= 0 ? "var(--one)" : "var(--two)"));
      names.attr("font-weight", letter => (winner(letter) ? 700 : 400)).text(letter => (winner(letter) ? `${letter} ◀` : letter));
      sums.data(values).attr("x", value => x(value) + (value < 0 ? -5 : 5)).attr("text-anchor", value => (value < 0 ? "end" : "start"))
        .text(value => api.number(value, 5));
    };
  }

  function progress(root, api) {
    const [width, height] = [api.narrow ? 400 : 860, 210];
    const margin = { left: 48, right: 16, top: 26, bottom: 40 };
    const svg = api.picture(root, {
      width, height,
      label: { en: "Share of new letters known after so many lessons", ru: "Доля узнанных новых букв после стольких уроков" },
    });
    svg.append("text").attr("x", 0).attr("y", 15).text(api.text({
      en: `share right of ${TESTS} letters that were not taught`,
      ru: `доля верных из ${TESTS} букв, которых не показывали`,
    }));
    const [x, y] = [d3.scaleLinear(), d3.scaleLinear([0, 1], [0, 1])];
    const chart = playground.chart(svg, api, {
      left: margin.left, top: margin.top, width: width - margin.left - margin.right, height: height - margin.top - margin.bottom, x, y, yTicks: 5,
    });
    const chance = 1 / LETTERS.length;
    chart.g.append("text").attr("x", x(1)).attr("y", y(chance) - 6).attr("text-anchor", "end").style("fill", "var(--two)")
      .text(api.text({ en: "by chance 1/8", ru: "наугад 1/8" }));
    return (shares, lessons, share) => {
      const points = [...shares.filter(point => point.lessons < lessons), { lessons, share }].map(point => [point.lessons, point.share]);
      const end = Math.max(80, lessons);
      chart.show({
        x: [0, end],
        lines: [{ points: [[0, chance], [end, chance]], colour: "two", dash: "4 4" }, { points, colour: "one" }],
        dots: [{ at: points.at(-1), colour: "one" }],
        across: api.text({ en: "letters taught", ru: "показано букв" }),
      });
    };
  }

  function draw(root, api) {
    const row = element("div", { class: "sides" });
    const below = element("div", { class: "stack" });
    root.append(row, below);
    const [first, second] = [0, 1].map(() => row.appendChild(element("div", { class: "stack" })));
    const showRetina = retina(first, api);
    const showUnits = associations(second, api);
    const showSums = responses(second, api);
    const showProgress = progress(below, api);
    const letters = (words, press) => {
      const said = api.text(words);
      const ones = LETTERS.map(letter => element("button", {
        type: "button", style: "padding:.3rem .6rem", "aria-label": `${said} ${letter}`, onclick: () => press(letter),
      }, letter));
      first.append(element("div", {}, said, element("div", { class: "row", style: "gap:.35rem" }, ...ones)));
    };
    letters({ en: "Show", ru: "Показать" }, letter =>
      api.set({ drawing: written(anew(letter, api.state)), shown: api.state.shown + 1 }));
    letters({ en: "Teach: it is", ru: "Научить: это" }, teach);

    function teach(letter) {
      const { own } = api.state;
      const lit = seen(api.state);
      if (!lit.some(Boolean)) return api.say({ en: "Draw or pick a letter first.", ru: "Сначала нарисуйте или выберите букву." });
      if (own.length >= OWN) return api.say({ en: `At most ${OWN} lessons of your own.`, ru: `Не больше ${OWN} своих уроков.` });
      api.set({ drawing: written(lit), own: [...own, letter + written(lit)] });
    }

    let due = 0;
    let run = 0; // seconds that the letters have been running
    const film = api.animate(seconds => {
      run = film.running ? run + seconds : 0;
      due = film.running ? due + seconds * Math.min(FASTEST, FIRST * 2 ** (run / 2)) : 1;
      const letters = Math.min(Math.floor(due), LESSONS - api.state.lessons);
      due -= Math.floor(due);
      if (letters > 0) api.set({ lessons: api.state.lessons + letters, drawing: "" });
      if (api.state.lessons >= LESSONS) film.pause();
    });
    film.pause();

    return {
      update(state) {
        const { machine, shares, share, wrong } = taught(state);
        const lit = seen(state);
        const active = kernel.association(machine.wires, lit);
        const sums = kernel.response(machine, active);
        const unit = state.unit - 1;
        showRetina(lit, machine.wires[unit]);
        showUnits(active, lit, machine.wires[unit], unit);
        const known = lit.some(Boolean);
        const best = known && sums.some(sum => sum !== sums[0]) ? kernel.answer(sums) : null;
        showSums(Array.from(sums), best);
        showProgress(shares, state.lessons, share);
        const percent = `${api.number(100 * share)} %`;
        const lessons = state.lessons + state.own.length;
        api.say({
          en: `${best ? `The machine says ${best}.` : "The machine has no opinion."} After ${lessons} lessons it knows ${percent} of the new letters.${lessons ? ` The last lesson corrected ${wrong} of ${LETTERS.length} response units.` : ""}`,
          ru: `${best ? `Машина отвечает: ${best}.` : "Ответа у машины нет."} После ${lessons} ${api.plural(lessons, { en: {}, ru: { one: "урока", few: "уроков", many: "уроков" } })} она узнаёт ${percent} новых букв.${lessons ? ` Последний урок исправил ${wrong} из ${LETTERS.length} реагирующих элементов.` : ""}`,
        });
      },
    };
  }

  /** Returns a letter at a place and of a size that differ with how many were shown before. */
  function anew(letter, { seed, shown }) {
    const among = kernel.letters(LETTERS.length, seed + 2 * kernel.FRESH + shown);
    return among.find(({ name }) => name === letter).lit;
  }

  function python(state) {
    const each = Math.max(1, Math.round(state.lessons / LETTERS.length));
    return `import zoo
from zoo.data import retina

# ${each * LETTERS.length} letters in turn, each shown once, as here; the zoo draws and wires by numpy's random numbers.
x, y, rows = retina.letters(train=${each}, test=${TESTS / LETTERS.length}, seed=${state.seed})
run = zoo.train("mark_1_perceptron", (x[rows["train"]], y[rows["train"]]), epochs=1, seed=${state.seed}, verbose=0)
print(zoo.evaluate(run.model, (x[rows["test"]], y[rows["test"]]), verbose=0))
`;
  }

  const bands = [0.25, 0.5, 0.75, 1];

  playground.station({
    name: "mark_1",
    title: { en: "Mark I", ru: "Марк I" },
    year: "1960",
    paper: {
      text: "H. D. Block, The Perceptron: A Model for Brain Functioning, Reviews of Modern Physics 34, 1962",
      href: "https://doi.org/10.1103/RevModPhys.34.123",
    },
    entry: "mark_1_perceptron",
    lead: {
      en: "Rosenblatt's machine of 1960, built by Hay, Martin and Wightman: 400 photocells, 512 association units wired by chance (here each is wired to ten photocells), eight response units. Only the response units learn, by the perceptron's rule. Draw a letter, or let it be taught.",
      ru: "Машина Розенблатта, построенная в 1960 году Хеем, Мартином и Уайтманом: 400 фотоэлементов, 512 случайно подключённых ассоциативных элементов (здесь каждый соединён с десятью фотоэлементами) и восемь реагирующих. Учатся только реагирующие, по правилу персептрона. Нарисуйте букву или покажите машине готовые.",
    },
    defaults: { seed: 1, lessons: 160, unit: 1, drawing: "", shown: 0, own: [] },
    encode: { own: own => own.join(",") },
    decode: { own: text => (text ? text.split(",") : []) },
    check: {
      lessons: Number.isInteger,
      unit: Number.isInteger,
      seed: seed => Number.isInteger(seed) && seed >= 0,
      drawing: valid,
      shown: shown => Number.isInteger(shown) && shown >= 0,
      own: own => own.length <= OWN && own.every(lesson => LETTERS.includes(lesson[0]) && lesson.length > 1 && valid(lesson.slice(1))),
    },
    controls: [
      { key: "lessons", kind: "range", min: 0, max: LESSONS, step: 8, label: { en: "Letters taught", ru: "Показано букв" } },
      { key: "unit", kind: "range", min: 1, max: UNITS, step: 1, label: { en: "Wires of association unit", ru: "Провода ассоциативного элемента" } },
      { kind: "button", label: { en: "Clear the retina", ru: "Очистить сетчатку" }, press: api => api.set({ drawing: written(drawn("")) }) },
      { kind: "button", label: { en: "Forget everything", ru: "Забыть всё" }, press: api => api.set({ lessons: 0, own: [], drawing: "" }) },
      { kind: "button", label: { en: "Wire it anew", ru: "Соединить заново" }, press: api => api.set({ seed: api.state.seed + 1 }) },
    ],
    questions: [
      {
        ask: {
          en: "Only 40 letters are taught, five of each. What share of new letters will the machine know?",
          ru: "Показано всего 40 букв, по пять каждой. Какую долю новых букв узнает машина?",
        },
        choices: ["0–25 %", "25–50 %", "50–75 %", "75–100 %"],
        set: { seed: 1, lessons: 40, own: [], drawing: "" },
        right: api => bands.findIndex(band => taught(api.state).share <= band),
        explain: api => ({
          en: `${api.number(100 * taught(api.state).share)} % of ${TESTS}; by chance it would be 12.5 %. Random features and a simple rule already generalise.`,
          ru: `${api.number(100 * taught(api.state).share)} % из ${TESTS}; наугад было бы 12,5 %. Случайные признаки и простое правило уже обобщают.`,
        }),
      },
    ],
    python,
    thumbnail(svg) {
      const lit = kernel.letter("A");
      const cells = d3.range(SIDE * SIDE).filter(cell => lit[cell]);
      svg.append("path").attr("d", cells.map(cell => `M${20 + 4 * (cell % SIDE)},${4 * Math.floor(cell / SIDE)}h4v4h-4z`).join("")).style("fill", "var(--ink)");
    },
    draw,
  });
})(playground);
