"""A network's table with its numbers: what an extractor of features is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from impasto.networks.table import NetworkError, Table


@dataclass(frozen=True, eq=False)
class Backbone:
    """The layers of a network and the numbers of its convolutions, for pictures in RGB, 0–255.

    Attributes:
        table: the layers.
        kernels: convolution → C_out × C_in × k × k, float32; the first takes RGB in 0–255 less `mean`.
        biases: convolution → C_out, float32.
        mean: RGB in 0–255; the zeros that the first layer pads stand for it.
    """

    table: Table
    kernels: Mapping[str, Tensor]
    biases: Mapping[str, Tensor]
    mean: tuple[float, float, float]

    def check(self, source: str) -> "Backbone":
        """The same, if its numbers are those of its table.

        Args:
            source: what the numbers came from, for the line of an error.

        Raises:
            NetworkError: numbers that are missing, of another shape, or not finite.
        """
        inputs = 3
        for layer in self.table.steps:
            if layer.kind == "convolution":
                kernel, bias = self.kernels.get(layer.name), self.biases.get(layer.name)
                shape = (layer.channels, inputs, layer.kernel, layer.kernel)
                if kernel is None or bias is None or kernel.shape != shape or bias.shape != shape[:1]:
                    found = "missing" if kernel is None or bias is None else " × ".join(map(str, kernel.shape))
                    expected = " × ".join(map(str, shape))
                    raise NetworkError(f"{source}: {layer.name} is {found}, not {expected}; give another file")
                if not (kernel.isfinite().all() and bias.isfinite().all()):
                    raise NetworkError(f"{source}: {layer.name} holds numbers that are not finite; give another file")
            inputs = layer.channels
        return self
