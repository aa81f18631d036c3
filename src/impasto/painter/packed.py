"""Things on their way to another process: pickled, but for large arrays, which are sent some bytes at a time."""

import io
import pickle
from typing import Any

import numpy as np


class Packed:
    """A thing as bytes, and the arrays in it.

    Attributes:
        pickled: the thing, with numbers in place of its arrays.
        arrays: what the numbers stand for.
    """

    def __init__(self) -> None:
        self.pickled = b""
        self.arrays: list[Any] = []

    @classmethod
    def of(cls, thing: Any) -> "Packed":
        """Pack a thing."""
        packed, file = cls(), io.BytesIO()

        class Pickler(pickle.Pickler):
            def persistent_id(self, part: Any) -> int | None:
                return packed._number(part)

        Pickler(file).dump(thing)
        packed.pickled = file.getvalue()
        packed.arrays = [np.ascontiguousarray(array) for array in packed.arrays]
        return packed

    def thing(self) -> Any:
        """What was packed."""
        arrays = self.arrays

        class Unpickler(pickle.Unpickler):
            def persistent_load(self, number: int) -> Any:
                return arrays[number]

        return Unpickler(io.BytesIO(self.pickled)).load()

    def _number(self, thing: Any) -> int | None:
        if type(thing) is not np.ndarray:
            return None
        for number, array in enumerate(self.arrays):
            if array is thing:
                return number
        self.arrays.append(thing)
        return len(self.arrays) - 1
