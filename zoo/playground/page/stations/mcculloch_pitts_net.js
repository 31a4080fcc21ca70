"use strict";
/* The wiring of a net of 1943 as a picture: inputs, cells with their thresholds, arrows that excite, bars that silence. */
(function (playground) {
  const { outputs } = playground.kernels.neurons;
  const WIDTH = 640;
  const HEIGHT = 360;
  const MOVED = 5; // units of the picture: less is a click
  const LEGEND = [
    { mark: "M0,0H32M24,-6L32,0L24,6", colour: "one", text: { en: "excites", ru: "возбуждает" } },
    { mark: "M0,0H32M32,-8V8", colour: "two", text: { en: "silences", ru: "тормозит" } },
    { mark: "M13,0a9,9 0 1 0 18,0a9,9 0 1 0 -18,0", colour: "two", filled: true, text: { en: "active now", ru: "активна сейчас" } },
    { mark: "M13,0a9,9 0 1 0 18,0a9,9 0 1 0 -18,0", colour: "ink", inside: "2", text: { en: "threshold", ru: "порог" } },
  ];
  const KEYS = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
  const LABELS = {
    heat: { en: "heat", ru: "тепло" },
    cold: { en: "cold", ru: "холод" },
    was_cold: { en: "was cold", ru: "был холод" },
    cold_ended: { en: "cold ended", ru: "холод кончился" },
    feels_hot: { en: "feels hot", ru: "ощущает тепло" },
    feels_cold: { en: "feels cold", ru: "ощущает холод" },
    set: { en: "set", ru: "запомнить" },
    reset: { en: "reset", ru: "забыть" },
    learnt: { en: "learnt", ru: "выучено" },
  };

  /** Returns what an input or a cell is called on the page: x1 is x₁. */
  function label(name, api) {
    return LABELS[name] ? api.text(LABELS[name]) : name.replace(/\d+$/, digits => [...digits].map(digit => "₀₁₂₃₄₅₆₇₈₉"[digit]).join(""));
  }

  /** Returns the links with a bend each, so that several between two cells stand side by side. */
  function bent(links) {
    const seen = new Map();
    return links.map((link, index) => {
      const pair = [link.from, link.to].sort().join(" ");
      const place = seen.get(pair) ?? 0;
      seen.set(pair, place + 1);
      const towards = link.from <= link.to ? 1 : -1;
      return { ...link, index, place, bend: towards * Math.ceil(place / 2) * (place % 2 ? 1 : -1) * 34 };
    });
  }

  /** Returns points of a link's way, by the control points of its quadratic or cubic curve. */
  function pointsOf(controls) {
    const between = (share, [p, q]) => [p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])];
    const on = (share, points) => (points.length === 1 ? points[0] : on(share, d3.pairs(points).map(pair => between(share, pair))));
    return d3.range(0, 1.01, 0.04).map(share => on(share, controls));
  }

  /** Returns the path of a link, that of its ending, an arrow or a bar, and points on its way. */
  function path(link, at, size) {
    const [a, b] = [at.get(link.from), at.get(link.to)];
    let end, way, d, controls;
    if (a === b) {
      const high = size + 44 + 22 * link.place;
      const side = 24 + 12 * link.place;
      const foot = Math.sqrt(Math.max(0, (size + 7) ** 2 - 14 ** 2));
      end = [a.x + 14, a.y - foot];
      controls = [[a.x - 14, a.y - foot], [a.x - side - 14, a.y - high], [a.x + side + 14, a.y - high], end];
      d = `M${controls[0]}C${controls.slice(1).join(" ")}`;
      way = [-14, high - foot];
    } else {
      const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
      const middle = [(a.x + b.x) / 2 - (link.bend * (b.y - a.y)) / far, (a.y + b.y) / 2 + (link.bend * (b.x - a.x)) / far];
      const short = (from, to, by) => {
        const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
        return [from[0] + (by * (to[0] - from[0])) / length, from[1] + (by * (to[1] - from[1])) / length];
      };
      const begin = short([a.x, a.y], middle, size + 2);
      end = short([b.x, b.y], middle, size + 7);
      way = [end[0] - middle[0], end[1] - middle[1]];
      controls = [begin, middle, end];
      d = `M${begin}Q${middle} ${end}`;
    }
    const length = Math.hypot(...way) || 1;
    const [ux, uy] = way.map(part => part / length);
    const wing = (back, side) => `${end[0] - back * ux - side * uy},${end[1] - back * uy + side * ux}`;
    const ending = link.kind === "e" ? `M${wing(13, 7)}L${end}L${wing(13, -7)}` : `M${wing(0, 10)}L${wing(0, -10)}`;
    return { d, ending, points: pointsOf(controls) };
  }

  /** Writes below the net what the marks of the picture mean; on a phone in two rows. */
  function legend(svg, narrow, font, api) {
    const places = narrow ? [0, 330, 0, 330] : [0, 165, 310, 490];
    const items = svg.append("g").selectAll("g").data(LEGEND).join("g")
      .attr("transform", (_, i) => `translate(${20 + places[i]},${HEIGHT + (narrow ? 46 : 16) + (narrow && i > 1 ? 2 * font : 0)})`);
    items.append("path").attr("d", item => item.mark).attr("stroke", item => `var(--${item.colour})`).attr("stroke-width", 2.5)
      .attr("fill", item => (item.filled ? `var(--${item.colour})` : "none"));
    items.append("text").attr("x", 22).attr("y", 4.5).attr("text-anchor", "middle").attr("font-weight", 700)
      .attr("style", `font-size: ${narrow ? 21 : 13}px`).text(item => item.inside ?? "");
    items.append("text").attr("x", 44).attr("y", font * 0.35).attr("style", `font-size: ${font}px`).text(item => api.text(item.text));
  }

  /** Adds the picture; returns {update({net, inputs, cells, from})}. What is done goes to `act`:

      act.press(name), act.pressLink(index), act.move(name, x, y), act.threshold(name, by), act.remove(name). */
  function diagram(root, api, act) {
    const height = HEIGHT + (api.narrow ? 122 : 36);
    const svg = api.picture(root, {
      width: WIDTH, height,
      label: { en: "The net: inputs, cells and their connections", ru: "Сеть: входы, клетки и связи между ними" },
    });
    const size = api.narrow ? 34 : 25;
    const font = api.narrow ? 24 : 15;
    legend(svg, api.narrow, font, api);
    const wires = svg.append("g").attr("fill", "none");
    const nodes = svg.append("g");
    const held = (value, most) => Math.min(most - size - 4, Math.max(size + 4, value));
    const move = (name, x, y) => act.move(name, held(x, WIDTH), held(y, HEIGHT - font));

    function pointed(event, node) {
      if (event.button) return;
      const element = event.currentTarget;
      const [px, py] = d3.pointer(event, svg.node());
      let moved = false;
      const moving = later => {
        const [qx, qy] = d3.pointer(later, svg.node());
        moved ||= Math.hypot(qx - px, qy - py) > MOVED;
        if (moved) move(node.name, node.x + qx - px, node.y + qy - py);
      };
      const end = () => {
        removeEventListener("pointermove", moving);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
        // The click that follows the end of a drag is none.
        if (moved) element.addEventListener("click", later => later.stopImmediatePropagation(), { capture: true, once: true });
      };
      addEventListener("pointermove", moving);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    }

    function keyed(event, node) {
      const way = KEYS[event.key];
      const by = { "+": 1, "=": 1, "-": -1 }[event.key];
      if (way) move(node.name, node.x + way[0], node.y + way[1]);
      else if (by) act.threshold(node.name, by);
      else if (event.key === "Delete" || event.key === "Backspace") act.remove(node.name);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    /** Returns a function that places names beside their nodes, in the picture, on as few wires, nodes and names as can be. */
    function placing(links, all) {
      const taken = all.map(node => ({ node, left: node.x - size, right: node.x + size, top: node.y - size, bottom: node.y + size }));
      return (node, wide) => {
        const inside = Math.min(0, WIDTH - 4 - node.x - wide / 2) + Math.max(0, 4 - node.x + wide / 2);
        const aside = size + 8 + wide / 2;
        const places = [[inside, size + font + 2], [inside, -size - 8], [aside, font * 0.36], [-aside, font * 0.36]];
        const boxes = places.map(([x, y]) => ({
          node, left: node.x + x - wide / 2 - 2, right: node.x + x + wide / 2 + 2, top: node.y + y - font, bottom: node.y + y + 0.3 * font,
        }));
        const hidden = ({ left, right, top, bottom }) => {
          if (left < 0 || right > WIDTH || top < 0 || bottom > HEIGHT + 0.8 * font) return 1000;
          const covers = ([px, py]) => px > left && px < right && py > top && py < bottom;
          const meets = box => box.node !== node && right > box.left && left < box.right && bottom > box.top && top < box.bottom;
          return d3.sum(links, link => link.points.filter(covers).length) + 50 * taken.filter(meets).length;
        };
        const best = d3.minIndex(boxes, hidden);
        taken.push(boxes[best]);
        return places[best];
      };
    }

    function update({ net, inputs, cells, from }) {
      const active = new Map([...net.inputs.map((input, i) => [input.name, inputs[i]]), ...net.cells.map((cell, i) => [cell.name, cells[i]])]);
      const all = [...net.inputs.map(input => ({ ...input, isInput: true })), ...net.cells];
      const at = new Map(all.map(node => [node.name, node]));
      const last = new Set(outputs(net));
      const said = node => {
        const state = active.get(node.name) ? { en: "active", ru: "активна" } : { en: "silent", ru: "молчит" };
        return node.isInput
          ? api.text({
            en: `input ${label(node.name, api)}: ${active.get(node.name) ? "on" : "off"}`,
            ru: `вход ${label(node.name, api)}: ${active.get(node.name) ? "включён" : "выключен"}`,
          })
          : api.text({
            en: `cell ${label(node.name, api)}, threshold ${node.threshold}: ${state.en}`,
            ru: `клетка ${label(node.name, api)}, порог ${node.threshold}: ${state.ru}`,
          });
      };

      const links = bent(net.links).map(link => ({ ...link, ...path(link, at, size) }));
      const drawn = wires.selectAll("g").data(links, link => link.index).join(enter => {
        const group = enter.append("g");
        group.append("path").attr("class", "way");
        group.append("path").attr("class", "ending").attr("stroke-linecap", "round");
        group.append("path").attr("class", "wide").attr("stroke", "transparent").attr("stroke-width", 18);
        return group;
      });
      drawn.attr("stroke", link => `var(--${link.kind === "e" ? "one" : "two"})`)
        .attr("stroke-width", link => (active.get(link.from) ? 5 : 2))
        .attr("stroke-dasharray", null);
      drawn.select(".way").attr("d", link => link.d);
      drawn.select(".ending").attr("d", link => link.ending).attr("stroke-width", link => (link.kind === "i" ? 5 : active.get(link.from) ? 5 : 3));
      drawn.select(".wide").attr("d", link => link.d);
      api.pressable(drawn, {
        label: link => {
          const [a, b] = [label(link.from, api), label(link.to, api)];
          return api.text(link.kind === "e" ? { en: `${a} excites ${b}`, ru: `${a} возбуждает: ${b}` } : { en: `${a} silences ${b}`, ru: `${a} тормозит: ${b}` });
        },
        press: (event, link) => act.pressLink(link.index),
      });

      const shapes = nodes.selectAll("g").data(all, node => node.name).join(enter => {
        const group = enter.append("g").style("touch-action", "none");
        group.append("rect");
        group.append("text").attr("class", "inside").attr("text-anchor", "middle").attr("font-weight", 700);
        group.append("text").attr("class", "name").attr("text-anchor", "middle");
        return group;
      });
      shapes.attr("transform", node => `translate(${node.x},${node.y})`);
      shapes.select("rect").attr("x", -size).attr("y", -size).attr("width", 2 * size).attr("height", 2 * size)
        .attr("rx", node => (node.isInput ? 6 : size))
        .attr("fill", node => `var(--${active.get(node.name) ? "two" : "paper"})`)
        .attr("stroke", node => `var(--${node.name === from ? "accent" : "ink"})`)
        .attr("stroke-width", node => (node.name === from ? 6 : last.has(node.name) ? 4 : 2));
      shapes.select(".inside").attr("y", font * 0.36)
        .attr("style", node => `font-size: ${font + 3}px; fill: var(--${active.get(node.name) ? "paper" : "ink"})`)
        .text(node => (node.isInput ? active.get(node.name) : node.threshold));
      const free = placing(links, all);
      shapes.select(".name")
        .attr("style", `font-size: ${font}px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px`).text(node => label(node.name, api))
        .each(function (node) {
          const [x, y] = free(node, this.getComputedTextLength());
          d3.select(this).attr("x", x).attr("y", y);
        });
      api.pressable(shapes, { label: said, press: (event, node) => act.press(node.name) });
      shapes.on("pointerdown.drag", pointed).on("keydown.more", keyed);
    }
    return { update };
  }

  playground.mcculloch_pitts_net = { WIDTH, HEIGHT, label, diagram };
})(playground);
