"use strict";
/* Keys for a whole page. Keys of one letter can be switched off in their own table, since voice control may press them. */
(function (playground) {
  const { element } = playground;
  const KEYS = [
    { keys: ["p"], shown: "P", action: "present", text: { en: "Presenter's mode on and off", ru: "Режим показа включить и выключить" } },
    { keys: ["ArrowRight", "PageDown"], shown: "→, PgDn", action: "next", presenting: true, text: { en: "Next station, while presenting", ru: "Следующая станция (в режиме показа)" } },
    { keys: ["ArrowLeft", "PageUp"], shown: "←, PgUp", action: "previous", presenting: true, text: { en: "Previous station, while presenting", ru: "Предыдущая станция (в режиме показа)" } },
    { keys: ["c"], shown: "C", action: "controls", presenting: true, text: { en: "Show or hide the controls, while presenting", ru: "Показать или убрать настройки (в режиме показа)" } },
    { keys: ["q"], shown: "Q", action: "questions", presenting: true, text: { en: "Show or hide the questions, while presenting", ru: "Показать или убрать вопросы (в режиме показа)" } },
    { keys: ["l"], shown: "L", action: "language", text: { en: "The other language", ru: "Другой язык" } },
    { keys: ["t"], shown: "T", action: "theme", text: { en: "Dark or light", ru: "Тёмная или светлая страница" } },
    { keys: ["?"], shown: "?", action: "keys", text: { en: "This table", ru: "Эта таблица" } },
    { keys: ["Escape"], shown: "Esc", action: "leave", presenting: true, text: { en: "End presenting", ru: "Закончить показ" } },
  ];
  const SINGLE = { en: "Keys of one letter work", ru: "Клавиши-буквы действуют" };
  // A key belongs to the field or shape that has the focus, if that uses it. A presenter's clicker sends PageUp and
  // PageDown, which no slider may keep; without presenting they are no keys of the page.
  const OWN_ARROWS = "input, select, textarea, dialog, [role=slider], [role=grid], pre";
  const OWN_PAGES = "select, textarea, dialog, pre";
  const LATIN = /^[a-z?]$/;

  /** Returns a key's name; a letter of another alphabet counts as the Latin one on the same key. */
  function named(event) {
    if (event.key.length > 1) return event.key;
    const sign = event.key.toLowerCase();
    return LATIN.test(sign) || !event.code.startsWith("Key") ? sign : event.code.slice(3).toLowerCase();
  }

  /** Calls `actions[name]()` for a key; `settings()` says whether the page is presented and whether letters count. */
  playground.keys = (actions, settings) => {
    document.addEventListener("keydown", event => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const letter = event.key.length === 1;
      const typing = event.target.closest?.("textarea, select, dialog, input:not([type=range], [type=checkbox], [type=radio])");
      const own = event.key.startsWith("Page") ? OWN_PAGES : OWN_ARROWS;
      if (letter ? typing || settings().keys === "0" : event.key !== "Escape" && event.target.closest?.(own)) return;
      const key = KEYS.find(one => one.keys.includes(named(event)));
      if (!key || (key.presenting && settings().present !== "1")) return;
      event.preventDefault();
      actions[key.action]();
    });
  };

  /** Shows the table of keys; `letters(boolean)` is told whether keys of one letter are to work. */
  playground.show_keys = (text, on, letters) => {
    const rows = KEYS.map(key => element("tr", {}, element("td", {}, element("kbd", {}, key.shown)), element("td", {}, text(key.text))));
    const box = element("input", { type: "checkbox", id: "letters", onchange: () => letters(box.checked) });
    box.checked = on;
    const dialog = element(
      "dialog",
      { "aria-labelledby": "keys_title", onclose: () => dialog.remove() },
      element("h2", { id: "keys_title" }, text(playground.words.keys)),
      element("table", {}, element("tbody", {}, ...rows)),
      element("p", {}, box, " ", element("label", { for: "letters" }, text(SINGLE))),
      element("button", { type: "button", class: "main", onclick: () => dialog.close() }, text(playground.words.close)),
    );
    document.body.append(dialog);
    dialog.showModal();
  };
})(playground);
