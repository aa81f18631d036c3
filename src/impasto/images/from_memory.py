"""Pictures in memory (PIL images, arrays, tensors) as libvips images, so that one path converts them all."""

import sys
from typing import Any

import numpy as np
from PIL import Image

from impasto.images.arrays import Array
from impasto.images.libvips import pyvips
from impasto.images.picture import PictureError, shape_in_words
from impasto.images.srgb import PROFILE

_TOLERANCE = 1e-3
"""How far outside 0 to 1 a float may lie and still be taken for rounding."""


def array_to_vips(array: Array, name: str) -> pyvips.Image:
    """An array that `height_and_width` accepts, of uint8, uint16 (white is 65535) or floats from 0 to 1."""
    height, width = height_and_width(array, name)
    bands = array.shape[2] if array.ndim == 3 else 1
    if np.issubdtype(array.dtype, np.floating):
        array = _to_uint16(array, name)
    array = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
    if array.dtype == np.uint8:
        kind, interpretation = "uchar", "b-w" if bands < 3 else "srgb"
    elif array.dtype == np.uint16:
        kind, interpretation = "ushort", "grey16" if bands < 3 else "rgb16"
    else:
        raise PictureError(f"{name} is an array of {array.dtype}: give uint8, uint16, or floats from 0 to 1")
    image = pyvips.Image.new_from_memory(array.data, width, height, bands, kind)
    return image.copy(interpretation=interpretation)


def height_and_width(array: Array, name: str) -> tuple[int, int]:
    """The size of an array of H x W or H x W x 1, 2, 3 or 4: grey or RGB, with alpha or without."""
    if array.ndim == 2 or (array.ndim == 3 and 1 <= array.shape[2] <= 4):
        return array.shape[0], array.shape[1]
    raise PictureError(
        f"{name} is an array of {shape_in_words(array.shape)}: give height x width, or height x width x 3 or 4"
    )


def _to_uint16(array: Array, name: str) -> Array:
    """Floats from 0 to 1 as 16 bits: rounding those to 8 bits gives what rounding the floats would have given."""
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureError(f"{name} holds NaN or infinity: replace them first, with numpy.nan_to_num for example")
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise PictureError(
            f"{name} holds floats from {low:.4g} to {high:.4g}: scale them to 0 to 1, or give uint8 from 0 to 255"
        )
    return np.rint(np.clip(array, 0, 1).astype(np.float64) * 65535).astype(np.uint16)


def is_tensor(source: object) -> bool:
    """Whether this is a torch tensor. Torch is not loaded to know it: where there is a tensor, it has been."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, torch.Tensor)


def tensor_to_array(tensor: Any, name: str) -> Array:
    """A tensor of C x H x W, 1 x C x H x W or H x W, on any device, as an array of H x W x C or H x W."""
    shape = tuple(tensor.shape)
    if tensor.ndim == 4 and shape[0] == 1:
        tensor = tensor[0]
    if tensor.ndim not in (2, 3) or (tensor.ndim == 3 and not 1 <= tensor.shape[0] <= 4):
        raise PictureError(f"{name} is a tensor of {shape_in_words(shape)}: give one picture, 3 x height x width")
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point():
        tensor = tensor.float()  # numpy has no bfloat16
    array: Array = tensor.numpy()
    return array.transpose(1, 2, 0) if array.ndim == 3 else array


def pil_to_vips(image: Image.Image, name: str) -> pyvips.Image:
    """A PIL image of any mode but Lab, with its colour profile."""
    if image.mode == "LAB":
        raise PictureError(f"{name} is in Lab colours: convert it to RGB first")
    if image.mode == "CMYK":
        result = array_to_vips(np.asarray(image), name).copy(interpretation="cmyk")
    elif image.mode == "F" or image.mode.startswith("I"):
        result = array_to_vips(_grey(image, name), name)
    elif image.mode == "La":
        result = array_to_vips(np.asarray(image.convert("LA")), name)
    elif image.has_transparency_data:
        result = array_to_vips(np.asarray(image.convert("RGBA")), name)
    else:  # grey stays grey, because its profile is for grey
        result = array_to_vips(np.asarray(image if image.mode == "L" else image.convert("RGB")), name)
    return with_profile(result, image.info.get("icc_profile"))


def with_profile(image: pyvips.Image, profile: bytes | None) -> pyvips.Image:
    """The image with a colour profile, where there is one."""
    if profile:
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, PROFILE, profile)
    return image


def _grey(image: Image.Image, name: str) -> Array:
    """PIL's greys of more than 8 bits, as uint8, uint16 or floats from 0 to 1."""
    grey = np.asarray(image)
    if image.mode == "F":  # white is 255, as in all that PIL does with this mode
        if not np.isfinite(grey).all():
            return grey  # refused as any array would be
        return np.clip(grey / np.float32(255), 0, 1)
    if image.mode != "I":
        return grey.astype(np.uint16)
    low, high = int(grey.min()), int(grey.max())
    if low < 0 or high > 65535:
        raise PictureError(f"{name} has greys from {low} to {high}: scale them to 0 to 65535")
    # such an image is 8-bit grey converted, or a 16-bit file read; nothing of the latter is as dark as the former
    return grey.astype(np.uint8 if high < 256 else np.uint16)
