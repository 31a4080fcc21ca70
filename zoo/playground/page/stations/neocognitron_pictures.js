"use strict";
/* Parts of the neocognitron's picture: the retina, the planes, the answers, and the answers wherever a pattern fits. */
(function (playground) {
  const LEVELS = 6; // shades of a cell's response
  const ACROSS = 6; // planes beside one another
  const ONCE = 4; // positions that are tried between two pictures
  const SURE = 0.5; // from which share of an answer on a pattern counts as recognised
  const KNOWN = ["0", "1", "2", "3", "4"];
  const SHOWN = [...KNOWN, "T", "Z"]; // the last two it has never seen

  const kernel = () => playground.kernels.neocognitron;
  const numbers = () => playground.weights.neocognitron;
  const { SIDE } = kernel();
  let built = null;
  const network = () => (built ??= kernel().build(numbers()));
  const figure = name => kernel().figure(numbers(), name);
  /** Returns the image of a state with its damage. */
  const seen = state => kernel().damaged(state.image, state.damage, state.seed);
  const recognised = ({ answer, probabilities }) => answer >= 0 && probabilities[answer] > SURE;
  /** Returns the numeral that a cell of C3 has responded to most while the cells were organised. */
  const numeral = cell => d3.maxIndex(network().counts[cell]);

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
    const frame = layer.name === "c3" ? g.append("rect").attr("width", side + 4).attr("height", side + 4)
      .style("fill", "none").style("stroke", "var(--accent)").style("stroke-width", 3) : null;
    if (frame) {
      g.selectAll(".name").data(places).join("text").attr("class", "name").attr("x", ([u]) => u + side / 2)
        .attr("y", ([, v]) => v + side / 2 + 5).attr("text-anchor", "middle").style("fill", "var(--soft)");
    }
    return result => {
      const { rows, planes: count, u } = result[layer.name];
      const most = d3.max(u);
      const cell = side / rows;
      const corners = d3.range(LEVELS).map(() => []);
      for (let i = 0; i < u.length; i++) {
        if (u[i] <= 0) continue;
        const level = Math.min(LEVELS, Math.ceil((LEVELS * u[i]) / most)) - 1;
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
    const touch = svg.append("rect").attr("x", left).attr("y", top).attr("width", size).attr("height", size)
      .style("fill", "var(--paper)").style("fill-opacity", 0.01);
    touch.style("touch-action", "none"); // a finger draws, and does not scroll the page
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
        .attr("aria-label", api.text({
          en: "The pen: arrows move it, the space bar turns a pixel over",
          ru: "Перо: стрелки двигают его, пробел меняет пиксель",
        }))
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
        now: () => box().left + 1,
        min: 1,
        max: SIDE,
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
      if (mode !== "draw") return;
      touch.attr("aria-valuemin", 1).attr("aria-valuemax", SIDE).attr("aria-valuenow", at[1] + 1).attr("aria-valuetext", said(at));
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
    const full = width - 94; // of a bar: "100.0 %" in bold stands beside it
    const rows = g.selectAll("g").data(KNOWN).join("g").attr("transform", (_, i) => `translate(0,${i * 24})`);
    rows.append("text").attr("y", 15).text(name => name);
    rows.append("rect").attr("x", 16).attr("y", 2).attr("height", 16).attr("width", full).style("fill", "var(--grid)");
    const bars = rows.append("rect").attr("x", 16).attr("y", 2).attr("height", 16);
    const texts = rows.append("text").attr("x", width).attr("y", 15).attr("text-anchor", "end");
    return result => {
      const p = i => (result.cell < 0 ? 0 : result.probabilities[i]);
      bars.attr("width", (_, i) => full * p(i)).style("fill", (_, i) => (i === result.answer && recognised(result) ? "var(--accent)" : "var(--soft)"));
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
    let tell = () => {}; // tells how many answers are alike, of the state that is shown; 0 of 0 until all places are counted
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
      const now = `${base.join("")} ${state.damage} ${state.seed}`;
      wanted = recognised(result) ? result.answer : -1;
      tell = () => {
        draw(columns);
        const alike = wanted < 0 ? 0 : found.filter(answer => answer === wanted).length;
        title.text(!found.length ? "" : api.text({ en: `Same in ${alike} of ${found.length} places`, ru: `Так же в ${alike} из ${found.length} мест` }));
        say(alike, found.length === rows * columns ? found.length : 0);
      };
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
          tell();
          if (found.length < rows * columns) waiting = setTimeout(more);
        };
        waiting = setTimeout(more, 60);
      }
      tell();
    }
    return { show, stop: () => clearTimeout(waiting) };
  }

  playground.neocognitron = { network, figure, seen, recognised, squares, planes, retina, figures, answers, everywhere };
})(playground);
