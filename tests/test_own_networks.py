"""Networks of one's own against PyTorch itself: chains of layers, and files of them and of `impasto train`."""

import io
import math
import os
import pickle
from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from impasto.classify import model
from impasto.classify.images import LabelledImages
from impasto.networks.extractor import Extractor
from impasto.networks.loading import IMAGENET_MEAN, IMAGENET_STD, load
from impasto.networks.scaling import LOUDNESS, mean_features
from impasto.networks.sequential import from_sequential
from impasto.networks.table import NetworkError
from impasto.networks.vgg import VGG19
from impasto.painter.balance import OBJECTIVES
from impasto.painter.settings import Settings

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


def photo(height=40, width=33, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 255 * torch.rand(1, 3, height, width, generator=generator, dtype=torch.float64)


def normalised(picture, mean, std):
    mean, std = (torch.tensor(values, dtype=torch.float64).view(1, -1, 1, 1) for values in (mean, std))
    return (picture / 255 - mean) / std


def own():
    """A chain such as a student writes: nested, normalised, with linear layers at its end."""
    torch.manual_seed(3)
    first = nn.Sequential(nn.Conv2d(3, 8, 5, padding=2, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
    second = OrderedDict(convolution=nn.Conv2d(8, 12, 3, 2), relu=nn.ReLU(), drop=nn.Dropout2d())
    network = nn.Sequential(first, nn.MaxPool2d(3, 2, 1), nn.Sequential(second), nn.AvgPool2d(2), nn.Identity())
    network.extend([nn.Conv2d(12, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)])
    for _ in range(20):  # running means that are not 0 and 1
        network(torch.randn(4, 3, 32, 32) + 1)
    return network.eval()


@st.composite
def chains(draw):
    """A chain of PyTorch's layers, and what each name stands for: how many of the layers."""
    layers, ends, channels, count = [], {}, draw(st.sampled_from([1, 3])), {"conv": 0, "pool": 0}
    for number in range(draw(st.integers(1, 4))):
        kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 2))
        kind = draw(st.sampled_from(["conv", "conv", "pool"])) if number else "conv"
        count[kind] += 1
        if kind == "conv":
            outputs, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
            padding = draw(st.one_of(st.integers(0, 2), st.just("valid")))
            layers.append(nn.Conv2d(channels, outputs, kernel, stride, padding, dilation, bias=draw(st.booleans())))
            channels = outputs
            if draw(st.booleans()):
                layers.append(nn.BatchNorm2d(channels, affine=draw(st.booleans())))
        else:
            pooling = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
            layers.append(pooling(kernel, stride, draw(st.integers(0, kernel // 2))))
        if draw(st.booleans()):
            layers.append(nn.ReLU())
        ends[f"{kind}{count[kind]}"] = len(layers)
    return nn.Sequential(*layers), ends


@settings(max_examples=60, deadline=None)
@given(chains(), st.integers(0, 99))
def test_the_features_of_a_chain_are_those_that_pytorch_computes(chain, seed):
    network, ends = chain
    generator = torch.Generator().manual_seed(seed)
    for name, numbers in network.state_dict().items():
        if numbers.is_floating_point():
            drawn = torch.randn(numbers.shape, generator=generator)
            numbers.copy_(drawn.abs() + 0.5 if name.endswith("running_var") else drawn)
    backbone = from_sequential(network, MEAN, STD, "mine")
    assert backbone.table.names == tuple(ends)
    picture = photo(backbone.table.smallest + 3, backbone.table.smallest + 8)
    features = Extractor(backbone, ends, dtype=torch.float64)(picture)
    x = normalised(picture, MEAN, STD)
    if network[0].in_channels == 1:
        x = normalised(picture.mean(1, keepdim=True), [sum(MEAN) / 3], [sum(STD) / 3])
    network.double().eval()
    for name, end in ends.items():
        expected = network[:end](x).detach()
        torch.testing.assert_close(features[name], expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max() + 1e-9))


def test_what_is_loaded_is_the_chain_at_a_known_scale():
    network = own()
    backbone = load(network, MEAN, STD)
    assert backbone.table.names == ("conv1", "pool1", "conv2", "pool2", "conv3")
    picture = photo()
    features = Extractor(backbone, backbone.table.names, dtype=torch.float64)(picture)
    network.double()
    x = normalised(picture, MEAN, STD)
    for name, end in {"conv1": 1, "pool1": 2, "conv2": 3, "pool2": 4, "conv3": 6}.items():
        expected = network[:end](x).detach()
        factor = features[name].abs().sum() / expected.abs().sum()
        torch.testing.assert_close(
            features[name], factor * expected, rtol=1e-3, atol=1e-4 * float(features[name].max())
        )
    means = mean_features(backbone)
    assert means == pytest.approx({"conv1": LOUDNESS * 8**0.5, "conv2": LOUDNESS * 12**0.5, "conv3": LOUDNESS * 2})


def test_a_chain_from_a_file_is_that_from_memory(tmp_path):
    torch.save(own(), tmp_path / "own.pt")
    ours, theirs = load(tmp_path / "own.pt"), load(own(), IMAGENET_MEAN, IMAGENET_STD)
    assert ours.table == theirs.table
    assert all(torch.equal(ours.kernels[name], theirs.kernels[name]) for name in ours.table.convolutions)
    assert ours.mean == pytest.approx([255 * value for value in IMAGENET_MEAN])


def test_training_a_network_further_does_not_change_what_was_loaded():
    network = own()
    backbone = load(network)
    before = {name: kernel.clone() for name, kernel in backbone.kernels.items()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    assert all(torch.equal(before[name], kernel) for name, kernel in backbone.kernels.items())


def trained(architecture, grey, path):
    """A file as `impasto train` writes it, of a network that has seen some noise."""
    torch.manual_seed(5)
    pixels = torch.randint(0, 200, (40, 1 if grey else 3, 32, 32), dtype=torch.uint8)
    images = LabelledImages("noise", tuple("abc"), pixels, torch.zeros(40, dtype=torch.long))
    made = model.untrained(architecture, images)
    made.network.train()
    made.network(made.card.normalisation.apply(pixels))
    made.save(path)
    return model.load(path)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(
    ("architecture", "names"),
    [
        ("classifier", ("conv1", "pool1", "conv2", "pool2")),
        ("modern", ("conv1", "pool1", "conv2", "pool2", "conv3")),
    ],
)
def test_a_file_of_impasto_train_has_the_features_of_its_model(tmp_path, architecture, names, grey):
    theirs = trained(architecture, grey, tmp_path / "m.safetensors")
    given, passed = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8), {}

    def note(layer, _, made):
        passed.setdefault(layer, []).append(made)

    layers = [each for each in theirs.network.modules() if isinstance(each, nn.ReLU | nn.MaxPool2d)]
    for layer in layers:
        layer.register_forward_hook(note)
    theirs.probabilities(given)
    rectified, pooled = ([made for each in layers if isinstance(each, kind) for made in passed[each]]
                         for kind in (nn.ReLU, nn.MaxPool2d))  # fmt: skip
    expected = {f"conv{i}": made for i, made in enumerate(rectified, 1)}
    expected |= {f"pool{i}": made for i, made in enumerate(pooled, 1)}
    backbone = load(tmp_path / "m.safetensors")
    assert backbone.table.names == names
    features = Extractor(backbone, names)(given.float())
    for name in names:
        factor = features[name].mean() / expected[name].mean()
        atol = 1e-4 * float(features[name].max())
        torch.testing.assert_close(features[name], factor * expected[name], rtol=1e-3, atol=atol)


def test_a_silent_layer_is_left_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3), nn.ReLU())
    nn.init.constant_(network[2].weight, 0)
    nn.init.constant_(network[2].bias, -1)
    backbone = load(network)
    assert all(kernel.isfinite().all() for kernel in backbone.kernels.values())
    assert not Extractor(backbone, ["conv2"])(photo().float())["conv2"].any()


def test_vgg19_has_the_names_and_defaults_of_gatys_et_al():
    assert VGG19.convolutions[:3] == ("conv1_1", "conv1_2", "conv2_1")
    assert VGG19.names[:3] == ("conv1_1", "conv1_2", "pool1")
    assert VGG19.style_layers == ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    assert VGG19.content_layers == ("conv4_2",)
    assert VGG19.smallest == 16
    assert VGG19.up_to(["conv2_1"]).layers[-1].name == "relu2_1"
    weights = {objective: dict(Settings(objective=objective).layers_of(VGG19)[1]) for objective in OBJECTIVES}
    assert weights["impasto"] == {**dict.fromkeys(VGG19.style_layers, 1.0), "conv5_1": 0.2}  # units for things
    assert set(weights["pastiche"].values()) == {1.0}


@pytest.mark.parametrize(
    ("layers", "style", "content"),
    [
        ([nn.Conv2d(3, 2, 3)], ("conv1",), "conv1"),
        ([nn.Conv2d(3, 2, 3), nn.Conv2d(2, 2, 3), nn.Conv2d(2, 2, 3)], ("conv1", "conv2", "conv3"), "conv2"),
        ([nn.Conv2d(3, 2, 3), nn.Conv2d(2, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3)], ("conv1", "conv3"), "conv2"),
        ([nn.Conv2d(3, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3)], ("conv1", "conv2"), "conv2"),
    ],
)
def test_a_network_has_layers_to_compare_by_default(layers, style, content):
    table = from_sequential(nn.Sequential(*layers), MEAN, STD, "mine").table
    assert table.style_layers == style
    assert table.content_layers == (content,)


def refused(network, words):
    with pytest.raises(NetworkError, match=words) as error:
        load(network)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([], "no convolution to begin with"),
        ([nn.Flatten(), nn.Linear(12, 2)], "no convolution to begin with"),
        ([nn.Conv2d(3, 2, 3), nn.LeakyReLU(), nn.Conv2d(2, 2, 3)], r"layer 1 \(LeakyReLU\) is not among .* replace it"),
        ([nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh())), nn.Conv2d(3, 2, 3)], r"layer 0\.1\.0 \(Tanh\)"),
        (
            [nn.Conv2d(3, 2, 3), nn.ReLU(), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 3)],
            r"layer 2 \(BatchNorm2d\) is not among",
        ),
        ([nn.Conv2d(3, 3, 3, groups=3)], "give it groups=1"),
        ([nn.Conv2d(3, 2, 3, padding=1, padding_mode="reflect")], "zeros"),
        ([nn.Conv2d(3, 2, (3, 5))], r"kernel_size of \(3, 5\); give it one number"),
        ([nn.Conv2d(3, 2, 4, padding="same")], "padding of same"),
        ([nn.Conv2d(4, 2, 3)], "takes 4 channels; give"),
        ([nn.Conv2d(3, 2, 3), nn.Conv2d(5, 2, 3)], "conv2 is 2 × 5 × 3 × 3, not 2 × 2 × 3 × 3"),
        ([nn.Conv2d(3, 2, 3), nn.MaxPool2d(2, ceil_mode=True)], "ceil_mode=False"),
        ([nn.Conv2d(3, 2, 3), nn.AvgPool2d(3, padding=1, count_include_pad=False)], "count_include_pad=True"),
        ([nn.Conv2d(3, 2, 3), nn.MaxPool2d(2, padding=2)], "a smaller padding"),
        ([nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2, track_running_stats=False)], "track_running_stats=True"),
        ([nn.MaxPool2d(2), nn.Conv2d(1, 2, 3)], "takes grey and is not the first"),
        ([nn.Conv2d(3, 2, 3), nn.MaxPool2d(50), nn.MaxPool2d(50)], "no picture below 2502 px"),
    ],
)
def test_a_chain_that_does_not_paint_is_refused_with_the_layer_and_the_fix(layers, words):
    refused(nn.Sequential(*layers), words)


