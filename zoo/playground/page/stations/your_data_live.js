"use strict";
/* The training of the station "your_data" before the reader's eyes: frames, steps in the link, columns of a table. */
(function (playground) {
  const { MOST_STEPS, trained } = playground.yourData;
  const BUDGET = 10; // milliseconds of a frame that training takes
  const CATCH_UP = 300; // milliseconds of training to the steps of a link before the picture is drawn; the rest is in frames
  const NOTED = 500; // milliseconds between notes of the steps in the link

  const keyOf = state => JSON.stringify({ ...state, steps: 0 });

  function draw(root, api) {
    const { drawField, drawUnits, drawLosses } = playground.yourData;
    const { element } = playground;
    const notice = element("div", { class: "own_notes", role: "status" });
    const columns = element("div", { class: "row" });
    const places = Array.from({ length: 3 }, () => element("div"));
    const beside = element("div", { class: "sides uneven" }, places[0], places[1]);
    root.append(notice, columns, beside, places[2]);
    const field = drawField(places[0], api), losses = drawLosses(places[1], api), units = drawUnits(places[2], api);
    let made = null, key = null, written = null, steps = 0, goal = 0, request = 0, painted = -Infinity, cost = 0;

    function rebuild(state) {
      made = trained(state, CATCH_UP);
      const notes = [made.problem, ...(made.own?.notes ?? [])].filter(Boolean);
      notice.replaceChildren(...notes.map(text => element("p", {}, api.text(text))));
      choices(state);
      beside.hidden = places[2].hidden = Boolean(made.problem);
      if (made.problem) return;
      steps = made.steps;
      goal = state.steps;
      field.show(made);
      units.show(made);
      cancelAnimationFrame(request);
      request = requestAnimationFrame(reach);
    }

    /** Trains up to the steps that the state asked for. */
    function reach() {
      if (steps >= goal || made.problem) return;
      train(() => steps < goal);
      paint();
      request = requestAnimationFrame(reach);
    }

    /** Takes a step, and more while a frame's time lasts and `more()` says so. */
    function train(more) {
      const end = performance.now() + BUDGET;
      do {
        made.step();
        steps += 1;
      } while (more() && performance.now() < end);
    }

    /** Notes the steps in the state: after a single one, else now and then; the link brings others to the same weights. */
    function note() {
      if (!made || made.problem || steps < goal || steps === written) return;
      written = steps;
      api.set({ steps });
    }

    /** Shows which columns of a table are taken, where it has more than three. */
    function choices(state) {
      columns.replaceChildren();
      const names = state.data === "own" && !made.problem ? made.own.columns : [];
      if (names.length < 4) return;
      const taken = ["x", "y", "label"].map(name => made.own.taken[name]);
      const titles = ["x", "y", api.text({ en: "label", ru: "метка" })];
      columns.append(...titles.map((title, i) => {
        const choose = () => api.set({ columns: taken.map((one, j) => (j === i ? Number(select.value) : one)) });
        const select = element("select", { onchange: choose });
        select.append(...names.map((name, value) => element("option", { value }, name)));
        select.value = taken[i];
        return element("label", {}, `${title}: `, select);
      }));
    }

    function paint() {
      const found = made.note();
      losses(made, found);
      const begin = performance.now();
      if (begin - painted > 3 * cost) {
        field.field(made);
        units.field(made, field.domain());
        painted = performance.now();
        cost = painted - begin;
      }
      say(found);
    }

    function say({ train, test }) {
      const epochs = Math.floor(made.epochs());
      const right = part => `${api.fixed(100 * part.accuracy, 1)} %`;
      const [ofTraining, ofTest] = [train, test].map(part => api.fixed(part.loss, 3));
      const scores = made.own.task === "regression" ? {
        en: `Mean squared error, in variances of the target: training ${ofTraining}, test ${ofTest}.`,
        ru: `Средний квадрат ошибки в долях дисперсии: обучение ${ofTraining}, проверка ${ofTest}.`,
      } : {
        en: `Right: training ${right(train)}, test ${right(test)}.`,
        ru: `Верных ответов: обучение ${right(train)}, проверка ${right(test)}.`,
      };
      const counts = api.number(made.net.parameters.length, 6);
      api.say({
        en: `${epochs} epochs, ${steps} steps, ${counts} weights. ${scores.en}`,
        ru: `Эпох: ${epochs}, шагов: ${steps}, весов: ${counts}. ${scores.ru}`,
      });
    }

    const animation = api.animate(() => {
      if (!made || made.problem) return;
      if (steps >= MOST_STEPS || !made.net.parameters.every(Number.isFinite)) {
        animation.pause();
        return;
      }
      train(() => animation.running && steps < MOST_STEPS);
      if (!animation.running) painted = -Infinity; // of a single step all is shown
      paint();
      if (!animation.running) note();
    });
    animation.pause();
    const timer = setInterval(note, NOTED);

    return {
      update(state) {
        const changed = keyOf(state) !== key;
        if (!changed && state.steps === written) return;
        const goesOn = key !== null && changed && state.steps === written && state.steps > 0;
        key = keyOf(state);
        written = goesOn ? 0 : state.steps;
        rebuild(goesOn ? { ...state, steps: 0 } : state);
        painted = -Infinity;
        if (!made.problem) paint();
        if (goesOn) queueMicrotask(() => api.set({ steps: 0 }));
      },
      stop() {
        clearInterval(timer);
        cancelAnimationFrame(request);
      },
    };
  }

  Object.assign(playground.yourData, { draw });
})(playground);
