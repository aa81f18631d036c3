"""From numbers whose meaning is given by a `Coding` to 8-bit sRGB; what is HDR is brought to SDR on the way.

White is at 203 cd/m² (ITU-R BT.2408), and stays white: what is darker looks as it would in SDR. What is brighter finds
its place below white, by the curve of ITU-R BT.2390, as far as the picture itself is brighter.
"""

import numpy as np

from impasto.images.arrays import Array, empty, strips
from impasto.images.coding import Coding, light_to_pq, pq_to_light
from impasto.images.picture import Pixels

_FLARE = 1e-3
"""The part of the pixels, the brightest, that may all become white: glints would make the rest dark."""

_FINE = 65535
"""Steps of linear light, of which the first one is a twentieth of one of 255 in sRGB."""


def to_pixels(samples: Array, coding: Coding) -> Pixels:
    """Decode, convert and round some rows at a time, on white where they are transparent.

    Args:
        samples: H x W x 1, 2, 3 or 4, of uint8 or uint16: grey or RGB, with alpha or without.
        coding: what they mean.

    Returns:
        uint8, H x W x 3.
    """
    height, width, bands = samples.shape
    colours = samples[..., : 3 if bands > 2 else 1]
    table = coding.table(8 * samples.dtype.itemsize)
    ratio = _ratio(colours, table) if coding.is_hdr else None
    matrix, encoded = coding.to_srgb().T, _encoded()
    pixels = empty((height, width, 3), np.uint8)
    for rows in strips(height, width):
        light = table[colours[rows]]
        if ratio is not None:
            light *= ratio[colours[rows].max(axis=2)][..., None]
        light = np.broadcast_to(light, (*light.shape[:2], 3)) @ matrix
        shown = encoded[np.rint(np.clip(light, 0, 1) * np.float32(_FINE)).astype(np.uint16)]
        if bands in (2, 4):
            alpha = samples[rows, :, -1:] * np.float32(1 / np.iinfo(samples.dtype).max)
            shown = shown * alpha + (255 - 255 * alpha)
        pixels[rows] = np.rint(shown)
    return pixels


def _encoded() -> Array:
    """Linear light as sRGB's numbers from 0 to 255, not rounded: IEC 61966-2-1."""
    light = np.arange(_FINE + 1) / _FINE
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(255 * curve, np.float32)


def _ratio(colours: Array, table: Array) -> Array | None:
    """What to multiply a pixel with, by its largest sample, so that its hue stays; None where none is above white."""
    counts = np.zeros(len(table), np.int64)
    for rows in strips(*colours.shape[:2]):
        counts += np.bincount(colours[rows].max(axis=2).ravel(), minlength=len(table))
    above = np.cumsum(counts[::-1])[::-1]  # how many pixels are as bright or brighter
    peak = float(table[np.flatnonzero(above > _FLARE * above[0])[-1]])
    if peak <= 1:
        return None
    light = np.maximum(table.astype(np.float64), 1e-6)
    return np.asarray(np.where(light < peak, _eetf(np.minimum(light, peak), peak), 1) / light, np.float32)


def _eetf(light: Array, peak: float) -> Array:
    """ITU-R BT.2390-11, 5.4.1: from a display that reaches `peak` to one that reaches white, black being 0 in both."""
    top = float(light_to_pq(peak))
    given, most = light_to_pq(light) / top, float(light_to_pq(1.0)) / top
    knee = 1.5 * most - 0.5
    t = (given - knee) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return pq_to_light(np.where(given < knee, given, spline) * top)
