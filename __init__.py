"""Reinforcement learning for worlds that are nearly symmetric.

    import nearsym

    env = nearsym.make("dmc/cartpole-swingup", action_repeat=4)
    print(nearsym.audit(env).verdict)

What needs torch is loaded when it is first asked for.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from nearsym.envs import Symmetry, audit, declare, make

if TYPE_CHECKING:
    from nearsym.agents import DQN, PPO, SAC, load

__version__ = metadata.version("nearsym")

__all__ = ["DQN", "PPO", "SAC", "Symmetry", "__version__", "audit", "declare", "load", "make"]

_NEED_TORCH = dict.fromkeys(("DQN", "PPO", "SAC", "load"), "nearsym.agents")


def __getattr__(name: str) -> Any:
    if name in _NEED_TORCH:
        return getattr(import_module(_NEED_TORCH[name]), name)
    raise AttributeError(f"module 'nearsym' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
