"use strict";
/* The questions of the station "your_data"; each is answered by a network that is trained for it. */
(function (playground) {
  const { trained } = playground.yourData;

  const CIRCLES = {
    data: "circles", noise: 0.08, count: 200, f1: true, f2: true, f3: false, f4: false, f5: false, f6: false, f7: false,
    hidden: [], penalty: "none", optimizer: "adam", rate: 0.03, batch: 10,
  };
  const SHARES = [
    { en: "About as many as by chance", ru: "Примерно как наугад" },
    { en: "About three quarters", ru: "Около трёх четвертей" },
    { en: "Nearly all", ru: "Почти все" },
  ];
  /** Returns which of the shares a state's accuracy is. */
  function share(api) {
    const accuracy = tested(api);
    return [0.65, 0.9].filter(bound => accuracy >= bound).length;
  }

  /** Returns the accuracy on the test rows of a state that has been trained, or of regressions the loss. */
  function tested(api) {
    const { test } = trained(api.state).note();
    return Number.isNaN(test.accuracy) ? test.loss : test.accuracy;
  }

  const questions = [
    {
      ask: {
        en: "One class lies on a circle inside the other. A network without hidden layers sees x and y alone. How many test points will it get right?",
        ru: "Один класс лежит на окружности внутри другого. Сеть без скрытых слоёв видит только x и y. Сколько проверочных точек она определит верно?",
      },
      choices: SHARES,
      set: { ...CIRCLES, steps: 1400 },
      right: share,
      explain: api => ({
        en: `${api.fixed(100 * tested(api), 0)} % are right: a line cannot enclose a circle.`,
        ru: `Правильных ответов ${api.fixed(100 * tested(api), 0)} %: прямая не может окружить круг.`,
      }),
    },
    {
      ask: {
        en: "The same network without hidden layers now gets x² and y² too. How many test points will it get right?",
        ru: "Та же сеть без скрытых слоёв получает ещё x² и y². Сколько проверочных точек она определит верно?",
      },
      choices: SHARES,
      set: { ...CIRCLES, f3: true, f4: true, steps: 2800 },
      right: share,
      explain: {
        en: "x² + y² is constant on a circle: in these inputs the classes are parted by a plane.",
        ru: "x² + y² постоянна на окружности: в таких входах классы разделяет плоскость.",
      },
    },
    {
      ask: {
        en: "Three hidden layers of 8 units, the identity as the activation, two spirals. What will the border between the classes be?",
        ru: "Три скрытых слоя по 8 нейронов, функция активации — тождественная, две спирали. Какой будет граница между классами?",
      },
      choices: [
        { en: "A spiral", ru: "Спираль" },
        { en: "A curve with a few bends", ru: "Кривая с несколькими изгибами" },
        { en: "A straight line", ru: "Прямая" },
      ],
      set: {
        ...CIRCLES, data: "spirals", noise: 0.02, count: 300, hidden: [8, 8, 8], activation: "identity", rate: 0.01, steps: 1000,
      },
      right: api => {
        // What the output sums up is linear in the inputs where it has no curvature along any line.
        const { net } = trained(api.state);
        const [low, middle, high] = [[-2, 1], [0, 0], [2, -1]].map(point => playground.kernels.network.predict(net, Float64Array.from(point))[0]);
        const logit = p => Math.log(p / (1 - p));
        return Math.abs(logit(low) + logit(high) - 2 * logit(middle)) < 1e-6 ? 2 : 1;
      },
      explain: {
        en: "Without a bend, layers of sums are one layer of sums, however many there are.",
        ru: "Без изгиба несколько слоёв сумм — это один слой сумм, сколько бы их ни было.",
      },
    },
  ];

  Object.assign(playground.yourData, { questions });
})(playground);
