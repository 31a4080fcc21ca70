"""Writes the pictures that open the lecture's notebooks: `python -m tests.pictures [NAME...]`.

English ones go to docs/lecture/NAME.svg, Russian ones to docs/lecture/ru/NAME.svg. Each is computed by the zoo, as the
notebook below it does.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np

import zoo
from zoo.plots.canvas import BLUE, GREEN, GREY, RED, Picture, legend_beside, plain
from zoo.plots.translations import translated

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "lecture"


def _panels(count, width=9.0, height=3.0):
    figure = Picture(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, count, squeeze=False)[0]


def neuron():
    figure, (left, right) = _panels(2)
    axon = zoo.build("hodgkin_huxley", outputs="state")
    current = np.full((1, 2500, 1), 10.0, "float32")
    state = axon.predict(current, verbose=0)[0][::10]
    time = 0.1 * np.arange(len(state))
    left.plot(time, state[:, 0], color=BLUE)
    left.set(xlabel=translated("time (ms)"), ylabel=translated("voltage from rest (mV)"))
    for gate, color, values in zip("mhn", (RED, GREEN, BLUE), state[:, 1:].T):
        right.plot(time, values, color=color, label=gate)
    right.set(xlabel=translated("time (ms)"), ylabel=translated("share of open gates"))
    legend_beside(right)
    for axes in (left, right):
        plain(axes)
    return figure


def mcculloch_pitts():
    figure, axes = _panels(3)
    for ax, (gate, layers) in zip(axes, (("and", 1), ("or", 1), ("xor", 2))):
        cell = zoo.build("mcculloch_pitts", truth_table=gate, layers=layers)
        zoo.plots.decision_regions(cell, zoo.data.load(f"{gate}_gate"), limits=((-0.4, 1.4), (-0.4, 1.4)), ax=ax)
        ax.set_title(
            translated(gate) if layers == 1 else translated("{gate}: two layers", gate=translated(gate)), fontsize=11
        )
        ax.get_legend().remove()
    return figure


def hebb():
    figure, (left, right) = _panels(2)
    flowers = zoo.data.load("iris").x
    for rule, color in (("hebb", RED), ("oja", BLUE)):
        model = zoo.build("hebbian", flowers, rule=rule, encodings="standard")
        lengths = [np.linalg.norm(model.components)]
        for _ in range(12):
            zoo.train(model, flowers, epochs=1, batch_size=1, learning_rate=1e-3, verbose=0)
            lengths.append(np.linalg.norm(model.components))
        left.plot(lengths, color=color, label=translated(rule.capitalize()), marker="o", markersize=3)
    left.set(xlabel=translated("epoch"), ylabel=translated("length of the weights"), ylim=(0, 8))
    legend_beside(left)
    weights = zoo.train("hebbian", "correlated_spikes", rule="stdp", verbose=0).model.components[0]
    right.bar(range(1, 21), weights, color=[RED] * 10 + [GREY] * 10)
    right.set(
        xlabel=translated("input (the first ten fire together)"),
        ylabel=translated("weight by spike timing"),
        xticks=(1, 5, 10, 15, 20),
    )
    for axes in (left, right):
        plain(axes)
    return figure


def perceptron():
    figure, axes = _panels(3)
    for ax, epochs in zip(axes, (1, 4, 9)):
        run = zoo.train("perceptron", "and_gate", epochs=epochs, verbose=0)
        zoo.plots.decision_regions(run, zoo.data.load("and_gate"), limits=((-0.4, 1.4), (-0.4, 1.4)), ax=ax)
        wrong = int(run.history["mistakes"][-1])
        ax.set_title(translated("epoch {epoch}: {wrong} mistakes", epoch=epochs, wrong=wrong), fontsize=11)
        ax.get_legend().remove()
    return figure


def map():
    figure, axes = _panels(3)
    points = np.random.default_rng(0).random((2000, 2)).astype("float32")
    for ax, epochs in zip(axes, (0, 3, 50)):
        run = zoo.train("kohonen_map", points, grid=(8, 8), initial="random", rule="batch", epochs=epochs, verbose=0)
        sheet = run.model.codebook
        ax.plot(*points[:400].T, ".", color="#CCCCCC", markersize=3)
        for line in (*sheet, *sheet.transpose(1, 0, 2)):
            ax.plot(*line.T, color=BLUE, linewidth=0.8)
        ax.set_title(translated("{epochs} epochs", epochs=epochs), fontsize=11)
        ax.set_aspect("equal")
        ax.set_axis_off()
    return figure


def logistic_regression():
    figure, (left, right) = _panels(2)
    z = np.linspace(-6, 6, 121)
    left.plot(z, 1 / (1 + np.exp(-z)), color=BLUE)
    left.axhline(0.5, color="#CCCCCC", linewidth=0.8)
    left.set(xlabel=translated("sum z"), ylabel=translated("probability"))
    plain(left)
    titanic = zoo.data.load("titanic").frame()[["age", "fare", "survived"]].dropna()
    run = zoo.train("logistic_regression", titanic, target="survived", encodings="raw", verbose=0)
    shown = titanic.sample(150, random_state=0)
    zoo.plots.decision_regions(run, shown, limits=((0, 80), (0, 150)), ax=right)
    return figure


def mlp_regression():
    cars = zoo.data.load("mpg").frame()[["horsepower", "mpg"]].dropna()
    settings = {"hidden_units": (6,), "dropout": 0.0, "encodings": "standard", "linear": False, "learning_rate": 0.03}
    run = zoo.train("mlp_regressor", cars, target="mpg", activation="tanh", verbose=0, **settings)
    return zoo.plots.hidden_units(run, cars)


def descent():
    figure, (left, right) = _panels(2, 10.0, 4.4)
    zoo.plots.descent("bowl", ax=left)
    zoo.plots.descent("rosenbrock", steps=150, ax=right)
    for ax in (left, right):
        ax.get_legend().remove()
    names = [translated(name) for name in ("gradient descent", "momentum", "Newton")]
    figure.legend(left.lines[: len(names)], names, loc="outside lower center", ncols=3, frameon=False)
    return figure


def backpropagation():
    return zoo.plots.network_graph(zoo.build("backprop_1986", problem="xor"), x=[1.0, 0.0], y=[1.0])


def feeding():
    return zoo.plots.feeding(epochs=(60, 6, 1))


def softmax():
    figure, axes = _panels(3)
    z = np.array([2.0, 1.0, 0.1, -1.0])
    shown = (("z", z), ("$e^{z}$", np.exp(z)), ("$p = e^{z} / \\Sigma e^{z}$", np.exp(z) / np.exp(z).sum()))
    for ax, (title, values), color in zip(axes, shown, (GREY, BLUE, GREEN)):
        bars = ax.bar(range(1, 5), values, color=color)
        ax.bar_label(bars, fmt="%.2f", fontsize=9)
        ax.set_title(title, fontsize=11)
        ax.margins(y=0.15)
        plain(ax)
    return figure


def activations():
    return zoo.plots.activation_table()


PICTURES = (
    neuron, mcculloch_pitts, hebb, perceptron, map, logistic_regression, mlp_regression, descent, backpropagation,
    feeding, softmax, activations,
)  # fmt: skip


WORDS = {  # in the pictures of this file alone, and in the data that they show
    "share of open gates": "доля открытых ворот",
    "{gate}: two layers": "{gate}: два слоя",
    "and": "И",
    "or": "ИЛИ",
    "xor": "исключающее «или»",
    "epoch {epoch}: {wrong} mistakes": "эпоха {epoch}: ошибок {wrong}",
    "{epochs} epochs": "эпох: {epochs}",
    "length of the weights": "длина вектора весов",
    "Hebb": "Хебб",
    "Oja": "Ойя",
    "input (the first ten fire together)": "вход (первые десять возбуждаются вместе)",
    "weight by spike timing": "вес по правилу STDP",
    "sum z": "сумма z",
    "age": "возраст",
    "fare": "стоимость билета",
    "survived": "выжил",
    "horsepower": "мощность, л. с.",
    "mpg": "миль на галлон",
}


def main(names):
    with matplotlib.rc_context({"svg.hashsalt": "zoo", "svg.fonttype": "path", "path.simplify_threshold": 0.5}):
        for code, folder in (("en", FOLDER), ("ru", FOLDER / "ru")):
            folder.mkdir(parents=True, exist_ok=True)
            with zoo.plots.language(code, words=WORDS if code == "ru" else None):
                for picture in PICTURES:
                    if not names or picture.__name__ in names:
                        file = folder / f"{picture.__name__}.svg"
                        picture().savefig(file, metadata={"Date": None}, dpi=90)
                        print(f"{code} {file.name}: {file.stat().st_size / 1024:.0f} KB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
