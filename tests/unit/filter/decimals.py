#!/usr/bin/env python3
"""Writes decimals.txt: pairs of JSON numbers, and how Python's decimal orders them (-1, 0 or 1).
usage: decimals.py >decimals.txt"""
import random
from decimal import Decimal, getcontext

getcontext().prec = 2000
chosen = random.Random(17)


def digits(most):
    return "".join(chosen.choice("0123456789") for _ in range(chosen.randint(1, most)))


def number():
    most = chosen.choice((2, 5, 20, 60))
    text = chosen.choice(("", "-")) + (digits(most).lstrip("0") or "0")
    if chosen.random() < 0.5:
        text += "." + digits(most)
    if chosen.random() < 0.5:
        text += chosen.choice("eE") + chosen.choice(("", "+", "-")) + digits(chosen.choice((1, 2, 3)))
    return text


def same(text):
    """The same number, written otherwise."""
    sign, figures, exponent = Decimal(text).as_tuple()
    zeros = chosen.randint(0, 5)
    whole = "".join(map(str, figures)) + "0" * zeros
    return ("-" if sign else "") + whole.lstrip("0").rjust(1, "0") + f"e{exponent - zeros}"


def near(text):
    """Differs in the last digit."""
    value = Decimal(same(text).replace("e", "7e"))
    return f"{value.normalize():e}".replace("E", "e")


for _ in range(600):
    left = number()
    right = chosen.choice((number, lambda: same(left), lambda: near(left)))()
    a, b = Decimal(left), Decimal(right)
    print(left, right, (a > b) - (a < b))
