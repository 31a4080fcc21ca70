"use strict";
/* The one global name, `playground`: kernels compute, stations draw what kernels compute, the shell does the rest.

   A file that cannot be loaded, or a station that is described wrongly, is noted in `playground.failures`; the start
   page says so and shows the other stations. */
(function (playground) {
  playground.failures = []; // texts
  playground.LANGUAGES = ["en", "ru"];
  playground.SETTINGS = ["lang", "present", "theme", "keys"]; // what a link holds beside a station's state

  const NEEDED = ["name", "title", "year", "paper", "entry", "lead", "defaults", "controls", "questions", "python", "draw"];

  /** Registers a station; stations stand on the page in the order of their files in index.html. */
  playground.station = definition => {
    const missing = NEEDED.filter(key => definition[key] === undefined);
    if (missing.length) {
      throw new TypeError(`A station must have ${NEEDED.join(", ")}. ${definition.name} lacks ${missing.join(", ")}.`);
    }
    const reserved = Object.keys(definition.defaults).filter(key => playground.SETTINGS.includes(key));
    if (reserved.length) {
      throw new TypeError(`The state of ${definition.name} must not use ${reserved.join(", ")}: links use these names.`);
    }
    for (const control of definition.controls) {
      if (control.key !== undefined && !(control.key in definition.defaults)) {
        throw new TypeError(`A control of ${definition.name} sets ${control.key}, which its defaults lack.`);
      }
    }
    if (playground.stations.some(station => station.name === definition.name)) {
      throw new TypeError(`There must be one station named ${definition.name}.`);
    }
    playground.stations.push(definition);
  };

  /** Returns a new element. `on*` attributes are listeners, null and false leave an attribute out. */
  playground.element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter(child => child !== null));
    return made;
  };

  globalThis.addEventListener?.(
    "error",
    event => {
      const source = event.target?.src ?? event.filename ?? "";
      playground.failures.push(`${source.split("/page/").pop().split("/").slice(-2).join("/")}: ${event.message ?? "?"}`);
    },
    true, // a script that is missing does not bubble
  );
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
