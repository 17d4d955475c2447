"""Examples in docstrings are run, and every module of networks has one."""

import doctest
import importlib
import inspect
import pkgutil
from importlib.util import find_spec

import pytest
from torch import nn

from nearsym import networks

MODULES = sorted(module.name for module in pkgutil.walk_packages(networks.__path__, f"{networks.__name__}."))
BUILT = sorted(
    {
        kind
        for name in MODULES
        for kind in vars(importlib.import_module(name)).values()
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and not inspect.isabstract(kind)
        if kind.__module__.startswith(networks.__name__)
    },
    key=lambda kind: kind.__name__,
)
NEEDS_ESCNN = [f"{networks.__name__}.steerable", f"{networks.__name__}.steerable_kernel"]


@pytest.mark.filterwarnings("ignore")  # escnn's own
@pytest.mark.parametrize("name", MODULES)
def test_examples_say_what_happens(name):
    if name in NEEDS_ESCNN and find_spec("escnn") is None:
        pytest.skip("needs escnn, which not everybody has")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("kind", BUILT, ids=lambda kind: kind.__name__)
def test_every_module_has_an_example(kind):
    assert doctest.DocTestFinder(recurse=False).find(kind)[0].examples


def test_modules_that_are_not_exported_are_asked_too():
    assert {"MLP", "IrreducibleProduct", "TimeWeights", "SteerableConv2d"} <= {kind.__name__ for kind in BUILT}


def test_a_wrong_example_is_found():
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None).failed == 1
