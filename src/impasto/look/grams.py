"""Gram matrices of a photo and of a style, and what their entries say: which features fire together, which never."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto import images
from impasto.images import Picture
from impasto.look.features import SIZE, FeatureMaps, feature_maps
from impasto.look.layers import FIRST_OF_EACH_BLOCK
from impasto.painter.losses import gram_distance, gram_matrix
from impasto.styles import HouseStyle, render
from impasto.styles.library import find

Matrix = NDArray[np.float64]
Pair = tuple[int, int, float]
"""Two units of a layer, and a number about them."""


@dataclass(frozen=True, eq=False)
class LayerGram:
    """A layer's Gram matrices G_ij = (1/M) Σ_k F_ik F_jk of a photo, and of a style where there is one.

    Attributes:
        features: of the photo.
        photo: N × N.
        style: N × N, or None.
        cost: w · 10 / N² · mean((G − A)²), the layer's part of the style cost as a painting counts it; 0 without style.
    """

    features: FeatureMaps
    photo: Matrix
    style: Matrix | None
    cost: float

    @property
    def layer(self) -> str:
        """Its name."""
        return self.features.layer

    @cached_property
    def cosines(self) -> Matrix:
        """G_ij / √(G_ii G_jj) of the photo: 1 where two features are proportional, 0 where never both fire.

        N × N; 0 for a feature that never fires.
        """
        return _cosines(self.photo)

    @cached_property
    def order(self) -> list[int]:
        """The units with those that fire together side by side.

        Average linkage of the distances 1 − cosine, with the leaves in the order that keeps neighbours nearest
        (Bar-Joseph, Gifford and Jaakkola, "Fast optimal leaf ordering for hierarchical clustering", 2001).
        """
        from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
        from scipy.spatial.distance import squareform

        both = self.cosines if self.style is None else (self.cosines + _cosines(self.style)) / 2
        distances = squareform(np.clip(1 - both, 0, None), checks=False)
        return [int(unit) for unit in leaves_list(optimal_leaf_ordering(linkage(distances, "average"), distances))]

    @property
    def shares(self) -> Matrix:
        """What part of the layer's style cost each entry makes, (G − A)²_ij / Σ (G − A)²; N × N, 0 without a style."""
        if self.style is None:
            return np.zeros_like(self.photo)
        squares = np.square(self.photo - self.style)
        return np.asarray(squares / max(squares.sum(), 1e-300))

    def together(self, count: int) -> list[Pair]:
        """The pairs of different units with the highest cosines, each unit in one pair only."""
        return self._pairs(-self.cosines, self.cosines, count)

    def apart(self, count: int) -> list[Pair]:
        """The pairs with the lowest cosines, each unit in one pair only; of several at 0 the strongest."""
        strength = np.sqrt(np.outer(np.diag(self.photo), np.diag(self.photo)))
        return self._pairs(self.cosines - 1e-6 * strength / max(strength.max(), 1e-300), self.cosines, count)

    def costliest(self, count: int) -> list[Pair]:
        """The pairs that make most of the style cost, (i, j) and (j, i) counted together."""
        both = self.shares + self.shares.T
        np.fill_diagonal(both, np.diag(self.shares))
        return _best(-both, both, count, np.triu(np.ones_like(both, bool)), once=False)

    def _pairs(self, badness: Matrix, values: Matrix, count: int) -> list[Pair]:
        """Of units that fire at least as much as half of the others: what hardly fires is apart from everything."""
        energy = np.diag(self.photo)
        busy = (energy >= np.median(energy)) & (energy > 0)
        return _best(badness, values, count, np.triu(np.outer(busy, busy), 1), once=True)


def layer_grams(
    photo: Any, style: Any = None, layers: Iterable[str] = FIRST_OF_EACH_BLOCK, size: int = SIZE
) -> list[LayerGram]:
    """The Gram matrices of a photo, and of a style, at some layers.

    Args:
        photo: whatever :func:`impasto.images.read` takes.
        style: the same; or the name of a house style, or of one that was added.
        layers: of conv1_1 … conv5_4.
        size: pictures whose long side is longer are made smaller first.

    Raises:
        LookError: an unknown layer, or a picture smaller than the stride of one.
        PictureError, StyleError: a picture can't be read, or no style is called so.
    """
    features = feature_maps(photo, layers, size)
    if style is None:
        return [LayerGram(each, _gram(each).double().numpy(), None, 0.0) for each in features]
    found = []
    for ours, theirs in zip(features, feature_maps(style_picture(style, size), layers, size), strict=True):
        mine, wanted = _gram(ours), _gram(theirs)
        cost = gram_distance((mine,), (wanted,)).item()
        found.append(LayerGram(ours, mine.double().numpy(), wanted.double().numpy(), cost))
    return found


def style_picture(style: Any, size: int) -> Picture:
    """A style as a picture: one that is given as such, or a house style painted at a long side of `size`.

    Raises:
        PictureError, StyleError: it can't be read, or no style is called so.
    """
    found = find(style) if isinstance(style, str) else style
    if isinstance(found, HouseStyle):
        return Picture(render(found.name, size, max(1, size * 3 // 4)), found.name)
    return images.read(found)


def _gram(features: FeatureMaps) -> torch.Tensor:
    return gram_matrix(torch.from_numpy(features.maps)[None], normalize=True)


def _cosines(gram: Matrix) -> Matrix:
    norms = np.sqrt(np.diag(gram))
    inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    return np.asarray(gram * inverse[:, None] * inverse)


def _best(badness: Matrix, values: Matrix, count: int, allowed: NDArray[np.bool_], *, once: bool) -> list[Pair]:
    """The allowed entries of least badness with their values; `once` lets no row or column come twice."""
    pairs: list[Pair] = []
    rows, columns = np.nonzero(allowed)
    taken: set[int] = set()
    for place in np.argsort(badness[rows, columns], kind="stable"):
        i, j = int(rows[place]), int(columns[place])
        if once and {i, j} & taken:
            continue
        if len(pairs) == count:
            break
        taken |= {i, j}
        pairs.append((i, j, float(values[i, j])))
    return pairs
