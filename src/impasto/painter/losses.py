"""The course's costs, each a pure function.

A layer's features of one picture are F, of N features × M positions. Gatys, Ecker and Bethge, "Image Style Transfer
Using Convolutional Neural Networks", 2016, equations 1 to 5, whose factors vary between papers and programs: each
docstring says which ones are meant, and :mod:`impasto.painter.objective` says how they are put together.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def gram_matrix(features: Tensor, normalize: bool = False) -> Tensor:
    """The Gram matrix G = F Fᵀ, G_ij = Σ_k F_ik F_jk (Gatys et al. 2016, equation 3).

    Args:
        features: N × M, or a layer's 1 × N × H × W, which is flattened to it.
        normalize: divide by M, so that pictures of different sizes compare.

    Returns:
        N × N, in float32 at least.
    """
    flat = features.reshape(features.shape[-3], -1) if features.dim() > 2 else features
    gram: Tensor = _GramMatrix.apply(flat)  # type: ignore[no-untyped-call]
    return gram / flat.shape[1] if normalize else gram


class _GramMatrix(torch.autograd.Function):
    """F Fᵀ, and its gradient (D + Dᵀ) F in one product, where differentiating both factors takes two.

    A product of bfloat16 matrices is accumulated in float32 and then rounded to 8 bits. So the positions are cut in
    slices whose products are added up in float32: the roundings of many slices average out.
    """

    SLICES = 64

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:
        ctx.save_for_backward(flat)
        if flat.dtype not in (torch.bfloat16, torch.float16):
            return flat @ flat.T
        features, positions = flat.shape
        slices = max(1, min(_GramMatrix.SLICES, positions // features))
        length = positions // slices
        sliced = flat[:, : slices * length].view(features, slices, length).transpose(0, 1)  # (slices, N, length)
        gram = torch.bmm(sliced, sliced.transpose(1, 2)).sum(0, dtype=torch.float32)
        rest = flat[:, slices * length :]
        return gram + (rest @ rest.T).float() if rest.shape[1] else gram

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        both = (gradients[0] + gradients[0].T).to(flat.dtype)
        # Written this way round, the gradient of channels-last features is channels-last too.
        gradient: Tensor = (flat.T @ both).T
        return gradient


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """½ Σ (F − P)² over a layer's features F and the photo's P, of one shape (equation 1). A scalar."""
    return (features - target).square().sum() / 2


def style_loss(grams: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """½ Σ_l Σ_ij (G^l − A^l)² over layers l: the painting's Gram matrices and the style's, each N_l × N_l. A scalar."""
    return torch.stack([(gram - target).square().sum() for gram, target in zip(grams, targets, strict=True)]).sum() / 2


def total_variation(picture: Tensor) -> Tensor:
    """Mean |difference| of horizontal neighbours plus that of vertical ones, for B × C × H × W. A scalar."""
    across = (picture[..., :, 1:] - picture[..., :, :-1]).abs().mean()
    down = (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()
    return across + down


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
    roots are taken in float64. Means of N, covariances of N × N. A scalar in the type of `mean`.
    """
    target = target_covariance.double()
    ridge = 1e-3 * target.diagonal().mean().clamp(min=1e-12)
    eye = torch.eye(target.shape[0], dtype=target.dtype, device=target.device)
    values, vectors = torch.linalg.eigh(target + ridge * eye)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    spread: Tensor = _BuresDistance.apply(covariance.double() + ridge * eye, root, float(ridge) * 1e-3)  # type: ignore[no-untyped-call]
    squared = (mean.double() - target_mean.double()).square().sum() + spread
    return squared.to(mean.dtype)
