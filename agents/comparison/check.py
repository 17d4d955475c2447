"""Whether every run of a suite can start, found out before the first one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nearsym.agents.build import build_agent, build_env
from nearsym.agents.settings import TrainSettings
from nearsym.envs.errors import InputError

from .suite import Member, perturbation_name


def check_members(members: Iterable[Member], settings_of: Callable[[Sequence[str]], TrainSettings]) -> None:
    """Build every task in each of its worlds, and every network for each task.

    Args:
        members: the runs.
        settings_of: the settings of a `nearsym train` command, from its words.

    Raises:
        InputError: an environment is unknown or cannot be perturbed so, a network does not fit it, or an override is
            none; names the run.
    """
    seen: set[tuple[str, str]] = set()
    for member in members:
        # a network does not depend on the perturbation, so each pair is enough
        pairs = {(member.task, f"in {perturbation_name(member.perturbation)}"), (member.task, member.network)}
        if pairs <= seen:
            continue
        seen |= pairs
        try:
            settings = settings_of(member.words)
            trainee = build_env(settings, settings.seed)
            build_agent(settings, trainee)
            trainee.env.close()
        except InputError as error:
            raise InputError(f"{member.path}: {error}") from error
