"""The costs against closed forms in float64, finite differences and PyTorch's own functions."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.painter import losses


def features(seed, n=5, m=40):
    return torch.randn(n, m, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 999), st.integers(1, 8), st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_a_gram_matrix_is_the_sum_of_products(seed, n, m):
    f = features(seed, n, m)
    expected = np.einsum("ik,jk->ij", f.numpy(), f.numpy())
    np.testing.assert_allclose(losses.gram_matrix(f), expected, atol=1e-12)
    np.testing.assert_allclose(losses.gram_matrix(f, normalize=True), expected / m, atol=1e-12)


def test_a_gram_matrix_takes_a_layer_and_sums_bfloat16_in_float32():
    layer = torch.rand(1, 4, 60, 70)
    assert torch.equal(losses.gram_matrix(layer), losses.gram_matrix(layer.reshape(4, -1)))
    for count in (1, 30, 59 * 71):  # fewer positions than features, and numbers that no slicing divides
        rough = torch.rand(32, count).bfloat16()
        exact = rough.double() @ rough.double().T
        gram = losses.gram_matrix(rough)
        assert gram.dtype == torch.float32
        # A sum kept in bfloat16 would be off by its last bit, 2⁻⁹, or far more.
        assert (gram.double() - exact).norm() <= (2**-9 if count < 32 else 2**-11) * exact.norm()


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 6e-3)]
)
def test_the_gradient_of_a_gram_matrix_is_that_of_both_its_factors(dtype, tolerance):
    flat = torch.rand(6, 50, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)
    weight = torch.rand(6, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    leaf = flat.clone().requires_grad_()
    gram = losses.gram_matrix(leaf)
    (gradient,) = torch.autograd.grad((gram * weight.to(gram.dtype)).sum(), leaf)
    exact = (weight + weight.T) @ flat.double()
    assert gradient.dtype == dtype
    assert (gradient.double() - exact).norm() <= tolerance * exact.norm()


def test_content_and_style_loss_are_half_the_sums_of_squares():
    a, b = features(1), features(2)
    assert losses.content_loss(a, b).item() == pytest.approx(0.5 * ((a - b).numpy() ** 2).sum())
    grams = [losses.gram_matrix(features(i)) for i in range(4)]
    expected = 0.5 * sum(((grams[i] - grams[i + 2]).numpy() ** 2).sum() for i in range(2))
    assert losses.style_loss(grams[:2], grams[2:]).item() == pytest.approx(expected)
    assert losses.style_loss(grams, grams).item() == 0


def moments_of(f):
    mean = f.mean(1)
    return mean, f @ f.T / f.shape[1] - mean[:, None] * mean


def test_wasserstein_matches_the_closed_form_with_scipy():
    mean, covariance = moments_of(features(3))
    target_mean, target = moments_of(1.7 * features(4) + 0.5)
    ridge = 1e-3 * target.diagonal().mean() * torch.eye(5)
    a, b = (covariance + ridge).numpy(), (target + ridge).numpy()
    root = scipy.linalg.sqrtm(b)
    cross = scipy.linalg.sqrtm(root @ a @ root).real
    expected = ((mean - target_mean) ** 2).sum().item() + np.trace(a + b - 2 * cross)
    assert losses.wasserstein_loss(mean, covariance, target_mean, target).item() == pytest.approx(expected, rel=1e-9)
    assert losses.wasserstein_loss(mean, covariance, mean, covariance).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("loss", [losses.moments_loss, losses.wasserstein_loss])
def test_gradients_agree_with_finite_differences(loss):
    target_mean, target = moments_of(features(6))

    def cost(f):
        return loss(*moments_of(f), target_mean, target)

    assert torch.autograd.gradcheck(cost, features(5).requires_grad_(), atol=1e-6)


def test_gradients_of_gram_and_content_agree_with_finite_differences():
    target = features(7)

    def cost(f):
        return losses.content_loss(f, target) + losses.style_loss(
            [losses.gram_matrix(f, normalize=True)], [losses.gram_matrix(target, normalize=True)]
        )

    assert torch.autograd.gradcheck(cost, features(8).requires_grad_())
