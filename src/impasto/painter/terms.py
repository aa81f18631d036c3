"""The terms of style transfer: content, style and total variation.

In the units of the packaged weights, on pictures in 0–255, with the factors of :mod:`impasto.painter.losses`:

    content = Σ_l w_l · 0.02 / (N_l M_l) · ½ Σ (F^l − P^l)²
    style   = Σ_s w_s Σ_l w_l · d(G^l, A^sl),  of Gram matrices d = 20 / N_l⁴ · ½ Σ (G^l − A^sl)²

with N_l features at M_l positions, and Gram matrices divided by M_l: Gatys et al. 2016, equations 1 and 3 to 7, with
other constant factors. They are those of the program `pastiche`, so that the two can be compared number by number.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from impasto.networks.table import Table
from impasto.networks.vgg import VGG19
from impasto.painter import losses
from impasto.painter.balance import OBJECTIVES, Balance
from impasto.painter.losses import FACTORS, Averages
from impasto.painter.pyramid import cut
from impasto.painter.regions import Map
from impasto.painter.settings import LayerWeights, Settings
from impasto.painter.style_losses import STYLE_LOSSES
from impasto.painter.term import Scene, Sums, Term, View, wide

# The photo is kept by this many of the network's style layers, the shallow ones, in which people are recognised.
KEPT_LAYERS = 4
# What a strength of 1 weighs beside a content weight of 1.
KEPT = 0.15
# How many sets of styles each network remembers the averages of. One takes a few megabytes.
REMEMBERED = 64


def style_transfer(settings: Settings, table: Table = VGG19, kept: float = 0.0) -> list[Term]:
    """The terms that settings ask for, on the layers of a network.

    Args:
        settings: what is asked.
        table: the network.
        kept: how much the photo is kept where it is kept the most.

    Raises:
        SettingsError: a layer that the network doesn't have.
    """
    content_layers, style_layers = settings.layers_of(table)
    balance = OBJECTIVES[settings.objective]
    content = ContentTerm(content_layers, settings.content_weight, balance)
    spares = settings.sparing_layer(table)
    style = StyleTerm(style_layers, settings.style_weight, settings.style_loss, balance, spares=spares)
    terms: list[Term] = [content, style]
    if kept:
        shallow = tuple((layer, 1.0) for layer in table.style_layers[:KEPT_LAYERS])
        terms.append(ContentTerm(shallow, KEPT * kept, balance, "kept", where_kept=True))
    return [*terms, TotalVariation(settings.tv_weight)] if settings.tv_weight else terms


@dataclass(frozen=True)
class ContentTargets:
    """What a painting's content is compared with, by layer.

    Attributes:
        features: the photo's, 1 × N × H × W.
        factors: what multiplies ½ Σ (F − P)².
        kept: how much each position counts; None for all the same.
    """

    features: dict[str, Tensor]
    factors: dict[str, float]
    kept: Map | None = None


@dataclass(frozen=True)
class ContentTerm:
    """How far the painting's features are from the photo's: equation 1.

    Attributes:
        layer_weights: (layer, weight) pairs.
        weight: α.
        balance: how large a layer's cost is beside others.
        where_kept: whether it counts only where the scene's photo is kept.
    """

    layer_weights: LayerWeights
    weight: float
    balance: Balance = OBJECTIVES["pastiche"]
    name: str = "content"
    where_kept: bool = False

    @property
    def layers(self) -> Collection[str]:
        """Those that have a weight."""
        return [layer for layer, _ in self.layer_weights]

    def targets(self, scene: Scene) -> ContentTargets:
        """The photo's features, and the factors for them."""
        features, kept = scene.photos_features(self.layers), scene.kept if self.where_kept else None
        if not self.balance.relative:
            return ContentTargets(
                features, {name: FACTORS["content"] / f.numel() for name, f in features.items()}, kept
            )
        total = sum(weight for _, weight in self.layer_weights) or 1.0
        factors = {name: self.balance.content / total / _blank_content(f) for name, f in features.items()}
        return ContentTargets(features, factors, kept)

    def sums(self, view: View, targets: ContentTargets) -> Sums:
        """½ Σ (F − P)² of each layer."""
        sums = []
        for layer in self.layers:
            here = cut(targets.features[layer], view.tile.core(layer))
            weights = (targets.kept.on(layer, view.tile),) if targets.kept else ()
            sums.append(losses.content_loss(wide(view.features[layer]), wide(here), *weights))
        return tuple(sums)

    def cost(self, sums: Sums, targets: ContentTargets) -> Tensor:
        """The weighted sum over the layers."""
        return _total(self.layer_costs(sums, targets))

    def layer_costs(self, sums: Sums, targets: ContentTargets) -> dict[str, Tensor]:
        """w_l · factor · ½ Σ (F^l − P^l)² of each layer l."""
        weighted = zip(sums, self.layer_weights, strict=True)
        return _by_layer((layer, w * targets.factors[layer] * half) for half, (layer, w) in weighted)


