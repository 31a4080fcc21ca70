"use strict";
/* The start page: the stations in the order of the lecture. */
(function (playground) {
  const { element } = playground;
  const TEXTS = {
    lead: {
      en: "The stations of a lecture, from the axon to networks trained on your own data. Every number is computed here, on this page, at the moment you see it.",
      ru: "Станции лекции: от аксона до сети, обученной на ваших данных. Каждое число вычисляется здесь, на этой странице, в ту минуту, когда вы его видите.",
    },
    use: { en: "How to use it", ru: "Как этим пользоваться" },
    ways: [
      {
        en: "Drag, click, or use the Tab and arrow keys: everything can be moved either way.",
        ru: "Тяните, нажимайте или пользуйтесь клавишей Tab и стрелками: всё на рисунках двигается и так и так.",
      },
      {
        en: "Answer first, then reveal: the picture then shows the case that was asked about.",
        ru: "Сначала ответьте, потом проверьте: рисунок покажет тот случай, о котором спрашивалось.",
      },
      {
        en: "The link in the address bar holds the whole state. Send it, and others see what you see.",
        ru: "Ссылка в адресной строке хранит всё состояние. Отправьте её, и другие увидят то же, что и вы.",
      },
      {
        en: "“This in Python” is a program that computes the same with the zoo.",
        ru: "«То же на Python» — программа, которая считает то же самое с помощью zoo.",
      },
      {
        en: "P starts the presenter's mode: larger letters, and the arrow keys turn the pages.",
        ru: "Клавиша P включает режим показа: буквы крупнее, стрелки листают станции.",
      },
    ],
  };

  /** Fills the page with the list; `address(station)` is the link to a station. */
  playground.start = (root, text, address) => {
    const items = playground.stations.map((station, i) => {
      const link = element("a", { href: address(station) }, text(station.title));
      const card = element(
        "li",
        { class: "stop" },
        element("span", { class: "number", "aria-hidden": "true" }, i + 1), // a reader of lists counts by itself
        element("div", { class: "card" }, element("h2", {}, link, " ", element("small", {}, text(station.year))), element("p", {}, text(station.lead))),
      );
      if (station.thumbnail) {
        const svg = d3.create("svg").attr("viewBox", "0 0 120 80").attr("aria-hidden", "true").attr("class", "thumbnail");
        station.thumbnail(svg);
        card.lastChild.prepend(svg.node());
      }
      return card;
    });
    const failures = playground.failures.map(failure => element("p", { class: "notice" }, `${text(playground.words.failure)} ${failure}`));
    root.replaceChildren(
      element("h1", { tabindex: "-1" }, text(playground.words.page)),
      element("p", { class: "lead" }, text(TEXTS.lead)),
      ...failures,
      element("ol", { class: "timeline" }, ...items),
      element("h2", {}, text(TEXTS.use)),
      element("ul", { class: "ways" }, ...TEXTS.ways.map(way => element("li", {}, text(way)))),
    );
  };
})(playground);
