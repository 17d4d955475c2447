"""What a network family is: its settings, and the layers, penalties and learning rates that follow from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Observation, Representation

from ..applied import Applied
from ..auxiliary import Auxiliary
from ..layer_norm import LayerNorm
from ..linear import Linear

if TYPE_CHECKING:
    from escnn.nn import FieldType

RATE = "rate"
"""Key of a parameter group's factor on the learning rate."""

LARGEST = 1e30
"""Of a number that networks compute with, in single precision, and may square."""

MOST = 1_000_000
"""Of channels, banks and the like, more than any memory holds or anybody means."""

DEEPEST = 1000
"""Hidden layers, far more than can be trained without shortcuts."""

BLOCKS = ("mlp", "norm", "residual")
"""What a perceptron's hidden layers may be."""


class Audits(NamedTuple):
    """When a family wants to know which elements of the group hold by what is experienced.

    Attributes:
        every: environment steps between two audits.
        transitions: replayed transitions of each.
        tolerated: cost up to which an element holds, see `nearsym.envs.auditing.Tying`.
    """

    every: int
    transitions: int
    tolerated: float


@dataclass(frozen=True, kw_only=True)
class Family(ABC):
    """How actor and critic use the declared symmetry: the keys that every family has, and what a family decides.

    A family is a subclass with keys of its own beside these. Only `linear` must be given; what the other methods say
    here is that nothing is penalised, nothing learned apart, and nothing measured. See `families` for how to add one.

    Attributes:
        family: its name, which ``network=`` takes.
        width: units of each hidden layer, the same for every family: an exact layer of width 256 over a group of order
            8 has 32 channels.
        depth: number of hidden layers, or of residual blocks.
        block: what stands between the input and the heads: ``mlp``, layers with ReLU; ``norm``, the same with layer
            normalisation before every ReLU; ``residual``, blocks as in SimBa (see `MLP`).
        window_channels: channels of the convolutions over a window of time inside the observation, where there is one.
        augment: move every replayed transition by a random element of the group before learning from it, which is what
            a plain network can do with a symmetry.
        critic: family of the critics and of the encoder that they train, by name, with this one's sizes and keys of its
            own at their defaults; None for the same.
        elements: names of elements of the group; the subgroup that they generate is the symmetry that networks use (see
            `nearsym.envs.symmetry.restricted`). Of none the whole group is.
        match_parameters: make `width` the plain network's, and give the others the width at which they have most nearly
            as many parameters as it.

    Raises:
        InputError: a value is out of range.
    """

    whole_orbits: ClassVar[bool] = False
    """Whether every transition is moved by all elements of the group, where data are augmented, and not by one."""

    compares_orbits: ClassVar[bool] = False
    """Whether `regularizer` looks at what networks say of moved inputs, and so at `Applied`."""

    has_auxiliary: ClassVar[bool] = False
    """Whether it learns something from replayed transitions beside actor and critics (`auxiliary`)."""

    family: str = ""
    width: int = 256
    depth: int = 2
    block: str = "mlp"
    window_channels: int = 8
    augment: bool = False
    critic: str | None = None
    elements: tuple[str, ...] = ()
    match_parameters: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "elements", tuple(self.elements))  # files and command lines give lists
        if self.family != type(self).family:
            raise InputError(f"network.family is {self.family!r}, expected {type(self).family!r}; choose with network=")
        self.check_whole("width", "depth", "window_channels")
        if self.block not in BLOCKS:
            raise InputError(f"network.block is {self.block!r}, expected one of {', '.join(BLOCKS)}")
        if self.depth > DEEPEST:
            raise InputError(f"network.depth is {self.depth}, expected a number <= {DEEPEST} of hidden layers")

    @property
    def name(self) -> str:
        """What ``network=`` takes."""
        return self.family

    @property
    def label(self) -> str:
        """What runs and reports call it: its name, and data, critics and group where these differ from what it says."""
        critics = "" if self.critic in (None, self.name) else f"-critic-{self.critic}"
        augmented = "-augmented" if self.augment and not type(self).augment else ""
        return f"{self.name}{augmented}{critics}{'-subgroup' if self.elements else ''}"

    @property
    def architecture(self) -> str:
        """The family whose layers it has: itself, unless it differs in what it learns from alone."""
        return self.name

    @property
    def needs_symmetry(self) -> bool:
        """Whether it is of no use without a declared symmetry."""
        return True

    @classmethod
    def like(cls, other: Family) -> Self:
        """This family with the sizes of another; its own keys are at their defaults unless `other` is of it."""
        if isinstance(other, cls) and type(other) is cls:
            return other
        return cls(
            family=cls.family,
            width=other.width,
            depth=other.depth,
            block=other.block,
            window_channels=other.window_channels,
            elements=other.elements,
            match_parameters=other.match_parameters,
        )

    @abstractmethod
    def linear(
        self,
        in_rep: Representation,
        out_rep: Representation,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        relax: str = "input",
        grid: Representation | None = None,
        members: int = 1,
        gain: float | None = None,
    ) -> Linear:
        """The layer between two representations.

        Args:
            in_rep: representation on one input channel.
            out_rep: representation on one output channel.
            in_channels: number of input channels; coordinate ``c·in_rep.dim + j`` is coordinate j of channel c.
            out_channels: number of output channels, laid out likewise.
            relax: the hidden side, to whose coordinates relaxed weights belong: ``"input"``, or ``"output"`` of a lift.
            grid: how positions of each channel move, where a channel is a function on a grid (the taps of a kernel,
                the pixels of a feature map): coordinate ``j`` above is then ``j·grid.dim + position``.
            members: number of independent layers, as in `Linear`.
            gain: of the initial weights; see `bounds`.
        """

    def auxiliary(self, observation: Observation, action: Representation, discrete: bool = False) -> Auxiliary | None:
        """What is learned from transitions beside actor and critics, where the family `has_auxiliary`.

        Args:
            observation: how it transforms.
            action: how an action in [-1, 1] does; of discrete ones how a vector of zeros and a one does.
            discrete: whether it is the latter.

        Raises:
            InputError: not from such observations.
        """
        return None

    def assembled(self, name: str, build: Callable[[Family], Any], auxiliary: Auxiliary | None) -> Any:
        """The actor, the critics, or the values of all discrete actions.

        Args:
            name: which, ``"actor"``, ``"critic"`` or ``"values"``.
            build: makes one of any family; a family may put several together, or add to one.
            auxiliary: what `auxiliary` made.
        """
        return build(self)

    def steerable_kernel(self, in_type: FieldType, out_type: FieldType, kernel_size: int) -> Linear:
        """The kernel of a convolution between escnn's fields, from (planes · taps) to planes.

        Raises:
            InputError: the family has none.
        """
        raise InputError(f"network={self.name} has no steerable convolutions")

    def layer_norm(self, rep: Representation, channels: int, members: int | None = None) -> LayerNorm:
        """Normalisation of a vector of `channels` channels, each of which the group permutes by `rep`."""
        return LayerNorm(rep, channels, tied=True, members=members)

    def time_weights(self, steps: int) -> nn.Module:
        """What a window of `steps` steps, (batch, planes, steps), is weighted with before a convolution over time."""
        return nn.Identity()

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """What is to be added to a loss for a network of this family, or None when nothing is.

        Args:
            module: the network.
            scale: a scalar that grows with the loss when rewards do. Times it, a strength λ means the same whatever the
                unit of reward: for a loss L ≥ 0, L + λ sg(L) P has the direction of the gradient of log L + λ P.
            applied: what the network is applied to in that loss, and how the group moves it; given where the family
                `compares_orbits` and the network is an actor or critics.
        """
        return None

    def parameter_groups(self, modules: Iterable[nn.Module]) -> list[dict[str, Any]]:
        """What an optimizer is built from: trained parameters, and under `RATE` a factor on their learning rate."""
        return [{"params": [p for module in modules for p in module.parameters() if p.requires_grad]}]

    def clocks(self, module: nn.Module) -> Sequence[nn.Parameter]:
        """Parameters, not trained, in which layers are to find the number of updates that have been done."""
        return ()

    @property
    def audits(self) -> Audits | None:
        """Audits of what is experienced, after which `keep` is called; None for a family that does not ask."""
        return None

    def kept(self, module: nn.Module) -> Sequence[nn.Parameter]:
        """Parameters, not trained, that say to which known elements each layer is bound: (rows,) of 1 and 0."""
        return ()

    def keep(self, module: nn.Module, kept: Tensor) -> None:  # noqa: B027, most are bound to none or to all
        """Bind a network to the elements for which (rows,) `kept` is 1, and free it of the others."""

    def relaxation(self, module: nn.Module) -> Tensor | None:
        """How far a network has left the symmetry, in one number; None for a family that does not say."""
        return None

    def relaxed_weights(self, module: nn.Module) -> dict[str, Tensor]:
        """(dim,) for each layer, by name: the weight of each coordinate (of a listed group: of each element)."""
        return {}

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """(rows,) for each layer, by name: how far it is from allowing each known group element."""
        return {}

    def coordinate_departures(self, module: nn.Module) -> dict[str, Tensor]:
        """(dim,) for each layer, by name: how far it treats each coordinate apart from the others of its orbit."""
        return {}

    def readings(self, module: nn.Module) -> dict[str, float]:
        """Whatever else a network says of itself, by name; TensorBoard shows it."""
        return {}

    def local_readings(self, module: nn.Module) -> dict[str, Tensor]:
        """(batch,) what it says of each situation that an `Auxiliary` last looked at, by name; audits draw it."""
        return {}

    def check_without_learner(self, who: str, learns_beside: bool = False) -> None:
        """Check that layers are all that is needed, where nobody adds to losses what looks at batches, or audits.

        Args:
            who: trains the networks.
            learns_beside: whether it trains what the family `has_auxiliary`.

        Raises:
            InputError: they are not.
        """
        if self.compares_orbits or (self.has_auxiliary and not learns_beside):
            raise InputError(
                f"network={self.name} has losses that look at batches, which {who} does not ask for; use another "
                "network, or agent=sac where actions are continuous"
            )
        if self.audits is not None:
            raise InputError(
                f"network={self.name} audits what is replayed, which {who} does not do; use another "
                "network, or agent=sac where actions are continuous"
            )

    def check_whole(self, *names: str) -> None:
        """Check that the named keys are at least 1, and no more than anybody could mean.

        Raises:
            InputError: one is not.
        """
        for name in names:
            if not 1 <= getattr(self, name) <= MOST:
                raise InputError(f"network.{name} is {getattr(self, name)}, expected a whole number from 1 to {MOST:,}")

    def check_positive(self, *names: str) -> None:
        """Check that the named keys are above 0, and numbers in single precision.

        Raises:
            InputError: one is not.
        """
        for name in names:
            if not 0 < getattr(self, name) <= LARGEST:
                raise InputError(f"network.{name} is {getattr(self, name)}, expected a number > 0, up to {LARGEST:g}")

    def check_strength(self, *names: str) -> None:
        """Check that the named keys are at least 0, and numbers in single precision.

        Raises:
            InputError: one is not.
        """
        for name in names:
            if not 0 <= getattr(self, name) <= LARGEST:
                raise InputError(f"network.{name} is {getattr(self, name)}, expected a number from 0 to {LARGEST:g}")