def _blank_content(features: Tensor) -> float:
    """½ Σ P², which a picture without features would cost; some rows of a large layer at a time."""
    energy = sum(float(wide(rows).square().sum()) for rows in features.split(64, dim=2)) / 2
    return max(energy, 1e-12)


@dataclass(frozen=True)
class Coat:
    """The styles of one region.

    Attributes:
        region: where they hold; None for everywhere.
        area: the region's share of the canvas.
        styles: the style's weight, and layer → averages and layer → factor, of each.
    """

    region: Map | None
    area: float
    styles: Sequence[tuple[float, dict[str, Averages], dict[str, float]]]


@dataclass(frozen=True)
class StyleTargets:
    """What a painting's style is compared with.

    Attributes:
        known: what the style loss has to know of the styles, by layer.
        coats: the regions, each with its styles.
        shares: layer → what its features are multiplied by, N; of layers where that is not 1.
    """

    known: dict[str, tuple[Any, ...]]
    coats: Sequence[Coat]
    shares: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class StyleTerm:
    """How far averages of the painting's features are from those of the styles: equations 3 to 5.

    Each region has averages of its own, in which a position counts as much as it belongs to the region (Gatys et al.
    2017, equation 5), and costs as much as it is large.

    Attributes:
        layer_weights: (layer, weight) pairs.
        weight: β.
        loss: which averages, and how they are compared: a name in `STYLE_LOSSES`.
        balance: how large a layer's cost is beside others.
        spares: a layer that spares what only the photo has; see :meth:`_sparing`.
    """

    layer_weights: LayerWeights
    weight: float
    loss: str = "gram"
    balance: Balance = OBJECTIVES["pastiche"]
    name: str = "style"
    spares: str | None = None

    @property
    def layers(self) -> Collection[str]:
        """Those that have a weight."""
        return [layer for layer, _ in self.layer_weights]

    def targets(self, scene: Scene) -> StyleTargets:
        """The styles' averages. The same network computes those of the same pictures once."""
        targets = self._remembered(scene)
        return targets if self.spares is None else self._sparing(self.spares, targets, scene)

    def _remembered(self, scene: Scene) -> StyleTargets:
        remembered = _REMEMBERED.setdefault(scene.network, {})
        of_each = ((style.key, style.weight, *map(_key, (style.region, style.part))) for style in scene.styles)
        key = (self.loss, self.balance, self.layer_weights, *of_each)
        if key in remembered:
            return remembered[key]
        made = self._compared(scene)
        if all(style.key is not None for style in scene.styles):
            with _REMEMBERING:  # several threads may paint
                remembered[key] = made
                if len(remembered) > REMEMBERED:
                    del remembered[next(iter(remembered))]
        return made

    def _compared(self, scene: Scene) -> StyleTargets:
        prepare = STYLE_LOSSES[self.loss].prepare
        known: dict[str, tuple[Any, ...]] = dict.fromkeys(self.layers, ())
        pictures = [(style, style.pixels()) for style in scene.styles]
        if prepare is not None:
            of_each = [
                (style.weight * _area(style.region), self._averages(scene, pixels, style.part, "moments_sums", known))
                for style, pixels in pictures
            ]
            total = sum(weight for weight, _ in of_each)
            for layer in self.layers:
                mean, gram = (sum(w / total * averages[layer][i] for w, averages in of_each) for i in (0, 1))
                known[layer] = (_function(prepare)(mean, gram),)
        coats: dict[Any, list[tuple[float, dict[str, Averages], dict[str, float]]]] = {}
        for style, pixels in pictures:
            averages = self._averages(scene, pixels, style.part, STYLE_LOSSES[self.loss].sums, known)
            coats.setdefault(style.region, []).append((style.weight, averages, self._factors(scene, averages, known)))
        return StyleTargets(known, [Coat(region, _area(region), styles) for region, styles in coats.items()])

    def _factors(
        self, scene: Scene, averages: dict[str, Averages], known: dict[str, tuple[Any, ...]]
    ) -> dict[str, float]:
        """What a style's distance at each layer is multiplied by, beside the layer's weight."""
        if not self.balance.relative:
            return dict.fromkeys(self.layers, 1.0)
        factors, total = {}, sum(weight for _, weight in self.layer_weights) or 1.0
        for layer, theirs in averages.items():
            blank = theirs[0].new_zeros(1, scene.network.channels(layer), 1, 1)
            nothing = _function(STYLE_LOSSES[self.loss].sums)(blank, *known[layer])
            largest = float(_function(STYLE_LOSSES[self.loss].distance)(nothing, theirs, *known[layer]))
            factors[layer] = 1 / (total * max(largest, 1e-12))
        return factors

    def _sparing(self, layer: str, targets: StyleTargets, scene: Scene) -> StyleTargets:
        """Targets in which unit i of a layer counts by A_i / (A_i + P_i), of mean squares in the styles and the photo.

        What the photo has and the styles have not is content. At a deep layer that is things such as faces: a painting
        that is to have as little of them as the style puts them out, with spots of colours that neither picture has.
        """
        if not STYLE_LOSSES[self.loss].scalable:
            return targets
        of_each = [(coat.area * weight, of[layer]) for coat in targets.coats for weight, of, _ in coat.styles]
        whole = sum(weight for weight, _ in of_each)
        styles = torch.stack([weight / whole * averages[-1].diagonal() for weight, averages in of_each]).sum(0)
        faint = 1e-3 * styles.mean() + 1e-12  # a unit that is silent in both counts by half
        share = ((styles + faint) / (styles + _powers(scene, scene.photo, layer) + 2 * faint)).sqrt()
        coats = []
        for coat in targets.coats:
            of_styles = []
            for weight, averages, factors in coat.styles:
                theirs = {layer: losses.scaled(averages[layer], share)}
                factor = self._factors(scene, theirs, targets.known)
                of_styles.append((weight, averages | theirs, factors | factor))
            coats.append(replace(coat, styles=of_styles))
        return replace(targets, coats=coats, shares={layer: share})

    def _averages(
        self, scene: Scene, pixels: Tensor, part: Map | None, sums: str, known: dict[str, tuple[Any, ...]]
    ) -> dict[str, Averages]:
        """The averages of the features of a style's picture, or of a part of it, layer by layer."""
        total = scene.added_up(self._summed(view, sums, known, part) for view in scene.views(pixels))
        return self.averaged(tuple(each.to(scene.dtype) for each in total))

    def sums(self, view: View, targets: StyleTargets) -> Sums:
        """Of each region and layer how much the positions count together, and what the style loss adds up."""
        sums = STYLE_LOSSES[self.loss].sums
        return tuple(each for coat in targets.coats for each in self._summed(view, sums, targets.known, coat.region))

    def _summed(self, view: View, sums: str, known: dict[str, tuple[Any, ...]], region: Map | None) -> Sums:
        found: list[Tensor] = []
        for layer in self.layers:
            features = view.features[layer]
            if STYLE_LOSSES[self.loss].wide or sums != STYLE_LOSSES[self.loss].sums:
                features = wide(features)
            if region is None:
                positions = torch.full((), float(features[0, 0].numel()), device=features.device)
                found += [positions, *_function(sums)(features, *known[layer])]
            else:
                weights = region.on(layer, view.tile)
                found += [weights.sum(), *_function(sums)(features, *known[layer], weights=weights)]
        return tuple(found)

    def averaged(self, sums: Sums) -> dict[str, Averages]:
        """Sums of one region divided by how much its positions count, layer by layer."""
        each = len(sums) // len(self.layers)
        parts = (sums[start : start + each] for start in range(0, len(sums), each))
        return {
            # A region that is too thin for the canvas has no position, and is nowhere.
            layer: tuple(s / positions.clamp(min=1e-20) for s in of)
            for layer, (positions, *of) in zip(self.layers, parts, strict=True)
        }

    def cost(self, sums: Sums, targets: StyleTargets) -> Tensor:
        """The weighted sum over regions, their styles, and layers."""
        return _total(self.layer_costs(sums, targets))

    def layer_costs(self, sums: Sums, targets: StyleTargets) -> dict[str, Tensor]:
        """w_l · d(G^l, A^l) of each layer l, over regions and their styles."""
        distance, each = _function(STYLE_LOSSES[self.loss].distance), len(sums) // len(targets.coats)
        parts, known = [], targets.known
        for number, coat in enumerate(targets.coats):
            ours = self.averaged(sums[number * each : (number + 1) * each])
            ours |= {layer: losses.scaled(ours[layer], share) for layer, share in targets.shares.items()}
            parts += [
                (layer, w * coat.area * weight * factors[layer] * distance(ours[layer], theirs[layer], *known[layer]))
                for weight, theirs, factors in coat.styles
                for layer, w in self.layer_weights
            ]
        return _by_layer(parts)


