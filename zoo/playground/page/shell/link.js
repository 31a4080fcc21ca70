"use strict";
/* The link holds the whole state: #axon?current=10&second=0&lang=ru. No DOM here: the tests read and write links in Node.

   Numbers and strings are written as they are, booleans as 1 and 0. Arrays and objects are written by the station's
   `encode` and read by its `decode`, or as JSON where it has none. What a link gets wrong keeps its default, and is
   told as a problem: {kind: "station" | "value" | "key" | "setting", key, value}. */
(function (playground) {
  const VALUES = { lang: ["en", "ru"], present: ["1"], theme: ["light", "dark"], keys: ["0"] };

  const escaped = text => encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%3B", ";");

  function encoded(station, key, value) {
    if (station.encode?.[key]) return station.encode[key](value);
    if (typeof value === "boolean") return value ? "1" : "0";
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  }

  function decoded(station, key, text) {
    const standard = station.defaults[key];
    if (station.decode?.[key]) return station.decode[key](text);
    if (typeof standard === "boolean") return { 1: true, 0: false }[text];
    if (typeof standard === "number") return text.trim() === "" ? NaN : Number(text);
    return typeof standard === "object" ? JSON.parse(text) : text;
  }

  /** Returns a value for a key of a station's state, in the range of its control.
   *
   * Throws a TypeError if it is of another type than the default, no finite number, or no option of its control. */
  function checked(station, key, value) {
    const standard = station.defaults[key];
    const controls = station.controls.filter(control => control.key === key);
    const kind = item => (Array.isArray(item) ? "array" : typeof item);
    if (!(key in station.defaults)) throw new TypeError(`The state of ${station.name} has no ${key}.`);
    const wrong =
      value === null ||
      kind(value) !== kind(standard) ||
      [value].flat(Infinity).some(item => typeof item === "number" && !Number.isFinite(item)) ||
      controls.some(({ kind, options }) => kind === "select" && !options.some(option => option.value === value)) ||
      (station.check?.[key] && !station.check[key](value));
    if (wrong) throw new TypeError(`${key} of ${station.name} must be like ${JSON.stringify(standard)}. Received: ${JSON.stringify(value)}`);
    const range = controls.find(control => control.kind === "range");
    return range ? Math.min(range.max, Math.max(range.min, value)) : value;
  }

  /** Returns the link's hash: "#", the station's name, its state and the settings. */
  function write(station, state, settings = {}) {
    const pairs = Object.keys(station?.defaults ?? {}).map(key => [key, encoded(station, key, state[key])]);
    pairs.push(...Object.entries(settings).filter(([key, value]) => VALUES[key]?.includes(value)));
    const query = pairs.map(([key, value]) => `${key}=${escaped(value)}`).join("&");
    return `#${station?.name ?? "start"}${query && "?"}${query}`;
  }

  /** Returns {station, state, settings, problems} of a link's hash; station is null on the start page. */
  function read(hash, stations) {
    const [name, query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
    const station = stations.find(one => one.name === name) ?? null;
    const problems = [], settings = {}, state = { ...station?.defaults };
    if (station === null && !["", "start"].includes(name)) problems.push({ kind: "station", key: name, value: "" });
    for (const pair of query.split("&").filter(Boolean)) {
      const [key, text = ""] = pair.split(/=(.*)/s);
      try {
        const value = decodeURIComponent(text);
        if (Object.hasOwn(VALUES, key)) {
          if (VALUES[key].includes(value)) settings[key] = value;
          else problems.push({ kind: "setting", key, value });
        } else if (station && Object.hasOwn(station.defaults, key)) {
          const given = decoded(station, key, value), taken = checked(station, key, given);
          if (taken !== given) problems.push({ kind: "value", key, value });
          else state[key] = taken;
        } else problems.push({ kind: "key", key, value });
      } catch {
        problems.push({ kind: "value", key, value: text });
      }
    }
    return { station, state, settings, problems };
  }

  playground.link = { read, write, checked };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
