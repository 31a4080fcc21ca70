"""The language of labels: English as the pictures write them, or Russian by the table below."""

from __future__ import annotations

from collections.abc import Mapping

from zoo.registry import suggest

LANGUAGES = ("en", "ru")

RUSSIAN = {
    # Axes
    "column": "столбец",
    "current\n(µA/cm²)": "ток\n(мкА/см²)",
    "epoch": "эпоха",
    "false positive rate": "доля ложноположительных",
    "input 1": "вход 1",
    "input 2": "вход 2",
    "intercept b": "свободный член b",
    "parameters": "число параметров",
    "predicted class": "предсказанный класс",
    "predicted {name}": "предсказание: {name}",
    "probability": "вероятность",
    "recall": "полнота",
    "row": "строка",
    "share of positive rows": "доля положительных примеров",
    "share of {pattern}": "доля {pattern}",
    "share of Newton's step": "доля шага метода Ньютона",
    "height above the minimum": "высота над минимумом",
    "slope a": "наклон a",
    "step": "шаг",
    "threshold": "порог",
    "time (ms)": "время (мс)",
    "true - predicted": "истинное минус предсказанное",
    "true class": "истинный класс",
    "true positive rate": "чувствительность (доля истинно положительных)",
    "true {name}": "истинное значение: {name}",
    "voltage from rest (mV)": "отклонение от\nпотенциала покоя (мВ)",
    "year": "год",
    "{score}: difference to {best}": "{score}: разность с {best}",
    "standard deviation of its part, {name}": "стандартное отклонение вклада, {name}",
    "the line's answer, {name}": "ответ линейной части, {name}",
    "what the hidden layers add": "вклад скрытых слоёв",
    # Titles
    "row by row": "по примерам",
    "what moves the answer": "что меняет ответ",
    "{name}: {drawn} of {count} units": "{name}: {drawn} из {count} нейронов",
    "the part of each hidden unit": "вклад каждого скрытого нейрона",
    "their sum": "их сумма",
    # Legends and colour bars
    "F1": "F1",
    "area {area:.3f}": "площадь {area:.3f}",
    "average {mean:.3f}": "в среднем {mean:.3f}",
    "bias": "смещение",
    "energy": "энергия",
    "hidden layers": "скрытые слои",
    "mean distance from neighbours": "среднее расстояние до соседей",
    "precision": "точность (precision)",
    "share of rows": "доля примеров",
    "share of the true class": "доля истинного класса",
    "sum = prediction": "сумма = предсказание",
    "training": "обучение",
    "validation": "проверка",
    "value": "значение",
    "weight": "вес",
    "quadratic model": "квадратичная модель",
    "the function": "функция",
    "point": "точка",
    "minimum": "минимум",
    "where Newton's method goes": "куда ведёт метод Ньютона",
    "what the model expects there": "чего там ждёт модель",
    "line": "линейная часть",
    "{name}: {count} steps": "{name}: шагов {count}",
    "{rate:.3g} = {multiple:.3g} · 2/λmax": "{rate:.3g} = {multiple:.3g} · 2/λmax",
    "gradient descent": "градиентный спуск",
    "momentum": "с импульсом",
    "Newton": "метод Ньютона",
    "offline, {rows} rows": "офлайн, все {rows} примеров",
    "mini-batch, {rows} rows": "мини-батч, примеров {rows}",
    "online, 1 row": "онлайн, 1 пример",
    "logit of {name}": "логит класса {name}",
    "target": "ответ",
    "components": "компоненты",
    "codebook": "векторы карты",
    "units": "нейроны",
    # In the picture
    "start": "начало",
    "sum of the products: {total}": "сумма произведений: {total}",
    "neurons of a human brain\n(Azevedo and others, 2009)": "нейроны мозга человека\n(Азеведу и др., 2009)",
    "if": "если",
    "else": "иначе",
    # Activations
    "identity": "тождественная",
    "binary step": "ступенька",
    "logistic": "логистическая",
    "arctan": "арктангенс",
    # Scores of training
    "loss": "функция потерь",
    "accuracy": "доля верных ответов",
    "mistakes": "ошибки",
    "misses": "ошибки",
    "error": "ошибка",
    "learning rate": "скорость обучения",
}  # fmt: skip

_current: dict = {"language": "en", "words": {}}


class language:
    """Sets the language of labels from here on; as a context manager, until its end.

    Args:
        code: `"en"` or `"ru"`.
        words: Further translations: of names in the data, such as columns, classes and scores.

    Example:

    >>> zoo.plots.language("ru", words={"horsepower": "мощность"})
    >>> with zoo.plots.language("en"):
    ...     zoo.plots.learning_curves(run)

    Raises:
        ValueError: if the zoo has no labels in that language.
    """

    def __init__(self, code: str, words: Mapping[str, str] | None = None):
        if code not in LANGUAGES:
            raise ValueError(
                f"`code` must be one of {', '.join(map(repr, LANGUAGES))}.{suggest(str(code), LANGUAGES)} "
                f"Received: {code!r}"
            )
        self._before = dict(_current)
        _current.update(language=code, words=dict(words or {}))

    def _ipython_display_(self) -> None:
        """Shows nothing below a notebook's cell that ends with the call."""

    def __enter__(self) -> language:
        return self

    def __exit__(self, *exception) -> None:
        _current.update(self._before)


def translated(label: str, /, **values) -> str:
    """Returns a label in the current language; one without a translation as it is.

    Args:
        label: A label in English.
        **values: What stands in the places of `{...}` in it.
    """
    table = RUSSIAN if _current["language"] == "ru" else {}
    label = _current["words"].get(label, table.get(label, label))
    return label.format(**values) if values else label


def named(name) -> str:
    """Returns a name in the data, such as that of a column or a class: by the caller's `words`, or as it is."""
    return _current["words"].get(str(name), str(name))
