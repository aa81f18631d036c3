"""Networks of one's own by the name of their class: trained, saved, loaded, and explained where they do not fit."""

import json
import re
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pytest
import torch
from PIL import Image
from processes import line, ok
from safetensors.torch import load_file, save_file
from torch import nn

from impasto.classify import model, own
from impasto.classify.classifier import Classifier
from impasto.classify.images import LabelledImages
from impasto.classify.training import Training
from impasto.classify.training_run import TrainingError, TrainingSettings
from impasto.convolution.shapes import ShapeError, shapes, table
from impasto.networks.described import built, describe
from impasto.networks.extractor import Extractor
from impasto.networks.loading import load as backbone_of
from impasto.networks.table import NetworkError

PAGE = Path(__file__).parent.parent / "docs" / "classify.md"
MODULE = """
import torch
from torch import nn
from torch.nn import functional as F


class Slide(nn.Module):
    def __init__(self, classes):
        super().__init__()
        print("layers")
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2, 2)
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes)
        )

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x.view(-1, 16 * 5 * 5))


class Shortcut(nn.Module):
    def __init__(self, num_classes, size, width=4):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.last = nn.Linear(width * size * size // 16, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.first(x)), 2)
        x = F.max_pool2d(x + F.relu(self.norm(self.second(x))), 2)
        return self.last(x.view(x.size(0), -1)) / 4


def plain(classes):
    block = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.1), nn.AvgPool2d(3))
    return nn.Sequential(block, nn.Dropout(0.1), nn.Flatten(), nn.LazyLinear(classes))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mynet.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def card_of(path):
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return json.loads(header["__metadata__"]["impasto"])


def noise(count=8, classes="abc", channels=3):
    generator = torch.Generator().manual_seed(count)
    pixels = torch.randint(0, 256, (count, channels, 32, 32), dtype=torch.uint8, generator=generator)
    return LabelledImages("noise", tuple(classes), pixels, torch.arange(count) % len(classes))


# Training, saving, loading


def trained(what, images):
    torch.manual_seed(0)
    made = model.untrained(what, images)
    list(Training(made, images, TrainingSettings(epochs=1, batch_size=8)))
    return made


@pytest.mark.usefixtures("folder")
def test_the_slides_class_of_ones_own_is_trained_bit_for_bit_as_ours():
    mine, ours = (trained(each, noise(40)) for each in (own.find("mynet.py:Slide"), "classifier"))
    theirs = ours.network.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in mine.network.state_dict().items())
    assert not isinstance(mine.network, Classifier)


def test_the_slides_class_of_ones_own_is_described_in_its_file(run, folder):
    model.untrained(own.find("mynet.py:Slide"), noise(classes="0123456789")).save("m")
    (folder / "mynet.py").unlink()
    card = card_of(folder / "m")
    assert card["architecture"] == "mynet.py:Slide"
    assert [kind for _, kind, _ in card["layers"]].count("Linear") == 3
    assert ok(run("shapes", "m")).strip() == table(shapes(Classifier()))


def test_a_network_that_is_no_chain_asks_for_its_class(run, photo, folder):
    model.untrained(own.find("mynet.py:Shortcut"), noise()).save("m")
    assert card_of(folder / "m")["layers"] is None
    marker = folder / "was-run"
    (folder / "mynet.py").write_text(MODULE + f"\nopen({str(marker)!r}, 'w')\n")
    for command in (["classify", photo, "--model", "m"], ["look", "features", photo, "--model", "m"]):
        process = run(*command)
        assert (process.returncode, "name it, as --class mynet.py:Shortcut" in line(process)) == (2, True)
    with pytest.raises(NetworkError, match="m does not describe its layers"):
        backbone_of("m")
    assert not marker.exists()
    named = ("--class", "mynet.py:Shortcut")
    assert len(ok(run("classify", photo, "--model", "m", *named)).splitlines()) == 3
    assert marker.exists()
    assert re.search(r"second +Conv2d 3 × 3 +4 × 16 × 16 ", ok(run("shapes", "m", *named)))
    for command in (["kernels", "m"], ["network", "m"], ["features", photo, "--model", "m"]):
        assert ok(run("look", *command, *named, "-o", "sheet.png")) == "sheet.png\n"
        assert np.asarray(Image.open("sheet.png")).std() > 5
    with pytest.raises(
        model.ModelError, match=r"do not fit the class mynet\.py:plain: the file has no 0\.0\.weight; give"
    ):
        model.load("m", own.find("mynet.py:plain"))


@pytest.mark.usefixtures("folder")
def test_training_goes_on_with_the_class_that_is_named(run):
    model.untrained(own.find("mynet.py:Shortcut"), noise(classes="0123456789")).save("m")
    process = run("train", "--resume", "m", "--recipe", "fast", "--epochs", "1", "-o", "n")
    assert "(with train --resume, as --model)" in line(process)
    ok(run("train", "--model", "mynet.py:Shortcut", "--resume", "m", "--recipe", "fast", "--epochs", "1", "-o", "n"))
    assert card_of(Path("n"))["training"]["epochs_done"] == 1


def test_a_plain_sequential_is_described_and_paints(folder):
    torch.manual_seed(0)
    made = model.untrained(own.find("mynet.py:plain"), noise())
    made.network.train()(torch.randn(16, 3, 32, 32))
    made.save("m.safetensors", small=True)
    (folder / "mynet.py").unlink()
    loaded = model.load("m.safetensors")
    pixels = noise().pixels
    torch.testing.assert_close(loaded.probabilities(pixels), made.probabilities(pixels), rtol=1e-2, atol=1e-3)
    loaded.save("again.safetensors")
    assert torch.equal(model.load("again.safetensors").probabilities(pixels), loaded.probabilities(pixels))
    assert backbone_of("m.safetensors").table.names == ("conv1",)


@pytest.mark.usefixtures("folder")
def test_a_described_network_paints_with_its_features():
    model.untrained(own.find("mynet.py:Slide"), noise()).save("m.safetensors")
    loaded, backbone = model.load("m.safetensors"), backbone_of("m.safetensors")
    assert backbone.table.names == ("conv1", "pool1", "conv2", "pool2")
    pixels = noise(1).pixels
    ours = Extractor(backbone, ["conv2"])(pixels.float())["conv2"]
    theirs = loaded.network.get_submodule("features")
    x = loaded.card.normalisation.apply(pixels)
    for place in "01234":
        x = theirs.get_submodule(place)(x)
    torch.testing.assert_close(ours / ours.mean(), x / x.mean(), rtol=1e-3, atol=1e-4)


def test_models_of_the_old_names_load_on(tmp_path):
    old = {"features.0": "conv1", "features.3": "conv2",
           "classifier.0": "fc1", "classifier.2": "fc2", "classifier.4": "fc3"}  # fmt: skip
    made = model.untrained("classifier", noise())
    made.momentum = {name: torch.ones_like(value) for name, value in made.network.named_parameters()}
    made.save(tmp_path / "new")

    def renamed(name):
        layer = next(layer for layer in old if f"{layer}." in name)
        return name.replace(layer, old[layer])

    tensors = {renamed(name): value for name, value in load_file(tmp_path / "new").items()}
    assert {"conv1.weight", "momentum.fc3.bias"} <= set(tensors)
    save_file(tensors, tmp_path / "old", {model.KEY: json.dumps(card_of(tmp_path / "new"))})
    loaded = model.load(tmp_path / "old")
    assert all(
        torch.equal(value, loaded.network.state_dict()[name]) for name, value in made.network.state_dict().items()
    )
    assert loaded.momentum.keys() == made.momentum.keys()
    old_backbone, new_backbone = backbone_of(tmp_path / "old"), backbone_of(tmp_path / "new")
    assert all(torch.equal(old_backbone.kernels[name], new_backbone.kernels[name]) for name in ("conv1", "conv2"))


@pytest.mark.usefixtures("folder")
def test_a_copy_of_the_slides_class_has_the_numbers_of_the_shipped_model():
    mine, shipped = (model.load("fashion-classifier", each) for each in (own.find("mynet.py:Slide"), None))
    pixels = noise(4, channels=1).pixels
    torch.testing.assert_close(mine.probabilities(pixels), shipped.probabilities(pixels))


def test_two_names_of_one_layer_are_saved_too(tmp_path):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(3072, 3)
            self.second = self.first

        def forward(self, x):
            return self.second(x.view(-1, 3072))

    twice = own.Own("twice.py:Twice", Twice, "")
    made = model.untrained(twice, noise())
    made.save(tmp_path / "m")
    assert torch.equal(model.load(tmp_path / "m", twice).network.first.weight, made.network.first.weight)


# The description


class Between(nn.Module):
    """The slide's layers with something between them that no layer says."""

    def __init__(self, between):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Linear(4 * 15 * 15, 5)
        self.between = between

    def forward(self, x):
        return self.classifier(self.between(self, self.features(x).flatten(1)))


