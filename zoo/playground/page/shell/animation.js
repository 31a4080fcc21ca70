"use strict";
/* Motion: a loop of frames with buttons to pause it and to go on by one step.

   Where the reader has asked for less motion, nothing moves by itself: a loop begins paused. */
(function (playground) {
  const LONGEST = 0.1; // seconds of a frame, after a tab was hidden
  const STEP = 1 / 60;

  playground.calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Calls `frame(seconds since the last one)` until it returns false or `stop()` is called.
   *
   * `buttons` is the element that holds the buttons while the loop is alive; `text` gives their texts; `onrest` is
   * called when the loop is paused or ends. */
  playground.animation = (frame, buttons, text, onerror, onrest) => {
    const { element, words } = playground;
    let request = null, last = null, alive = true;

    function once(seconds) {
      try {
        if (frame(seconds) === false) stop();
      } catch (error) {
        stop();
        onerror(error);
      }
    }
    function tick(now) {
      const seconds = last === null ? STEP : Math.min(LONGEST, (now - last) / 1000);
      last = now;
      request = requestAnimationFrame(tick);
      once(seconds);
    }
    function pause() {
      cancelAnimationFrame(request);
      request = last = null;
      toggle.textContent = text(words.go);
      onrest();
    }
    function go() {
      request = requestAnimationFrame(tick);
      toggle.textContent = text(words.pause);
    }
    function stop() {
      if (!alive) return;
      alive = false;
      pause();
      box.remove();
    }
    const toggle = element("button", { type: "button", class: "pause", onclick: () => (request === null ? go() : pause()) });
    const step = element("button", { type: "button", class: "step", onclick: () => (pause(), once(STEP)) }, text(words.step));
    const box = element("span", { class: "row" }, toggle, step);
    buttons.append(box);
    if (playground.calm()) pause();
    else go();
    return {
      stop,
      pause,
      get running() {
        return alive && request !== null;
      },
      get alive() {
        return alive;
      },
    };
  };
})(playground);
