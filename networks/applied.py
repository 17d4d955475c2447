"""A network as a learner applies it: to what, and what a group makes of its input and output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Applied:
    """f on a batch x, for losses that look at f(gx) for every known element g (`Family.compares_orbits`).

    Attributes:
        name: of f, ``"actor"`` or ``"critic"``.
        function: f, from (n, in_rep.dim) to (n, out_rep.dim). Of an actor it gives the mean action, of critics the
            values of all of them. Gradients pass to the network.
        inputs: x, (batch, in_rep.dim).
        move_input: from (n, in_rep.dim) to (rows·n, in_rep.dim), all rows moved by the first element first.
        move_output: the same of outputs.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    inputs: Tensor
    move_input: Callable[[Tensor], Tensor]
    move_output: Callable[[Tensor], Tensor]

    def orbit(self) -> tuple[Tensor, Tensor]:
        """f(ρ_in(g) x) and ρ_out(g) f(x), (rows, batch, out_rep.dim) each; equal where f is equivariant."""
        count = len(self.inputs)
        there, here = self.function(self.move_input(self.inputs)), self.move_output(self.function(self.inputs))
        return there.view(-1, count, there.shape[-1]), here.view(-1, count, here.shape[-1])


def mirror_loss(applied: Applied) -> Tensor:
    """Mean over states and known elements of ‖f(gx) - ρ(g) f(x)‖², a scalar; 0 where f is equivariant on the batch."""
    there, here = applied.orbit()
    return (there - here).square().sum(dim=-1).mean()
