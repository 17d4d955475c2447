"""Values that do not fit where they are given, and some that do."""

from __future__ import annotations

import random

NUMBERS = ("-1", "0", "1", "2", "3", "7", "0.5", "1.5", "-0.0", "1e-320", "nan", "inf", "-inf", "1e8", "1e308", "1e400")
HUGE = ("100000000", str(2**31), str(2**32), str(2**63), str(2**64), str(10**30), "9" * 400)
KINDS = ("", "null", "true", "false", "abc", "[]", "{}", "[1,2]", "[nan]", "[[[]]]", "{a:1}", "0x10", "1_000", "???")
TEXT = ("'", '"', "a'b", "a b", "a=b", "${seed}", "${oc.env:HOME}", "${nowhere}", "${", "é😀", "x" * 300, "x" * 5000)
TEXT += (
    "a\nb",
    "\t",
    "~",
    "*",
    "!!python/object:os.system",
    "\\",
    "%s",
    "{}{}",
    "a,b",
    "a:b",
    "#",
    "&x",
    "\x7f",
    "\udc80",
)
PATHS = (
    "/",
    ".",
    "..",
    "/proc/nowhere",
    "/dev/full",
    "/dev/null",
    "nowhere/nothing",
    "notes.txt",
    "notes.txt/x",
    "runs/a",
)
NAMES = (
    "mine:Fine",
    "mine:symmetry",
    "mine:nothing",
    "mine",
    "os:system",
    "math:pi",
    ":",
    "a:",
    ":b",
    "cuda:99",
    "cuda",
)
NAMES += ("Pendulum-v1", "CartPole-v1", "dmc/cartpole-swingup", "dmc/nowhere", "trading/portfolio", "relaxed", "sp500")

LONG = (
    "total_steps",
    "eval_episodes",
    "episodes",
    "samples",
    "rounds",
    "steps",
    "gradient_steps",
    "trials",
    "jobs",
    "count",
)
"""Last parts of keys whose large values ask for long work."""


def value(draw: random.Random, key: str = "") -> str:
    """A value of any kind; seldom one that would be right."""
    kinds = (NUMBERS, NUMBERS, HUGE, KINDS, KINDS, TEXT, PATHS, NAMES)
    chosen = draw.choice(draw.choice(kinds))
    # compiling takes half a minute by right
    return "no" if key.rpartition(".")[2] == "compile" and chosen.lower() == "true" else chosen


def is_long(key: str, text: str) -> bool:
    """Whether a value asks for long work, as it may."""
    try:
        number = float(text.strip("'\""))
    except ValueError:
        return False
    return key.rpartition(".")[2] in LONG and number > 1000
