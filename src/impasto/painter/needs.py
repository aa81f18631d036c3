"""The memory that a canvas takes where it is painted at once, and what a machine has for it; known without PyTorch."""

import psutil

from impasto.painter import control_groups

# Of what is free, without --memory: the rest is for other programs, and for what a process needs at its edges.
SHARE = 0.6
# Bytes that one evaluation takes for each pixel in float32: the activations, their gradients, and working memory,
# measured with VGG19 up to conv5_1.
EVALUATION = 2450
# A vector of the optimiser: a pyramid of three float32 numbers a pixel, and a third of it for the coarser levels.
VECTOR = 16
# A point and a gradient, twice, a step and a change, besides those that it remembers two by two.
VECTORS = 6
# Pictures that are held while a scale is painted: the photo as it was read and at this size, the start and a style.
PICTURES = 4
# The photo's features at conv4_2, which go to files with the vectors.
FEATURES = 32
# Of the memory that may be taken, what is planned with: freed memory is not all given back at once.
PLANNED = 0.9
# Vectors that L-BFGS remembers at the end of a long scale.
REMEMBERED = 40


def kept(pixels: int, vectors: int) -> int:
    """Bytes that are held from step to step, beside pictures."""
    return (VECTOR * (VECTORS + vectors) + FEATURES) * pixels


def whole(pixels: int) -> int:
    """Bytes that painting a canvas of so many pixels at once takes at most, on a processor."""
    return int((EVALUATION * pixels + kept(pixels, REMEMBERED) + PICTURES * 3 * pixels) / PLANNED)


def free() -> int:
    """The bytes of the processor's memory that are free, and that this process's control groups allow it."""
    available: int = psutil.virtual_memory().available
    allowed = control_groups.free()
    return available if allowed is None else min(available, allowed)
