"""Colours by numbers in place of a profile: the code points of ITU-T H.273, a PNG's gAMA and cHRM."""

import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impasto.images.arrays import Array

Chromaticities = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""CIE 1931 x, y of red, green, blue and white."""

_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
_BT709: Chromaticities = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
_BT2020: Chromaticities = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65)
_SMPTE170: Chromaticities = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))

# ITU-T H.273, table 2. 10 (XYZ) is for cinemas' files alone.
PRIMARIES: dict[int, Chromaticities] = {
    1: _BT709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _SMPTE170,
    7: _SMPTE170,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: _BT2020,
    11: (*_P3, _DCI),
    12: (*_P3, _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}

SRGB_CURVE, PQ, HLG = "sRGB", "PQ", "HLG"

# ITU-T H.273, table 3. What is coded for television (1, 6, 7, 11, 12, 14, 15) is shown on screens as if it were sRGB.
_TRANSFERS: dict[int, str | float] = {
    **dict.fromkeys((1, 6, 7, 11, 12, 13, 14, 15), SRGB_CURVE), 4: 2.2, 5: 2.8, 8: 1.0, 16: PQ, 17: 2.6, 18: HLG,
}  # fmt: skip
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_USUAL_GAMMA = 0.45455
_NEAR = 0.05
"""How far a PNG's gamma may lie from the usual one, as a part of it, and be taken for it: libpng has the same."""


@dataclass(frozen=True)
class Coding:
    """What the numbers of a picture mean.

    Attributes:
        primaries: the colours of its red, green, blue and white.
        transfer: the curve from number to light: sRGB's, PQ, HLG, or an exponent.
        narrow: black and white are 16 and 235 of 255, as in television, and not 0 and 255.
    """

    primaries: Chromaticities = _BT709
    transfer: str | float = SRGB_CURVE
    narrow: bool = False

    @property
    def is_hdr(self) -> bool:
        """Whether white is not the brightest that it holds."""
        return self.transfer in (PQ, HLG)

    def table(self, depth: int) -> Array:
        """The light of every sample of so many bits, float32, where white is 1."""
        most = 2**depth - 1
        number = np.arange(most + 1) / most
        if self.narrow:
            step = 2 ** (depth - 8) / most
            number = np.clip((number - 16 * step) / (219 * step), 0, 1)
        return _light(number, self.transfer).astype(np.float32)

    def to_srgb(self) -> Array:
        """The matrix, 3 x 3, from its linear light to linear sRGB."""
        return np.asarray(np.linalg.inv(_to_xyz(_BT709)) @ _to_xyz(self.primaries), np.float32)


SRGB = Coding()
ADOBE_RGB = Coding(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65), 563 / 256)
"""Adobe RGB (1998), 4.3."""


def from_code_points(primaries: int, transfer: int, *, narrow: bool = False) -> Coding | None:
    """What ITU-T H.273's ColourPrimaries and TransferCharacteristics say; None where they say nothing we know."""
    curve = _TRANSFERS.get(transfer)
    known = PRIMARIES.get(primaries)
    if curve is None and known is None:
        return None
    usual = _BT2020 if curve in (PQ, HLG) else _BT709
    return Coding(known or usual, SRGB_CURVE if curve is None else curve, narrow)


def from_profile(profile: bytes) -> Coding | None:
    """The code points in an ICC profile (ICC.1:2022, 9.2.17), where they say HDR, which its tables can't express."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for number in range(min(count, 100)):
            name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * number)
            if name == b"cicp":
                primaries, transfer, _, full = struct.unpack_from("4B", profile, offset + 8)
                found = from_code_points(primaries, transfer, narrow=not full)
                return found if found is not None and found.is_hdr else None
    except struct.error:
        return None
    return None


def custom(chromaticities: Chromaticities | None, transfer: int, gamma: float | None) -> Coding | None:
    """Colours of a file's own, with a code point for the curve, or its exponent from light to number.

    Where something is not given or not possible, it is sRGB's; None where all of it is.
    """
    coding = replace(SRGB, transfer=_TRANSFERS.get(transfer, SRGB_CURVE))
    if gamma is not None and 0.05 < gamma < 20 and abs(gamma / _USUAL_GAMMA - 1) > _NEAR:
        coding = replace(coding, transfer=1 / gamma)
    if chromaticities is not None and _possible(chromaticities):
        near = np.abs(np.subtract(chromaticities, _BT709)).max() < 1e-3
        coding = coding if near else replace(coding, primaries=chromaticities)
    return None if coding == SRGB else coding


def _possible(chromaticities: Chromaticities) -> bool:
    """Whether light of these colours can be converted: each is one, and white lies within the triangle."""
    if not all(0 <= x <= 1 and 0 < y <= 1 for x, y in chromaticities):
        return False
    red, green, blue, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in chromaticities)
    columns = np.stack([red, green, blue], 1)
    if abs(np.linalg.det(columns)) < 1e-3:
        return False
    return bool((np.linalg.solve(columns, white) > 1e-3).all())


def _to_xyz(chromaticities: Chromaticities) -> Array:
    """From linear light to XYZ under D65: SMPTE RP 177, and Bradford's adaptation where white is another."""
    red, green, blue, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in chromaticities)
    columns = np.stack([red, green, blue], 1)
    matrix = columns * np.linalg.solve(columns, white)
    x, y = _D65
    cones = _BRADFORD @ np.stack([[x / y, 1, (1 - x - y) / y], white], 1)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(cones[:, 0] / cones[:, 1]) @ _BRADFORD @ matrix)


def _light(number: Any, transfer: str | float) -> Array:
    """Linear light, where white is 1, of numbers from 0 to 1."""
    if transfer == SRGB_CURVE:
        return np.asarray(np.where(number <= 0.04045, number / 12.92, ((number + 0.055) / 1.055) ** 2.4))
    if transfer == PQ:
        return pq_to_light(number)
    if transfer == HLG:
        return _hlg(number) / _hlg(np.float64(0.75))
    return np.asarray(number ** float(transfer))


WHITE = 203.0
"""cd/m². White, as a sheet of paper is, in HDR: ITU-R BT.2408, table 1; 58 % in PQ, 75 % in HLG."""

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128


def pq_to_light(number: Any) -> Array:
    """PQ (SMPTE ST 2084): light, where white is 1, of numbers from 0 to 1, which is 10 000 cd/m²."""
    power = np.asarray(number) ** (1 / _M2)
    return np.asarray((np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1) * (10_000 / WHITE))


def light_to_pq(light: Any) -> Array:
    """The inverse of `pq_to_light`."""
    power = (np.asarray(light) * (WHITE / 10_000)) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _hlg(number: Any) -> Array:
    """HLG (ITU-R BT.2100): the light of the scene, from 0 to 1. It is taken as it is, without a display's gamma."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.asarray(np.where(number <= 0.5, number**2 / 3, (np.exp((number - c) / a) + b) / 12))
