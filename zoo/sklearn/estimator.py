"""What both estimators share: flat parameters, `fit`, and what is pickled.

A parameter is either one that the constructor names, or an option of the entry's builder, which differ from entry to
entry: those are kept by name in `_options`, and `get_params`, `set_params`, `clone` and attributes treat both alike.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from zoo import registry
from zoo.sklearn import inputs, pickling

if TYPE_CHECKING:
    from zoo.model import Model
    from zoo.run import Run

RECIPE = "recipe"  # the value of `validation` that leaves the share to the recipe
OWN = ("entry", "optimizer", "random_state", "validation", "warm_start")  # parameters that `zoo.train` takes otherwise
NOT_OF_MODELS = ("schema", "quality")  # parameters that a trained model does not take: it has its own
CLASSES = {"classifier": "ZooClassifier", "regressor": "ZooRegressor"}
INSTEAD = {  # parameters of `zoo.train` that scikit-learn has other names for
    "seed": "It is called `random_state` here.",
    "weight": "Pass fit(X, y, sample_weight=...).",
    "target": "Pass fit(X, y).",
}


class ZooEstimator(BaseEstimator):
    """The base of `ZooClassifier` and `ZooRegressor`, whose docstrings say what the parameters are."""

    _name = ""  # of the estimator, as tasks say it: `zoo.tasks.task.Task.estimator`
    _parameters: frozenset[str] = frozenset()  # that the constructor names
    _columns: list | None  # of the table that was fitted; None where it was an array
    _fitted_options: dict[str, Any]  # that `fit` was given; `Traits.finish` may have changed those of `model_`
    _fitted_entry: str  # that `fit` was given, which may be "auto"
    model_: Model
    run_: Run
    n_iter_: int

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        parameters = inspect.signature(cls).parameters.values()
        named = (parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD)
        cls._parameters = frozenset(named)

    def __init__(
        self,
        entry: str,
        *,
        epochs,
        batch_size,
        learning_rate,
        optimizer,
        loss,
        solver,
        validation,
        groups,
        time,
        schema,
        ignore,
        image_size,
        devices,
        engine,
        quality,
        budget,
        intervals,
        random_state,
        warm_start,
        verbose,
        **options,
    ):
        self._options = options
        self.entry = entry
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.loss = loss
        self.solver = solver
        self.validation = validation
        self.groups = groups
        self.time = time
        self.schema = schema
        self.ignore = ignore
        self.image_size = image_size
        self.devices = devices
        self.engine = engine
        self.quality = quality
        self.budget = budget
        self.intervals = intervals
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns all parameters by name, and those of the builder's options that were given.

        Args:
            deep: As scikit-learn has it; no parameter of these estimators is one itself.
        """
        return {**super().get_params(deep), **self._options}

    def set_params(self, **params) -> Self:
        """Sets parameters and options of the builder, and returns the estimator.

        Args:
            **params: Their values by name.
        """
        for name, value in params.items():
            if name in self._parameters:
                setattr(self, name, value)
            else:
                self._options[name] = value
        return self

    def __setattr__(self, name: str, value) -> None:
        if name.startswith("_") or name.endswith("_") or name in self._parameters:
            super().__setattr__(name, value)
        else:
            self._options[name] = value

    def __getattr__(self, name: str) -> Any:
        options = self.__dict__.get("_options", {})
        if name in options:
            return options[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def fit(self, X, y, sample_weight=None) -> Self:
        """Trains the entry, as `zoo.train` does.

        Args:
            X: Rows: a DataFrame, of which text, categories, dates and gaps are read as `zoo.data.load` reads them, or
                an array.
            y: Targets, `(rows,)`, or several `(rows, targets)`.
            sample_weight: A number a row, one number, or None.

        Returns:
            The estimator.

        Raises:
            TypeError: if rows are sparse, or a cell holds several values.
            ValueError: if a parameter or the data are wrong; the message says what must be.
            KeyboardInterrupt: after Ctrl-C, so that a search ends too. What was trained is in `model_`.
        """
        entry = None if self.entry == registry.AUTO else self._checked_entry()
        settings, options = self._settings()
        data, weight = inputs.training_data(self, X, y, sample_weight)
        rows, targets = data if isinstance(data, tuple) else (data.x, data.y)
        self._check_targets(targets)
        import zoo
        from zoo.compiling import checked_options

        checked = options if entry is None else checked_options(entry, options)
        if self.warm_start and hasattr(self, "model_"):
            self._check_unchanged(checked)
            settings = {name: value for name, value in settings.items() if name not in NOT_OF_MODELS}
            run = zoo.fine_tune(self.model_, data, freeze="none", weight=weight, **settings)
        else:
            chosen = self.entry if entry is not None else self._choice(data, weight, settings)
            run = zoo.train(chosen, data, weight=weight, **settings, **options)
        self._fitted_options, self._fitted_entry = checked, self.entry
        self._columns = [name for name in rows.columns if name != weight] if hasattr(rows, "columns") else None
        self._set_fitted(run)
        if run.interrupted:
            from zoo.engine import interruption

            raise interruption.raised_again(run.stopped)
        return self

    def _choice(self, data, weight: str | None, settings: dict[str, Any]):
        """Returns the entry that `"auto"` takes for rows: what is answered is what the estimator is for."""
        from zoo import automatic

        how = {name: settings[name] for name in ("quality", "schema", "ignore", "image_size")}
        return automatic.choose(data, **how, roles=(self.groups, weight), answers=self._name)

    def _check_targets(self, y) -> None:
        """Raises ValueError if targets are not what the estimator predicts."""

    def _set_fitted(self, run) -> None:
        """Sets what a fitted estimator has, from the run that trained its model."""
        self.run_, self.model_ = run, run.model
        self.n_iter_ = max(map(len, run.history.values()), default=0)

    def _checked_entry(self) -> registry.Entry:
        """Returns the entry to train.

        Raises:
            ValueError: if it is none, or answers something else.
        """
        if not isinstance(self.entry, str) or "." in self.entry or registry.find(self.entry) is None:
            if isinstance(self.entry, str) and not any(mark in self.entry for mark in "/\\."):
                registry.resolve(self.entry)  # raises, and offers the nearest names
            raise ValueError(
                f"`entry` must be the name of an entry, of which `fit` trains a fresh model. Received: "
                f"{self.entry if isinstance(self.entry, str) else type(self.entry).__name__!r}. Train a trained model "
                "further with zoo.fine_tune(model, data)."
            )
        entry = registry.info(self.entry)
        if self._name not in _estimators(entry):
            known = [name for name in registry.list_models() if self._name in _estimators(registry.info(name))]
            repair = "".join(f" Take {CLASSES[name]}." for name in _estimators(entry) if name in CLASSES)
            raise ValueError(
                f"{type(self).__name__} takes these entries: {', '.join(known)}. Received: entry={self.entry!r}, which "
                f"does {' or '.join(entry.tasks)}.{repair}"
            )
        return entry

    def _settings(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Returns the arguments of `zoo.train` without data and weights, and the builder's options.

        Raises:
            ValueError: if an option is a parameter of `zoo.train` that the estimator does not have.
        """
        import zoo
        from zoo.training.settings import copy_of

        taken = inspect.signature(zoo.train).parameters
        for name in self._options:
            if name in taken:
                known = ", ".join(sorted(self._parameters))
                repair = INSTEAD.get(name, f"It takes: {known}, and the builder's options.")
                raise ValueError(f"{type(self).__name__} does not take `{name}`. {repair}")
        settings = {name: getattr(self, name) for name in self._parameters if name not in OWN}
        settings = {name: _plain(value) for name, value in settings.items()}
        settings |= {"optimizer": copy_of(self.optimizer), "seed": self._seed()}
        if not (isinstance(self.validation, str) and self.validation == RECIPE):
            settings["validation"] = _plain(self.validation)
        return settings, {name: _plain(value) for name, value in self._options.items()}

    def _seed(self) -> int:
        drawn_from = check_random_state(self.random_state)
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(drawn_from.randint(np.iinfo(np.int32).max))

    def _check_unchanged(self, wanted: dict[str, Any]) -> None:
        """Raises ValueError if a fit that goes on is asked for another network than the one that `fit` trained."""
        fitted = getattr(self, "_fitted_entry", self.model_.entry.name)  # estimators of before "auto" have none
        if self.entry not in (fitted, self.model_.entry.name) or wanted != self._fitted_options:
            raise ValueError(
                f"With `warm_start` the network must be the fitted one, {fitted!r} with "
                f"{self._fitted_options}. Received: {self.entry!r} with {wanted}. Set warm_start=False to train a "
                "fresh one."
            )

    def _decoded(self, X) -> dict[str, np.ndarray]:
        """Returns the answers of the fitted model for rows, by name."""
        check_is_fitted(self, "model_")
        from zoo.training.prediction import decoded

        return decoded(self.model_, inputs.rows_as_fitted(self, X))

    def _covering(self, X, name: str) -> dict[str, np.ndarray]:
        """Returns the answers for rows by name, among which is one that intervals or sets add.

        Raises:
            ValueError: if the estimator was fitted without `intervals`.
        """
        answers = self._decoded(X)
        if name not in answers:
            raise ValueError(
                f"The fitted model has no intervals. Received: intervals={self.intervals!r}. Set the share of new rows "
                f"to cover, as {type(self).__name__} with `intervals=0.9`, and fit again."
            )
        return answers

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "run_" in state:
            del state["model_"]
            state["_packed"] = pickling.packed(state.pop("run_"))
        return state

    def __setstate__(self, state) -> None:
        signature = inspect.signature(type(self)).parameters
        defaults = {name: signature[name].default for name in self._parameters}
        state = {**defaults, **state}  # a pickle of an earlier version lacks the parameters that came later
        packed = state.pop("_packed", None)
        super().__setstate__(state)
        if packed is not None:
            self.run_ = pickling.unpacked(*packed)
            self.model_ = self.run_.model

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags

    def _takes_several(self) -> bool:
        """Returns whether the entry answers several labels or numbers a row; of `"auto"` there is always one."""
        if self.entry == registry.AUTO:
            return True
        entry = registry.find(self.entry) if isinstance(self.entry, str) else None
        return entry is not None and any(registry.load_task(name).several for name in entry.tasks)


def _estimators(entry: registry.Entry) -> set[str]:
    """Returns the estimators that an entry's tasks are for."""
    return {registry.load_task(name).estimator for name in entry.tasks}


def _plain(value):
    """Returns a number of numpy, as a search draws it, as Python's own."""
    return value.item() if isinstance(value, np.generic) else value
