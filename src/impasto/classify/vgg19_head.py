"""VGG19's features as they are, and one linear layer on them that learns: the head, which is all that a file keeps.

The layer, the pooling and the decay were chosen with crops of 26 photographs, ten a class to learn from, of the left
half of each photo, and ten to test on, of the right half in another light (6 and 20 classes). The test crops chose, so
the figures flatter; layers were compared with a decay of 1e-3, and copies with 1e-4:

- the mean over positions of conv5_1: 100 % and 90 %. conv3_4 gave 95 % and 77 %, conv4_2 97 % and 83 %, and conv5_4
  100 % and 89 %. The largest number in place of the mean gave 9 % less of the 20, and three layers together gave
  nothing more;
- of length 1 for each picture: numbers brought to mean 0 and deviation 1 gave 4 % less;
- pictures of 128 × 128: 160 × 160 cost half as much again, and gave the same;
- four copies of each picture: one gave 87 %, two to four 90 %;
- a decay of 1e-5: with 1e-4 a head is as often right, but its shares are worse (a loss of 0.53, and not 0.33).
"""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.classify.classifier import Network
from impasto.classify.images import Normalisation
from impasto.networks.numbers import multiplies_bfloat16
from impasto.networks.weights import PACKAGED_MEAN, packaged

INPUT = 128
"""The pictures' side in pixels."""
LAYER = "conv5_1"
AT_ONCE = 16
"""So many pictures pass VGG19 together, which takes about 300 MB."""
NORMALISATION = Normalisation(tuple(value / 255 for value in PACKAGED_MEAN), (1 / 255,) * 3)
"""What the packaged VGG19 takes."""


class Frozen(nn.Sequential):
    """Layers that never learn, and whose numbers are no part of what a model keeps."""

    def state_dict(self, *args: Any, destination: Any = None, **kwargs: Any) -> Any:
        """Nothing."""
        return OrderedDict() if destination is None else destination


class VGG19Head(Network):
    """VGG19 up to conv5_1, the mean over all positions, and a linear layer for the scores.

    Raises:
        NetworkError: VGG19's weights are not there.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes, INPUT)
        backbone = packaged()
        layers = OrderedDict[str, nn.Module]()
        inputs = 3
        for row in backbone.table.up_to([LAYER]).layers:
            if row.kind == "convolution":
                layer = nn.Conv2d(inputs, row.channels, row.kernel, padding=row.padding, device="meta")
                layer.weight = nn.Parameter(backbone.kernels[row.name], requires_grad=False)
                layer.bias = nn.Parameter(backbone.biases[row.name], requires_grad=False)
                layers[row.name], inputs = layer, row.channels
            else:
                layers[row.name] = nn.ReLU(inplace=True) if row.kind == "relu" else nn.MaxPool2d(row.kernel, row.stride)
        self.features = Frozen(layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(inputs, classes)
        nn.init.zeros_(self.head.weight)  # before it has learnt, it takes all classes for as probable
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (B × classes) of pictures (B × 3 × H × W)."""
        scores: Tensor = self.head(torch.cat([self.seen(some) for some in x.split(AT_ONCE)]))
        return scores

    def seen(self, x: Tensor) -> Tensor:
        """What VGG19 sees in pictures (B × 3 × H × W): B × 512, each row of length 1."""
        quick = multiplies_bfloat16() and not torch.is_grad_enabled()
        with torch.autocast("cpu", torch.bfloat16, enabled=quick):
            x = self.features(x)
        return F.normalize(self.pool(x.float()).flatten(1))
