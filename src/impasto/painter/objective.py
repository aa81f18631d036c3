"""The objective: α · content + β · style of a picture, against the features of a photo and of one or more styles.

In the units of the packaged weights, on pictures in 0–255:

    content = 0.01 · Σ_l w_l · mean((F^l − P^l)²)
    style   = Σ_s w_s Σ_l w_l · 10 / C_l² · mean((G^l − A^sl)²)

with Gram matrices divided by the number of positions, and C_l features. So Gatys et al. 2016, equations 1 and 3 to 7,
with other constant factors: those of the program `pastiche`, so that the two can be compared number by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from impasto.networks.extractor import Extractor
from impasto.painter.losses import gram_matrix, moments_loss, total_variation, wasserstein_loss
from impasto.painter.settings import LayerWeights, Settings, StyleLoss

CONTENT_FACTOR = 0.01
STYLE_FACTOR = 10.0


@dataclass(frozen=True)
class Costs:
    """An objective and its parts, before α and β; scalars."""

    objective: Tensor
    content: Tensor
    style: Tensor


class Objective(Protocol):
    """What a painter minimises over the pixels."""

    def __call__(self, picture: Tensor) -> Costs:
        """The costs of a picture, 1 × 3 × H × W in 0–255, differentiable."""


@dataclass(frozen=True)
class Statistics:
    """What a style loss keeps of a layer's N × M features: their means (N) and Gram matrix over M (N × N)."""

    mean: Tensor
    gram: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Statistics":
        """The statistics of a layer's features, 1 × N × H × W."""
        dtype = torch.promote_types(features.dtype, torch.float32)
        return cls(features.mean((0, 2, 3), dtype=dtype), gram_matrix(features, normalize=True))

    @property
    def covariance(self) -> Tensor:
        """N × N."""
        return self.gram - self.mean[:, None] * self.mean


class StyleTransfer:
    """α · content + β · style + the weighted total variation, for one photo and its styles at one scale.

    Args:
        network: extracts the layers that `settings` names.
        photo: 1 × 3 × H × W in 0–255.
        styles: (picture, weight) pairs, each picture 1 × 3 × H' × W' in 0–255.
        settings: the weights, layers and the kind of style loss.
    """

    def __init__(
        self, network: Extractor, photo: Tensor, styles: Sequence[tuple[Tensor, float]], settings: Settings
    ) -> None:
        self.network = network
        self.settings = settings
        with torch.no_grad():
            features = network(photo)
            self.content = {name: features[name] for name, _ in settings.content_layers}
            self.styles = []
            for picture, weight in styles:
                features = network(picture)
                targets = self._statistics(features)
                self.styles.append((targets, weight))

    def __call__(self, picture: Tensor) -> Costs:
        """The costs of a picture, 1 × 3 × H × W in 0–255."""
        settings = self.settings
        features = self.network(picture)
        content = content_cost(features, self.content, settings.content_layers)
        style = styles_cost(self._statistics(features), self.styles, settings)
        objective = settings.content_weight * content + settings.style_weight * style
        if settings.tv_weight:
            objective = objective + settings.tv_weight * total_variation(picture)
        return Costs(objective, content, style)

    def _statistics(self, features: dict[str, Tensor]) -> dict[str, Statistics]:
        names = [name for name, _ in self.settings.style_layers]
        return {name: Statistics.of(for_statistics(features[name], self.settings.style_loss)) for name in names}


def for_statistics(features: Tensor, kind: StyleLoss) -> Tensor:
    """Features in the type that their statistics need for a style loss.

    Differences of Gram matrices bear bfloat16's rounding; a covariance's small eigenvalues drown in it.
    """
    return features if kind == "gram" else _wide(features)


def content_cost(features: dict[str, Tensor], targets: dict[str, Tensor], layers: LayerWeights) -> Tensor:
    """0.01 · Σ_l w_l · mean((F^l − P^l)²). A scalar."""
    wide = [(_wide(features[name]), _wide(targets[name]), weight) for name, weight in layers]
    parts = [weight * (ours - theirs).square().mean() for ours, theirs, weight in wide]
    return CONTENT_FACTOR * torch.stack(parts).sum()


def styles_cost(
    statistics: dict[str, Statistics], styles: Sequence[tuple[dict[str, Statistics], float]], settings: Settings
) -> Tensor:
    """Σ_s w_s · style cost against the style s: one or more of (statistics, weight). A scalar."""
    layers, kind = settings.style_layers, settings.style_loss
    return torch.stack([weight * style_cost(statistics, targets, layers, kind) for targets, weight in styles]).sum()


def style_cost(
    statistics: dict[str, Statistics], targets: dict[str, Statistics], layers: LayerWeights, kind: StyleLoss
) -> Tensor:
    """Σ_l w_l · 10 / C_l² · d(statistics, targets) for the distance d that `kind` names. A scalar.

    The Gram distance is in feature units to the fourth power. The two others are in their square: the mean square of
    the style's features brings them to the same units, and weights of losses to the same order.
    """
    total = next(iter(statistics.values())).gram.new_zeros(())
    for name, weight in layers:
        ours, theirs = statistics[name], targets[name]
        features = theirs.gram.shape[0]
        power = theirs.gram.diagonal().mean()
        if kind == "wasserstein":
            distance = wasserstein_loss(ours.mean, ours.covariance, theirs.mean, theirs.covariance) * power / features
        else:
            distance = (ours.gram - theirs.gram).square().mean()
        if kind == "moments":
            distance = distance + power * moments_loss(ours.mean, ours.covariance, theirs.mean, theirs.covariance)
        total = total + weight * STYLE_FACTOR / features**2 * distance
    return total


def _wide(features: Tensor) -> Tensor:
    return features.to(torch.promote_types(features.dtype, torch.float32))
