"""A painting that was stopped can go on: what it needs for that, in a folder, written aside and then put in place.

The folder holds `checkpoint.json`, which names the painting, where it is, and the files of vectors that belong to it.
It is replaced in one move once those are on the disk, and only then are those of the checkpoint before deleted: at any
moment there is a whole checkpoint or none. A vector that does not change, such as a step that the optimiser remembers,
is written once.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.files import written
from impasto.images.names import is_file, is_folder

if TYPE_CHECKING:  # the studio's service asks for the name of the file, and loads no PyTorch
    from torch import Tensor

    from impasto.painter.scratch import Allocate

NAME = "checkpoint.json"


class CheckpointError(ValueError):
    """A checkpoint that can't be gone on with; the message is one plain line that names the fix."""


class Checkpoint:
    """A painting's checkpoint.

    Args:
        folder: where it is; made when it is first written.
        painting: what makes the painting, as JSON can hold it; a checkpoint of anything else is refused.
    """

    def __init__(self, folder: Path, painting: Mapping[str, Any]) -> None:
        self.folder = folder
        self.painting = json.loads(json.dumps(painting))
        self._written: set[str] = set()

    @property
    def there(self) -> bool:
        """Whether the folder holds one."""
        return is_file(self.folder / NAME)

    def write(self, place: Mapping[str, Any], vectors: "Mapping[str, Tensor]") -> None:
        """Put a checkpoint in place of the one before.

        Args:
            place: where the painting is, as JSON can hold it.
            vectors: flat float32, by name. A name stands for the same numbers in every checkpoint of a painting.

        Raises:
            OSError: it can't be written; the one before is still there, and where there was none, nothing is left.
        """
        try:
            self._write(place, vectors)
        except OSError:
            if not self.there:
                self._written.clear()
                with suppress(OSError):
                    self.remove()
            raise

    def _write(self, place: Mapping[str, Any], vectors: "Mapping[str, Tensor]") -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, vector in vectors.items():
            if name not in self._written:
                self._put(self.folder / f"{name}.bin", vector.cpu().numpy().data.cast("B"))
                self._written.add(name)
        content = {
            "painting": self.painting,
            "place": dict(place),
            "vectors": {name: len(vector) for name, vector in vectors.items()},
        }
        self._put(self.folder / NAME, json.dumps(content).encode())
        self._written &= set(vectors)
        for path in self.folder.glob("*.bin"):
            if path.stem not in vectors:
                path.unlink(missing_ok=True)

    def read(self) -> tuple[dict[str, Any], dict[str, int]]:
        """The place that the checkpoint in the folder holds, and the lengths of its vectors by name.

        Raises:
            CheckpointError: there is none, or it is damaged, or of another painting.
        """
        content = self._content()
        for name, wanted in self.painting.items():
            found = content["painting"].get(name)
            if found != wanted:
                raise CheckpointError(
                    f"the checkpoint in {self.folder} is of a painting with another {name.replace('_', ' ')} "
                    f"({_short(found)}, not {_short(wanted)}); repeat what it was started with, "
                    "or paint without --resume"
                )
        return content["place"], content["vectors"]

    def load(self, sizes: Mapping[str, int], allocate: "Allocate") -> "dict[str, Tensor]":
        """The vectors of these names and lengths.

        Raises:
            CheckpointError: one is missing or cut short.
        """
        import torch

        vectors = {name: allocate((size,), torch.float32) for name, size in sizes.items()}
        for name, vector in vectors.items():
            here = torch.empty_like(vector, device="cpu") if vector.device.type != "cpu" else vector
            try:
                with (self.folder / f"{name}.bin").open("rb") as file:
                    read = file.readinto(here.numpy().data.cast("B"))
            except OSError:
                read = 0
            if read != vector.nbytes:
                raise self._damaged()
            if here is not vector:
                vector.copy_(here)
        self._written = set(vectors)
        return vectors

    def remove(self) -> None:
        """Delete it; other files in the folder, and then the folder, stay."""
        if not is_folder(self.folder):
            return
        for path in (self.folder / NAME, *self.folder.glob("*.bin"), *self.folder.glob(".impasto-*.tmp")):
            path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _put(self, path: Path, data: bytes | memoryview) -> None:
        """A file, on the disk under its name whole or not at all."""
        with written(path) as file:
            file.write(data)

    def _content(self) -> dict[str, Any]:
        try:
            content = json.loads((self.folder / NAME).read_bytes())
        except FileNotFoundError:
            raise CheckpointError(f"there is no checkpoint in {self.folder}; paint without --resume") from None
        except (OSError, ValueError):
            raise self._damaged() from None
        if not isinstance(content, dict) or not {"painting", "place", "vectors"} <= set(content):
            raise self._damaged()
        return content

    def _damaged(self) -> CheckpointError:
        return CheckpointError(f"the checkpoint in {self.folder} is damaged; paint without --resume")


def _short(value: Any) -> str:
    """A setting in a few words: of a picture its name."""
    if isinstance(value, list):
        return " and ".join(map(_short, value))
    return str(value["name"] if isinstance(value, dict) and "name" in value else value)
