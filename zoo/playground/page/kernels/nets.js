"use strict";
/* Nets of McCulloch and Pitts (1943) to begin with: figure 1 of the paper, and nets that everyone knows.

   Each has a net as `kernels/neurons.js` reads it, on a picture of 640 x 360, and a tape: its inputs tick by tick.
   The letters are those of the paper's figure 1. Thresholds and endings are chosen here; a test runs each of these nets
   and compares its cells, tick by tick, with the formula that the paper prints for the letter. */
(function (playground) {
  const X1 = "x.x1.80.90";
  const X2 = "x.x2.80.270";

  const nets = {
    heat_illusion: {
      title: { en: "Heat and cold (figure 1e)", ru: "Тепло и холод (рис. 1e)" },
      net:
        "x.heat.80.80~x.cold.80.310~c.was_cold.290.236.1~c.cold_ended.400.120.1~c.feels_hot.560.80.1~" +
        "c.feels_cold.560.310.2~e.heat.feels_hot~e.cold.was_cold~e.was_cold.cold_ended~i.cold.cold_ended~" +
        "e.cold_ended.feels_hot~e.cold.feels_cold~e.was_cold.feels_cold",
      tape: "01.00.00.00.00.00",
    },
    and: {
      title: { en: "And (figure 1c)", ru: "И (рис. 1c)" },
      net: `${X1}~${X2}~c.y.420.180.2~e.x1.y~e.x2.y`,
      tape: "00.10.01.11.00.00",
    },
    or: {
      title: { en: "Or (figure 1b)", ru: "ИЛИ (рис. 1b)" },
      net: `${X1}~${X2}~c.y.420.180.1~e.x1.y~e.x2.y`,
      tape: "00.10.01.11.00.00",
    },
    and_not: {
      title: { en: "And not (figure 1d)", ru: "И не (рис. 1d)" },
      net: `${X1}~${X2}~c.y.420.180.1~e.x1.y~i.x2.y`,
      tape: "00.10.01.11.00.00",
    },
    not: {
      title: { en: "Not", ru: "НЕ" },
      net: "x.x1.100.200~c.y.420.180.0~i.x1.y",
      tape: "0.1.1.0.0.1.0",
    },
    delay: {
      title: { en: "Delays (figure 1a)", ru: "Задержки (рис. 1a)" },
      net: "x.x1.80.200~c.a.240.180.1~c.b.400.180.1~c.y.560.180.1~e.x1.a~e.a.b~e.b.y",
      tape: "1.0.0.1.1.0.0.0.0",
    },
    loop: {
      title: { en: "A circle that remembers", ru: "Кольцо, которое помнит" },
      net: "x.set.80.90~x.reset.80.270~c.y.400.180.1~e.set.y~i.reset.y~e.y.y",
      tape: "00.10.00.00.00.01.00.00",
    },
    xor: {
      title: { en: "Exclusive or, two ticks", ru: "Исключающее «или», два такта" },
      net: `${X1}~${X2}~c.a.320.90.1~c.b.320.270.1~c.y.560.180.1~e.x1.a~i.x2.a~e.x2.b~i.x1.b~e.a.y~e.b.y`,
      tape: "00.10.01.11.00.00",
    },
    alterable_synapse: {
      title: { en: "It learns (figure 1i)", ru: "Сеть учится (рис. 1i)" },
      net:
        "x.x1.80.90~x.x2.80.230~c.learnt.320.270.2~c.y.540.90.2~e.x1.learnt~e.x2.learnt~e.learnt.learnt~e.learnt.learnt~" +
        "e.x2.y~e.x2.y~e.x1.y~e.learnt.y",
      tape: "10.01.00.11.00.10.01.10",
    },
    own: {
      title: { en: "An empty sheet", ru: "Чистый лист" },
      net: `${X1}~${X2}`,
      tape: "00.10.01.11.00.00",
    },
  };

  playground.kernels.nets = { nets };
})((globalThis.playground ??= { kernels: {}, stations: [], weights: {} }));
