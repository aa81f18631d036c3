"""With whom a painting's tiles are shared: with nobody, which is how the painter works unless it is told otherwise.

:mod:`impasto.painter.processes` shares them with other processes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from impasto.networks.tiles import Tile
from impasto.painter.memory import Plan
from impasto.painter.scratch import Allocate
from impasto.painter.settings import Settings

if TYPE_CHECKING:
    from impasto.painter.painter import Painter

T = TypeVar("T")
Sums = tuple[Tensor, ...]


class LostError(RuntimeError):
    """One of those who share has ended, so that nobody can go on; the message is one plain line."""


class Alone:
    """Sharing with nobody: all is one's own.

    Attributes:
        count: how many share.
        here: how many of them are on this machine, and use its memory.
        paces: how fast each one works, in any unit.
    """

    count = 1
    here = 1
    paces: tuple[float, ...] = (1.0,)

    def settled(self, settings: Settings) -> Settings:
        """The settings, with the device and type in which all who share can compute.

        Raises:
            SettingsError: they can't.
        """
        return settings

    def begin(self, painter: "Painter", *, resume: bool) -> None:
        """The first one tells the others what is painted from now on."""

    def over(self) -> LostError | None:
        """The first one tells the others that it needs them no more for this painting; gives what it finds lost."""
        return None

    def plans(self, plans: Sequence[Plan]) -> list[Plan]:
        """Plans that suit all, from those that suit each one."""
        return list(plans)

    def first(self, make: Callable[[], T]) -> T:
        """What the first one makes, for all."""
        return make()

    def vectors(
        self,
        sizes: Mapping[str, int],
        allocate: Allocate,
        load: Callable[[Mapping[str, int], Allocate], dict[str, Tensor]],
    ) -> dict[str, Tensor]:
        """The vectors that the first one loads, for all."""
        return load(sizes, allocate)

    def mine(self, tiles: Sequence[Tile], point: Tensor | None = None) -> Sequence[Tile]:
        """One's own share of tiles; others have the rest.

        Args:
            tiles: all of them.
            point: what they are tiles of, as a vector; if that is not the same for all, it becomes the first one's.
        """
        del point
        return tiles

    def total(self, sums: Sequence[Sums | None]) -> list[Sums]:
        """The sums over all tiles, from those over one's own; None where one has no tile."""
        return [of_term for of_term in sums if of_term is not None]

    def add_up(self, tensor: Tensor) -> None:
        """Add those of all up, in place."""

    def same(self, tensor: Tensor) -> Tensor:
        """The first one's, for all."""
        return tensor


ALONE = Alone()


def read(tile: Tile) -> int:
    """How many pixels a tile reads."""
    (top, bottom), (left, right) = tile.window
    return (bottom - top) * (right - left)


def exact(device: torch.device) -> torch.dtype:
    """The type in which sums are added up; Apple's devices have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64
