"use strict";
/* The pictures of Hopfield's network: its state, its energy, the patterns that it stores, and the error against the load. */
(function (playground) {
  const { element } = playground;
  const SIDE = 10;
  const ink = value => (value > 0 ? "var(--ink)" : "var(--paper)");

  /** Adds the state of the network; returns {update(state, asked, change)}. `paint(begin, end, erase)` draws on it. */
  function field(root, api, { paint, read }) {
    const size = 360;
    const svg = api.picture(root, { width: size, height: size + 44, label: { en: "The state: 10 by 10 units", ru: "Состояние: 10 на 10 элементов" } });
    const over = svg.append("text").attr("y", 15);
    const under = svg.append("text").attr("y", size + 40);
    const cells = playground.cells(svg.append("g").attr("transform", "translate(0,22)"), {
      rows: SIDE, columns: SIDE, size, paint, label: api.text({ en: "Unit", ru: "Элемент" }),
      read: cell => {
        const filled = read()[cell] > 0;
        return { filled, text: filled ? "+1" : "−1" };
      },
    });
    return {
      update({ state, asked, flipped, changed, above, below }) {
        cells.show(Array.from(state, ink), [
          ...changed.map(cell => [cell, "var(--two)"]),
          ...(asked === null ? [] : [[asked, flipped ? "var(--accent)" : "var(--one)"]]),
        ]);
        over.text(above);
        under.text(below);
      },
    };
  }

  /** Adds the chart of the energy; returns {update(energies, step, levels, synchronous)}. */
  function energy(root, api) {
    const [width, height] = [430, 440];
    const margin = { left: 52, right: 14, top: 26, bottom: 44 };
    const svg = api.picture(root, { width, height, label: { en: "The energy during the recall", ru: "Энергия во время восстановления" } });
    svg.append("text").attr("y", 15).text(api.text({ en: "energy E", ru: "энергия E" }));
    const name = svg.append("text").attr("x", width - margin.right).attr("y", height - 6).attr("text-anchor", "end");
    const x = d3.scaleLinear([0, 1], [margin.left, width - margin.right]);
    const y = d3.scaleLinear([0, 1], [height - margin.bottom, margin.top]);
    const bottom = svg.append("g").attr("transform", `translate(0,${height - margin.bottom})`);
    const left = svg.append("g").attr("transform", `translate(${margin.left},0)`);
    const levels = svg.append("g");
    const line = svg.append("path").attr("fill", "none").attr("stroke", "var(--one)").attr("stroke-width", 2.5).attr("stroke-linejoin", "round");
    const rises = svg.append("path").attr("fill", "none").attr("stroke", "var(--two)").attr("stroke-width", 4);
    const dot = svg.append("circle").attr("r", 5).attr("fill", "var(--accent)");
    const number = svg.append("text").attr("font-weight", 600);
    return {
      update({ energies, step, stored, reached, synchronous }) {
        const low = Math.min(...energies, ...stored);
        const high = Math.max(...energies, 0);
        const room = Math.max(1, 0.08 * (high - low));
        const last = Math.max(energies.length - 1, synchronous ? 6 : 100);
        x.domain([0, last]);
        y.domain([low - room, high + room]);
        bottom.call(d3.axisBottom(x).ticks(6).tickFormat(value => api.number(value, 5)));
        left.call(d3.axisLeft(y).ticks(6).tickFormat(value => api.number(value, 5)));
        name.text(api.text(synchronous ? { en: "updates of all units", ru: "обновления всех элементов" } : {
          en: "units asked, one after another",
          ru: "опрошено элементов, один за другим",
        }));
        levels.selectAll("path").data(stored).join("path").attr("stroke", (_, p) => (p === reached ? "var(--three)" : "var(--field)"))
          .attr("stroke-dasharray", "5 4").attr("stroke-width", (_, p) => (p === reached ? 2.5 : 1))
          .attr("d", value => `M${x.range()[0]},${y(value)}H${x.range()[1]}`);
        const shown = energies.slice(0, step + 1);
        line.attr("d", (synchronous ? d3.line() : d3.line().curve(d3.curveStepAfter)).x((_, i) => x(i)).y(y)(shown));
        const up = d3.pairs(shown.map((value, i) => [x(i), y(value)])).filter(([from, to]) => to[1] < from[1] - 1e-6);
        rises.attr("d", up.map(([from, to]) => `M${from}L${to}`).join(""));
        dot.attr("cx", x(step)).attr("cy", y(energies[step]));
        const near = step > 0.75 * last;
        number.attr("x", x(step) + (near ? -10 : 10)).attr("y", y(energies[step]) - 10).attr("text-anchor", near ? "end" : "start")
          .text(`E = ${api.fixed(energies[step], 1)}`);
      },
    };
  }

  /** Adds the stored patterns, each with its overlap; returns {update(patterns, names, overlaps, chosen)}. */
  function memories(root, api, choose) {
    const box = element("div", { class: "stack" });
    root.append(element("h3", {}, api.text({
      en: "Stored patterns and their overlap m with the state",
      ru: "Сохранённые образы и их перекрытие m с состоянием",
    })), box);
    const columns = api.narrow ? 4 : 8;
    const [side, gap, height] = [90, 14, 128];
    let svg = null;
    let lines = 0;
    function picture(count) {
      const needed = Math.max(1, Math.ceil(count / columns));
      if (svg && needed === lines) return;
      lines = needed;
      box.replaceChildren();
      svg = api.picture(box, { width: columns * (side + gap), height: lines * height, label: { en: "Stored patterns", ru: "Сохранённые образы" } });
    }
    return {
      update({ patterns, names, overlaps, chosen, key }) {
        picture(patterns.length);
        const places = patterns.map((pattern, p) => ({ pattern, p, key: `${p} ${key[p]}` }));
        const one = svg.selectAll("g.memory").data(places, place => place.key).join(enter => {
          const group = enter.append("g").attr("class", "memory");
          group.append("rect").attr("class", "frame").attr("width", side).attr("height", side).attr("fill", "var(--paper)");
          group.append("path").attr("fill", "var(--ink)").attr("d", ({ pattern }) => pattern.map((value, cell) => {
            const unit = side / SIDE;
            return value > 0 ? `M${(cell % SIDE) * unit},${Math.floor(cell / SIDE) * unit}h${unit}v${unit}h${-unit}z` : "";
          }).join(""));
          group.append("text").attr("class", "value").attr("y", side + 17);
          group.append("rect").attr("class", "track").attr("y", side + 23).attr("height", 7).attr("width", side).attr("fill", "var(--grid)");
          group.append("rect").attr("class", "bar").attr("y", side + 23).attr("height", 7);
          return group;
        });
        one.attr("transform", ({ p }) => `translate(${(p % columns) * (side + gap) + 2},${Math.floor(p / columns) * height + 2})`);
        one.select(".frame").attr(
          "stroke", ({ p }) => (p === chosen ? "var(--accent)" : "var(--field)")
        ).attr("stroke-width", ({ p }) => (p === chosen ? 4 : 1));
        one.select(".value").text(({ p }) => `m = ${api.fixed(overlaps[p], 2)}`).attr("font-weight", ({ p }) => (Math.abs(overlaps[p]) > 0.999 ? 700 : 400));
        one.select(".bar").attr("fill", ({ p }) => (overlaps[p] >= 0 ? "var(--one)" : "var(--two)"))
          .attr("x", ({ p }) => (overlaps[p] >= 0 ? side / 2 : side / 2 * (1 + overlaps[p]))).attr("width", ({ p }) => (Math.abs(overlaps[p]) * side) / 2);
        api.pressable(one, {
          label: ({ p }) => `${api.text({ en: "Begin with", ru: "Начать с" })} ${names[p]}`,
          press: (event, { p }) => choose(p), pressed: ({ p }) => p === chosen,
        });
      },
    };
  }

  /** Adds the chart of wrong units against the load; returns {update(points, load, critical, damage)}. */
  function errors(root, api) {
    const [width, height] = [430, 400];
    const margin = { left: 52, right: 16, top: 84, bottom: 44 };
    const svg = api.picture(root, {
      width, height,
      label: { en: "Share of wrong units after recall against the load", ru: "Доля неверных элементов после восстановления в зависимости от нагрузки" },
    });
    svg.append("text").attr("y", 15).text(api.text({ en: "share of wrong units after recall", ru: "доля неверных элементов после восстановления" }));
    svg.append("text").attr("x", width - margin.right).attr("y", height - 6).attr("text-anchor", "end").text(api.text({
      en: "load: patterns / units",
      ru: "нагрузка: образов на элемент",
    }));
    const x = d3.scaleLinear([0, 0.3], [margin.left, width - margin.right]);
    const y = d3.scaleLinear([0, 0.5], [height - margin.bottom, margin.top]);
    svg.append("g").attr("transform", `translate(0,${height - margin.bottom})`).call(d3.axisBottom(x).ticks(6).tickFormat(value => api.number(value)));
    svg.append("g").attr("transform", `translate(${margin.left},0)`).call(d3.axisLeft(y).ticks(5).tickFormat(value => api.number(value)));
    const critical = svg.append("path").attr("stroke", "var(--accent)").attr("stroke-dasharray", "5 4").attr("stroke-width", 2);
    const criticalText = svg.append("text").style("fill", "var(--accent)").attr("text-anchor", "middle").attr("y", margin.top - 8);
    const colours = ["var(--one)", "var(--two)"];
    const lines = colours.map(colour => svg.append("path").attr("fill", "none").attr("stroke", colour).attr("stroke-width", 2.5));
    const dots = svg.append("g");
    const here = svg.append("path").attr("stroke", "var(--field)");
    const marks = colours.map(colour => svg.append("circle").attr("r", 6).attr("fill", colour).attr("stroke", "var(--paper)").attr("stroke-width", 2));
    const legend = colours.map((colour, i) => svg.append("text").style("fill", colour).attr("y", 37 + 20 * i));
    return {
      update({ points, load, limit, damage }) {
        critical.attr("d", limit <= 0.3 ? `M${x(limit)},${y(0)}V${y(0.5)}` : "");
        criticalText.attr("x", x(limit)).text(limit <= 0.3 ? api.number(limit) : "");
        const [exact, damaged] = [
          { en: "from the pattern itself", ru: "от самого образа" },
          { en: `from the pattern with ${damage} % turned over`, ru: `от образа, искажённого на ${damage} %` },
        ];
        legend.forEach((text, i) => text.text(`${i ? "■" : "●"} ${api.text(i ? damaged : exact)}`));
        const now = points.find(point => Math.abs(point.load - load) < 1e-9);
        lines.forEach((line, i) => line.attr("d", d3.line(point => x(point.load), point => y(point.wrong[i]))(points)));
        const small = points.flatMap(point => point.wrong.map((wrong, i) => ({ load: point.load, wrong, i })));
        const shapes = [d3.symbolCircle, d3.symbolSquare].map(shape => d3.symbol(shape, 36)());
        dots.selectAll("path").data(small).join("path").attr("d", one => shapes[one.i]).attr("fill", one => colours[one.i])
          .attr("transform", one => `translate(${x(one.load)},${y(one.wrong)})`);
        here.attr("d", `M${x(load)},${y(0)}V${y(0.5)}`);
        marks.forEach((mark, i) => mark.attr("visibility", now ? "visible" : "hidden").attr("cx", x(load)).attr("cy", now ? y(now.wrong[i]) : 0));
      },
    };
  }

  /** Adds the first stored pattern as it was recalled: wrong units are orange; returns {update(pattern, end, columns)}. */
  function recalled(root, api) {
    const size = 430;
    const box = element("div", {});
    root.append(box);
    let cells = null;
    let units = 0;
    let title = null;
    return {
      update({ pattern, end }) {
        if (units !== pattern.length) {
          units = pattern.length;
          let columns = Math.ceil(Math.sqrt(units));
          while (units % columns) columns++;
          const rows = units / columns;
          box.replaceChildren();
          const svg = api.picture(box, {
            width: size, height: 24 + (rows * size) / columns + 2,
            label: { en: "The first pattern, as recalled", ru: "Первый образ после восстановления" },
          });
          title = svg.append("text").attr("y", 15);
          cells = playground.cells(svg.append("g").attr("transform", "translate(0,24)"), { rows, columns, size });
        }
        const wrong = end ? end.reduce((sum, value, unit) => sum + (value !== pattern[unit]), 0) : 0;
        title.text(end ? `${api.text({ en: "first pattern: wrong units", ru: "первый образ: неверных элементов" })} ${wrong} / ${units}` : "");
        cells.show(Array.from(pattern, (value, unit) => {
          if (!end || end[unit] === value) return value > 0 ? "var(--ink)" : "var(--paper)";
          return end[unit] > 0 ? "var(--two)" : "var(--two-soft)";
        }));
      },
    };
  }

  playground.hopfield_pictures = { SIDE, field, energy, memories, errors, recalled };
})(playground);
