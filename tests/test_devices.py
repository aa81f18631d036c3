"""What painting asks of a device, seen on the processor: how often it waits, in which types, and in how much memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from impasto.images import Picture
from impasto.networks.extractor import Extractor
from impasto.networks.weights import packaged
from impasto.painter import compute
from impasto.painter.canvas import Canvas
from impasto.painter.objective import Objective, OnCanvas
from impasto.painter.painter import Painter
from impasto.painter.pyramid import LaplacianPyramid
from impasto.painter.recipe import Recipe, Style
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.style_losses import STYLE_LOSSES
from impasto.painter.term import Scene, StyleSource
from impasto.painter.terms import style_transfer

LAYERS = (("conv1_1", 1.0), ("conv2_1", 1.0))
SMALL = Settings(size=420, quality="draft", content_layers=(("conv2_2", 1.0),), style_layers=LAYERS, dtype="float32")


def pictures(width=140, height=100):
    random = np.random.default_rng(0)
    return [Picture(random.integers(0, 256, (height, width, 3), np.uint8)) for _ in range(2)]


def recipe(settings):
    photo, style = pictures()
    return Recipe(photo, (Style(style),), settings)


@pytest.mark.parametrize("loss", [name for name in STYLE_LOSSES if name != "wasserstein"])  # whose roots wait
def test_a_step_asks_the_device_for_two_numbers_and_sends_it_none(loss, monkeypatch):
    """What the objective is, of each canvas tried, and whether the step tells of the curvature; each question waits."""
    run = Painter(recipe(replace(SMALL, size=96, style_loss=loss))).start()
    for _ in range(3):
        next(run)
    asked, sent, tried = [], [], []
    evaluate = OnCanvas.__call__
    monkeypatch.setattr(OnCanvas, "__call__", lambda self, point: tried.append(point) or evaluate(self, point))
    for name in ("tolist", "item", "cpu", "numpy", "nonzero", "__bool__", "__float__", "__int__", "__index__"):
        plain = getattr(torch.Tensor, name)
        monkeypatch.setattr(torch.Tensor, name, lambda self, n=name, p=plain: asked.append(n) or p(self))
    for name in ("tensor", "as_tensor"):
        plain = getattr(torch, name)
        monkeypatch.setattr(torch, name, lambda *given, p=plain, **more: sent.append(given) or p(*given, **more))
    for _ in range(4):
        next(run)
    assert sorted(asked) == ["__bool__"] * 4 + ["tolist"] * len(tried)
    assert len(tried) <= 6
    assert sent == []


@pytest.mark.parametrize(("dtype", "wide"), [(torch.bfloat16, torch.float32), (torch.float64, torch.float64)])
@pytest.mark.parametrize("loss", ["gram", "moments"])  # the others draw or decompose something on the processor
def test_an_evaluation_stays_on_its_device_and_in_its_types(dtype, wide, loss):
    """PyTorch's device "meta" has no numbers: who asks for one, or makes a tensor elsewhere, fails."""
    settings = Settings(objective="pastiche", style_loss=loss)
    terms = style_transfer(settings)
    network = Extractor(packaged(), {layer for term in terms for layer in term.layers}, dtype=dtype, prepare=False)
    network.to("meta")
    photo = torch.empty(1, 3, 64, 80, device="meta")
    scene = Scene(network, photo, [StyleSource(1.0, None, lambda: photo)])
    objective = Objective(terms, scene)
    pyramid = LaplacianPyramid()
    leaf = torch.empty(sum(shape.numel() for shape in pyramid.shapes(64, 80)), device="meta").requires_grad_()
    canvas = Canvas.shaped(pyramid, 80, 64)
    (tile,) = objective.tiles
    features = network(canvas.picture(leaf), tile)
    assert {each.dtype for each in features.values()} == {dtype}
    sums = [each for of_term in objective.sums(canvas.picture(leaf), tile) for each in of_term]
    assert {each.dtype for each in sums if each.dim() > 0} == {wide}
    numbers = objective.numbers(objective.sums(canvas.picture(leaf), tile))
    (gradient,) = torch.autograd.grad(numbers[0], leaf)
    assert (numbers.device.type, numbers.dtype) == ("meta", wide)
    assert (gradient.device.type, gradient.dtype, gradient.shape) == ("meta", torch.float32, leaf.shape)


