"""The one door for pictures: read them, resize them, write them.

Whatever comes in leaves as a `Picture`: 8-bit sRGB pixels, upright, without alpha. Whatever goes out carries an sRGB
profile and, besides the settings that made it or the mark of a sheet, no metadata.
"""

from impasto.images.damage import DamagedError
from impasto.images.masks import of_colour, read_mask
from impasto.images.picture import MAX_PIXELS, MIN_SIDE, Picture, PictureError
from impasto.images.reading import PICTURE_SUFFIXES, pictures_in, read, read_settings
from impasto.images.resizing import resample, resize
from impasto.images.writing import FORMATS, check_target, encode, write

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "MIN_SIDE",
    "PICTURE_SUFFIXES",
    "DamagedError",
    "Picture",
    "PictureError",
    "check_target",
    "encode",
    "of_colour",
    "pictures_in",
    "read",
    "read_mask",
    "read_settings",
    "resample",
    "resize",
    "write",
]
