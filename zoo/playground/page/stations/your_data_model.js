"use strict";
/* The training of the station "your_data": points, features, network and trainer of a state, and its program. */
(function (playground) {
  const FEATURES = [
    ["f1", "x"], ["f2", "y"], ["f3", "x^2"], ["f4", "y^2"], ["f5", "xy"], ["f6", "sin x"], ["f7", "sin y"],
  ];
  const LONGEST = 2000; // characters of a table that a link and a program hold
  const LOSSES = 400; // points that a curve keeps
  const MOST_STEPS = 200_000; // that a link may ask for

  const features = state => FEATURES.filter(([key]) => state[key]).map(([, name]) => name);

  /** Returns the points of a state, or {problem}. */
  function points(state) {
    if (state.data !== "own") return playground.kernels.data.generate(state.data, state.count, state.noise, state.seed);
    const taken = state.columns.length === 3 ? Object.fromEntries(["x", "y", "label"].map((name, i) => [name, state.columns[i]])) : null;
    return playground.kernels.csv.parse(state.table, taken);
  }

  const rowsOf = (values, rows, width) => Float64Array.from(rows.flatMap(row => Array.from(values.subarray(row * width, (row + 1) * width))));

  /** Returns a training that has not begun, or {problem}: {own, parts, net, encode, step(), epochs(), curve, measure()}. */
  function training(state) {
    const own = points(state);
    if (own.problem) return own;
    if (!features(state).length) return { problem: { en: "Choose at least one input.", ru: "Выберите хотя бы один вход." } };
    const { network, data } = playground.kernels;
    const rows = data.split(own.targets.length, state.test / 100, state.seed);
    const scale = own.task === "regression" ? data.moments(rowsOf(own.targets, rows.train, 1), 1) : { mean: [0], deviation: [1] };
    const standard = Float64Array.from(own.targets, one => (one - scale.mean[0]) / scale.deviation[0]);
    const encode = data.encoder(rowsOf(own.points, rows.train, 2), features(state));
    const part = of => ({ points: rowsOf(own.points, of, 2), x: encode(rowsOf(own.points, of, 2)), y: rowsOf(standard, of, 1) });
    const parts = { train: part(rows.train), test: part(rows.test) };
    const classes = own.classes.length;
    const output = own.task === "regression" ? "identity" : classes > 2 ? "softmax" : "logistic";
    const sizes = [features(state).length, ...state.hidden, output === "softmax" ? classes : 1];
    const net = network.create(sizes, state.activation, output, state.seed);
    const batchSize = state.batch || parts.train.y.length;
    const penalty = state.penalty === "none" ? {} : { [state.penalty]: state.strength };
    const options = { optimizer: state.optimizer, rate: state.rate, batchSize, seed: state.seed, ...penalty };
    const trainer = network.trainer(net, parts.train.x, parts.train.y, options);
    const measure = () => ({ train: network.measure(net, parts.train.x, parts.train.y), test: network.measure(net, parts.test.x, parts.test.y) });
    const curve = [];

    /** Notes the losses of now; of a long curve every second point goes. */
    function note() {
      const found = measure();
      curve.push({ epoch: trainer.epochs(), train: found.train.loss, test: found.test.loss });
      if (curve.length > LOSSES) for (let i = curve.length - 2; i > 0; i -= 2) curve.splice(i, 1);
      return found;
    }
    return {
      own, parts, net, encode, features: features(state), scale, step: trainer.step, epochs: trainer.epochs, curve, note,
      steps: Math.ceil(parts.train.y.length / batchSize),
    };
  }

  /** Trains a state for its steps; returns the training, or {problem}. */
  function trained(state, milliseconds = Infinity) {
    const made = training(state);
    if (made.problem) return made;
    const end = performance.now() + milliseconds;
    const every = Math.max(1, Math.floor(state.steps / 200));
    let steps = 0;
    for (made.note(); steps < state.steps && performance.now() < end; steps++) {
      made.step();
      if ((steps + 1) % every === 0) made.note();
    }
    return { ...made, steps };
  }

  const NAMES = { sgd: "SGD", momentum: "SGD", adam: "Adam" };

  /** Returns a program that trains the same kind of network with the zoo on the same points. */
  function python(state) {
    const regression = state.data === "plane" || (state.data === "own" && points(state).task === "regression");
    const entry = regression ? "mlp_regressor" : "mlp_classifier";
    const momentum = state.optimizer === "momentum" ? ", momentum=0.9" : "";
    const plain = features(state).join() === "x,y";
    const names = `[${features(state).map(name => `"${name}"`).join(", ")}]`;
    const hidden = `(${state.hidden.join(", ")}${state.hidden.length === 1 ? "," : ""})`;
    const l2 = state.penalty === "l2" ? `\n    l2=${state.strength},` : "";
    const noted = state.penalty === "l1" ? "\n    # The page's l1 is left out: the zoo's networks have l2." : "";
    const rows = state.data === "own" ? points(state).targets?.length ?? 0 : state.count;
    const trained = rows - Math.round((rows * state.test) / 100);
    const epochs = state.steps ? Math.max(1, Math.round(state.steps / Math.ceil(trained / (state.batch || trained)))) : 100;
    const short = state.data === "own" && state.table.length <= LONGEST;
    const imports = [...(short ? ["import io", ""] : []), "import keras", ...(state.data === "own" ? ["import pandas as pd"] : []), "", "import zoo"];
    const named = [...(plain ? [] : ["featured"]), ...(state.data === "own" ? [] : ["points"]), "split"].join(", ");
    return `${imports.join("\n")}
from zoo.playground.points import ${named}

${table(state)}
train, test = split(table, share=${state.test / 100}, seed=${state.seed})
${plain ? "" : `train, test = featured(train, test, ${names})\n`}run = zoo.train(
    "${entry}",
    train,
    target="label",
    hidden_units=${hidden},
    activation="${state.activation}",
    encodings="standard",
    linear=False,
    dropout=0.0,${l2}${noted}
    optimizer=keras.optimizers.${NAMES[state.optimizer]}(${state.rate}${momentum}),
    batch_size=${state.batch || '"full"'},
    epochs=${epochs},
    validation=None,
    seed=${state.seed},
)
print(zoo.evaluate(run, test))
`;
  }

  /** Returns the lines that make the table. */
  function table(state) {
    if (state.data !== "own") {
      return `table = points("${state.data}", count=${state.count}, noise=${state.noise}, seed=${state.seed})`;
    }
    const own = points(state);
    const names = own.problem ? ["x", "y", "label"] : own.names;
    const decimal = own.comma ? ', decimal=","' : "";
    const place = state.table.length <= LONGEST ? `io.StringIO(${JSON.stringify(state.table)})` : '"your_file.csv"';
    const header = own.header ? "" : ", header=None";
    const read = `pd.read_csv(${place}, sep=None, engine="python"${decimal}${header})`;
    const renamed = names.map((name, i) => `${own.problem || own.header ? JSON.stringify(name) : own.taken[["x", "y", "label"][i]]}: "${["x", "y", "label"][i]}"`).join(", ");
    return `table = ${read}.rename(columns={${renamed}})[["x", "y", "label"]].dropna()`;
  }

  playground.yourData = { FEATURES, LONGEST, MOST_STEPS, points, training, trained, python };
})(playground);
