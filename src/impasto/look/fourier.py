"""A picture as its frequencies, in colours that a photo's are nearly uncorrelated in.

Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, section "Preconditioning and Parameterization":
steepest descent in a space whose directions count as much as they do in photos gives pictures with large shapes, where
on pixels it gives noise of high frequency.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.painter.pyramid import OPPONENT, Pixels, mix

DEVIATIONS = (1.0, 0.5, 0.35)
"""Of light, of red against blue, of green against both: how far colours reach in each."""

CONTRAST = 0.45
"""The largest root mean square of what the tanh is taken of: a lively photo's. A network's answers grow with contrast,
so that without a limit a picture that is to excite a unit ends in black and white."""


class Fourier:
    """The Fourier transform of three opponent colours, each frequency f scaled by 1 / f as a photo's are.

    As everywhere, a tanh keeps the pixels in 0–255.
    """

    def __init__(self) -> None:
        self.pixels = Pixels()
        self.to_rgb = OPPONENT * np.array(DEVIATIONS)
        self.from_rgb = OPPONENT.T / np.array(DEVIATIONS)[:, None]
        self.size = (0, 0)

    def parameters(self, picture: Tensor) -> list[Tensor]:
        """One tensor, 1 × 3 × H × (⌊W / 2⌋ + 1) × 2: the real and the imaginary part of each frequency."""
        (free,) = self.pixels.parameters(picture)
        self.size = (free.shape[2], free.shape[3])
        spectrum = torch.fft.rfft2(mix(self.from_rgb, free), norm="ortho") / self._scale(free)
        return [torch.view_as_real(spectrum)]

    def picture(self, parameters: Sequence[Tensor]) -> Tensor:
        """The picture, 1 × 3 × H × W in 0–255."""
        spectrum = torch.view_as_complex(parameters[0]) * self._scale(parameters[0])
        colors = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")
        free = mix(self.to_rgb, colors)
        return self.pixels.picture([free * (CONTRAST / free.square().mean().sqrt()).clamp(max=1)])

    def _scale(self, like: Tensor) -> Tensor:
        """How much each frequency counts, H × (⌊W / 2⌋ + 1)."""
        height, width = self.size
        down, across = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
        frequency = (down[:, None].square() + across.square()).sqrt().clamp(min=1 / max(height, width))
        scale: Tensor = 0.25 / frequency
        return scale.to(like.device)
