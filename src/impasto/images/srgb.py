"""From any libvips image to the pixels that we work on: 8-bit sRGB on white."""

import numpy as np

from impasto.images import coding as codings
from impasto.images import converting
from impasto.images.arrays import Array, empty, strips
from impasto.images.coding import Coding
from impasto.images.libvips import pyvips
from impasto.images.picture import PictureError, Pixels

PROFILE = "icc-profile-data"
"""libvips' name for the colour profile that a picture carries."""

_DTYPES = {
    "uchar": np.uint8, "char": np.int8, "ushort": np.uint16, "short": np.int16, "uint": np.uint32, "int": np.int32,
    "float": np.float32, "double": np.float64,
}  # fmt: skip
_COLOURS = {b"RGB ": 3, b"GRAY": 1, b"CMYK": 4}
"""How many channels a profile is for, by its data colour space: ICC.1:2022, 7.2.8."""

_DEVICES = (b"scnr", b"mntr", b"prtr", b"spac")
"""The classes of profiles that say what a picture's colours are: ICC.1:2022, 7.2.7."""

_BLACK = 1 / (12.92 * 255)
"""Linear light that becomes 1 of 255."""


def to_pixels(image: pyvips.Image, name: str, coding: Coding | None = None) -> Pixels:
    """Decode, convert to sRGB, composite on white and round to 8 bits: uint8, height x width x 3.

    Args:
        image: Lab, grey, RGB or CMYK, of 8 or 16 bits (white is all of them), of other integers, or floats.
        name: what messages call it.
        coding: what its numbers mean, which counts before a colour profile.

    Raises:
        PictureError: the numbers have no colour (NaN), or all of them are white or black.
        pyvips.Error: the picture can't be decoded.
    """
    profile, coding = _profile(image), coding_of(image, coding)
    if image.interpretation in ("lab", "labs"):
        image = _from_lab(image)
    elif image.format in ("float", "double"):
        image = _from_floats(image, name, profile, encoded=profile is not None or coding is not None)
    elif image.format not in ("uchar", "ushort"):
        image = _from_integers(image, name, profile)
    if coding is not None and coding != codings.SRGB and image.interpretation != "cmyk":
        return converting.to_pixels(fetched(image), coding)
    depth, white = (8, 255) if image.format == "uchar" else (16, 65535)
    image = _to_srgb(image, depth, by_profile=profile is not None and coding is None)
    if image.hasalpha():
        # in floating point, because libvips cuts the fractions off when it flattens integers; what follows the
        # first alpha channel are masks that some editors store
        image = image[:4].cast("float").flatten(background=white, max_alpha=white)
    if depth == 16:
        image = image.linear(255 / white, 0)
    if image.format != "uchar":
        image = image.rint().cast("uchar")
    return fetched(image)


def coding_of(image: pyvips.Image, given: Coding | None) -> Coding | None:
    """What an image's numbers mean: as the file says by numbers, or as its profile says where that is HDR."""
    profile = _profile(image)
    return given or (codings.from_profile(profile) if profile else None)


def fetched(image: pyvips.Image) -> Array:
    """All samples of an image, height x width x bands, computed some rows at a time."""
    kind = _DTYPES[image.format]
    pixels = empty((image.height, image.width, image.bands), kind)
    region = pyvips.Region.new(image)
    for rows in strips(image.height, image.width):
        samples = region.fetch(0, rows.start, image.width, rows.stop - rows.start)
        pixels[rows] = np.frombuffer(samples, kind).reshape(-1, image.width, image.bands)
    return pixels


def held(samples: Array, interpretation: str, profile: bytes | None = None) -> pyvips.Image:
    """Samples in memory, height x width x bands, as an image, with a colour profile where there is one."""
    height, width, bands = samples.shape
    kind = next(name for name, dtype in _DTYPES.items() if dtype == samples.dtype)
    image = pyvips.Image.new_from_memory(samples.data, width, height, bands, kind)
    image = image.copy(interpretation=interpretation)
    if profile:
        image.set_type(pyvips.GValue.blob_type, PROFILE, profile)
    return image


def _profile(image: pyvips.Image) -> bytes | None:
    """The picture's colour profile, where it is one for such a picture."""
    if not image.get_typeof(PROFILE):
        return None
    profile: bytes = image.get(PROFILE)
    colours = 4 if image.interpretation == "cmyk" else 1 if image.bands < 3 else 3
    fits = _COLOURS.get(profile[16:20]) == colours and profile[12:16] in _DEVICES
    return profile if fits else None


def _to_srgb(image: pyvips.Image, depth: int, *, by_profile: bool) -> pyvips.Image:
    """Through the picture's own profile where it has one that fits; CMYK without one through a usual one."""
    if by_profile or image.interpretation == "cmyk":
        try:
            return image.icc_transform(
                "srgb",
                embedded=by_profile,
                intent="relative",
                black_point_compensation=True,
                depth=depth,
                **({} if by_profile else {"input_profile": "cmyk"}),
            )
        except pyvips.Error:
            pass  # a broken profile: go by the pixels alone
    return image.colourspace("srgb" if depth == 8 else "rgb16")


def _from_lab(image: pyvips.Image) -> pyvips.Image:
    """CIE Lab, whose white is D50 as in all that prints: 16 bits of sRGB."""
    if image.interpretation == "labs":
        image = image.labS2Lab()
    return image.icc_export(output_profile="srgb", pcs="lab", intent="relative", depth=16)


def _from_floats(image: pyvips.Image, name: str, profile: bytes | None, *, encoded: bool) -> pyvips.Image:
    """A file of floats from 0 to 1: 16 bits where a profile says what they are, else linear light, grey too."""
    samples = fetched(image.cast("float"))  # it is looked at twice
    low, middle, high = float(samples.min()), float(np.median(samples[::8, ::8])), float(samples.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureError(f"{name} holds NaN or infinity: save it with 8 or 16 bits a channel")
    if image.interpretation != "xyz" and (high < _BLACK or middle > 1):
        seen = "all of it is black" if high < _BLACK else "most of it is white"
        raise PictureError(f"{name} holds floats up to {high:.4g}, where 1 is white, so {seen}: scale them to 0 to 1")
    grey = image.bands < 3
    image = held(samples, image.interpretation, profile)
    if encoded:
        return image.linear(65535, 0).rint().cast("ushort").copy(interpretation="grey16" if grey else "rgb16")
    if grey:
        alpha = [image[1]] if image.bands == 2 else []
        image = image[0].bandjoin([image[0], image[0], *alpha]).copy(interpretation="scrgb")
    return image.colourspace("rgb16")


def _from_integers(image: pyvips.Image, name: str, profile: bytes | None) -> pyvips.Image:
    """Integers of 32 bits or with a sign, of which the largest is white and 0 black: 16 bits."""
    samples = fetched(image)
    white, high = int(np.iinfo(samples.dtype).max), int(samples.max())
    if high < white / 255:
        raise PictureError(
            f"{name} holds numbers up to {high}, where {white} is white, so all of it is black: "
            "save it with 8 or 16 bits a channel"
        )
    interpretation = "cmyk" if image.interpretation == "cmyk" else "grey16" if image.bands < 3 else "rgb16"
    image = held(samples, interpretation, profile)
    return image.linear(65535 / white, 0).rint().cast("ushort").copy(interpretation=interpretation)
