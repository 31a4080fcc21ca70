"use strict";
/* Station 1: Hodgkin and Huxley's axon: a steady current, a live oscilloscope, two pulses, and a spike along the axon. */
(function (playground) {
  const kernel = playground.kernels.axon;
  const { cable } = playground.kernels;
  const { ROW, scope, interval, rates } = playground.axon_scope;
  const { WIDTH, BEFORE, LONGEST, STRONGEST, pulses, outcome } = playground.axon_pulses;
  const { filmed, speedAt, running } = playground.axon_cable;
  const { MOST, live } = playground.axon_live;
  const ON = 5; // ms: the steady current flows from here
  const OFF = 85; // ms: to here
  const SHOWN = 100; // ms
  const is = (...names) => state => names.includes(state.experiment);

  const traced = (current, temperature) => kernel.simulate([[current, ON, OFF - ON]], SHOWN, temperature);

  /** The whole answer to a steady current, and the rate of spikes beside it. */
  function steady(root, api) {
    const view = scope(root, api, {
      from: 0, to: SHOWN, most: MOST,
      label: { en: "The axon's answer to a steady current", ru: "Ответ аксона на постоянный ток" },
    });
    const arrow = interval(view, api);
    const curve = rates(root, api, MOST);
    function update({ current, temperature }) {
      const fine = traced(current, temperature);
      const every = Math.round(ROW / kernel.stepOf(temperature));
      const trace = Object.fromEntries(Object.entries(fine).map(([name, values]) => [name, values.filter((_, i) => i % every === 0)]));
      const times = kernel.spikes(fine.time, fine.u);
      const { peak, width } = kernel.shape(fine.time, fine.u);
      view.show(trace);
      arrow(times);
      curve.show({ current, temperature });
      const n = api.number;
      const spike = { one: "spike", other: "spikes" };
      const height = times.length
        ? {
          en: ` The highest reaches ${n(peak)} mV${width === null ? "" : ` and lasts ${n(width)} ms at half of its height`}.`,
          ru: ` Самый высокий достигает ${n(peak)} мВ${width === null ? "" : ` и длится ${n(width)} мс на половине высоты`}.`,
        }
        : { en: ` The voltage stays below ${n(peak)} mV.`, ru: ` Напряжение не поднимается выше ${n(peak)} мВ.` };
      const last = times.length > 2 ? times.at(-1) - times.at(-2) : null;
      const often = last === null ? { en: "", ru: "" } : { en: `, the last two ${n(last, 4)} ms apart`, ru: `, последние два через ${n(last, 4)} мс` };
      api.say({
        en: `${times.length} ${api.plural(times.length, { en: spike, ru: { one: "", few: "", many: "" } })}${often.en}.${height.en}`,
        ru: `${times.length} ${api.plural(times.length, { en: spike, ru: { one: "нервный импульс", few: "нервных импульса", many: "нервных импульсов" } })}${often.ru}.${height.ru}`,
      });
    }
    return { update, more: curve.more };
  }

  const EXPERIMENTS = { steady, live, pulses, cable: running };

  function draw(root, api) {
    let shown = null;
    let view = null;
    let request = null;
    /** Goes on with a curve, some points a frame, so that a slider never waits for it. */
    function more() {
      request = view.more?.(api.state) ? requestAnimationFrame(more) : null;
    }
    function end() {
      cancelAnimationFrame(request);
      view?.stop?.();
      root.replaceChildren();
    }
    return {
      update(state) {
        if (state.experiment !== shown) {
          end();
          shown = state.experiment;
          view = EXPERIMENTS[shown](root, api);
        }
        view.update(state);
        cancelAnimationFrame(request);
        request = requestAnimationFrame(more);
      },
      stop: end,
    };
  }

  /** Returns a program that computes the picture's numbers. */
  function python(state) {
    const { experiment, current, temperature, first, second, delay, diameter } = state;
    const dt = kernel.stepOf(temperature);
    const head = `import numpy as np\n\nimport zoo\n\nDT = ${dt}  # ms\n`;
    if (experiment === "cable") {
      const film = filmed(state);
      const [from, to] = [0.4, 0.7].map(share => Math.round(share * film.count));
      return `${head}current = np.zeros(round(${film.time.at(-1).toFixed(2)} / DT))
current[: round(${cable.STIMULUS_MS} / DT)] = ${cable.STIMULUS}  # uA/cm2, into the first compartment
axon = zoo.build(
    "hodgkin_huxley", dt=DT, temperature=${temperature}, diameter=${diameter}, compartments=${film.count},
    compartment_length=${(1000 * film.length).toFixed(6)},
)
u = axon.predict(current[None, :, None], verbose=0)[0]  # mV, (steps, compartments)
arrivals = [DT * np.argmax(u[:, k] >= 50) for k in (${from}, ${to})]
print("peak, mV:", u[:, ${to}].max())
if u[:, ${to}].max() >= 50:
    print("speed, m/s:", (${to} - ${from}) * ${film.length.toFixed(9)} / (arrivals[1] - arrivals[0]))
`;
    }
    const given = experiment === "pulses"
      ? `time = DT * (np.arange(round(${BEFORE + LONGEST + 6} / DT)) + 0.5) - ${BEFORE}  # ms after the first pulse
current = ${first} * ((time > 0) & (time < ${WIDTH})) + ${second} * ((time > ${delay}) & (time < ${delay + WIDTH}))`
      : `time = DT * (np.arange(round(${SHOWN} / DT)) + 0.5)  # ms
current = ${current} * ((time > ${ON}) & (time < ${OFF}))`;
    return `${head}${given}
axon = zoo.build("hodgkin_huxley", dt=DT, temperature=${temperature})
u = axon.predict(current[None, :, None], verbose=0)[0, :, 0]  # mV above rest
rises = np.flatnonzero((u[:-1] < 50) & (u[1:] >= 50))
print("spikes at", time[rises].round(2), "ms, peak", u.max(), "mV")
`;
  }

  const peakAt = current => {
    const trace = traced(current, kernel.TEMPERATURE);
    return kernel.shape(trace.time, trace.u).peak;
  };
  const yes = [{ en: "yes", ru: "да" }, { en: "no", ru: "нет" }];

  playground.station({
    name: "axon",
    title: { en: "The axon", ru: "Аксон" },
    year: "1952",
    paper: {
      text: "A. L. Hodgkin, A. F. Huxley, A Quantitative Description of Membrane Current and its Application to Conduction and Excitation in Nerve, Journal of Physiology 117(4), 1952",
      href: "https://doi.org/10.1113/jphysiol.1952.sp004764",
    },
    entry: "hodgkin_huxley",
    lead: {
      en: "Four differential equations of the squid's giant axon: the voltage opens and shuts gates for sodium and potassium, and their currents make the voltage. A spike is all or none.",
      ru: "Четыре дифференциальных уравнения гигантского аксона кальмара: напряжение открывает и закрывает ворота для натрия и калия, а их токи меняют напряжение. Нервный импульс подчиняется закону «всё или ничего».",
    },
    defaults: { experiment: "steady", current: 10, temperature: 6.3, first: 30, second: 30, delay: 8, diameter: 476, both: false, kicks: 0 },
    check: { kicks: kicks => Number.isInteger(kicks) && kicks >= 0 },
    controls: [
      {
        key: "experiment", kind: "select", label: { en: "Experiment", ru: "Опыт" },
        options: [
          { value: "steady", label: { en: "A steady current", ru: "Постоянный ток" } },
          { value: "live", label: { en: "Live", ru: "В реальном времени" } },
          { value: "pulses", label: { en: "Two pulses", ru: "Два импульса тока" } },
          { value: "cable", label: { en: "Along the axon", ru: "Вдоль аксона" } },
        ],
      },
      {
        key: "current", kind: "range", min: -10, max: MOST, step: 0.5, unit: { en: "µA/cm²", ru: "мкА/см²" },
        label: { en: "Current", ru: "Ток" }, shown: is("steady", "live"),
      },
      { kind: "button", label: { en: "A pulse", ru: "Импульс тока" }, shown: is("live"), press: api => api.set({ kicks: api.state.kicks + 1 }) },
      {
        key: "first", kind: "range", min: 0, max: 60, step: 1, unit: { en: "µA/cm²", ru: "мкА/см²" },
        label: { en: "First pulse", ru: "Первый импульс" }, shown: is("pulses"),
      },
      {
        key: "second", kind: "range", min: 0, max: STRONGEST, step: 1, unit: { en: "µA/cm²", ru: "мкА/см²" },
        label: { en: "Second pulse", ru: "Второй импульс" }, shown: is("pulses"),
      },
      {
        key: "delay", kind: "range", min: WIDTH, max: LONGEST, step: 0.25, unit: { en: "ms", ru: "мс" },
        label: { en: "Delay", ru: "Задержка" }, shown: is("pulses"),
      },
      { key: "temperature", kind: "range", min: 0, max: 36, step: 0.1, unit: "°C", label: { en: "Temperature", ru: "Температура" } },
      {
        key: "diameter", kind: "range", min: 100, max: 1000, step: 1, unit: { en: "µm", ru: "мкм" },
        label: { en: "Diameter", ru: "Диаметр" }, shown: is("cable"),
      },
      { key: "both", kind: "checkbox", label: { en: "A spike from each end", ru: "Импульс с каждого конца" }, shown: is("cable") },
      {
        kind: "button", label: { en: "The paper's axon: 18.5 °C, 476 µm", ru: "Аксон из статьи: 18,5 °C, 476 мкм" }, shown: is("cable"),
        press: api => api.set({ temperature: 18.5, diameter: cable.DIAMETER, both: false }),
      },
    ],
    questions: [
      {
        ask: {
          en: "The current doubles from 10 to 20 µA/cm². How high are the spikes then?",
          ru: "Ток увеличили вдвое, с 10 до 20 мкА/см². Какой высоты будут импульсы?",
        },
        choices: [
          { en: "about twice as high", ru: "примерно вдвое выше" },
          { en: "about as high as before", ru: "примерно такие же" },
          { en: "about half as high", ru: "примерно вдвое ниже" },
        ],
        set: { experiment: "steady", current: 20, temperature: kernel.TEMPERATURE },
        right: () => {
          const ratio = peakAt(20) / peakAt(10);
          return ratio > 1.5 ? 0 : ratio > 0.75 ? 1 : 2;
        },
        explain: api => {
          const [a, b] = [10, 20].map(current => api.number(peakAt(current)));
          return { en: `${a} mV and ${b} mV: all or none. They only come more often.`, ru: `${a} мВ и ${b} мВ: всё или ничего. Они лишь идут чаще.` };
        },
      },
      {
        ask: {
          en: "Two equal pulses of 30 µA/cm², 8 ms apart. Does the second one fire the axon, too?",
          ru: "Два одинаковых импульса тока по 30 мкА/см² с промежутком 8 мс. Ответит ли аксон и на второй?",
        },
        choices: yes,
        set: { experiment: "pulses", first: 30, second: 30, delay: 8, temperature: kernel.TEMPERATURE },
        right: api => (outcome(api.state).fires ? 0 : 1),
        explain: api => {
          const { threshold, atRest } = outcome(api.state);
          return {
            en: `The axon is refractory: its threshold is ${api.number(threshold)} µA/cm² instead of ${api.number(atRest)}. Sodium's gate h has not opened again, and potassium's n is still open.`,
            ru: `Аксон рефрактерен: порог ${api.number(threshold)} мкА/см² вместо ${api.number(atRest)}. Натриевые ворота h ещё не открылись снова, а калиевые n ещё не закрылись.`,
          };
        },
      },
      {
        ask: {
          en: "A current of −5 µA/cm² makes the inside more negative; it stops at 85 ms. What follows?",
          ru: "Ток −5 мкА/см² гиперполяризует мембрану и выключается на 85-й мс. Что будет дальше?",
        },
        choices: [{ en: "nothing but a return to rest", ru: "только возврат к покою" }, { en: "a spike", ru: "нервный импульс" }],
        set: { experiment: "steady", current: -5, temperature: kernel.TEMPERATURE },
        right: api => {
          const trace = traced(api.state.current, api.state.temperature);
          return kernel.spikes(trace.time, trace.u).some(time => time > OFF) ? 1 : 0;
        },
        explain: {
          en: "Below rest h opens wider and n shuts; when the current stops, sodium wins. The paper calls it anode break excitation.",
          ru: "Ниже уровня покоя h открывается шире, а n закрывается; когда ток исчезает, натрий побеждает. В статье это названо анодно-размыкательным возбуждением.",
        },
      },
      {
        ask: {
          en: "An axon of a quarter of the diameter, at the same temperature. How fast is the spike?",
          ru: "Аксон вчетверо тоньше при той же температуре. Какова скорость импульса?",
        },
        choices: [{ en: "the same", ru: "та же" }, { en: "a half", ru: "половина" }, { en: "a quarter", ru: "четверть" }],
        set: { experiment: "cable", diameter: 119, temperature: 18.5, both: false },
        right: api => {
          const ratio = cable.speed(filmed(api.state)) / cable.speed(filmed({ ...api.state, diameter: cable.DIAMETER }));
          return [1, 0.5, 0.25].map(share => Math.abs(ratio - share)).reduce((best, gap, i, all) => (gap < all[best] ? i : best), 0);
        },
        explain: api => {
          const [thin, thick] = [119, cable.DIAMETER].map(diameter => api.number(speedAt(18.5, diameter)));
          return {
            en: `${thin} m/s instead of ${thick}: the speed goes as the root of the diameter. Hence the squid's giant axon, half a millimetre thick.`,
            ru: `${thin} м/с против ${thick}: скорость растёт как корень из диаметра. Потому у кальмара аксон толщиной в полмиллиметра.`,
          };
        },
      },
      {
        ask: { en: "Two spikes start from both ends and meet. What happens?", ru: "Два импульса бегут навстречу с двух концов. Что будет при встрече?" },
        choices: [{ en: "they pass through each other", ru: "пройдут друг сквозь друга" }, { en: "both go out", ru: "оба погаснут" }],
        set: { experiment: "cable", both: true, temperature: 18.5, diameter: cable.DIAMETER },
        right: api => {
          const film = filmed(api.state);
          const place = Math.round(0.25 * film.count);
          const u = film.time.map((_, row) => film.u[row * film.count + place]);
          return kernel.spikes(film.time, u).length > 1 ? 0 : 1;
        },
        explain: {
          en: "Each place fires once. Behind a spike the membrane is refractory, so that neither can go on where the other has been.",
          ru: "Каждое место возбуждается один раз. Позади импульса мембрана рефрактерна, и там, где прошёл один, другой бежать не может.",
        },
      },
    ],
    thumbnail(svg) {
      const { time, u } = playground.kernels.axon.simulate([[20, 2, 1]], 20, 6.3, 10);
      const x = d3.scaleLinear([0, 20], [6, 114]), y = d3.scaleLinear(d3.extent(u), [72, 8]);
      svg.append("path").attr("d", d3.line((_, i) => x(time[i]), y)([...u])).style("fill", "none").style("stroke", "var(--one)").style("stroke-width", 3);
    },
    python,
    draw,
  });
})(playground);