def test_numbers_that_are_not_finite_are_refused():
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    network[0].weight.data[0, 0, 0, 0] = math.nan
    refused(network, "conv1 holds numbers that are not finite")


def test_a_layer_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(NetworkError, match=r"'conv4'; the nearest are: conv1, conv2, conv3"):
        Extractor(load(own()), ["conv4"])
    assert Extractor(load(own()), [])(torch.zeros(1, 3, 32, 32)) == {}


class Runs:
    """Its pickle asks for a command to be run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class Mine(nn.Module):
    """A network with a class of its own."""


def in_plain_pickle(value):
    return pickle.dumps(value, protocol=2)


def in_torchs_file(value):
    written = io.BytesIO()
    torch.save(value, written)
    return written.getvalue()


@pytest.mark.parametrize("write", [in_plain_pickle, in_torchs_file])
def test_loading_runs_no_code_of_a_file(tmp_path, write):
    (tmp_path / "m.pt").write_bytes(write(Runs(tmp_path / "ran")))
    refused(tmp_path / "m.pt", r"m\.pt: .*(give|save) an? ")
    assert [path.name for path in tmp_path.iterdir()] == ["m.pt"]
    # A chain does not hide it.
    network = own()
    network[0].hidden = Runs(tmp_path / "ran")
    (tmp_path / "m.pt").write_bytes(write(network))
    refused(tmp_path / "m.pt", r"m\.pt: ")
    assert [path.name for path in tmp_path.iterdir()] == ["m.pt"]


def forged(**attributes):
    network = own()
    vars(network[0][0]).update(attributes)
    return network


def endless():
    network = nn.Sequential(nn.Conv2d(3, 2, 3))
    network.add_module("1", network)
    return network


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no network that can be read"),
        (b"no network at all", "no network that can be read"),
        (in_torchs_file(own())[:2000], "no network that can be read"),
        (in_torchs_file(Mine()), r"it holds .*Mine, which is not loaded; save an nn\.Sequential"),
        (in_torchs_file(own().state_dict()), "it is a OrderedDict; give an nn.Sequential"),
        (in_torchs_file(nn.Conv2d(3, 2, 3)), "it is a Conv2d; give an nn.Sequential"),
        (in_torchs_file(forged(kernel_size=None)), "kernel_size of None"),
        (in_torchs_file(forged(stride=(0, 0))), r"stride of \(0, 0\); give it one number for both axes, 1 or more"),
        (in_torchs_file(forged(_parameters={"weight": "none", "bias": None})), "can't be read"),
        (in_torchs_file(forged(_parameters=7)), "can't be read"),
        (in_torchs_file(endless()), "can't be read"),
        (b"\x10\0\0\0\0\0\0\0{" + b" " * 15, "no model of Impasto's"),
    ],
)
def test_a_file_that_is_no_network_is_refused_in_one_line(tmp_path, content, words):
    (tmp_path / "m.pt").write_bytes(content)
    refused(tmp_path / "m.pt", rf"m\.pt.*{words}")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    refused(tmp_path / "m.pt", r"m\.pt can't be read \(No such file or directory\)")
    refused(tmp_path, "can't be read")


def test_a_network_that_is_no_chain_is_refused():
    refused(Mine(), "it is a Mine; give an nn.Sequential")
