"""Numbers as each language writes them."""

import pytest

from tests.playground.node import run

pytestmark = pytest.mark.node


def said(function, *arguments):
    return run(f"return playground.language.{function}(...given)", files=("shell/language.js",), given=list(arguments))


@pytest.mark.parametrize(
    ("value", "digits", "english", "russian"),
    [
        (0.5, 3, "0.5", "0,5"),
        (14.636, 3, "14.6", "14,6"),
        (1234.56, 3, "1235", "1235"),
        (86_000_000, 3, "86,000,000", "86\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000"),
        (-0.0123456, 3, "−0.0123", "−0,0123"),
        (0, 3, "0", "0"),
        (1.7e-8, 2, "1.7·10⁻⁸", "1,7·10⁻⁸"),
        (2.998e10, 4, "2.998·10¹⁰", "2,998·10¹⁰"),
        (0.1 + 0.2, 4, "0.3", "0,3"),
    ],
)
def test_a_number_has_so_many_significant_digits(value, digits, english, russian):
    assert (said("number", value, "en", digits), said("number", value, "ru", digits)) == (english, russian)


def test_numbers_that_are_none_are_signs():
    body = "return [NaN, Infinity, -Infinity].map(x => playground.language.number(x, 'en'))"
    assert run(body, files=("shell/language.js",)) == ["—", "∞", "−∞"]


def test_fixed_decimals_stay_and_zero_has_no_sign():
    assert said("fixed", 2, "ru", 2) == "2,00"
    assert said("fixed", -0.001, "en", 2) == "0.00"


@pytest.mark.parametrize(
    ("count", "noun"), [(1, "импульс"), (3, "импульса"), (7, "импульсов"), (21, "импульс"), (11, "импульсов")]
)
def test_a_russian_noun_goes_with_its_count(count, noun):
    assert said("plural", count, {"one": "импульс", "few": "импульса", "many": "импульсов"}, "ru") == noun
