"use strict";
/* A square of cells to draw on: with the pointer, with a finger, or with the arrow keys and the space bar. */
(function (playground) {
  const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  /** Adds the cells to a group of a picture; returns {show(colours, rims)}, which fills them: rims are [[cell, colour], ...].
   *
   *  rows, columns; size: of the whole width, in the picture's units; label: what a screen reader calls it;
   *  paint(begin, end, erase): a stroke between two places [row, column], in cells; read(cell): {filled, text} of a cell.
   *  Without `paint` it is looked at, or told by `press(cell)` of a click, for which there must be a control too. */
  playground.cells = (group, { rows, columns, size, label, paint, read, press }) => {
    const side = size / columns;
    const places = d3.range(rows * columns);
    const row = cell => Math.floor(cell / columns);
    const cells = group
      .append("g")
      .selectAll("rect")
      .data(places)
      .join("rect")
      .attr("x", cell => (cell % columns) * side)
      .attr("y", cell => row(cell) * side)
      .attr("width", side)
      .attr("height", side)
      .attr("stroke", "var(--grid)");
    const rimmed = group.append("g").attr("pointer-events", "none");
    const show = (colours, rims = []) => {
      cells.attr("fill", cell => colours[cell]);
      rimmed
        .selectAll("rect")
        .data(rims)
        .join("rect")
        .attr("x", ([cell]) => (cell % columns) * side + 1.5)
        .attr("y", ([cell]) => row(cell) * side + 1.5)
        .attr("width", side - 3)
        .attr("height", side - 3)
        .attr("fill", "none")
        .attr("stroke", ([, colour]) => colour)
        .attr("stroke-width", 3);
    };
    if (press) cells.style("cursor", "pointer").on("click", (event, cell) => press(cell));
    if (!paint) return { show };

    let cursor = [Math.floor(rows / 2), Math.floor(columns / 2)];
    let last = null; // where the pointer was, while it draws
    let erase = false;
    const frame = group
      .append("rect")
      .attr("width", side)
      .attr("height", side)
      .attr("fill", "none")
      .attr("stroke", "var(--accent)")
      .attr("stroke-width", 3)
      .attr("visibility", "hidden");
    const filled = place => read(place[0] * columns + place[1]).filled;
    const field = group
      .append("rect")
      .attr("width", size)
      .attr("height", rows * side)
      .attr("fill", "transparent")
      .attr("tabindex", 0)
      .attr("role", "application")
      .style("touch-action", "none")
      .style("cursor", "crosshair");

    function point() {
      frame.attr("x", cursor[1] * side).attr("y", cursor[0] * side);
      field.attr("aria-label", `${label} ${cursor[0] + 1}, ${cursor[1] + 1}: ${read(cursor[0] * columns + cursor[1]).text}`);
    }
    function at(event) {
      const [x, y] = d3.pointer(event, group.node());
      const held = (value, most) => Math.min(Math.max(value / side - 0.5, 0), most - 1);
      return [held(y, rows), held(x, columns)];
    }
    function end() {
      last = null;
    }
    field
      .on("focus", () => (point(), frame.attr("visibility", "visible")))
      .on("blur", () => frame.attr("visibility", "hidden"))
      .on("pointerdown", event => {
        if (event.button) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        last = at(event);
        erase = filled(last.map(Math.round));
        paint(last, last, erase);
      })
      .on("pointermove", event => {
        if (last === null) return;
        const place = at(event);
        paint(last, place, erase);
        last = place;
      })
      .on("pointerup", end)
      .on("pointercancel", end)
      .on("keydown", event => {
        const way = ARROWS[event.key];
        if (!way && event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        event.stopPropagation();
        if (way) {
          cursor = [(cursor[0] + way[0] + rows) % rows, (cursor[1] + way[1] + columns) % columns];
        } else {
          paint(cursor, cursor, filled(cursor));
        }
        point();
      });
    point();
    return { show };
  };
})(playground);
