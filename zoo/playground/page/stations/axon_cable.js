"use strict";
/* A spike along the axon: its profile, the axon itself in the colours of the voltage, and the speed at all temperatures. */
(function (playground) {
  const { axon, cable } = playground.kernels;
  const { sizes, axis } = playground.axon_scope;
  const LENGTH = 50; // mm of axon
  const SLOW = 1.2; // ms of the axon in a second of film
  const STEP = 0.1; // ms of the axon in a single step
  const PAUSE = 0.6; // ms, before the film begins again
  const WARMEST = 36; // C
  const WORDS = {
    profile: { en: "Voltage along the axon, mV", ru: "Напряжение вдоль аксона, мВ" },
    place: { en: "mm", ru: "мм" },
    speed: { en: "Speed in m/s, against the temperature in °C", ru: "Скорость в м/с при температуре в °C" },
    temperature: { en: "Temperature in °C", ru: "Температура в °C" },
    fails: { en: "no spike arrives", ru: "импульс не доходит" },
  };

  /** Returns the film of a spike along the axon; its rows are STEP / 2 apart. */
  function filmed({ temperature, diameter, both }) {
    const length = cable.compartmentLength(diameter);
    const pace = (9 + 0.45 * temperature) * Math.sqrt(diameter / cable.DIAMETER); // m/s, roughly, for the film's length
    const every = Math.round(STEP / 2 / axon.stepOf(temperature));
    return cable.simulate(Math.round(LENGTH / length), 2.5 / Math.sqrt(axon.speedUp(temperature)) + 1 + LENGTH / pace, temperature, diameter, both, every);
  }

  const speeds = new Map(); // temperature -> m/s of the paper's axon, or null

  /** Returns the speed in m/s of a spike; it goes as the root of the diameter. */
  function speedAt(temperature, diameter) {
    if (!speeds.has(temperature)) speeds.set(temperature, cable.speed(filmed({ temperature, diameter: cable.DIAMETER, both: false })));
    const known = speeds.get(temperature);
    return known === null ? null : known * Math.sqrt(diameter / cable.DIAMETER);
  }

  /** Adds the axon and the profile of the voltage; returns {show(film, time, state)}. */
  function profile(root, api) {
    const { width, left, right } = sizes(api);
    const height = api.narrow ? 290 : 340;
    const svg = api.picture(root, { width, height, label: WORDS.profile });
    const x = d3.scaleLinear([0, LENGTH], [left, width - right]);
    const y = d3.scaleLinear([-25, 125], [height - 100, 30]);
    const middle = height - 66;
    svg.append("text").attr("x", 4).attr("y", 16).text(api.text(WORDS.profile));
    axis(svg.append("g").attr("transform", `translate(${left},0)`), d3.axisLeft(y), api, 5);
    axis(svg.append("g").attr("transform", `translate(0,${height - 28})`), d3.axisBottom(x), api, api.narrow ? 5 : 10);
    svg.append("text").attr("x", left - 12).attr("y", height - 8).attr("text-anchor", "end").text(api.text(WORDS.place));
    svg.append("line").attr("class", "grid").attr("x1", left).attr("x2", width - right).attr("y1", y(0)).attr("y2", y(0));
    const ghosts = svg.append("g").attr("fill", "none").attr("stroke", "var(--soft)").attr("stroke-opacity", 0.4).attr("stroke-width", 1.5);
    const tube = svg.append("g");
    const curve = svg.append("path").attr("fill", "none").attr("stroke", "var(--ink)").attr("stroke-width", 3).attr("stroke-linejoin", "round");
    const clock = svg.append("text").attr("x", width - right).attr("y", 16).attr("text-anchor", "end").attr("font-weight", 700);
    const { two, one, grid } = api.colours;
    const colour = d3.scaleLinear([-12, 0, 100], [one, grid, two]).clamp(true);
    const place = (film, k) => x((k + 0.5) * film.length);
    const line = (film, row) => d3.line((_, k) => place(film, k), u => y(u))(film.u.subarray(row * film.count, (row + 1) * film.count));
    let drawn = null;

    function show(film, time, state) {
      if (film !== drawn) {
        const rows = d3.range(0, film.time.length, Math.round(1 / STEP)); // a ghost every half of a millisecond
        ghosts.selectAll("path").data(rows).join("path").attr("d", row => line(film, row));
        const thick = 10 + 26 * Math.sqrt(state.diameter / 1000);
        tube.selectAll("rect").data(d3.range(film.count)).join("rect").attr("x", k => x(k * film.length)).attr("width", x(film.length) - x(0) + 0.5)
          .attr("y", middle - thick / 2).attr("height", thick);
        drawn = film;
      }
      const row = Math.min(film.time.length - 1, Math.max(0, Math.round(time / (STEP / 2)) - 1));
      curve.attr("d", line(film, row));
      tube.selectAll("rect").attr("fill", k => colour(film.u[row * film.count + k]));
      clock.text(`${api.fixed(film.time[row], 2)} ${api.text(playground.axon_scope.WORDS.time)}`);
    }
    return { show };
  }

  /** Adds the curve of the speed, a point a frame; returns {show(state), more(state)}. */
  function temperatures(root, api) {
    const { width, left, right } = sizes(api);
    const height = 190;
    const svg = api.picture(root, { width, height, label: WORDS.speed });
    const x = d3.scaleLinear([0, WARMEST], [left, width - right]);
    const y = d3.scaleLinear([0, 25], [height - 28, 30]);
    svg.append("text").attr("x", 4).attr("y", 16).text(api.text(WORDS.speed));
    axis(svg.append("g").attr("transform", `translate(0,${height - 28})`), d3.axisBottom(x), api, api.narrow ? 6 : 12);
    const side = svg.append("g").attr("transform", `translate(${left},0)`);
    const curve = svg.append("path").attr("fill", "none").attr("stroke", "var(--one)").attr("stroke-width", 3);
    const fails = svg.append("text").attr("text-anchor", "end").attr("style", "fill: var(--two); font-weight: 600").text(api.text(WORDS.fails));
    const ring = svg.append("circle").attr("r", 9).attr("fill", "var(--paper)").attr("fill-opacity", 0.6).attr("stroke", "var(--accent)").attr("stroke-width", 3.5);
    const at = () => [x(api.state.temperature), y(speedAt(api.state.temperature, api.state.diameter) ?? 0)];
    api.draggable(ring, {
      label: api.text(WORDS.temperature),
      at,
      to: place => api.set({ temperature: Math.round(10 * x.invert(place)) / 10 }),
      step: x(0.1) - x(0),
      ...api.quantity("temperature"),
    });
    function show({ diameter }) {
      const points = d3.range(0, WARMEST + 1).filter(degrees => speeds.has(degrees)).map(degrees => [degrees, speedAt(degrees, diameter)]);
      y.domain([0, Math.max(25 * Math.sqrt(diameter / cable.DIAMETER), 5)]);
      axis(side, d3.axisLeft(y), api, 4);
      curve.attr("d", d3.line(point => x(point[0]), point => y(point[1])).defined(point => point[1] !== null)(points));
      const lost = points.find(point => point[1] === null);
      fails.attr("visibility", lost ? "visible" : "hidden");
      if (lost) fails.attr("x", width - right).attr("y", y(0) - 8);
      const [cx, cy] = at();
      ring.attr("cx", cx).attr("cy", cy);
    }
    function more(state) {
      const next = d3.range(0, WARMEST + 1).find(degrees => !speeds.has(degrees));
      if (next === undefined) return false;
      speedAt(next, cable.DIAMETER);
      show(state);
      return true;
    }
    return { show, more };
  }

  /** Adds everything; returns {update(state), more(state), stop()}. */
  function running(root, api) {
    const along = profile(root, api);
    const curve = temperatures(root, api);
    let film = null;
    let key = null;
    let time = 0;
    const motion = api.animate(seconds => {
      time += motion?.running ? SLOW * seconds : STEP;
      if (time > film.time.at(-1) + PAUSE) time = 0;
      along.show(film, time, api.state);
    });

    function update(state) {
      const wanted = `${state.temperature} ${state.diameter} ${state.both}`;
      if (wanted !== key) {
        film = filmed(state);
        key = wanted;
        time = motion.running ? Math.min(time, film.time.at(-1)) : film.time.at(-1) / 2;
      }
      along.show(film, time, state);
      curve.show(state);
      const speed = speedAt(state.temperature, state.diameter);
      const n = api.number;
      api.say(state.both
        ? {
          en: "A spike from each end: where they meet, the membrane behind each is refractory, and both go out.",
          ru: "По импульсу с каждого конца: при встрече позади каждого мембрана рефрактерна, и оба гаснут.",
        }
        : speed === null
          ? {
            en: `At ${n(state.temperature)} °C the gates h and n end the spike before it has grown: it dies out on its way.`,
            ru: `При ${n(state.temperature)} °C ворота h и n обрывают импульс раньше, чем он вырос: он затухает по дороге.`,
          }
          : {
            en: `The spike runs at ${n(speed)} m/s. Hodgkin and Huxley worked out 18.8 m/s for 18.5 °C and 476 µm, and measured 21.2.`,
            ru: `Импульс бежит со скоростью ${n(speed)} м/с. Ходжкин и Хаксли для 18,5 °C и 476 мкм рассчитали 18,8 м/с, а измерили 21,2.`,
          });
    }
    return { update, more: curve.more, stop: () => motion.stop() };
  }

  playground.axon_cable = { LENGTH, filmed, speedAt, running };
})(playground);
