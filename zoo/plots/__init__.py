"""`zoo.plots`: pictures of models, of training, and of the mathematics behind them. Needs the extra `plots`.

training.py      learning curves, confusion matrix       landscapes.py       energy of patterns, distances on a map
regions.py       what a model of two inputs answers      traces.py           voltages in time
weights.py       weights as images                       backpropagation.py  the chain rule in numbers
activations.py   the lecture's table                     graph.py            a network with those numbers
methods.py       gradient descent, momentum, Newton      surfaces.py         the surfaces that they descend
batches.py       offline, mini-batch, online             canvas.py           Figures, Axes and colours
line.py          what a line explains, what is added     probabilities.py     ROC, precision and recall, thresholds
errors.py        residuals, predicted over true          outcomes.py          what these two files draw
comparisons.py   differences of models to the best  translations.py    English and Russian labels
chains.py        networks as a chain of layers      paths.py            the chain rule path by path
contributions.py hidden units summed to a curve     label_places.py     where labels of arrows stand
rates.py         small and too large learning rates newton.py           the quadratic model at a point
history.py       years, parameters beside neurons

Each picture is a matplotlib Figure made without pyplot: no global state, no window. `ax=` draws into Axes of yours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo import notices

_HOMES = {
    "ACTIVATIONS": "zoo.plots.activations",
    "activation_table": "zoo.plots.activations",
    "chain_paths": "zoo.plots.paths",
    "chain_rule": "zoo.plots.backpropagation",
    "confusion_matrix": "zoo.plots.training",
    "decision_regions": "zoo.plots.regions",
    "descent": "zoo.plots.methods",
    "descent_paths": "zoo.plots.methods",
    "energy_landscape": "zoo.plots.landscapes",
    "feeding": "zoo.plots.batches",
    "feeding_paths": "zoo.plots.batches",
    "hidden_unit_parts": "zoo.plots.contributions",
    "hidden_units": "zoo.plots.contributions",
    "language": "zoo.plots.translations",
    "learning_curves": "zoo.plots.training",
    "learning_rate_paths": "zoo.plots.rates",
    "learning_rates": "zoo.plots.rates",
    "line_and_rest": "zoo.plots.line",
    "model_differences": "zoo.plots.comparisons",
    "neighbour_distances": "zoo.plots.landscapes",
    "network_graph": "zoo.plots.graph",
    "of_scores": "zoo.plots.outcomes",
    "parameter_counts": "zoo.plots.history",
    "path_graph": "zoo.plots.paths",
    "precision_recall_curve": "zoo.plots.probabilities",
    "predicted_against_true": "zoo.plots.errors",
    "quadratic_model": "zoo.plots.newton",
    "reliability_diagram": "zoo.plots.probabilities",
    "residuals": "zoo.plots.errors",
    "roc_curve": "zoo.plots.probabilities",
    "threshold_curves": "zoo.plots.probabilities",
    "timeline": "zoo.plots.history",
    "translated": "zoo.plots.translations",
    "u_matrix": "zoo.plots.landscapes",
    "voltage_traces": "zoo.plots.traces",
    "weights_as_images": "zoo.plots.weights",
}
__all__ = [
    "ACTIVATIONS",
    "activation_table",
    "chain_paths",
    "chain_rule",
    "confusion_matrix",
    "decision_regions",
    "descent",
    "descent_paths",
    "energy_landscape",
    "feeding",
    "feeding_paths",
    "hidden_unit_parts",
    "hidden_units",
    "language",
    "learning_curves",
    "learning_rate_paths",
    "learning_rates",
    "line_and_rest",
    "model_differences",
    "neighbour_distances",
    "network_graph",
    "of_scores",
    "parameter_counts",
    "path_graph",
    "precision_recall_curve",
    "predicted_against_true",
    "quadratic_model",
    "reliability_diagram",
    "residuals",
    "roc_curve",
    "threshold_curves",
    "timeline",
    "translated",
    "u_matrix",
    "voltage_traces",
    "weights_as_images",
]

if TYPE_CHECKING:
    from zoo.plots.activations import ACTIVATIONS as ACTIVATIONS
    from zoo.plots.activations import activation_table as activation_table
    from zoo.plots.backpropagation import chain_rule as chain_rule
    from zoo.plots.batches import feeding as feeding
    from zoo.plots.batches import feeding_paths as feeding_paths
    from zoo.plots.comparisons import model_differences as model_differences
    from zoo.plots.contributions import hidden_unit_parts as hidden_unit_parts
    from zoo.plots.contributions import hidden_units as hidden_units
    from zoo.plots.errors import predicted_against_true as predicted_against_true
    from zoo.plots.errors import residuals as residuals
    from zoo.plots.graph import network_graph as network_graph
    from zoo.plots.history import parameter_counts as parameter_counts
    from zoo.plots.history import timeline as timeline
    from zoo.plots.landscapes import energy_landscape as energy_landscape
    from zoo.plots.landscapes import neighbour_distances as neighbour_distances
    from zoo.plots.landscapes import u_matrix as u_matrix
    from zoo.plots.line import line_and_rest as line_and_rest
    from zoo.plots.methods import descent as descent
    from zoo.plots.methods import descent_paths as descent_paths
    from zoo.plots.newton import quadratic_model as quadratic_model
    from zoo.plots.outcomes import of_scores as of_scores
    from zoo.plots.paths import chain_paths as chain_paths
    from zoo.plots.paths import path_graph as path_graph
    from zoo.plots.probabilities import precision_recall_curve as precision_recall_curve
    from zoo.plots.probabilities import reliability_diagram as reliability_diagram
    from zoo.plots.probabilities import roc_curve as roc_curve
    from zoo.plots.probabilities import threshold_curves as threshold_curves
    from zoo.plots.rates import learning_rate_paths as learning_rate_paths
    from zoo.plots.rates import learning_rates as learning_rates
    from zoo.plots.regions import decision_regions as decision_regions
    from zoo.plots.traces import voltage_traces as voltage_traces
    from zoo.plots.training import confusion_matrix as confusion_matrix
    from zoo.plots.training import learning_curves as learning_curves
    from zoo.plots.translations import language as language
    from zoo.plots.translations import translated as translated
    from zoo.plots.weights import weights_as_images as weights_as_images
else:  # hidden from type checkers, which would otherwise accept any name

    def __getattr__(name: str):
        if name not in _HOMES:
            raise AttributeError(f"module 'zoo.plots' has no attribute {name!r}. It has: {', '.join(__all__)}.")
        try:
            module = notices.import_module(_HOMES[name])
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            raise ImportError('Plots need matplotlib: pip install "keras-zoo[plots]"') from error
        value = globals()[name] = getattr(module, name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
