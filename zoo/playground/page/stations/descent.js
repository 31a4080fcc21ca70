"use strict";
/* Station 6: descent on a bowl, Newton's method, and three ways of feeding rows. */
(function (playground) {
  const kernel = () => playground.kernels.descent;
  const view = name => state => state.view === name;
  const bowl = view("bowl");
  const newton = view("newton");
  const feeding = view("feeding");

  const BOWL = { view: "bowl", l1: 4, l2: 0.4, angle: 25, rate: 0.4, momentum: 0, steps: 30, bx: -2.3, by: 1.9 };
  const NEWTON = { view: "newton", nx: -0.5, ny: 0.9, at: 0, halving: false, turn: 30 };
  const FEEDING = { view: "feeding", fx: -1.1, fy: 1.9, feed_rate: 0.1, batch: 5, epochs: 8, sign: "plus", noise: 0.6, seed: 1 };

  const rated = (api, rate, momentum = 0) => api.set({ view: "bowl", rate: Number(rate.toPrecision(3)), momentum: Number(momentum.toPrecision(3)) });
  const limit = ({ l1 }) => kernel().largestRate(l1);

  function draw(root, api) {
    let [shown, drawn] = ["", null];
    return {
      update(state) {
        if (state.view !== shown) {
          shown = state.view;
          root.replaceChildren();
          drawn = playground.views[shown].draw(root, api);
        }
        drawn.update(state);
      },
    };
  }

  /** Returns a number as a float of Python, which Keras asks momentum to be. */
  const float = value => (Number.isInteger(value) ? value.toFixed(1) : String(value));

  function pythonOfBowl({ l1, l2, angle, rate, momentum, steps, bx, by }) {
    return `import keras
import numpy as np

import zoo  # sets up Keras

turn = np.deg2rad(${angle})
axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
A = axes @ np.diag([${l1}, ${l2}]) @ axes.T  # f = theta' A theta / 2
theta = keras.Variable(np.array([${bx}, ${by}], "float32"))
optimizer = keras.optimizers.SGD(${rate}, momentum=${float(momentum)})
optimizer.build([theta])
for step in range(${steps}):
    optimizer.apply([keras.ops.convert_to_tensor((A @ theta.numpy()).astype("float32"))], [theta])
print("theta:", theta.numpy(), "f:", theta.numpy() @ A @ theta.numpy() / 2)
print("largest stable rate:", 2 * (1 + ${momentum}) / ${l1})
zoo.plots.descent("bowl")`;
  }

  function pythonOfNewton() {
    const points = playground.views.newton.points();
    return `import pandas as pd

import zoo

table = pd.DataFrame({
    "x": [${points.map(([x]) => x).join(", ")}],
    "y": [${points.map(([, y]) => y).join(", ")}],
})
run = zoo.train("logistic_regression", table, target="y", encodings="raw", solver="newton", validation=None, verbose=0)
slope, bias = run.model.network.get_weights()
print("slope", slope, "bias", bias, "loss after each step", run.history["loss"])`;
  }

  function pythonOfFeeding(state) {
    const { rows, sign } = playground.views.feeding;
    const table = rows(state);
    const numbers = i => table.map(row => row[i].toFixed(3));
    const column = i => `\n    ${numbers(i).slice(0, 10).join(", ")},\n    ${numbers(i).slice(10).join(", ")},\n`;
    return `import keras
import numpy as np

import zoo  # sets up Keras

x = np.array([${column(0)}])
y = np.array([${column(1)}])
for batch_size in (20, ${state.batch}, 1):
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.set_weights([np.array([[${state.fx}]]), np.array([${state.fy}])])
    half = lambda y, p: ${sign(state) > 0 ? "" : "-"}keras.ops.square(y - p) / 2${sign(state) > 0 ? "" : "  # the wrong sign"}
    model.compile(keras.optimizers.SGD(${state.feed_rate}), half)
    model.fit(x[:, None], y[:, None], batch_size=batch_size, epochs=${state.epochs}, verbose=0)
    slope, bias = (float(w.ravel()[0]) for w in model.get_weights())
    print(batch_size, "rows a step: error", np.mean((y - slope * x - bias) ** 2) / 2)
zoo.plots.feeding()  # the same on a logistic regression`;
  }

  const BEHAVIOUR = ["good", "jumps", "diverges"]; // in the order of the choices

  playground.station({
    name: "descent",
    title: { en: "Descent", ru: "Спуск" },
    year: "1847–1964",
    paper: { text: "A. Cauchy, 1847; B. T. Polyak, USSR Comput. Math. Math. Phys. 4(5), 1964", href: "https://doi.org/10.1016/0041-5553(64)90137-5" },
    entry: "logistic_regression",
    lead: {
      en: "Gradient descent looks at the slope and takes a small step down. Too small a rate is slow, too large a rate runs away; momentum helps along a valley; Newton's method looks at the bend as well. Drag the start.",
      ru: "Градиентный спуск смотрит на наклон и делает шаг вниз. При малой скорости он медленный, при слишком большой уходит прочь; инерция помогает вдоль оврага; метод Ньютона учитывает и кривизну. Передвиньте начало пути.",
    },
    defaults: { ...FEEDING, ...NEWTON, ...BOWL },
    controls: [
      {
        key: "view", kind: "select", label: { en: "View", ru: "Что показать" },
        options: [
          { value: "bowl", label: { en: "learning rate and momentum", ru: "скорость обучения и инерция" } },
          { value: "newton", label: { en: "Newton's paraboloid", ru: "параболоид Ньютона" } },
          { value: "feeding", label: { en: "offline, online, mini-batch", ru: "офлайн, онлайн, мини-батч" } },
        ],
      },
      { key: "rate", kind: "range", scale: "log", min: 0.005, max: 2, shown: bowl, label: { en: "Learning rate η", ru: "Скорость обучения η" } },
      { key: "momentum", kind: "range", min: 0, max: 0.98, step: 0.01, shown: bowl, label: { en: "Momentum μ", ru: "Инерция (momentum) μ" } },
      { kind: "button", shown: bowl, label: { en: "A small rate", ru: "Малая скорость" }, press: api => rated(api, 0.05 * limit(api.state)) },
      {
        kind: "button", shown: bowl, label: { en: "The best rate", ru: "Лучшая скорость" },
        press: api => rated(api, kernel().best(api.state.l1, api.state.l2, false).rate),
      },
      { kind: "button", shown: bowl, label: { en: "Too large a rate", ru: "Слишком большая скорость" }, press: api => rated(api, 1.04 * limit(api.state)) },
      {
        kind: "button", shown: bowl, label: { en: "The best momentum", ru: "Лучшая инерция" },
        press(api) {
          const { rate, momentum } = kernel().best(api.state.l1, api.state.l2, true);
          rated(api, rate, momentum);
        },
      },
      { key: "l1", kind: "range", min: 1, max: 10, step: 0.1, shown: bowl, label: { en: "Largest curvature λ₁", ru: "Наибольшая кривизна λ₁" } },
      { key: "l2", kind: "range", min: 0.1, max: 1, step: 0.05, shown: bowl, label: { en: "Smallest curvature λ₂", ru: "Наименьшая кривизна λ₂" } },
      { key: "angle", kind: "range", min: 0, max: 90, step: 1, unit: "°", shown: bowl, label: { en: "Angle of the valley", ru: "Поворот оврага" } },
      { key: "steps", kind: "range", min: 1, max: 200, step: 1, shown: bowl, label: { en: "Steps", ru: "Шагов" } },
      { key: "at", kind: "range", min: 0, max: 12, step: 1, shown: newton, label: { en: "The model after so many steps", ru: "Модель после стольких шагов" } },
      {
        kind: "button", shown: newton, label: { en: "Next step", ru: "Следующий шаг" },
        disabled: state => state.at >= playground.views.newton.path(state).length - 1,
        press: api => api.set({ at: api.state.at + 1 }),
      },
      {
        key: "halving", kind: "checkbox", shown: newton,
        label: { en: "Halve a step until the loss falls", ru: "Делить шаг пополам, пока потери не уменьшатся" },
      },
      {
        kind: "button", shown: newton, label: { en: "A start that is too far", ru: "Начать слишком далеко" },
        press: api => api.set({ nx: 3.6, ny: 1.2, at: 0 }),
      },
      { key: "turn", kind: "range", min: -180, max: 180, step: 1, unit: "°", shown: newton, label: { en: "Turn the view", ru: "Повернуть вид" } },
      { key: "feed_rate", kind: "range", scale: "log", min: 0.005, max: 2, shown: feeding, label: { en: "Learning rate η", ru: "Скорость обучения η" } },
      { key: "batch", kind: "range", min: 2, max: 19, step: 1, shown: feeding, label: { en: "Rows of a mini-batch", ru: "Строк в мини-батче" } },
      { key: "epochs", kind: "range", min: 1, max: 60, step: 1, shown: feeding, label: { en: "Epochs", ru: "Эпох" } },
      {
        key: "sign", kind: "select", shown: feeding, label: { en: "The step", ru: "Шаг" },
        options: [
          { value: "plus", label: { en: "θ + η Xᵀ(y − Xθ)/n: down", ru: "θ + η Xᵀ(y − Xθ)/n: вниз" } },
          { value: "minus", label: { en: "θ − η Xᵀ(y − Xθ)/n: up", ru: "θ − η Xᵀ(y − Xθ)/n: вверх" } },
        ],
      },
      { key: "noise", kind: "range", min: 0, max: 1.5, step: 0.05, shown: feeding, label: { en: "Noise of the rows", ru: "Шум в данных" } },
      { key: "seed", kind: "range", min: 0, max: 50, step: 1, shown: feeding, label: { en: "Random rows", ru: "Случайные данные" } },
    ],
    questions: [
      {
        ask: { en: "The largest curvature is λ₁ = 4, and η = 0.52. What does the path do?", ru: "Наибольшая кривизна λ₁ = 4, η = 0,52. Что произойдёт?" },
        choices: [
          { en: "It goes down smoothly", ru: "Плавно пойдёт вниз" },
          { en: "It jumps from side to side, and converges", ru: "Будет прыгать со склона на склон, но сойдётся" },
          { en: "It runs away", ru: "Уйдёт прочь" },
        ],
        set: { ...BOWL, rate: 0.52 },
        right: api => Math.max(0, BEHAVIOUR.indexOf(playground.views.bowl.course(api.state).behaviour)),
        explain: api => ({
          en: `Each step multiplies the part along the steep axis by 1 − ηλ₁ = ${api.fixed(1 - api.state.rate * api.state.l1, 2)}. The limit is 2/λ₁ = ${api.number(limit(api.state))}.`,
          ru: `Каждый шаг умножает составляющую вдоль крутой оси на 1 − ηλ₁ = ${api.fixed(1 - api.state.rate * api.state.l1, 2)}. Предел — 2/λ₁ = ${api.number(limit(api.state))}.`,
        }),
      },
      {
        ask: {
          en: "The same surface, η = 0.7, but now with momentum μ = 0.5. Does it converge?",
          ru: "Та же поверхность, η = 0,7, но теперь с инерцией μ = 0,5. Сойдётся ли спуск?",
        },
        choices: [{ en: "Yes", ru: "Да" }, { en: "No, 0.7 is beyond 2/λ₁ = 0.5", ru: "Нет, 0,7 больше 2/λ₁ = 0,5" }],
        set: { ...BOWL, rate: 0.7, momentum: 0.5 },
        right: api => (playground.views.bowl.course(api.state).factor < 1 ? 0 : 1),
        explain: api => ({
          en: `With momentum the limit is 2(1 + μ)/λ₁ = ${api.number(kernel().largestRate(api.state.l1, api.state.momentum))}; in the long run a step multiplies the distance to the minimum by ${api.fixed(playground.views.bowl.course(api.state).factor, 3)}.`,
          ru: `С инерцией предел равен 2(1 + μ)/λ₁ = ${api.number(kernel().largestRate(api.state.l1, api.state.momentum))}; на долгом пути за шаг расстояние до минимума умножается на ${api.fixed(playground.views.bowl.course(api.state).factor, 3)}.`,
        }),
      },
      {
        ask: {
          en: "Newton's method starts far from the minimum and takes full steps. Where does it go?",
          ru: "Метод Ньютона начинает далеко от минимума и делает полные шаги. Куда он придёт?",
        },
        choices: [{ en: "To the minimum, in a few steps", ru: "К минимуму, за несколько шагов" }, { en: "Away from it", ru: "Прочь от минимума" }],
        set: { ...NEWTON, nx: 3.6, ny: 1.2 },
        right: api => (playground.views.newton.arrived(playground.views.newton.path(api.state)) ? 0 : 1),
        explain(api) {
          const halved = playground.views.newton.path({ ...api.state, halving: true });
          const full = playground.views.newton.path(api.state);
          const change = full[1].value > full[0].value ? { en: "grows", ru: "растут" } : { en: "falls", ru: "падают" };
          const steps = playground.views.newton.counted(api, halved.length - 1);
          return {
            en: `The paraboloid fits only near the start: the loss ${change.en} from ${api.number(full[0].value)} to ${api.number(full[1].value)}. With halved steps the minimum is reached after ${steps}.`,
            ru: `Параболоид похож на функцию лишь у начала: потери ${change.ru} с ${api.number(full[0].value)} до ${api.number(full[1].value)}. Если делить шаг пополам, минимум достигается за ${steps}.`,
          };
        },
      },
      {
        ask: {
          en: "After a single epoch over the 20 rows, at one small rate: which way of feeding has the smallest error?",
          ru: "Прошла одна эпоха по 20 строкам с одной и той же малой скоростью. При какой подаче данных ошибка меньше?",
        },
        choices: playground.views.feeding.WAYS.map(({ en, ru }) => ({ en, ru })),
        set: { ...FEEDING, epochs: 1, feed_rate: 0.05 },
        right(api) {
          const errors = playground.views.feeding.finals(api.state);
          return d3.minIndex(playground.views.feeding.WAYS, ({ name }) => errors[name]);
        },
        explain(api) {
          const errors = Object.values(playground.views.feeding.finals(api.state)).map(error => api.number(error));
          return {
            en: `The errors are ${errors.join("; ")}: one step, ${Math.ceil(20 / api.state.batch)} steps and 20 steps for the same work. Later the single rows shake the path about the minimum.`,
            ru: `Ошибки: ${errors.join("; ")}. За ту же работу сделано шагов: 1, ${Math.ceil(20 / api.state.batch)} и 20. Позже отдельные строки раскачивают путь вокруг минимума.`,
          };
        },
      },
      {
        ask: {
          en: "A slide prints the step with a minus: θ − η Xᵀ(y − Xθ). What does the error do?",
          ru: "На слайде в шаге стоит минус: θ − η Xᵀ(y − Xθ). Что будет с ошибкой?",
        },
        choices: [{ en: "It falls all the same", ru: "Всё равно уменьшится" }, { en: "It grows", ru: "Вырастет" }],
        set: { ...FEEDING, sign: "minus" },
        right(api) {
          const before = kernel().error(playground.views.feeding.rows(api.state), [api.state.fx, api.state.fy]);
          return playground.views.feeding.finals(api.state).offline < before ? 0 : 1;
        },
        explain(api) {
          const before = kernel().error(playground.views.feeding.rows(api.state), [api.state.fx, api.state.fy]);
          const after = playground.views.feeding.finals(api.state).offline;
          return {
            en: `Offline, it goes from ${api.number(before)} to ${api.number(after)}. The gradient of the error is −Xᵀ(y − Xθ)/n, and the step down is against it.`,
            ru: `Офлайн она меняется с ${api.number(before)} на ${api.number(after)}. Градиент ошибки равен −Xᵀ(y − Xθ)/n, и шаг вниз делают против него.`,
          };
        },
      },
    ],
    python: state => ({ bowl: pythonOfBowl, newton: pythonOfNewton, feeding: pythonOfFeeding })[state.view](state),
    thumbnail(svg) {
      for (const i of [1, 2, 3]) svg.append("ellipse").attr("cx", 60).attr("cy", 40).attr("rx", 17 * i)
        .attr("ry", 10 * i).style("fill", "none").style("stroke", "var(--line)");
      const path = kernel().descend([[1, 0], [0, 3]], [-45, 24], 0.55, 0, 12).map(([x, y]) => `${60 + x},${40 - y}`);
      svg.append("path").attr("d", `M${path.join("L")}`).style("fill", "none").style("stroke", "var(--one)").style("stroke-width", 2);
    },
    draw,
  });
})(playground);
