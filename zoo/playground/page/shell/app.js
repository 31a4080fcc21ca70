"use strict";
/* The page: reads the link, shows the start page or a station, and writes the link when something changes. */
(function (playground) {
  const { element, link, words } = playground;
  const LINK_DELAY = 250; // milliseconds: browsers allow some 20 changes of the address a second
  const get = id => document.getElementById(id);
  const systems = matchMedia("(prefers-color-scheme: dark)");

  let settings = { lang: navigator.language.startsWith("ru") ? "ru" : "en" };
  let current = null; // {station, api, drawn, refresh, program}; null on the start page
  let timer = null, narrow = playground.narrow(), problems = [];
  const states = {}; // by station: what it was left with
  const answers = {}; // by station: answers given to its questions
  const links = new Map(); // by station: its link in the head, which may have the focus while the state changes

  const text = value => playground.language.text(value, settings.lang);
  const address = station => link.write(station, states[station?.name] ?? station?.defaults, settings);
  const tidy = () => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

  function write() {
    clearTimeout(timer);
    timer = null;
    history.replaceState(null, "", address(current?.station));
    head();
  }

  function changed(state) {
    states[current.station.name] = state;
    timer ??= setTimeout(write, LINK_DELAY);
    show(state);
  }

  /** Shows a state in the controls, the picture and the program. */
  function show(state) {
    if (!current?.drawn) return;
    try {
      current.refresh(state);
      const focused = document.activeElement;
      current.drawn.update?.(state);
      if (narrow) between(get("picture"), current.panel, focused);
      put(get("program"), current.station.python(state));
      playground.name_roles(get("picture"));
    } catch (error) {
      failed(error);
    }
  }

  function failed(error) {
    console.error(error);
    notice(`${text(words.broken)} ${error.message}`);
  }

  const notice = message => get("notices").append(element("p", { class: "notice" }, message));

  /** Writes a text where it has changed: what is selected in it stays so. */
  function put(node, written) {
    if (node.textContent !== written) node.textContent = written;
  }

  /** Makes the links to the stations, once. */
  function build() {
    for (const station of playground.stations) {
      links.set(station, element("a", {}));
      get("list").append(element("li", {}, links.get(station)));
    }
  }

  /** Fills the head: links to the stations, and buttons in the language of the page. */
  function head() {
    get("home").textContent = text(words.start);
    get("home").href = address(null);
    get("skip").textContent = text(words.skip);
    for (const [station, anchor] of links) {
      anchor.href = address(station);
      if (station === current?.station) anchor.setAttribute("aria-current", "page");
      else anchor.removeAttribute("aria-current");
      put(anchor, text(station.short ?? station.title));
    }
    get("stations").setAttribute("aria-label", text(words.stations));
    put(get("menu"), text(words.stations));
    get("language").textContent = text(words.language);
    get("language").lang = settings.lang === "ru" ? "en" : "ru";
    get("theme").textContent = text(words.theme);
    get("keys").textContent = text(words.keys);
    for (const part of ["controls", "questions"]) {
      const button = get(`show_${part}`);
      button.textContent = text(words[part]);
      button.hidden = !settings.present || !current;
      button.setAttribute("aria-pressed", document.documentElement.classList.contains(`with_${part}`));
    }
    get("present").textContent = text(settings.present ? words.leave : words.present);
    get("present").setAttribute("aria-pressed", Boolean(settings.present));
    document.documentElement.lang = settings.lang;
    document.documentElement.classList.toggle("present", Boolean(settings.present));
    document.documentElement.dataset.theme = settings.theme ?? (systems.matches ? "dark" : "light");
    document.title = current ? `${text(current.station.title)} · ${text(words.page)}` : text(words.page);
  }

  /** Ends what moves on the page. */
  function end() {
    if (!current) return;
    current.api.end();
    try {
      current.drawn?.stop?.();
    } catch (error) {
      console.error(error);
    }
    current = null;
  }

  /** Shows a station in a state, or the start page. */
  function open(station, state) {
    end();
    get("notices").replaceChildren();
    for (const problem of problems) notice(text(words.problems[problem.kind])(problem));
    const main = get("main");
    if (!station) {
      head();
      playground.start(main, text, address);
      return;
    }
    states[station.name] = state;
    const parts = layout(station);
    const page = { language: () => settings.lang, changed, failed, said: parts.said, spoken: parts.spoken, buttons: parts.buttons };
    current = { station, panel: parts.panel, beside: parts.beside, api: playground.api(station, state, page) };
    main.replaceChildren(...parts.nodes);
    head();
    try {
      current.refresh = playground.controls(parts.controls, station.controls, current.api);
      playground.questions(parts.questions, station, current.api, (answers[station.name] ??= {}));
      current.drawn = station.draw(parts.picture, current.api) ?? {};
      show(current.api.state);
    } catch (error) {
      failed(error);
    }
  }

  /** On a phone, puts the controls between the first picture and the others, of which a station may build others. */
  function between(root, panel, focused) {
    const [first, second] = [...root.querySelectorAll("figure.picture")].filter(figure => figure.checkVisibility());
    let before = first;
    while (second && !before.parentElement.contains(second)) before = before.parentElement;
    if (second && before.nextElementSibling !== panel) before.after(panel);
    else if (!second && panel.parentElement !== current.beside) current.beside.prepend(panel);
    if (focused !== document.activeElement && panel.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Returns the parts of a station's page. */
  function layout(station) {
    const said = element("p", { id: "said" });
    const spoken = element("p", { class: "hidden", id: "spoken", role: "status" });
    const buttons = element("div", { id: "motion", class: "row" });
    const picture = element("div", { id: "picture", tabindex: "-1" });
    const controls = element("div", { id: "controls", class: "controls" });
    const questions = element("div", { id: "questions" });
    const program = element("pre", { id: "program", tabindex: "0", role: "region", "aria-label": text(words.python) });
    const title = element("h1", { tabindex: "-1" }, text(station.title), " ", element("small", {}, text(station.year)));
    const paper = element("p", { class: "paper" }, element("a", { href: station.paper.href }, text(station.paper.text)));
    const entry = element("p", { class: "paper" }, `${text(words.entry)} `, element("code", {}, station.entry));
    const about = [element("p", { class: "lead" }, text(station.lead)), paper, entry];
    const order = playground.stations.indexOf(station);
    const neighbours = [
      [playground.stations[order - 1], words.previous, "prev"],
      [playground.stations[order + 1], words.following, "next"],
    ];
    const turn = neighbours.filter(([one]) => one).map(([one, word, rel]) => element("a", { href: address(one), rel }, `${text(word)}: ${text(one.title)}`));
    const reset = element("button", { type: "button", onclick: () => current.api.reset() }, text(words.reset));
    const share = element("button", { type: "button", onclick: event => (write(), copy(location.href, event.currentTarget)) }, text(words.link));
    const taken = element("button", { type: "button", onclick: event => copy(program.textContent, event.currentTarget) }, text(words.copy));
    const panel = element("section", { class: "panel", id: "panel" }, element("h2", {}, text(words.controls)), controls, element("div", { class: "row" }, reset, share));
    const beside = element("div", { class: "beside" }, panel, element("section", { class: "asked" }, element("h2", {}, text(words.question)), questions));
    const nodes = [
      element("header", { class: "title" }, title, ...(narrow ? [] : about)),
      element(
        "div",
        { class: "station" },
        element("section", { class: "stage", "aria-label": text(station.title) }, buttons, picture, said, spoken, ...(narrow ? about : [])),
        beside,
        element("section", { class: "code" }, element("div", { class: "row between" }, element("h2", {}, text(words.python)), taken), program),
      ),
      element("nav", { class: "turn row between", "aria-label": text(words.page) }, ...turn),
    ];
    return { nodes, said, spoken, buttons, picture, panel, beside, controls, questions };
  }

  /** Copies a text and says so on the button. */
  async function copy(copied, button) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(copied);
    } catch {
      const field = element("textarea", { class: "hidden" });
      field.value = copied;
      document.body.append(field);
      field.select();
      document.execCommand("copy"); // where a page from a file has no clipboard
      field.remove();
      button.focus();
    }
    button.textContent = text(words.copied);
    setTimeout(() => (button.textContent = label), 1500);
  }

  /** Shows what the link says. */
  function follow() {
    clearTimeout(timer);
    timer = null;
    const said = link.read(location.hash, playground.stations);
    problems = said.problems;
    settings = { ...settings, ...said.settings };
    open(said.station, said.state);
  }

  function redraw() {
    const place = scrollY;
    open(current?.station ?? null, current?.api.state);
    scrollTo(0, place);
  }

  function change(setting, value) {
    settings = { ...settings, [setting]: value };
    settings = tidy();
    problems = [];
    if (["lang", "theme"].includes(setting)) redraw();
    write();
  }

  /** Goes to the station before or after this one. */
  function turn(steps) {
    const pages = [null, ...playground.stations];
    const next = pages[pages.indexOf(current?.station ?? null) + steps];
    if (next !== undefined) location.hash = address(next);
  }

  /** Shows or hides a part of the page that presenting hides. */
  function reach(part) {
    document.documentElement.classList.toggle(part);
    head();
  }

  /** Opens or closes the list of stations, where it is folded. */
  function unfold(open) {
    get("stations").classList.toggle("open", open);
    get("menu").setAttribute("aria-expanded", open);
  }

  const actions = {
    present: () => change("present", settings.present ? undefined : "1"),
    leave: () => change("present", undefined),
    language: () => change("lang", settings.lang === "ru" ? "en" : "ru"),
    theme: () => change("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
    next: () => turn(1),
    previous: () => turn(-1),
    controls: () => reach("with_controls"),
    questions: () => reach("with_questions"),
    keys: () => playground.show_keys(text, settings.keys !== "0", on => change("keys", on ? undefined : "0")),
  };

  playground.run = () => {
    for (const id of ["language", "theme", "keys", "present"]) get(id).addEventListener("click", actions[id]);
    for (const part of ["controls", "questions"]) get(`show_${part}`).addEventListener("click", actions[part]);
    get("menu").addEventListener("click", () => unfold(!get("stations").classList.contains("open")));
    build();
    get("skip").addEventListener("click", event => {
      event.preventDefault(); // the hash is the state
      (get("picture") ?? get("main")).focus();
    });
    playground.keys(actions, () => settings);
    addEventListener("hashchange", () => {
      unfold(false);
      follow();
      scrollTo(0, 0);
      get("main").querySelector("h1")?.focus({ preventScroll: true });
    });
    addEventListener("resize", () => {
      if (narrow === playground.narrow()) return;
      narrow = playground.narrow();
      redraw();
    });
    systems.addEventListener("change", redraw);
    addEventListener("pagehide", () => timer && write());
    follow();
  };
})(playground);
