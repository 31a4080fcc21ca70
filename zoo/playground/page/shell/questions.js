"use strict";
/* Predict, then reveal: the reader chooses first; then the picture shows the case, and the kernel computes the answer. */
(function (playground) {
  const { element, words } = playground;

  /** Shows one question of a station at a time. `answers` keeps what was chosen and revealed, by question. */
  playground.questions = (root, station, api, answers) => {
    let i = answers.shown ?? 0;

    function show() {
      const question = station.questions[i];
      const given = (answers[i] ??= { choice: null, revealed: false });
      answers.shown = i;
      const said = element("p", { class: "verdict", role: "status" });
      const reveal = element("button", { type: "button", class: "main reveal", disabled: given.choice === null }, api.text(words.reveal));
      const choices = question.choices.map((choice, j) => {
        const field = element("input", { type: "radio", name: `${station.name}_${i}`, value: j });
        field.checked = given.choice === j;
        field.addEventListener("change", () => {
          given.choice = j;
          reveal.disabled = false;
        });
        return element("label", { class: "choice" }, field, api.text(choice));
      });

      function verdict() {
        const judged = given.right === given.choice ? api.text(words.right) : api.text(words.wrong)(api.text(question.choices[given.right]));
        said.textContent = `${judged} ${api.text(given.explained)}`;
        said.classList.toggle("right", given.right === given.choice);
        choices.forEach((label, j) => {
          label.classList.toggle("answer", j === given.right);
          label.firstChild.disabled = true;
        });
        reveal.disabled = true;
      }
      reveal.addEventListener("click", () => {
        if (question.set) api.set(question.set);
        given.right = question.right(api);
        given.explained = typeof question.explain === "function" ? question.explain(api) : question.explain;
        given.revealed = true;
        verdict();
      });
      const more = station.questions.length > 1;
      const next = element("button", { type: "button", class: "next", onclick: () => ((i = (i + 1) % station.questions.length), show()) }, api.text(words.next));
      const count = more ? `${api.text(words.which)(i + 1, station.questions.length)}. ` : "";
      root.replaceChildren(
        element("fieldset", {}, element("legend", {}, `${count}${api.text(question.ask)}`), ...choices),
        element("div", { class: "row" }, reveal, more ? next : null),
        said,
      );
      if (given.revealed) verdict();
    }
    show();
  };
})(playground);