class Full(Extractor):
    """A network on a device that has no room for a picture of more than so many pixels, after so many pictures."""

    def __init__(self, room, after, error=None):
        super().__init__(packaged(), ["conv1_1", "conv2_1", "conv2_2"])
        self.room, self.after, self.seen = room, after, []
        self.error = error or torch.OutOfMemoryError("CUDA out of memory.")

    def forward(self, picture, tile=None):
        self.seen.append(picture.shape[2] * picture.shape[3])
        if self.seen[-1] > self.room and len(self.seen) > self.after:
            raise self.error
        return super().forward(picture, tile)


@pytest.mark.parametrize("late", [False, True])
def test_a_device_that_is_full_is_given_smaller_tiles(late):
    """From the beginning of the last scale, or before its last step."""
    roomy = Full(10**9, 0)
    costs = [step.costs for step in Painter(recipe(SMALL), network=roomy).start()]
    network = Full(60_000, len(roomy.seen) - 1 if late else 0)
    fitted = Painter(recipe(SMALL), network=network).start()
    found = [step.costs for step in fitted]
    assert any(pixels > 60_000 for pixels in network.seen)
    assert network.seen[-1] <= 60_000
    assert len(found) == len(costs)
    for name, cost in costs[-1].items():
        assert found[-1][name] == pytest.approx(cost, rel=0.01)


@pytest.mark.parametrize(
    "words",
    ["MPS backend out of memory (MPS allocated: 9.06 GB)", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
     "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"],
)  # fmt: skip
def test_every_way_to_say_that_memory_is_full_is_understood(words):
    network = Full(60_000, 0, RuntimeError(words))
    list(Painter(recipe(SMALL), network=network).start())
    assert network.seen[-1] <= 60_000


def test_another_error_of_a_device_is_not_taken_for_a_full_one():
    with pytest.raises(RuntimeError, match="illegal memory access"):
        list(Painter(recipe(SMALL), network=Full(60_000, 0, RuntimeError("an illegal memory access"))).start())


def test_a_named_device_is_the_current_one_while_it_paints(monkeypatch):
    """Graphs and streams are those of the current device: recorded on another one, they would read its memory."""
    current = []

    class Device:
        def __init__(self, device):
            self.device = device

        def __enter__(self):
            current.append(self.device)

        def __exit__(self, *_):
            current.append(None)

    monkeypatch.setattr(torch.cuda, "device", Device)
    with compute.set_up(Settings(device="cuda:1"), torch.device("cuda:1")):
        assert current == [torch.device("cuda:1")]
    assert current[-1] is None
    with compute.set_up(Settings(), torch.device("cpu")):
        assert len(current) == 2


def test_a_device_without_room_for_the_smallest_tile_ends_in_a_plain_line():
    with pytest.raises(SettingsError, match="too little memory free; give a smaller size, or --device cpu"):
        list(Painter(recipe(replace(SMALL, size=96)), network=Full(100, 0)).start())


@pytest.mark.parametrize("device", ["cuda:x", "cuda:-1", "gpu", "cpu:0", ""])
def test_a_device_that_pytorch_does_not_count_is_refused(device):
    with pytest.raises(SettingsError, match="choose one of: auto, cpu, cuda"):
        Settings(device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(SettingsError, match="no cuda:3 device for PyTorch; use --device cpu"):
        Painter(recipe(Settings(device="cuda:3")))


def test_the_last_of_several_devices_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(SettingsError, match=r"no cuda:2 device for PyTorch; the last one is cuda:1"):
        Painter(recipe(Settings(device="cuda:2")))
