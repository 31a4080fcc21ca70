"use strict";
/* Station 7, back-propagation: click a weight, and the paths from it to the error light up with their products. */
(function (playground) {
  const NETS = {
    "2-2-1": { sizes: [2, 2, 1], softmax: false },
    "2-2-2-1": { sizes: [2, 2, 2, 1], softmax: false },
    "2-3-2": { sizes: [2, 3, 2], softmax: true },
  };
  const SPREAD = 0.9; // standard deviation of initial weights
  const ACTIVATIONS = { ...playground.kernels.activations.TITLES, prelu: "PReLU, a = 1/4" };

  const kernel = () => playground.kernels.backpropagation;

  /** Returns the weights of a state: its own, or where none are given for this network those of its seed. */
  function weightsOf({ net, weights, seed }) {
    const count = kernel().count(NETS[net].sizes);
    if (weights.length === count) return weights;
    const random = playground.kernels.random.generator(seed);
    return Array.from({ length: count }, () => Number((SPREAD * random.normal()).toFixed(2)));
  }

  /** Returns all that the pictures show of a state. */
  function facts(state) {
    const { sizes, softmax } = NETS[state.net];
    const weights = weightsOf(state);
    const weight = Math.min(Math.round(state.weight), weights.length - 1);
    const inputs = [state.x1, state.x2];
    const targets = softmax ? [state.answer === 1 ? 1 : 0, state.answer === 2 ? 1 : 0] : [state.target];
    const network = { sizes, softmax, activation: state.activation, weights };
    const pass = kernel().backward(network, inputs, targets);
    const first = kernel().place(sizes, weight).layer;
    const paths = kernel().paths(network, inputs, targets, weight).map(path => ({ ...path, first }));
    const path = state.path < paths.length ? state.path : -1;
    const alive = paths.filter(one => one.factors[one.factors.length - 1].value !== 0);
    return {
      sizes, softmax, weights, weight, inputs, targets, network, pass, first, paths, path,
      shown: path < 0 ? alive : [paths[path]],
      dead: paths.filter(one => !alive.includes(one)),
      gradient: pass.gradient[weight],
      difference: kernel().difference(network, inputs, targets, weight),
      sum: paths.reduce((sum, one) => sum + one.product, 0),
    };
  }

  /** Takes steps down the gradient. */
  function learn(api, steps) {
    let { network, inputs, targets } = facts(api.state);
    for (let i = 0; i < steps; i++) network = { ...network, weights: kernel().step(network, inputs, targets, api.state.rate) };
    if (network.weights.every(Number.isFinite)) api.set({ weights: network.weights });
    else api.say({ en: "The weights have grown without bound: take a smaller rate.", ru: "Веса растут неограниченно: уменьшите скорость обучения." });
  }

  function draw(root, api) {
    const { drawNetwork, drawProducts, drawActivation, edgeName } = playground.backpropagation;
    const places = ["network", "products", "activation"].map(name => root.appendChild(playground.element("div", { class: name })));
    let drawn = null, network = null;
    const products = drawProducts(places[1], api);
    const activation = drawActivation(places[2], api);
    return {
      update(state) {
        const found = facts(state);
        if (drawn !== state.net) {
          places[0].replaceChildren();
          network = drawNetwork(places[0], api, found);
          drawn = state.net;
        }
        network(found);
        products(found);
        activation(state, found);
        const name = edgeName(found.sizes, kernel().place(found.sizes, found.weight));
        api.say({
          en: `E = ${api.number(found.pass.error, 4)}.  Weight ${name}:  w = ${api.fixed(found.weights[found.weight], 2)},  ∂E/∂w = ${api.number(found.gradient, 4)}.  Paths: ${found.paths.length}, with a product other than 0: ${found.paths.filter(path => path.product !== 0).length}.`,
          ru: `E = ${api.number(found.pass.error, 4)}.  Вес ${name}:  w = ${api.fixed(found.weights[found.weight], 2)},  ∂E/∂w = ${api.number(found.gradient, 4)}.  Путей: ${found.paths.length}, из них с ненулевым произведением: ${found.paths.filter(path => path.product !== 0).length}.`,
        });
      },
    };
  }

  /** Returns a program that computes the same with the zoo. */
  function python(state) {
    const { sizes, softmax, weights, inputs, targets } = facts(state);
    const list = values => `[${Array.from(values, one => Number(one.toPrecision(6))).join(", ")}]`;
    const blocks = sizes.slice(1).map((units, l) => {
      const at = (unit, from) => weights[kernel().index(sizes, l + 1, unit, from)];
      const kernelRows = d3range(sizes[l]).map(from => list(d3range(units).map(unit => at(unit, from))));
      return { units, kernel: `[${kernelRows.join(", ")}]`, bias: list(d3range(units).map(unit => at(unit, sizes[l]))) };
    });
    const phi = state.activation === "prelu"
      ? "keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25))"
      : `activation("${state.activation}")`;
    const own = state.activation !== "prelu";
    const added = blocks.flatMap(({ units }, l) => {
      const bare = softmax && l === blocks.length - 1;
      return [`    keras.layers.Dense(${units}),`, ...(bare ? [] : [`    ${phi},`])];
    });
    const lines = [
      "import keras",
      "import numpy as np",
      ...(softmax ? ["import tensorflow as tf"] : []),
      "",
      ...(softmax ? [] : ["import zoo"]),
      ...(own ? ["from zoo.layers.activations import activation"] : []),
      "",
      `network = keras.Sequential([`,
      `    keras.Input((${sizes[0]},)),`,
      ...added,
      "])",
      "dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]",
      ...blocks.map((block, l) => `dense[${l}].set_weights([np.array(${block.kernel}), np.array(${block.bias})])`),
      "",
    ];
    if (!softmax) {
      lines.push(
        `numbers = zoo.plots.chain_rule(network, ${list(inputs)}, ${list(targets)})`,
        "print(numbers.units)",
        "print(numbers.edges)",
        'print("E =", numbers.error)',
      );
    } else {
      lines.push(
        `x, d = tf.constant([${list(inputs)}], "float32"), tf.constant([${list(targets)}], "float32")`,
        "with tf.GradientTape() as tape:",
        "    z = network(x)",
        "    error = keras.losses.CategoricalCrossentropy(from_logits=True)(d, z)",
        "gradients = tape.gradient(error, network.trainable_variables)",
        "p = keras.ops.softmax(z)",
        'print("p =", p.numpy(), "sum", p.numpy().sum())',
        'print("delta = p - d =", (p - d).numpy())',
        'print("E =", float(error))',
        "for variable, gradient in zip(network.trainable_variables, gradients):",
        "    print(variable.path, gradient.numpy().round(6))",
      );
    }
    return `${lines.join("\n")}\n`.replaceAll("\n\n\n", "\n\n");
  }

  const d3range = count => Array.from({ length: count }, (_, i) => i);
  const soft = state => NETS[state.net].softmax;

  playground.station({
    name: "backpropagation",
    title: { en: "Back-propagation", ru: "Обратное распространение ошибки" },
    short: { en: "Back-propagation", ru: "Обратное распространение" },
    year: "1986",
    paper: {
      text: "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986",
      href: "https://doi.org/10.1038/323533a0",
    },
    entry: "backprop_1986",
    lead: {
      en: "The derivative of the error with respect to a weight is a sum over all paths from the weight to the error; along each path the local derivatives are multiplied. Click a weight, or drag it; from the keyboard, up and down choose a weight, left and right change it.",
      ru: "Производная ошибки по весу — сумма по всем путям от веса до ошибки; вдоль каждого пути перемножаются локальные производные. Нажмите на вес или потяните его; с клавиатуры вес выбирают стрелками вверх и вниз, а меняют стрелками влево и вправо.",
    },
    defaults: {
      net: "2-2-2-1", activation: "logistic", x1: 1, x2: -0.5, target: 1, answer: 1, rate: 0.5, weight: 0, path: -1, at: 1, seed: 2119, weights: [],
    },
    encode: { weights: weights => weights.map(one => Number(one.toPrecision(6))).join(",") },
    decode: { weights: text => (text === "" ? [] : text.split(",").map(Number)) },
    check: {
      weights: weights => weights.every(one => typeof one === "number") && [0, ...Object.values(NETS).map(({ sizes }) => kernel().count(sizes))].includes(weights.length),
      weight: at => Number.isInteger(at) && at >= 0,
      path: at => Number.isInteger(at) && at >= -1,
    },
    controls: [
      {
        key: "net", kind: "select", label: { en: "Network", ru: "Сеть" },
        options: [
          { value: "2-2-1", label: "2-2-1" },
          { value: "2-2-2-1", label: "2-2-2-1: z⁴{z³[z²]}" },
          { value: "2-3-2", label: "2-3-2, softmax" },
        ],
      },
      {
        key: "activation", kind: "select", label: { en: "Activation φ", ru: "Функция активации φ" },
        options: Object.entries(ACTIVATIONS).map(([value, label]) => ({ value, label })),
      },
      { key: "x1", kind: "range", min: -3, max: 3, step: 0.01, label: { en: "Input x₁", ru: "Вход x₁" } },
      { key: "x2", kind: "range", min: -3, max: 3, step: 0.01, label: { en: "Input x₂", ru: "Вход x₂" } },
      { key: "target", kind: "range", min: -1, max: 1, step: 0.05, label: { en: "Wanted output d", ru: "Нужный выход d" }, shown: state => !soft(state) },
      {
        key: "answer", kind: "select", label: { en: "Right class", ru: "Верный класс" }, shown: soft,
        options: [1, 2].map(value => ({ value, label: String(value) })),
      },
      { key: "rate", kind: "range", min: 0.05, max: 2, step: 0.05, label: { en: "Learning rate", ru: "Скорость обучения" } },
      { kind: "button", label: { en: "One step of learning", ru: "Один шаг обучения" }, press: api => learn(api, 1) },
      { kind: "button", label: { en: "A hundred steps", ru: "Сто шагов" }, press: api => learn(api, 100) },
      { kind: "button", label: { en: "Other weights", ru: "Другие веса" }, press: api => api.set({ weights: [], seed: api.state.seed + 1, path: -1 }) },
    ],
    questions: [
      {
        ask: {
          en: "In the chain z⁴{z³[z²]} four paths lead from layer 2 to the error. The weight from x₁ to y²₁ feeds one unit alone. How many of the four products are 0?",
          ru: "В цепочке z⁴{z³[z²]} от слоя 2 к ошибке ведут четыре пути. Вес от x₁ к y²₁ входит только в один нейрон. Сколько из четырёх произведений равны 0?",
        },
        choices: [0, 1, 2, 3, 4].map(String),
        set: { net: "2-2-2-1", weight: 0, path: -1, activation: "logistic", weights: [], x1: 1 },
        right: api => facts(api.state).paths.filter(path => path.product === 0).length,
        explain: {
          en: "∂z/∂w is x₁ in the unit that the weight feeds, and 0 in its neighbour: the two paths that begin there count nothing.",
          ru: "∂z/∂w равна x₁ в том нейроне, в который входит вес, и 0 в соседнем: два пути, которые начинаются там, ничего не дают.",
        },
      },
      {
        ask: {
          en: "Behind a softmax with cross-entropy, what is the sum of the deltas p − d over the outputs?",
          ru: "Чему равна сумма δ = p − d по выходам, если за softmax стоит перекрёстная энтропия?",
        },
        choices: [
          { en: "It is 0", ru: "Нулю" },
          { en: "It is 1", ru: "Единице" },
          { en: "It depends on the weights", ru: "Зависит от весов" },
        ],
        set: { net: "2-3-2", path: -1, weights: [] },
        right: api => {
          const sums = [1, 2].map(more => {
            const { pass } = facts({ ...api.state, weights: [], seed: api.state.seed + more });
            return pass.delta[2].reduce((sum, one) => sum + one, 0);
          });
          return sums.every(sum => Math.abs(sum) < 1e-12) ? 0 : sums.every(sum => Math.abs(sum - 1) < 1e-12) ? 1 : 2;
        },
        explain: {
          en: "Both p and d sum to 1: what one class gains, the others lose.",
          ru: "И p, и d в сумме дают 1: сколько прибавляет один класс, столько теряют другие.",
        },
      },
      {
        ask: {
          en: "With the binary step as the activation of all units, how many weights does one step of learning change?",
          ru: "Если у всех нейронов функция активации — ступенька, сколько весов изменит один шаг обучения?",
        },
        choices: [
          { en: "All", ru: "Все" },
          { en: "Those of the last layer", ru: "Веса последнего слоя" },
          { en: "None", ru: "Ни одного" },
        ],
        set: { net: "2-2-1", activation: "binary_step", target: 0.5, path: -1, weights: [] },
        right: api => {
          const { network, inputs, targets, sizes } = facts(api.state);
          const changed = kernel().step(network, inputs, targets, 1).filter((weight, at) => weight !== network.weights[at]).length;
          return changed === 0 ? 2 : changed === sizes[1] + 1 ? 1 : 0;
        },
        explain: {
          en: "The derivative of the step is 0 wherever it exists, and a factor 0 makes every product 0: so Keras warns of missing gradients.",
          ru: "Производная ступеньки всюду, где существует, равна 0, и все произведения обращаются в 0: поэтому Keras предупреждает, что градиентов нет.",
        },
      },
    ],
    thumbnail(svg) {
      const at = (layer, unit, size) => [14 + 46 * layer, 40 + 36 * (unit - (size - 1) / 2)];
      const chosen = [[[0, 0], [1, 0]], [[1, 0], [2, 0]]].map(String);
      for (const [layer, size, above] of [[0, 2, 2], [1, 2, 1]]) {
        for (const from of d3range(size)) {
          for (const to of d3range(above)) {
            const [[x1, y1], [x2, y2]] = [at(layer, from, size), at(layer + 1, to, above)];
            const on = chosen.includes(String([[layer, from], [layer + 1, to]]));
            svg.append("line").attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2)
              .style("stroke", on ? "var(--two)" : "var(--field)").style("stroke-width", on ? 4 : 1.5);
          }
        }
      }
      for (const [layer, size] of [[0, 2], [1, 2], [2, 1]]) {
        for (const unit of d3range(size)) {
          const [cx, cy] = at(layer, unit, size);
          svg.append("circle").attr("cx", cx).attr("cy", cy).attr("r", 9).style("fill", "var(--paper)").style("stroke", "var(--one)").style("stroke-width", 2);
        }
      }
    },
    python,
    draw,
  });

  Object.assign(playground.backpropagation, { facts });
})(playground);
