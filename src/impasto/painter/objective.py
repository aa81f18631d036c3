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

from impasto.nn.vgg import VGG19
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
        return cls(features.mean((0, 2, 3), dtype=torch.float32), gram_matrix(features, normalize=True))

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
        self, network: VGG19, photo: Tensor, styles: Sequence[tuple[Tensor, float]], settings: Settings
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
        statistics = self._statistics(features)
        style = picture.new_zeros(())
        for targets, weight in self.styles:
            style = style + weight * style_cost(statistics, targets, settings.style_layers, settings.style_loss)
        objective = settings.content_weight * content + settings.style_weight * style
        if settings.tv_weight:
            objective = objective + settings.tv_weight * total_variation(picture)
        return Costs(objective, content, style)

    def _statistics(self, features: dict[str, Tensor]) -> dict[str, Statistics]:
        # Differences of Gram matrices bear bfloat16's rounding; a covariance's small eigenvalues drown in it.
        exact = self.settings.style_loss != "gram"
        return {
            name: Statistics.of(features[name].float() if exact else features[name])
            for name, _ in self.settings.style_layers
        }


def content_cost(features: dict[str, Tensor], targets: dict[str, Tensor], layers: LayerWeights) -> Tensor:
    """0.01 · Σ_l w_l · mean((F^l − P^l)²). A scalar."""
    parts = [weight * (features[name].float() - targets[name].float()).square().mean() for name, weight in layers]
    return CONTENT_FACTOR * torch.stack(parts).sum()


def style_cost(
    statistics: dict[str, Statistics], targets: dict[str, Statistics], layers: LayerWeights, kind: StyleLoss
) -> Tensor:
    """Σ_l w_l · 10 / C_l² · d(statistics, targets) for the distance d that `kind` names. A scalar.

    The Gram distance is in feature units to the fourth power. The two others are in their square: the mean square of
    the style's features brings them to the same units, and weights of losses to the same order.
    """
    total = torch.zeros((), device=next(iter(statistics.values())).gram.device)
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
