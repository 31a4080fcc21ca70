"use strict";
/* Station 4, continued: random patterns are stored until the memory is lost. */
(function (playground) {
  const { element } = playground;
  const kernel = playground.kernels.hopfield;
  const { errors, recalled } = playground.hopfield_pictures;
  const POINTS = 30; // loads .01, .02, ... .30
  const TRIED = 10; // patterns recalled at each load
  const FRAME = 12; // milliseconds of computing between two pictures

  /** The part that loads random patterns until they are lost; returns {update, stop}. */
  function overload(root, api) {
    const row = element("div", { class: "sides" });
    const [first, second] = [0, 1].map(() => row.appendChild(element("div", {})));
    root.append(row);
    const chart = errors(first, api);
    const square = recalled(second, api);
    let run = null; // {key, experiment, points}
    let timer = null;

    function show() {
      const { state } = api;
      const limit = kernel.capacity(state.rule, state.units) / state.units;
      chart.update({ points: run.points, load: state.load, limit, damage: state.damage });
      const now = run.points.find(point => Math.abs(point.load - state.load) < 1e-9);
      square.update({ pattern: run.experiment.pattern, end: now?.first[1] ?? null });
      if (!now) return;
      const percent = value => `${api.number(100 * value)} %`;
      api.say({
        en: `${now.count} random patterns in ${state.units} units: wrong after recall ${percent(now.wrong[0])} of the units, and ${percent(now.wrong[1])} where ${state.damage} % were turned over before.`,
        ru: `Случайных образов: ${now.count}, элементов: ${state.units}. После восстановления неверны ${percent(now.wrong[0])} элементов, а если сначала исказить ${state.damage} %, то ${percent(now.wrong[1])}.`,
      });
    }
    function compute() {
      const end = performance.now() + FRAME;
      while (run.points.length < POINTS && performance.now() < end) run.points.push(run.experiment.next());
      show();
      timer = run.points.length < POINTS ? setTimeout(compute) : null;
    }
    return {
      update(state) {
        const { units, rule, seed, damage } = state;
        const key = [units, rule, seed, damage].join();
        if (run?.key !== key) {
          clearTimeout(timer);
          const settings = { units, rule, seed, step: units / 100, flips: [0, damage / 100], tried: TRIED };
          run = { key, experiment: kernel.experiment(settings), points: [] };
          compute();
        } else show();
      },
      stop: () => clearTimeout(timer),
    };
  }

  playground.hopfield_load = { POINTS, TRIED, overload };
})(playground);
