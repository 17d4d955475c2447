"""Learners that differ in their seed alone, acting and updated as one, each with random numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from nearsym.envs.errors import InputError

from .actor_critic import ActorCritic
from .compiled import CannotCompileError, compile_function
from .experience import Batch
from .learner import Array
from .update_rule import Drawn, UpdateRule

Rule = Callable[..., Sequence[Tensor]]
"""All seeds' update: from all tensors to losses."""


class Generators:
    """The generators of torch, GPUs' too, and numpy as one seed has left them, put in place while that seed is at work.

    What is drawn so is what the seed would draw in a process of its own. Made of the generators as they are.
    """

    def __init__(self) -> None:
        self._torch = [generator.get_state() for generator in _torchs()]
        self._numpy = np.random.MT19937()
        self._numpy.state = np.random.get_state(legacy=False)  # type: ignore[assignment]

    @contextmanager
    def own(self) -> Iterator[None]:
        """Inside, random numbers are this seed's."""
        before, others = [generator.get_state() for generator in _torchs()], np.random.get_bit_generator()
        _put(self._torch)
        np.random.set_bit_generator(self._numpy)
        try:
            yield
        finally:
            self._torch = [generator.get_state() for generator in _torchs()]
            _put(before)
            np.random.set_bit_generator(others)


def _torchs() -> list[torch.Generator]:
    """Those of the CPU and of every GPU; of no GPU before one is used."""
    return [torch.default_generator, *torch.cuda.default_generators]


def _put(states: Sequence[Tensor]) -> None:
    for generator, state in zip(_torchs(), states, strict=False):  # a GPU may have come into use since
        generator.set_state(state)


class ManySeeds:
    """S learners as one: what each would do alone, to rounding.

    Their parameters and moments become rows of tensors with a dimension for seeds, over which `torch.vmap` takes the
    update: products of matrices are batched products, and everything else is one operation instead of S. No number of
    one seed enters another's. Each acts by itself.

    Args:
        learners: of one algorithm, network and problem; each goes on holding what is its own.
        generators: of each.

    Raises:
        InputError: the algorithm is no actor-critic of ours.
    """

    def __init__(self, learners: Sequence[ActorCritic], generators: Sequence[Generators]) -> None:
        for learner in learners:
            if not isinstance(learner, ActorCritic):
                raise InputError(
                    f"several seeds at once need an algorithm whose update is a function of tensors, and "
                    f"{type(learner).__name__} has none; train one seed after the other"
                )
        self._learners, self._generators = learners, generators
        self._rules = [UpdateRule(learner) for learner in learners]
        self._update = torch.vmap(self._rules[0], randomness="error")
        self._tensors: dict[str, Tensor] = {}
        self._rows: list[int] = []
        self._compiled: Rule | None = None
        self._tell: Callable[[str], None] | None = None
        self._names: list[str] = []

    def compile(self, tell: Callable[[str], None]) -> None:
        """Have the first update and the first action compile what follows; `tell` is given the reason if that fails."""
        self._tell = tell
        self._learners[0].acting.compile(tell)  # the others' differs in its numbers alone

    def explore(self, observations: Array) -> Array:
        """(S, …) actions, one from each learner for its own of (S, …) observations."""
        actions = []
        for s, (learner, generators) in enumerate(zip(self._learners, self._generators, strict=True)):
            if s and self._tell is not None:
                learner.acting.share(self._learners[0].acting)
            with generators.own():
                actions.append(learner.explore(observations[s : s + 1], None)[0])
        return np.concatenate(actions)

    def update(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One update of every learner on its own batch; (S,) losses."""
        prepared = []
        for learner, generators, batch in zip(self._learners, self._generators, batches, strict=True):
            with generators.own():
                prepared.append(learner.prepared(batch))
            learner.updates += 1
        batch = Batch(*map(torch.stack, zip(*(batch for batch, _ in prepared), strict=True)))
        drawn = {name: torch.stack([own[name] for _, own in prepared]) for name in prepared[0][1]}
        tensors = self._stacked()
        names, keys, count = list(tensors), list(drawn), len(tensors)

        def rule(*arguments: Tensor) -> Sequence[Tensor]:
            rest: Drawn = dict(zip(keys, arguments[count + len(batch) :], strict=True))
            stacked = dict(zip(names, arguments[:count], strict=True))
            losses = self._update(stacked, Batch(*arguments[count : count + len(batch)]), rest)
            self._names = list(losses)
            return list(losses.values())

        given = [*tensors.values(), *batch, *drawn.values()]
        self._rules[0].functional(True)
        try:
            if self._tell is not None and self._compiled is None:
                self._compiled = self._compile(rule, given, self._tell)
            values = (self._compiled or rule)(*given)
        finally:
            self._rules[0].functional(False)
        return dict(zip(self._names, values, strict=True))

    def _stacked(self) -> dict[str, Tensor]:
        """Everything that updates change, (S, …) each, of which every learner holds its row."""
        own = [rule.tensors() for rule in self._rules]
        if self._rows != [tensor.data_ptr() for tensors in own for tensor in tensors.values()]:
            self._tensors = {name: torch.stack([tensors[name] for tensors in own]) for name in own[0]}
            for s, rule in enumerate(self._rules):
                rule.adopt({name: stacked[s] for name, stacked in self._tensors.items()})
            self._rows = [tensor.data_ptr() for rule in self._rules for tensor in rule.tensors().values()]
        return self._tensors

    def _compile(self, rule: Rule, given: Sequence[Tensor], tell: Callable[[str], None]) -> Rule:
        try:
            return compile_function(rule, given, lasting=len(self._tensors))
        except CannotCompileError as error:
            tell(str(error))
            return rule