@pytest.mark.parametrize(
    ("between", "described"),
    [
        (lambda _, x: x, True),
        (lambda _, x: x * 2, False),
        (lambda _, x: torch.tanh(x), False),
        (lambda net, x: nn.functional.dropout(x, 0.5, net.training), False),
        (lambda _, x: x.flip(1), False),
    ],
)
def test_only_a_network_that_its_layers_say_all_of_is_described(between, described):
    pictures = torch.randn(4, 3, 32, 32)
    network = Between(between)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = describe(network, pictures)
    assert (found is not None) == described
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_with_numbers_beside_its_layers_is_not_described():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4))
    assert describe(network, torch.randn(4, 3, 32, 32)) is not None
    network.register_parameter("scale", nn.Parameter(torch.ones(1)))
    assert describe(network, torch.randn(4, 3, 32, 32)) is None


def test_settings_that_a_file_can_not_hold_are_not_described():
    pictures = torch.randn(4, 3, 32, 32)
    assert describe(nn.Sequential(nn.Dropout(np.float32(0.5)), nn.Flatten()), pictures) is None

    class Pooled(nn.MaxPool2d):
        def forward(self, x):
            return super().forward(x)[0]

    for pooling in (Pooled(2, return_indices=True), nn.Sequential(Pooled(2, return_indices=True))):
        assert describe(nn.Sequential(pooling, nn.Flatten()), pictures) is None


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    "layers",
    [
        [["a", "system", {}]],
        [["a", "Linear", {"in_features": "x", "out_features": 1}]],
        [["a", "Linear", {"in_features": 1}]],
        [["a", "Conv2d", {"in_channels": 3, "out_channels": 3, "kernel_size": 0}]],
        [["forward", "ReLU", {}]],
        [[".".join("a" * 2000), "ReLU", {}]],
        [["a", "AdaptiveAvgPool2d", {"output_size": 100_000}], ["b", "Flatten", {}]],
        [["a", "ReLU", {}]],
        [],
        7,
        [7],
    ],
)
def test_a_description_that_can_not_be_is_refused_in_one_line(tmp_path, layers):
    made = model.untrained("classifier", noise())
    made.save(tmp_path / "m")
    card = card_of(tmp_path / "m") | {"architecture": "evil.py:Evil", "layers": layers}
    save_file(load_file(tmp_path / "m"), tmp_path / "m", {model.KEY: json.dumps(card)})
    with pytest.raises(model.ModelError) as refused:
        model.load(tmp_path / "m")
    assert "\n" not in str(refused.value)
    with pytest.raises(NetworkError):
        backbone_of(tmp_path / "m")


