"use strict";
/* Station 3, continued: the table of what a gate demands of the weights, and numbers in large letters. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.perceptron;
  const GATES = { and: [-1, -1, -1, 1], or: [-1, 1, 1, 1], xor: [-1, 1, 1, -1] }; // targets of 00, 01, 10, 11

  /** Returns what a row demands of the weights, as text. */
  function inequality([x1, x2], target) {
    const terms = [x1 ? "w₁" : null, x2 ? "w₂" : null, "b"].filter(Boolean).join(" + ");
    return `${terms} ${target > 0 ? ">" : "<"} 0`;
  }

  /** Shows what the four rows of a gate demand of the weights, and which demands the present weights meet. */
  function demands(root, api) {
    const table = element("table", { style: "border-collapse:collapse;width:100%" });
    const said = element("p", {});
    const box = element("section", { class: "stack scrolls" }, table, said);
    root.append(box);
    const cell = (tag, text, style = "") => element(tag, { style: `padding:.15rem .6rem .15rem 0;text-align:left;${style}` }, text);
    const heads = [
      { en: "inputs", ru: "входы" }, { en: "must", ru: "должен" }, { en: "demand", ru: "условие" }, { en: "now", ru: "сейчас" },
    ];
    return ({ points, targets }, weights, data) => {
      box.hidden = !GATES[data];
      if (box.hidden) return;
      const now = kernel.demands(points, targets, weights);
      const rows = points.map((point, row) => {
        const { sum, met } = now[row];
        const must = targets[row] > 0 ? { en: "fire", ru: "сработать" } : { en: "be silent", ru: "молчать" };
        return element(
          "tr", {}, cell("td", point.join(" ")), cell("td", api.text(must)), cell("td", inequality(point, targets[row]), "font-weight:600"),
          cell("td", `${api.number(sum)} ${met ? "✓" : "✗"}`, `color:var(--${met ? "three" : "error"});font-weight:600`),
        );
      });
      table.replaceChildren(
        element("thead", {}, element("tr", {}, ...heads.map(head => cell("th", api.text(head), "font-weight:400;color:var(--soft)")))),
        element("tbody", {}, ...rows)
      );
      said.textContent = data !== "xor" ? "" : api.text({
        en: "Add the second and third: w₁ + w₂ + 2b > 0. Add the first and fourth: w₁ + w₂ + 2b < 0. Both cannot hold: no weights will ever do (Minsky and Papert 1969).",
        ru: "Сложим второе и третье: w₁ + w₂ + 2b > 0. Сложим первое и четвёртое: w₁ + w₂ + 2b < 0. Вместе они невозможны: подходящих весов нет (Минский и Пейперт, 1969).",
      });
    };
  }

  /** Shows large numbers with a line of text under each. */
  function figures(root) {
    const row = element("div", { style: "display:flex;flex-wrap:wrap;gap:.3rem 1.6rem" });
    root.append(row);
    return pairs => row.replaceChildren(...pairs.map(([value, text, colour]) => element(
      "div", {}, element("div", { style: `font-size:1.7rem;font-weight:700;line-height:1.2;color:var(--${colour})` }, value),
      element("div", { style: "color:var(--soft);font-size:.9rem" }, text),
    )));
  }

  playground.perceptron_table = { GATES, demands, figures };
})(playground);
