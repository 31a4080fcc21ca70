"use strict";
/* What a station may call: its state, texts, numbers, pictures and motion. */
(function (playground) {
  const NARROW = 620; // pixels: a page that is narrower is a phone's
  const BREATH = 1000; // milliseconds between results that a screen reader is told while something moves

  playground.narrow = () => innerWidth < NARROW;

  /** Returns the colours of the style sheet as they are now, by name: one, two, three, accent, ink, soft, paper, grid. */
  function colours() {
    const style = getComputedStyle(document.documentElement);
    const names = ["one", "two", "three", "accent", "ink", "soft", "paper", "grid", "one-soft", "two-soft"];
    return Object.fromEntries(names.map(name => [name.replace("-s", "S"), style.getPropertyValue(`--${name}`).trim()]));
  }

  /** Returns the api of a station.
   *
   * `page` has what it touches: `language()`, `changed(state)`, `said`, `spoken` and `buttons` (elements), `failed(error)`. */
  playground.api = (station, start, page) => {
    const { language, words } = playground;
    const animations = [];
    let state = Object.freeze({ ...start }), pictures = 0, told = -Infinity, later = null;

    /** Tells a screen reader what the page shows in words: not more than once a second while something moves. */
    function tell() {
      const wait = animations.some(one => one.running) ? told + BREATH - performance.now() : 0;
      clearTimeout(later);
      if (wait > 0) {
        later = setTimeout(tell, wait);
        return;
      }
      told = performance.now();
      if (page.spoken.textContent !== page.said.textContent) page.spoken.textContent = page.said.textContent;
    }

    const api = {
      /** The state, read only. */
      get state() {
        return state;
      },
      /** Whether the reader has asked for less motion, and whether the page is as narrow as a phone's. */
      get calm() {
        return playground.calm();
      },
      get narrow() {
        return playground.narrow();
      },
      get colours() {
        return colours();
      },
      /** Changes the state; a number is kept in the range of its slider. The picture and the link follow. */
      set(changes) {
        const checked = Object.entries(changes).map(([key, value]) => [key, playground.link.checked(station, key, value)]);
        state = Object.freeze({ ...state, ...Object.fromEntries(checked) });
        page.changed(state);
      },
      reset: () => api.set(station.defaults),
      text: text => language.text(text, page.language()),
      number: (value, digits) => language.number(value, page.language(), digits),
      fixed: (value, decimals) => language.fixed(value, page.language(), decimals),
      plural: (count, forms) => language.plural(count, api.text(forms), page.language()),
      /** Adds a picture and returns d3's selection of its <svg>. */
      picture(root, { width, height, label }) {
        const place = ++pictures;
        const name = () => `${station.name}${place > 1 ? `_${place}` : ""}`;
        return playground.picture(root, { width, height, label: api.text(label), name, word: api.text(words.save) });
      },
      pressable: playground.pressable,
      draggable: playground.draggable,
      /** Returns what `draggable` tells of a number of the state that has a slider: its value, limits and words. */
      quantity(key) {
        const control = station.controls.find(one => one.key === key && one.kind === "range");
        const { min, max } = control;
        return { now: () => state[key], min, max, value: () => playground.written(control, state[key], api) };
      },
      /** Calls `frame(seconds)` for each picture of a film until it returns false; returns {stop(), pause(), running, alive}. */
      animate(frame) {
        page.buttons.classList.add("used"); // keeps the place of the buttons, so that the picture stays where it is
        const made = playground.animation(frame, page.buttons, api.text, page.failed, tell);
        animations.push(made);
        return made;
      },
      /** Says a result in words, below the picture. */
      say(text) {
        const words = api.text(text);
        if (page.said.textContent !== words) page.said.textContent = words;
        tell();
      },
      /** Ends all motion; the page calls it. */
      end() {
        animations.forEach(animation => animation.stop());
        clearTimeout(later);
      },
    };
    return api;
  };
})(playground);
