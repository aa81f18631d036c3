"""The painter: a recipe, and how it is painted."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from impasto.images.picture import MIN_SIDE
from impasto.networks.backbone import Backbone
from impasto.networks.extractor import Extractor
from impasto.networks.vgg import VGG19
from impasto.painter import compute
from impasto.painter.memory import Plan, evaluation_bytes, plan
from impasto.painter.optimizers import LBFGS, Optimizer
from impasto.painter.pyramid import LaplacianPyramid, Parameterization, Windowed
from impasto.painter.recipe import Recipe
from impasto.painter.run import Run
from impasto.painter.schedule import Scale, canvas_size, scales
from impasto.painter.settings import SettingsError
from impasto.painter.sharing import ALONE, Alone
from impasto.painter.term import Term
from impasto.painter.terms import style_transfer

# The side of the picture on which the network is timed.
TIMED = 96


class Painter:
    """Paints a recipe. Each iteration over it is a new :class:`Run`, which begins anew.

    Args:
        recipe: what is painted.
        terms: what is minimised over the pixels; as the recipe's settings ask for it.
        network: extracts the layers that the terms read; as the settings ask for it.
        augment: what the canvas goes through on its way to the network, such as a random shift, 1 × 3 × H × W to the
            same; the canvas is then painted at once.
        parameterization: what the optimiser holds; a Laplacian pyramid.
        optimizer: how it moves; L-BFGS.
        scales: the sizes to paint at, each with its steps; as the settings have it. The last of them is the canvas's,
            or a finer one that is made smaller.
        checkpoint: a folder for what a painting that is stopped needs to go on.
        share: with whom the tiles are shared.

    Raises:
        SettingsError, NetworkError: what was asked can't be done.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        terms: Sequence[Term] | None = None,
        network: Extractor | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
        parameterization: Parameterization | None = None,
        optimizer: Optimizer | None = None,
        scales: Sequence[Scale] | None = None,
        checkpoint: Path | None = None,
        share: Alone = ALONE,
    ) -> None:
        if not isinstance(recipe, Recipe):
            raise SettingsError(
                f"a painter can't paint a {type(recipe).__name__}; give a Recipe, or call impasto.paint with the photo"
            )
        if terms is None and not recipe.styles:
            raise SettingsError("no style; give the recipe one")
        self.recipe = recipe
        self.settings = recipe.settings
        self.width, self.height = canvas_size(recipe.photo.width, recipe.photo.height, self.settings.size)
        self.share = share
        self.machine = share.settled(self.settings)
        self.device = compute.device_of(self.machine)
        self.smallest = MIN_SIDE
        self.terms = self._asked() if terms is None else list(terms)
        self.augment = augment
        self.parameterization = parameterization or LaplacianPyramid()
        self.optimizer = optimizer or LBFGS()
        self.checkpoint = checkpoint
        self._scales = scales
        self._network = network

    def _asked(self) -> list[Term]:
        """The terms of style transfer, on layers of the network that is asked for."""
        # VGG19's table is known without its numbers, which take a while to read.
        table = VGG19 if self.settings.network is None else compute.backbone_of(self.settings).table
        terms = style_transfer(self.settings, table, self.recipe.strongest)
        self.smallest = max(self.smallest, table.up_to({layer for term in terms for layer in term.layers}).smallest)
        if min(self.width, self.height) < self.smallest:
            raise SettingsError(
                f"a canvas of {self.width} × {self.height} is too small for the network, which needs sides of "
                f"{self.smallest} px; give a larger size"
            )
        return terms

    @cached_property
    def network(self) -> Extractor:
        """The network, made when it is first used."""
        return self._network or compute.network_for(self.machine, self._layers, self.device)

    @property
    def _layers(self) -> set[str]:
        """Those that the terms read."""
        return {layer for term in self.terms for layer in term.layers}

    def __getstate__(self) -> dict[str, Any]:
        """For another process: without what belongs to this one; see :meth:`join`."""
        own = "network", "_network", "checkpoint", "share", "machine", "device"
        return {name: value for name, value in vars(self).items() if name not in own}

    def join(self, share: Alone, dtype: Literal["float32", "bfloat16"], backbone: Backbone | None) -> None:
        """In another process, paint with the one that this painter came from.

        Args:
            share: with whom the tiles are shared.
            dtype: in which that one computes.
            backbone: the network's numbers, where they are not the packaged ones.

        Raises:
            SettingsError: this process can't.
        """
        self.share, self.checkpoint = share, None
        self.machine = replace(share.settled(self.settings), dtype=dtype)
        self.device = compute.device_of(self.machine)
        self._network = compute.network_for(self.machine, self._layers, self.device, backbone)

    def scales(self) -> list[Scale]:
        """The scales of this painting, the coarsest first."""
        return list(self._scales or scales(self.width, self.height, self.settings))

    @property
    def tiled(self) -> bool:
        """Whether a canvas may be painted in tiles."""
        return self.augment is None and isinstance(self.parameterization, Windowed)

    def plan(self, scale: Scale) -> Plan:
        """How a scale is computed in the memory that there is.

        Raises:
            SettingsError: there is too little of it.
        """
        if not self.tiled:
            return Plan(None, files=False)
        vectors = self.optimizer.vectors(scale.steps)
        return plan(
            scale.pixels,
            vectors,
            self.settings.memory,
            self.device,
            evaluation_bytes(self.network),
            1 if self.device.type == "cuda" else self.share.here,
        )

    def estimate(self) -> float:
        """Seconds that the painting will take, from timing the network on a small picture on this machine.

        Raises:
            SettingsError: there is too little memory for it.
        """
        with compute.set_up(self.machine, self.device):
            times = []
            for _ in range(2):  # the first one warms up
                picture = torch.full((1, 3, TIMED, TIMED), 128.0, device=self.device, requires_grad=True)
                began = time.perf_counter()
                features = self.network(picture)
                means = [picture.mean(), *(each.float().mean() for each in features.values())]
                torch.autograd.grad(torch.stack(means).sum(), picture)
                times.append(time.perf_counter() - began)
        work = sum(scale.work(self.plan(scale).pixels) for scale in self.scales())
        return times[-1] / TIMED**2 * work / self.share.count

    def start(self, *, resume: bool = False) -> Run:
        """Paint, from the beginning or from where the checkpoint is; nothing is computed before the first step.

        Raises:
            SettingsError: nothing says where the checkpoint to resume from is.
        """
        if resume and self.checkpoint is None:
            raise SettingsError("nothing says where the checkpoint to resume from is; give its folder")
        return Run(self, resume=resume)

    def __iter__(self) -> Run:
        return self.start()
