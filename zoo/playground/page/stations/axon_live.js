"use strict";
/* The axon live: it answers while the reader moves the current and the temperature, or gives pulses. */
(function (playground) {
  const kernel = playground.kernels.axon;
  const { ROW, scope } = playground.axon_scope;
  const { WIDTH } = playground.axon_pulses;
  const MOST = 60; // uA/cm2, of the steady current
  const PACE = 30; // ms of the axon in a second
  const KICK = 30; // uA/cm2, of a pulse by the button

  /** The axon answers while the slider moves: 30 ms of it in a second. */
  function live(root, api) {
    const back = 60; // ms that are shown
    const view = scope(root, api, { from: -back, to: 0, most: MOST, label: { en: "The axon's voltage, live", ru: "Напряжение аксона в реальном времени" } });
    const state = kernel.rest();
    const kept = { time: [], current: [], u: [], m: [], h: [], n: [] };
    let now = 0;
    let pulse = 0; // ms of a pulse that still flow
    let { kicks } = api.state; // pulses of the button that have been given
    function frame(seconds) {
      const { current, temperature } = api.state;
      const dt = kernel.stepOf(temperature);
      const steps = Math.round((PACE * seconds) / dt);
      const every = Math.round(ROW / dt);
      for (let step = 1; step <= steps; step += 1) {
        if (api.state.kicks > kicks) pulse = WIDTH;
        kicks = api.state.kicks; // which a reset sets to 0
        const flowing = current + (pulse > 0 ? KICK : 0);
        kernel.advance(state, flowing, kernel.speedUp(temperature), dt);
        pulse -= dt;
        now += dt;
        if (step % every === 0) [now, flowing, ...state].forEach((value, i) => Object.values(kept)[i].push(value));
      }
      const old = kept.time.findIndex(time => time >= now - back);
      for (const values of Object.values(kept)) values.splice(0, old);
      view.window(now - back, now);
      view.show(kept);
    }
    const motion = api.animate(frame);
    for (let i = 0; i < 20; i += 1) frame(0.1); // 60 ms, so that there is a picture at once
    return {
      update: ({ current }) => api.say({
        en: `${api.number(current)} µA/cm² flow. Move the current, the temperature, or give a pulse; a second here is ${PACE} ms of the axon.`,
        ru: `Течёт ток ${api.number(current)} мкА/см². Меняйте ток и температуру, подавайте импульсы тока; секунда здесь — ${PACE} мс жизни аксона.`,
      }),
      stop: () => motion.stop(),
    };
  }

  playground.axon_live = { MOST, live };
})(playground);
