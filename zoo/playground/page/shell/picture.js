"use strict";
/* Pictures: an <svg> that a screen reader names, that fits the screen, and that can be saved as a file of its own. */
(function (playground) {
  // What style sheets may say of a shape. A saved file has it as attributes, since it has no style sheet.
  const STYLES = [
    "display", "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "opacity", "visibility", "font-family", "font-size", "font-style", "font-weight",
    "text-anchor", "dominant-baseline", "paint-order", "marker-end", "marker-start", "image-rendering", "shape-rendering",
  ];
  const UNSAVED = ["class", "style", "tabindex", "role", "aria-pressed", "aria-valuenow", "aria-valuemin", "aria-valuemax", "aria-valuetext"];
  const SVG = "http://www.w3.org/2000/svg";

  /** Returns a picture as the text of an SVG file. */
  function saved(svg) {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
      const style = getComputedStyle(originals[i]);
      for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name).replaceAll('"', "'"));
      for (const name of UNSAVED) element.removeAttribute(name);
    });
    const box = svg.viewBox.baseVal;
    copy.setAttribute("xmlns", SVG);
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    const paper = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x: box.x, y: box.y, width: box.width, height: box.height })) paper.setAttribute(name, value);
    paper.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--paper").trim());
    const title = document.createElementNS(SVG, "title");
    title.textContent = svg.getAttribute("aria-label");
    copy.prepend(title, paper);
    return new XMLSerializer().serializeToString(copy);
  }

  /** Offers a text as a file to save. */
  function download(text, name, type) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    playground.element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  /** Adds a picture to an element and returns d3's selection of it. */
  function picture(root, { width, height, label, name, word }) {
    const svg = d3.create("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("role", "img").attr("aria-label", label);
    const button = playground.element(
      "button",
      { type: "button", class: "save", onclick: () => download(saved(svg.node()), `${name()}.svg`, "image/svg+xml") },
      word,
    );
    const figure = playground.element("figure", { class: "picture" }, svg.node(), button);
    figure.style.setProperty("--width", width);
    root.append(figure);
    return svg;
  }

  /** Says anew what a screen reader is told of shapes; the page calls it after each change.
   *
   * What holds something that takes the focus is no image to a screen reader, but a group. */
  function name_roles(root) {
    for (const shape of root.querySelectorAll(".picture .draggable")) {
      if (d3.select(shape).on("keydown.move")) told.get(shape)?.(); // a station may have made it something else
    }
    for (const svg of root.querySelectorAll(".picture > svg")) {
      svg.setAttribute("role", svg.querySelector("[tabindex]") ? "group" : "img");
    }
  }

  /** Makes shapes buttons: for the pointer, for Enter and the space bar. `label` and `pressed` are functions of a datum. */
  function pressable(selection, { label, press, pressed }) {
    selection
      .attr("role", "button")
      .attr("tabindex", 0)
      .attr("aria-label", label)
      .classed("pressable", true)
      .on("click", press)
      .on("keydown.press", function (event, datum) {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        press.call(this, event, datum);
      });
    if (pressed) selection.attr("aria-pressed", pressed);
    return selection;
  }

  const told = new WeakMap(); // by shape: says its value
  const of = (value, datum) => (typeof value === "function" ? value(datum) : value);

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** Makes shapes movable by the pointer, by touch and by the arrow keys (ten times as far with Shift).
   *
   * `at(datum)` returns [x, y] in the picture's units, `to(x, y, datum)` moves there; `step` is what an arrow moves.
   * A screen reader is told `value(datum)`, in words with the unit, and `now`, `min` and `max`, numbers or functions of a
   * datum: the quantity's number and its limits. Of what moves in two directions they are those of the first. */
  function draggable(selection, { label, at, to, step = 5, value, now, min, max }) {
    function say(datum) {
      const number = of(now, datum);
      const parts = {
        valuemin: Math.min(of(min, datum), number), // a link may lie beyond what dragging reaches
        valuemax: Math.max(of(max, datum), number),
        valuenow: number,
        valuetext: value(datum),
      };
      for (const [name, text] of Object.entries(parts)) {
        if (this.getAttribute(`aria-${name}`) !== String(text)) this.setAttribute(`aria-${name}`, text);
      }
    }
    selection
      .each(function () {
        told.set(this, () => say.call(this, d3.select(this).datum()));
      })
      .attr("role", "slider")
      .attr("tabindex", 0)
      .attr("aria-label", label)
      .each(say)
      .classed("draggable", true)
      .on("keydown.move", (event, datum) => {
        const way = ARROWS[event.key];
        if (!way) return;
        event.preventDefault();
        event.stopPropagation();
        const [x, y] = at(datum), far = step * (event.shiftKey ? 10 : 1);
        to(x + far * way[0], y + far * way[1], datum);
        selection.each(say);
      })
      .on("pointerdown.move", function (event, datum) {
        if (event.button) return;
        event.preventDefault();
        this.focus({ preventScroll: true });
        const svg = this.ownerSVGElement, [x, y] = at(datum), [px, py] = d3.pointer(event, svg);
        const move = later => {
          const [qx, qy] = d3.pointer(later, svg);
          to(x + qx - px, y + qy - py, datum);
          selection.each(say);
        };
        const end = () => {
          removeEventListener("pointermove", move);
          removeEventListener("pointerup", end);
          removeEventListener("pointercancel", end);
        };
        addEventListener("pointermove", move);
        addEventListener("pointerup", end);
        addEventListener("pointercancel", end);
      });
    return selection;
  }

  Object.assign(playground, { picture, saved, name_roles, pressable, draggable });
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