def _powers(scene: Scene, picture: Tensor, layer: str) -> Tensor:
    """Each unit's mean squared activation in a picture, N."""
    sums = []
    for view in scene.views(picture):
        features = wide(view.features[layer])
        sums.append((features.new_full((), features[0, 0].numel()), features.square().sum((0, 2, 3))))
    positions, squares = scene.added_up(sums)
    return (squares / positions).to(scene.dtype)


def _by_layer(parts: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """What is of the same layer, added up."""
    found: dict[str, Tensor] = {}
    for layer, cost in parts:
        found[layer] = found[layer] + cost if layer in found else cost
    return found


def _total(of_layers: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(of_layers.values())).sum()


def _key(of: Map | None) -> Any:
    return None if of is None else of.key


def _area(region: Map | None) -> float:
    return 1.0 if region is None else region.area


_REMEMBERING = Lock()
_REMEMBERED: WeakKeyDictionary[Any, dict[Any, StyleTargets]] = WeakKeyDictionary()


def _function(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(losses, name)
    return found


@dataclass(frozen=True)
class TotalVariation:
    """Mean |difference| of pixels that are side by side, plus that of pixels one above the other."""

    weight: float
    name: str = "tv"

    @property
    def layers(self) -> Collection[str]:
        """None: it reads pixels."""
        return ()

    def targets(self, scene: Scene) -> tuple[int, int]:
        """The canvas's height and width."""
        return scene.photo.shape[2], scene.photo.shape[3]

    def sums(self, view: View, targets: tuple[int, int]) -> Sums:
        """Σ |difference| of each of the core's pixels with the next one across, and with the next one down."""
        height, width = targets
        (first_row, _), (first_column, _) = view.tile.window
        (top, bottom), (left, right) = view.tile.core()
        rows, columns = slice(top - first_row, bottom - first_row), slice(left - first_column, right - first_column)
        beside = slice(columns.start, columns.stop + (right < width))
        below = slice(rows.start, rows.stop + (bottom < height))
        across, down = view.pixels[..., rows, beside].diff(dim=3), view.pixels[..., below, columns].diff(dim=2)
        return across.abs().sum(), down.abs().sum()

    def cost(self, sums: Sums, targets: tuple[int, int]) -> Tensor:
        """The mean over pixels and colours of both."""
        height, width = targets
        return sums[0] / (3 * height * (width - 1)) + sums[1] / (3 * (height - 1) * width)
