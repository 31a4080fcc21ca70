"use strict";
/* A station's controls: sliders, choices, boxes, buttons, texts and files, each with a label. */
(function (playground) {
  const { element } = playground;
  const POSITIONS = 200; // of a logarithmic slider
  let count = 0; // gives each field an id

  /** Returns a number of the state with its control's unit: 25°, but 6.3 °C. */
  playground.written = (control, value, api) => {
    const text = control.shows ? api.text(control.shows(value, api)) : api.number(value, 4);
    const unit = control.unit ? api.text(control.unit) : "";
    return `${text}${unit && unit !== "°" ? " " : ""}${unit}`;
  };

  const of = (value, state) => (typeof value === "function" ? value(state) : value);

  function range(control, api, id) {
    const log = control.scale === "log";
    const shown = element("output", { for: id });
    const field = element("input", {
      type: "range",
      id,
      min: log ? 0 : control.min,
      max: log ? POSITIONS : control.max,
      step: log ? 1 : (control.step ?? "any"),
    });
    const ratio = control.max / control.min;
    field.addEventListener("input", () => {
      const place = Number(field.value);
      api.set({ [control.key]: log ? Number((control.min * ratio ** (place / POSITIONS)).toPrecision(3)) : place });
    });
    const refresh = state => {
      const value = state[control.key];
      field.value = log ? Math.round((POSITIONS * Math.log(value / control.min)) / Math.log(ratio)) : value;
      const said = playground.written(control, value, api);
      shown.textContent = said;
      field.setAttribute("aria-valuetext", said);
    };
    return { nodes: [label(control, api, id), shown, field], refresh };
  }

  function select(control, api, id) {
    const field = element("select", { id });
    control.options.forEach((option, i) => field.append(element("option", { value: i }, api.text(option.label))));
    field.addEventListener("change", () => api.set({ [control.key]: control.options[Number(field.value)].value }));
    const refresh = state => (field.value = control.options.findIndex(option => option.value === state[control.key]));
    return { nodes: [label(control, api, id), field], refresh };
  }

  function checkbox(control, api, id) {
    const field = element("input", { type: "checkbox", id, onchange: () => api.set({ [control.key]: field.checked }) });
    return { nodes: [field, label(control, api, id)], refresh: state => (field.checked = state[control.key]) };
  }

  function button(control, api) {
    const field = element("button", { type: "button", onclick: () => control.press(api) });
    const refresh = state => {
      field.textContent = api.text(of(control.label, state));
      field.disabled = Boolean(control.disabled?.(state));
      if (control.pressed) field.setAttribute("aria-pressed", control.pressed(state));
    };
    return { nodes: [field], refresh };
  }

  function text(control, api, id) {
    const field = control.rows ? element("textarea", { id, rows: control.rows, spellcheck: "false" }) : element("input", { type: "text", id });
    field.addEventListener("change", () => api.set({ [control.key]: field.value }));
    const refresh = state => {
      if (field !== document.activeElement || !control.rows) field.value = state[control.key];
    };
    return { nodes: [label(control, api, id), field], refresh };
  }

  function file(control, api, id) {
    const field = element("input", { type: "file", id, accept: control.accept });
    field.addEventListener("change", async () => {
      const [chosen] = field.files;
      if (chosen) control.read(await chosen.text(), api, chosen.name);
    });
    return { nodes: [label(control, api, id), field], refresh: () => {} };
  }

  const label = (control, api, id) => element("label", { for: id }, api.text(of(control.label, api.state)));
  const heading = (control, api) => ({ nodes: [element("h3", {}, api.text(control.label))], refresh: () => {} });
  const KINDS = { range, select, checkbox, button, text, file, heading };

  /** Adds the controls to an element; returns a function of the state that shows it in them. */
  playground.controls = (root, controls, api) => {
    const made = controls.map(control => {
      const { nodes, refresh } = KINDS[control.kind](control, api, `control_${++count}`);
      const box = element("div", { class: `control ${control.kind}`, "data-key": control.key ?? null }, ...nodes);
      root.append(box);
      return { box, refresh, control };
    });
    return state => {
      for (const { box, refresh, control } of made) {
        box.hidden = control.shown ? !control.shown(state) : false;
        refresh(state);
      }
    };
  };
})(playground);
