"""Examples in docstrings are run, and every module a user builds networks of has one."""

import doctest
import importlib
import inspect
import pkgutil

import pytest
from torch import nn

from nearsym import networks

MODULES = sorted(module.name for module in pkgutil.walk_packages(networks.__path__, f"{networks.__name__}."))
BUILT = [
    kind
    for name in networks.__all__
    if inspect.isclass(kind := getattr(networks, name)) and issubclass(kind, nn.Module) and not inspect.isabstract(kind)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_say_what_happens(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("kind", BUILT, ids=lambda kind: kind.__name__)
def test_every_module_has_an_example(kind):
    if kind is networks.SteerableConv2d:
        pytest.skip("needs escnn, which not everybody has")
    assert doctest.DocTestFinder(recurse=False).find(kind)[0].examples


def test_a_wrong_example_is_found():
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None).failed == 1