def test_a_large_layer_of_a_description_takes_no_memory_before_its_numbers_are_there():
    ((_, layer),) = built([["a", "Linear", {"in_features": 10**8, "out_features": 10**8}]])
    assert layer.weight.is_meta


# What does not fit


VIEW = "x.view(-1, 16 * 5 * 5)"
RETURN = f"return self.classifier({VIEW})"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("16 * 5 * 5, 120", "256, 120",
         "features.5 gives 16 × 5 × 5 = 400 numbers, but classifier.0 takes 256: write nn.Linear(400, 120)"),
        (VIEW, "x.view(-1, 256)", "= 400 numbers for a picture, but forward views them as 256: write x.view(-1, 400)"),
        (VIEW, "x.view(-1, 200)", "the flattening after it makes 4 rows of 2 pictures: write x.view(-1, 400)"),
        (VIEW, "x.view(1, -1)", "makes 1 rows of 2 pictures"),
        (VIEW, "x", "16 × 5 × 5, which nothing flattens before classifier.0: write x = x.view(-1, 400)"),
        ("(6, 16", "(8, 16", "features.2 gives 6 channels, but features.3 takes 8: write nn.Conv2d(6, 16, 5, …)"),
        ("(3, 6", "(1, 6", "the picture gives 3 channels, but features.0 takes 1: write nn.Conv2d(3, 6, 5, …)"),
        ("(120, 84)", "(100, 84)",
         "classifier.1 gives 120 numbers, but classifier.2 takes 100: write nn.Linear(120, 84)"),
        ("(6, 16, 5)", "(6, 16, 15)", "14 × 14 (features.2), and no further; features.3 (Conv2d 15 × 15) is larger"),
        ("84, classes", "84, 7", "classifier.4 gives 7 numbers, but the data has 10 classes: write nn.Linear(84, 10)"),
        (RETURN, RETURN.removeprefix("return "), "forward gives nothing"),
        (RETURN, "return x", "forward gives 16 × 5 × 5 for a picture, not 10"),
        ("return self", "x = x + x[:, :, 1:]\n        return self", "line 20: RuntimeError: The size of tensor a"),
        ("forward(self, x)", "forward(self, input)", "line 19: UnboundLocalError"),
        ("super()", "super(Discriminator, self)", "line 9: NameError: name 'Discriminator' is not defined"),
        ("(2, 2), nn.Conv2d", "(2, 2) nn.Conv2d", "mynet.py can't be loaded: line 12: SyntaxError"),
        ("self, classes)", "self, classes, depth)", "takes depth, which nobody gives"),
        ("import torch\n", "import torch\nraise SystemExit(3)\n", "mynet.py can't be loaded: line 3: SystemExit: 3"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_one_line(folder, before, after, words):
    assert before in MODULE
    (folder / "mynet.py").write_text(MODULE.replace(before, after, 1))
    with pytest.raises(ValueError, match=re.escape(words)) as refused:
        model.untrained(own.find("mynet.py:Slide"), noise(classes="0123456789"))
    assert "\n" not in str(refused.value)


def test_a_network_that_takes_no_picture_alone_is_refused_before_it_fails():
    class Squeezed(nn.Sequential):
        def forward(self, x):
            return super().forward(x).squeeze()

    def layers(*more):
        return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8), *more, nn.Linear(8, 3))

    with pytest.raises(ShapeError, match="of one picture alone forward gives 3, not 1 × 3: keep the first axis"):
        model.untrained(own.Own("mynet.py:Mine", lambda: Squeezed(layers()), ""), noise())
    normalised = model.untrained(own.Own("mynet.py:Mine", lambda: layers(nn.BatchNorm1d(8)), ""), noise(9))
    with pytest.raises(TrainingError, match=r"of 4 one picture stands alone, .*\[1, 8\]\)\): give --batch-size 5"):
        Training(normalised, noise(9), TrainingSettings(batch_size=4))
    assert len(list(Training(normalised, noise(9), TrainingSettings(batch_size=5, epochs=1)))) == 2


