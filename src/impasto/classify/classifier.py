"""Networks that say what a picture shows: the course's, and a small modern one to compare it with.

Both take pictures as B × 3 × H × W with a mean of about 0 and a deviation of about 1, and give B × classes scores,
of which softmax makes probabilities. `print(network)` shows what happens to a picture on its way.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from impasto.convolution.geometry import Layer, sizes
from impasto.convolution.shapes import shapes, table


class Network(nn.Module):
    """What the classifiers have in common.

    Attributes:
        classes: how many scores it gives.
        height, width: of the pictures that it takes, in pixels.
    """

    def __init__(self, classes: int, size: int | tuple[int, int]) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"a classifier of {classes} class has nothing to choose; give 2 or more")
        self.classes = classes
        self.height, self.width = (size, size) if isinstance(size, int) else size

    def __repr__(self) -> str:
        """Its layers with shapes, parameters and multiply-adds."""
        return f"{type(self).__name__}, {self.classes} classes\n{table(shapes(self, (self.height, self.width)))}"


class Classifier(Network):
    """The course's network: two convolutions and three linear layers, after LeCun et al. 1998 (LeNet-5).

    The slide calls `super(Discriminator, …)` in a class named otherwise, misses a comma, names its argument `input`
    and uses `x`, and returns nothing; this is what it means. Its `print` is that of every :class:`Network`.

    Args:
        classes: how many there are to choose from.
        size: the pictures' side, or height and width, in pixels: at least 16.

    Raises:
        GeometryError: the pictures are too small; the line holds the sizes that led there.
    """

    def __init__(self, classes: int = 10, size: int | tuple[int, int] = 32) -> None:
        super().__init__(classes, size)
        rows, columns = self._sizes(self.height)[-1], self._sizes(self.width)[-1]
        self.features = nn.Sequential(  # the shapes are those of 32 × 32
            nn.Conv2d(3, 6, 5),  # (B, 6, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2, 2),  # (B, 6, 14, 14)
            nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
            nn.ReLU(),
            nn.MaxPool2d(2, 2),  # (B, 16, 5, 5)
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * rows * columns, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores (B × classes) of pictures (B × 3 × H × W)."""
        x = self.features(x)
        x = x.flatten(1)  # (B, 400); the slide's x.view(-1, 16 * 5 * 5), in any layout of the memory
        scores: Tensor = self.classifier(x)
        return scores

    @staticmethod
    def _sizes(side: int) -> list[int]:
        return sizes(side, [Layer(5), Layer(2, stride=2), Layer(5), Layer(2, stride=2)])


class Convolution(nn.Sequential):
    """A 3 × 3 convolution that keeps the size, batch normalisation (Ioffe and Szegedy 2015) and a ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),  # the normalisation has a bias
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Modern(Network):
    """Six 3 × 3 convolutions with batch normalisation, two of them with a shortcut past them (He et al. 2016).

    Most of the arithmetic is done at a quarter of the width and height and below, where many channels make it
    efficient, and one linear layer is enough at the end.

    Args:
        classes: how many there are to choose from.
        size: the pictures' side, or height and width, in pixels: at least 16.

    Raises:
        GeometryError: the pictures are too small.
    """

    def __init__(self, classes: int = 10, size: int | tuple[int, int] = 32) -> None:
        super().__init__(classes, size)
        rows, columns = (sizes(side, [Layer(2, stride=2)] * 4)[-1] for side in (self.height, self.width))
        self.conv1 = Convolution(3, 24)
        self.conv2 = Convolution(24, 48)
        self.conv3 = Convolution(48, 96)
        self.conv4 = Convolution(96, 96)
        self.conv5 = Convolution(96, 192)
        self.conv6 = Convolution(192, 192)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc = nn.Linear(192 * rows * columns, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (B × classes) of pictures (B × 3 × H × W); the shapes are those of 32 × 32."""
        x = self.pool(self.conv1(x))  # (B, 24, 16, 16)
        x = self.pool(self.conv2(x))  # (B, 48, 8, 8)
        x = self.conv3(x)  # (B, 96, 8, 8)
        x = self.pool(x + self.conv4(x))  # (B, 96, 4, 4)
        x = self.conv5(x)  # (B, 192, 4, 4)
        x = self.pool(x + self.conv6(x))  # (B, 192, 2, 2)
        x = torch.flatten(x, 1)  # (B, 768)
        # Many features of the same sign make steep scores; an eighth of them bears ten times the learning rate.
        scores: Tensor = self.fc(x) / 8  # (B, classes)
        return scores


ARCHITECTURES: dict[str, Callable[[int, int], Network]] = {"classifier": Classifier, "modern": Modern}
"""The networks by the names that commands and model files know them by."""
