"use strict";
/* The pictures of the station "your_data": the decision field with the points, the hidden units' fields, the losses. */
(function (playground) {
  const CLASSES = ["--one", "--two", "--three", "--accent", "--soft", "--ink"]; // colours, in this order
  const SHAPES = () => [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolStar, d3.symbolCross];
  const FINE = 60; // squares on a side of the large field
  const COARSE = 20; // and of a unit's
  const DEEPEST = 0.62; // opacity of a field where an answer is certain

  /** Returns the colours of the style sheet as [red, green, blue]. */
  function colours() {
    const style = getComputedStyle(document.documentElement);
    return CLASSES.map(name => d3.rgb(style.getPropertyValue(name).trim())).map(({ r, g, b }) => [r, g, b]);
  }

  /** Returns the middles of size x size squares over a domain {x: [low, high], y: [low, high]}, from the upper left on. */
  function grid(domain, size) {
    const at = ([low, high], i) => low + ((i + 0.5) * (high - low)) / size;
    return Float64Array.from({ length: 2 * size * size }, (_, i) => {
      const place = i >> 1;
      return i % 2 ? at(domain.y, size - 1 - Math.floor(place / size)) : at(domain.x, place % size);
    });
  }

  /** Paints (size, size) squares and returns them as the address of an image; `colour(i)` is [r, g, b, opacity]. */
  function painted(canvas, size, colour) {
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d"), image = context.createImageData(size, size);
    for (let i = 0; i < size * size; i++) {
      const [r, g, b, opacity] = colour(i);
      image.data.set([r, g, b, 255 * opacity], 4 * i);
    }
    context.putImageData(image, 0, 0);
    return canvas.toDataURL();
  }

  /** Returns the colour of a value in [-1, 1]: the first class below 0, the second above. */
  const signed = (palette, value) => [...palette[value < 0 ? 0 : 1], DEEPEST * Math.min(1, Math.abs(value))];

  /** Draws the field with the points; returns {show(training), field(training)}. */
  function drawField(root, api) {
    const size = api.narrow ? 360 : 440, left = 44, bottom = 40;
    const svg = api.picture(root, {
      width: size + 6,
      height: size,
      label: { en: "The points, and what the network answers everywhere", ru: "Точки и ответ сети в каждой точке плоскости" },
    });
    const canvas = document.createElement("canvas");
    const box = { x: left, y: 24, width: size - left, height: size - bottom - 24 };
    const image = svg.append("image").attr("preserveAspectRatio", "none");
    const clip = svg.append("clipPath").attr("id", "field_clip").append("rect");
    const frame = svg.append("rect").attr("fill", "none").attr("stroke", "var(--field)");
    for (const one of [image, frame, clip]) for (const [name, value] of Object.entries(box)) one.attr(name, value);
    const edge = svg.append("path").attr("fill", "none").attr("stroke", "var(--ink)").attr("stroke-width", 2).attr("clip-path", "url(#field_clip)");
    const axes = ["bottom", "side"].map(() => svg.append("g")), dots = svg.append("g").attr("clip-path", "url(#field_clip)");
    const names = ["x", "y"].map(() => svg.append("text").style("fill", "var(--soft)"));
    let domain = null, x = null, y = null;

    function show({ own, parts }) {
      const palette = colours(), shapes = SHAPES();
      const all = own.points, extent = axis => d3.extent(d3.range(axis, all.length, 2), i => all[i]);
      const wide = ([low, high]) => [low - 0.08 * (high - low || 1), high + 0.08 * (high - low || 1)];
      domain = { x: wide(extent(0)), y: wide(extent(1)) };
      x = d3.scaleLinear(domain.x, [box.x, box.x + box.width]);
      y = d3.scaleLinear(domain.y, [box.y + box.height, box.y]);
      axes[0].attr("transform", `translate(0,${box.y + box.height})`).call(d3.axisBottom(x).ticks(5).tickFormat(one => api.number(one, 4)));
      axes[1].attr("transform", `translate(${box.x},0)`).call(d3.axisLeft(y).ticks(5).tickFormat(one => api.number(one, 4)));
      names[0].attr("x", box.x + box.width).attr("y", size - 4).attr("text-anchor", "end").text((own.names ?? ["x", "y"])[0]);
      names[1].attr("x", 4).attr("y", 15).text((own.names ?? ["x", "y"])[1]);
      const points = ["test", "train"].flatMap(name =>
        Array.from(parts[name].y, (target, i) => ({ name, target, x: parts[name].points[2 * i], y: parts[name].points[2 * i + 1] })));
      const tone = d => (own.task === "regression" ? palette[d.target < 0 ? 0 : 1] : palette[d.target]);
      const area = points.length > 400 ? 26 : api.narrow ? 44 : 60;
      dots.selectAll("path").data(points).join("path")
        .attr("transform", d => `translate(${x(d.x)},${y(d.y)})`)
        .attr("d", d => d3.symbol(own.task === "regression" ? shapes[0] : shapes[d.target], area)())
        .attr("fill", d => (d.name === "test" ? "var(--paper)" : `rgb(${tone(d)})`))
        .attr("fill-opacity", d => (own.task === "regression" && d.name === "train" ? 0.25 + 0.75 * Math.min(1, Math.abs(d.target) / 2) : 1))
        .attr("stroke", d => (d.name === "test" ? `rgb(${tone(d)})` : "var(--paper)"))
        .attr("stroke-width", d => (d.name === "test" ? 2 : 1));
    }

    function field({ net, encode }) {
      const answers = playground.kernels.network.predict(net, encode(grid(domain, FINE)));
      const palette = colours(), outputs = net.sizes[net.sizes.length - 1];
      const value = net.output === "logistic" ? i => 2 * answers[i] - 1 : i => answers[i] / 2;
      const best = i => d3.maxIndex(answers.subarray(i * outputs, (i + 1) * outputs));
      const several = i => {
        const k = best(i), share = (answers[i * outputs + k] - 1 / outputs) / (1 - 1 / outputs);
        return [...palette[k], DEEPEST * share];
      };
      image.attr("href", painted(canvas, FINE, outputs > 1 ? several : i => signed(palette, value(i))));
      edge.attr("d", outputs > 1 ? null : border(net, answers));
    }

    /** Returns the line where the answer changes from one class to the other, or the number is the mean. */
    function border(net, answers) {
      // Of probabilities, what the output sums up: between squares it is straighter.
      const sums = net.output === "logistic" ? answers.map(p => Math.log(Math.max(p, 1e-12) / Math.max(1 - p, 1e-12))) : answers;
      const square = [box.width / FINE, box.height / FINE];
      const lines = d3.contours().size([FINE, FINE]).contour(sums, 0).coordinates.flat();
      // The outer edge of the grid closes the contours; it is no border between classes.
      const inside = ([i, j]) => i > 0.51 && j > 0.51 && i < FINE - 0.51 && j < FINE - 0.51;
      const drawn = d3.line(([i]) => box.x + i * square[0], ([, j]) => box.y + j * square[1]).defined(inside);
      return lines.map(line => drawn(line)).join("");
    }

    return { show, field, domain: () => domain };
  }

  /** Draws the network, each unit with its field; returns {show(training), field(training, domain)}. */
  function drawUnits(root, api) {
    const width = api.narrow ? 360 : 760;
    const svg = api.picture(root, {
      width,
      height: 200,
      label: { en: "The network: what each unit answers over the plane", ru: "Сеть: ответ каждого нейрона на плоскости" },
    });
    const lines = svg.append("g"), units = svg.append("g"), buttons = svg.append("g");
    const canvas = document.createElement("canvas");

    function show({ net, features }) {
      const most = Math.max(...net.sizes), side = api.narrow ? 26 : 36, gap = side + 8, top = 44;
      const height = top + most * gap + 4;
      svg.attr("viewBox", `0 0 ${width} ${height}`);
      const left = api.narrow ? 4 : 64, right = width - side - (api.narrow ? 4 : 16);
      const x = layer => left + (layer * (right - left)) / (net.sizes.length - 1);
      const y = (layer, unit) => top + (height - top - net.sizes[layer] * gap) / 2 + unit * gap;
      const data = net.sizes.flatMap((size, layer) => d3.range(size).map(unit => ({ layer, unit })));
      const unit = units.selectAll("g").data(data, d => `${d.layer} ${d.unit}`).join(enter => {
        const made = enter.append("g");
        made.append("rect").attr("rx", 3).attr("fill", "var(--paper)").attr("stroke", "var(--field)");
        made.append("image").attr("preserveAspectRatio", "none");
        made.append("text").attr("text-anchor", "end").attr("x", -6);
        return made;
      }).attr("transform", d => `translate(${x(d.layer)},${y(d.layer, d.unit)})`);
      for (const part of ["rect", "image"]) unit.select(part).attr("width", side).attr("height", side);
      unit.select("text").attr("y", side / 2 + 5).style("font-size", "13px")
        .text(d => (d.layer === 0 && !api.narrow ? RAISED[features[d.unit]] ?? features[d.unit] : ""));
      const links = net.layers.flatMap(({ inputs, units: count, kernel }, l) =>
        d3.range(inputs * count)
          .map(i => ({ at: kernel + i, from: [x(l) + side, y(l, Math.floor(i / count)) + side / 2], to: [x(l + 1), y(l + 1, i % count) + side / 2] })));
      const curve = d3.linkHorizontal().source(d => d.from).target(d => d.to);
      lines.selectAll("path").data(links).join("path").attr("d", curve).attr("fill", "none");
      columns(net, x, side);
    }

    /** Adds the buttons "−" and "+" above each hidden layer. */
    function columns(net, x, side) {
      const hidden = net.sizes.slice(1, -1);
      const data = hidden.flatMap((size, layer) => [-1, 1].map(change => ({ layer, size, change, count: size + change })));
      const button = buttons.selectAll("g").data(data, d => `${d.layer} ${d.change}`).join(enter => {
        const made = enter.append("g");
        made.append("circle").attr("r", 13).attr("fill", "var(--paper)").attr("stroke", "var(--field)");
        made.append("text").attr("text-anchor", "middle").attr("dy", 5).text(d => (d.change > 0 ? "+" : "−"));
        return made;
      }).attr("transform", d => `translate(${x(d.layer + 1) + side / 2 + 16 * d.change},20)`);
      button.style("opacity", d => (d.count < 1 || d.count > playground.yourData.MOST_UNITS ? 0.3 : 1));
      api.pressable(button, {
        label: d => `${api.text(d.change > 0 ? {
          en: "One unit more in hidden layer",
          ru: "Добавить нейрон в скрытый слой",
        } : { en: "One unit less in hidden layer", ru: "Убрать нейрон из скрытого слоя" })} ${d.layer + 1}`,
        press: (event, d) => {
          if (d.count < 1 || d.count > playground.yourData.MOST_UNITS) return;
          api.set({ hidden: api.state.hidden.map((size, layer) => (layer === d.layer ? d.count : size)) });
        },
      });
    }

    function field({ net, encode }, domain) {
      const x = encode(grid(domain, COARSE)), found = playground.kernels.network.fields(net, x), palette = colours();
      const layers = [x, ...found];
      units.selectAll("g").select("image").attr("href", ({ layer, unit }) => {
        const width = net.sizes[layer], values = layers[layer];
        const last = layer === net.sizes.length - 1;
        if (last && net.output === "softmax") return painted(canvas, COARSE, i => [...palette[unit], DEEPEST * values[i * width + unit]]);
        const [shift, scale] = last && net.output === "logistic" ? [0.5, 2] : [0, layer === 0 ? 0.6 : 1];
        return painted(canvas, COARSE, i => signed(palette, (values[i * width + unit] - shift) * scale));
      });
      lines.selectAll("path")
        .attr("stroke", d => (net.parameters[d.at] < 0 ? "var(--one)" : "var(--two)"))
        .attr("stroke-width", d => Math.min(7, 0.3 + 1.8 * Math.abs(net.parameters[d.at])))
        .attr("stroke-opacity", 0.75);
    }
    return { show, field };
  }

  const RAISED = { "x^2": "x²", "y^2": "y²" };

  /** Draws the losses of training and test; returns show(training, found). */
  function drawLosses(root, api) {
    const width = api.narrow ? 360 : 330, height = api.narrow ? 230 : 310, left = 46, bottom = 44;
    const svg = api.picture(root, {
      width,
      height,
      label: { en: "The loss on the training rows and on the test rows", ru: "Потери на обучающей и на проверочной выборке" },
    });
    const axes = ["bottom", "side"].map(() => svg.append("g"));
    const curves = ["train", "test"].map((name, i) =>
      svg.append("path").attr("fill", "none").attr("stroke", i ? "var(--two)" : "var(--one)").attr("stroke-width", 2.5)
        .attr("stroke-dasharray", i ? "6 4" : null));
    const words = ["train", "test"].map((name, i) =>
      svg.append("text").attr("x", width - 8).attr("text-anchor", "end").attr("y", 20 + 20 * i)
        .style("font-weight", 600).style("fill", i ? "var(--two)" : "var(--one)"));
    const unit = svg.append("text").attr("x", width - 8).attr("y", height - 7).attr("text-anchor", "end").style("fill", "var(--soft)");
    unit.text(api.text({ en: "epochs", ru: "эпохи" }));
    return ({ curve }, found) => {
      const finite = curve.filter(one => Number.isFinite(one.train) && Number.isFinite(one.test));
      const x = d3.scaleLinear([0, Math.max(10, d3.max(finite, one => one.epoch) ?? 0)], [left, width - 10]);
      const y = d3.scaleLinear([0, (d3.max(finite.slice(-300), one => Math.max(one.train, one.test)) ?? 1) * 1.25 || 1], [height - bottom, 8]);
      axes[0].attr("transform", `translate(0,${height - bottom})`).call(d3.axisBottom(x).ticks(4).tickFormat(one => api.number(one)));
      axes[1].attr("transform", `translate(${left},0)`).call(d3.axisLeft(y).ticks(4).tickFormat(one => api.number(one)));
      const line = name => d3.line(one => x(one.epoch), one => y(one[name]))(finite);
      ["train", "test"].forEach((name, i) => {
        curves[i].attr("d", line(name));
        const text = { train: { en: "training", ru: "обучение" }, test: { en: "test", ru: "проверка" } }[name];
        words[i].text(`${i ? "○" : "●"} ${api.text(text)} ${api.fixed(found[name].loss, 3)}`);
      });
    };
  }

  Object.assign(playground.yourData, { drawField, drawUnits, drawLosses, MOST_UNITS: 8 });
})(playground);