def test_numbers_that_no_file_can_keep_are_refused_before_training():
    def network():
        made = nn.Sequential(nn.Flatten(), nn.Linear(3072, 3))
        made.momentum = nn.Linear(2, 2)
        made.forward = lambda x: made[1](made[0](x))
        return made

    with pytest.raises(model.ModelError, match=r"momentum\.weight can't be kept in a file"):
        model.untrained(own.Own("mynet.py:network", network, ""), noise())


def test_nothing_is_trained_where_layers_do_not_fit_and_those_that_do_are_shown(run, folder):
    (folder / "mynet.py").write_text(MODULE.replace("16 * 5 * 5, 120", "256, 120"))
    process = run("train", "--model", "mynet.py:Slide")
    assert process.returncode == 2
    assert line(process).startswith("impasto: features.5 gives 16 × 5 × 5 = 400 numbers, but classifier.0 takes 256")
    *_, last = process.stdout.decode().splitlines()
    assert re.match(r"features\.5 +MaxPool2d 2 × 2, stride 2 +16 × 10 × 10 +16 × 5 × 5 ", last)
    assert not list(folder.glob("*.safetensors"))


FLAT = """
import torch
from torch import nn
from torch.nn import functional as F


class Mine(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 4, 3)
        self.last = nn.Linear(4 * 13 * 13, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.first(x)), 2)
        x = self.second(x).flatten(1)
        return self.last(x)
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("        return self", "        self", "mine.py:Mine: forward gives nothing: let it return the scores"),
        ("self.last(x)", "(self.last(x), x)", "mine.py:Mine: forward gives a tuple: let it return the scores"),
        ("self.last(x)", "self.last(x).mean(0)", "of 4 pictures forward gives 10, not a row for each: keep the first"),
        ("self.last(x)", "self.last(x).mean(0, True)", "of 4 pictures forward gives 1 × 10, not a row for each"),
        ("self.last =", "self.more = [nn.Linear(2, 2)]\n        self.last =",
         "layers in a list are not found, as those of self.more: write nn.ModuleList or nn.Sequential"),
        ("self.last =", "self.more = {'a': nn.Linear(2, 2)}\n        self.last =", "write nn.ModuleDict"),
        ("self.last(x)", "nn.Linear(x.size(1), 10)(x)", "forward uses a Linear that is none of the network's layers"),
        ("classes)\n\n", "classes)\n        self.double()\n\n",
         "the numbers of first are float64, but those that it gets float32: leave .double() out"),
        ("super().__init__()", "pass", "before Module.__init__() call: write super().__init__() first"),
        ("self.second(x).f", "self.second(y).f", "mine.py:Mine can't be run: line 16: NameError: name 'y'"),
    ],
)  # fmt: skip
def test_shapes_and_train_refuse_the_same_networks_in_the_same_line(run, folder, before, after, words):
    assert before in FLAT
    (folder / "mine.py").write_text(FLAT.replace(before, after, 1))
    refused = [run(*command, "mine.py:Mine") for command in (["shapes"], ["train", "--model"])]
    assert [each.returncode for each in refused] == [2, 2]
    assert words in line(refused[0])
    assert line(refused[0]) == line(refused[1])


@pytest.mark.parametrize(
    ("end", "warned"),
    [("F.softmax({}, 1)", True), ("nn.Softmax(1)({})", True), ("F.log_softmax({}, 1)", False), ("{}", False)],
)
def test_a_softmax_before_the_cross_entropy_is_told(run, folder, end, warned):
    (folder / "mine.py").write_text(FLAT.replace("self.last(x)", end.format("self.last(x)")))
    said = run("shapes", "mine.py:Mine")
    assert said.returncode == 0
    assert ("seems to end with a softmax" in said.stderr.decode()) == warned
    if end.startswith("F.softmax"):
        trained = run("train", "--model", "mine.py:Mine", "--epochs", "1", "--recipe", "fast")
        assert (trained.returncode, trained.stderr.decode().count("softmax; the cross-entropy")) == (0, 1)


def test_what_forward_does_between_layers_ends_the_fields(run, folder):
    (folder / "mine.py").write_text(FLAT)
    _, first, second, _, _, _, why = ok(run("shapes", "mine.py:Mine")).splitlines()
    assert first.split()[-3:] == ["3", "1", "0"]
    assert second.endswith("24,336")
    assert why.startswith("before second forward does what no layer says, as F.max_pool2d: so field, jump and margin")
    # What only joins or bends numbers leaves them as they are; a pooling of the same size does not.
    (folder / "mine.py").write_text(FLAT.replace("F.max_pool2d(F.relu(self.first(x)), 2)", "F.relu(self.first(x))"))
    assert re.search(r" 5 +1 +0$", line_of("second", run("shapes", "mine.py:Mine", "--size", "17")))
    (folder / "mine.py").write_text(FLAT.replace("(x)), 2)", "(x)), 3, 1, 1)"))
    assert not re.search(r" 5 +1 +0$", line_of("second", run("shapes", "mine.py:Mine", "--size", "17")))


def line_of(layer, process):
    """A layer's line of the table."""
    return next(each for each in ok(process).splitlines() if each.startswith(f"{layer} "))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.py:Mine", "nowhere.py can't be read (No such file or directory)"),
        ("mynet.py:Mine", "mynet.py has no Mine; its networks are: Slide, Shortcut"),
        ("mynet.py:F", "is no class and no function"),
        ("nowhere.nets:Mine", "No module named 'nowhere'"),
        ("torch.nn:ReLU", "forward gives 3 × 32 × 32 for a picture, not 3 scores"),
        ("torch.nn:Flatten", "forward gives 3072 numbers, but the data has 3 classes"),
        ("mynet", "'mynet' names no class: write mynet.py:Mine"),
        ("mynet.py", "'mynet.py' names no class: write mynet.py:Mine"),
    ],
)
def test_a_class_that_is_not_there_is_refused_in_one_line(name, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        model.untrained(own.find(name), noise())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["shapes", "classifier", "--class", "mynet.py:Slide"], "name a model too"),
        (["look", "kernels", "--class", "mynet.py:Slide"], "name a model too"),
        (["shapes", "mynet.py:"], "'mynet.py:' names no class: write mynet.py:Mine"),
        (["shapes", "fashion-classifier", "--class", "mynet.py:Shortcut"], "give the class that it was trained with"),
        (["look", "features", "x.jpg", "--model", "fashion-classifier", "--size", "64"], "leave --size out"),
    ],
)
def test_options_that_do_not_go_together_are_refused_in_one_line(run, photo, command, words):
    process = run(*(photo if each == "x.jpg" else each for each in command))
    assert (process.returncode, words in line(process)) == (2, True)


