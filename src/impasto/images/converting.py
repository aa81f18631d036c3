"""From numbers whose meaning is given by a `Coding` to 8-bit sRGB; what is HDR is brought to SDR on the way.

White is at 203 cd/m² (ITU-R BT.2408), and stays white: what is darker looks as it would in SDR. What is brighter finds
its place below white, by the curve of ITU-R BT.2390, as far as the picture itself is brighter.
"""

from collections.abc import Callable

import numpy as np

from impasto.images.arrays import Array, empty, strips
from impasto.images.coding import Coding, light_to_pq, pq_to_light
from impasto.images.picture import Pixels

_STEPS = 1024
_FLARE = 1e-3
"""The part of the pixels, the brightest, that may all become white: glints would make the rest dark."""


def to_pixels(samples: Array, coding: Coding) -> Pixels:
    """Decode, convert and round some rows at a time, on white where they are transparent.

    Args:
        samples: H x W x 1, 2, 3 or 4, of uint8 or uint16: grey or RGB, with alpha or without.
        coding: what they mean.

    Returns:
        uint8, H x W x 3.
    """
    height, width, bands = samples.shape
    most = int(np.iinfo(samples.dtype).max)
    table = coding.table(8 * samples.dtype.itemsize)

    def light(rows: slice) -> Array:
        colour = table[samples[rows, :, : 3 if bands > 2 else 1]]
        return np.broadcast_to(colour, (*colour.shape[:2], 3))

    parts = list(strips(height, width))
    tone = _tone(light, parts) if coding.is_hdr else None
    matrix = coding.to_srgb().T
    pixels = empty((height, width, 3), np.uint8)
    for rows in parts:
        linear = light(rows)
        if tone is not None:
            linear = linear * _ratio(linear.max(axis=2, keepdims=True), *tone)
        encoded = _encoded(linear @ matrix)
        if bands in (2, 4):
            alpha = samples[rows, :, -1:] * np.float32(1 / most)
            encoded = encoded * alpha + (1 - alpha)
        pixels[rows] = np.rint(encoded * 255)
    return pixels


def _encoded(linear: Array) -> Array:
    """Linear light as sRGB's numbers from 0 to 1 (IEC 61966-2-1); what sRGB can't show is cut off."""
    linear = np.clip(linear, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


def _tone(light: Callable[[slice], Array], parts: list[slice]) -> tuple[Array, Array] | None:
    """Points of the curve from a pixel's strongest channel to what it becomes; None where nothing is above white."""
    edges = pq_to_light(np.linspace(0, 1, _STEPS + 1))
    counts = np.zeros(_STEPS, np.int64)
    for rows in parts:
        counts += np.histogram(np.minimum(light(rows).max(axis=2), edges[-1]), edges)[0]
    above = np.cumsum(counts[::-1])[::-1]  # so many pixels are in this step or a brighter one
    peak = edges[np.flatnonzero(above > _FLARE * above[0])[-1] + 1] if above[0] else 1.0
    if peak <= 1:
        return None
    return edges, np.where(edges <= peak, _eetf(np.minimum(edges, peak), peak), 1.0)


def _eetf(light: Array, peak: float) -> Array:
    """ITU-R BT.2390-11, 5.4.1: from a display that reaches `peak` to one that reaches white, black being 0 in both."""
    top = float(light_to_pq(peak))
    given, most = light_to_pq(light) / top, float(light_to_pq(1.0)) / top
    knee = 1.5 * most - 0.5
    t = (given - knee) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return pq_to_light(np.where(given < knee, given, spline) * top)


def _ratio(strongest: Array, given: Array, becomes: Array) -> Array:
    """What to multiply a pixel with, so that its strongest channel lies on the curve and its hue stays."""
    toned = np.interp(strongest, given, becomes).astype(np.float32)
    return toned / np.maximum(strongest, np.float32(1e-6))
