"""The optimisers and parameterisations, on functions whose minimum is known."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from impasto.images import arrays
from impasto.painter.optimizers import LBFGS, Adam, Evaluation
from impasto.painter.pyramid import LaplacianPyramid, Pixels


def rosenbrock(point):
    leaf = point.detach().requires_grad_()
    value = (100 * (leaf[1:] - leaf[:-1] ** 2) ** 2 + (1 - leaf[:-1]) ** 2).sum()
    return Evaluation(point, value.item(), lambda: torch.autograd.grad(value, leaf)[0])


def test_lbfgs_finds_rosenbrocks_minimum_and_never_rises():
    start = torch.full((6,), -1.0, dtype=torch.float64)
    path = list(LBFGS().steps(rosenbrock(start), rosenbrock, 400))
    values = [rosenbrock(start).value] + [here.value for here in path]
    assert all(after <= before for before, after in pairwise(values))
    np.testing.assert_allclose(path[-1].point, 1, atol=1e-4)


def test_no_step_is_longer_than_the_longest():
    points = [torch.full((6,), -1.0, dtype=torch.float64)]
    points += [here.point for here in LBFGS(longest=0.01).steps(rosenbrock(points[0]), rosenbrock, 30)]
    moves = [(b - a).square().mean().sqrt().item() for a, b in pairwise(points)]
    assert 0 < max(moves) <= 0.01 * (1 + 1e-9)


def test_safe_steps_cost_few_evaluations():
    calls, slopes = [], []

    def counted(point):
        calls.append(1)
        value = (point.square() * torch.arange(1.0, 51, dtype=torch.float64)).sum()
        return Evaluation(point, value.item(), lambda: slopes.append(1) or 2 * point * torch.arange(1.0, 51).double())

    list(LBFGS().steps(counted(torch.ones(50, dtype=torch.float64)), counted, 60))
    assert len(calls) <= 60 * 1.2
    assert len(slopes) == 60  # at the start and after each step but the last


def test_adam_goes_downhill():
    values = [here.value for here in Adam(0.05).steps(rosenbrock(torch.zeros(6, dtype=torch.float64)), rosenbrock, 300)]
    assert values[-1] < values[0] / 5


@pytest.mark.parametrize("parameterization", [Pixels(), LaplacianPyramid(), LaplacianPyramid(3, 0.7)])
@given(height=st.integers(16, 70), width=st.integers(16, 70), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_a_picture_survives_its_parameters_drawn_in_from_the_ends(parameterization, height, width, seed):
    picture = 255 * torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    held = parameterization.picture(parameterization.parameters(picture))
    torch.testing.assert_close(held, 127.5 + 0.95 * (picture - 127.5), rtol=0, atol=0.01)


@given(height=st.integers(16, 90), width=st.integers(16, 90), at_once=st.sampled_from([100, 1000, 5000]))
@settings(deadline=None)
def test_the_pyramid_is_burts_and_adelsons_however_many_rows_are_held_at_once(height, width, at_once):
    picture = 255 * torch.rand(1, 3, height, width, dtype=torch.float64)
    light = (0.95 * (picture / 127.5 - 1)).atanh().sum(1, keepdim=True) / 3**0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "AT_ONCE", at_once)
        held = LaplacianPyramid().parameters(picture)
    for level, band in enumerate(held):
        coarse = F.avg_pool2d(light, 2, ceil_mode=True, count_include_pad=False)
        last = level == len(held) - 1
        expected = light if last else light - F.interpolate(coarse, light.shape[2:], mode="bilinear")
        torch.testing.assert_close(band[:, :1] * 0.8**level, expected, rtol=0, atol=1e-5)
        light = coarse


@pytest.mark.parametrize("parameterization", [Pixels(), LaplacianPyramid()])
def test_no_parameters_leave_the_range_of_a_picture(parameterization):
    parameters = [1e3 * torch.randn_like(p) for p in parameterization.parameters(torch.zeros(1, 3, 40, 50))]
    picture = parameterization.picture(parameters)
    assert picture.min() >= 0
    assert picture.max() <= 255