def test_a_module_is_found_beside_the_user_and_takes_nobodys_place(folder):
    (folder / "nets").mkdir()
    (folder / "nets" / "mine.py").write_text("from nets.parts import plain\n")
    (folder / "nets" / "parts.py").write_text(MODULE)
    (folder / "json.py").write_text("raise RuntimeError\n")
    assert model.untrained(own.find("nets.mine:plain"), noise()).card.architecture == "nets.mine:plain"


# The exercise of docs/classify.md


def test_the_exercise_goes_as_the_page_says(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    section = PAGE.read_text().split("## An exercise")[1].split("\n## ")[0]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    blocks = re.findall(r"(?:^ {4}.*\n)+", section.replace(code, ""), re.MULTILINE)
    asked = [dedent(block).splitlines() for block in blocks if block.startswith("    $ ")]
    complete, layer = (indent(block, " " * 8).strip("\n") for block in blocks if not block.startswith("    $ "))
    exercise = tmp_path / "exercise.py"

    def goes(lines):
        process = run(*lines[0].split()[2:])
        text = (process.stdout + process.stderr).decode()
        for expected in lines[1:]:
            assert expected.split("…")[0] in text
        return text

    def obey(text):
        fix = re.search(r"write (x\.view\(-1, \d+\)|nn\.Linear\(\d+, 120\))", text)[1]
        wrong = {"x": "x.view(-1, 16 * 5 * 5)", "n": "nn.Linear(16 * 5 * 5, 120)"}[fix[0]]
        assert wrong in exercise.read_text()
        exercise.write_text(exercise.read_text().replace(wrong, fix))

    exercise.write_text(code)
    goes(asked[0])
    exercise.write_text(code := code.replace("            # … to do", complete))
    assert ok(run("shapes", "exercise.py:Classifier")).strip() == table(shapes(Classifier()))
    pooled = "nn.MaxPool2d(2, 2),\n        )"
    exercise.write_text(code.replace(pooled, pooled.replace("        )", f"{layer}\n        )")))
    obey(goes(asked[1]))
    obey(goes(asked[2]))
    assert "Finished Training" in goes(asked[3])
    exercise.unlink()  # the file of the model describes the network
    goes(asked[4])


THREADS = """
from pathlib import Path

import torch
from torch import nn


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))

    def forward(self, x):
        if self.training:
            with Path(__file__).with_name("threads").open("a") as file:
                print(len(x), torch.get_num_threads(), file=file)
        return self.layers(x)
"""


@pytest.mark.parametrize("recipe", ["slide", "fast"])
def test_a_small_mini_batch_has_one_thread_and_a_large_one_all(run, tmp_path, recipe):
    (tmp_path / "counting.py").write_text(THREADS)
    asked = ("train", "--model", f"{tmp_path}/counting.py:Counting", "--recipe", recipe, "--epochs", "1")
    for size, threads in (4, 1), (128, 2):
        ok(run(*asked, "--batch-size", size, "--threads", "2", "-o", tmp_path / f"{size}.safetensors"))
        seen = [row for row in (tmp_path / "threads").read_text().splitlines() if row.startswith(f"{size} ")]
        assert set(seen[-5:]) == {f"{size} {threads}"}  # the first one may be the look at the sizes before
