"""One painting over several processes, which torchrun starts on one machine or on many.

The first process reads, writes and shows; the others learn from it what is painted, and paint along. All of them hold
the whole canvas and step alike. They share out the tiles of each evaluation, and add up sums and gradients: the chain
rule of :mod:`impasto.painter.objective`, over processes. Before each exchange the first one says whether it goes on, so
that it may leave a painting at any moment.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore, Store

from impasto.images.arrays import empty
from impasto.networks.backbone import Backbone
from impasto.networks.numbers import multiplies_bfloat16
from impasto.networks.tiles import Tile, shared_out
from impasto.painter import compute
from impasto.painter.memory import Plan
from impasto.painter.packed import Packed
from impasto.painter.run import Run
from impasto.painter.scratch import Allocate
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.sharing import Alone, LostError, Sums, exact, read

if TYPE_CHECKING:
    from impasto.painter.painter import Painter

T = TypeVar("T")
OVER, ON = 0, 1
# So long a process waits for another one that lives and says nothing: one that loads, or writes a large checkpoint.
PATIENCE = timedelta(minutes=30)
# Bytes that are sent at once, so that little memory is needed for it.
AT_ONCE = 1 << 26
# Paces that differ less than this are taken for the same: a machine that does other things too is never even.
EVEN = 1.5


class Over(Exception):  # noqa: N818 - it is no error
    """The first process needs the others no more, for this painting or at all."""


class Processes(Alone):
    """The processes that torchrun started, as each of them sees it.

    Args:
        store: torchrun's, where processes find one another.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rank = int(os.environ["RANK"])
        self.count = int(os.environ["WORLD_SIZE"])
        self.here = int(os.environ["LOCAL_WORLD_SIZE"])
        self.paces = (1.0,) * self.count
        self._pace = 0.0
        self._read, self._began, self._owners = 0, 0.0, list(range(self.count))
        self._painting = False
        self._backbone: Backbone | None = None
        self._together, self._lost = True, cast("LostError | None", None)
        self._device = torch.device("cpu")
        self._nccl: dist.ProcessGroup | None = None
        local = int(os.environ["LOCAL_RANK"])
        dist.init_process_group(
            "gloo", store=PrefixStore("group", store), rank=self.rank, world_size=self.count, timeout=PATIENCE
        )
        gpu = torch.device("cuda", local) if torch.cuda.device_count() >= self.here else None
        versions = self._gathered(version("impasto"))
        if len(set(versions)) > 1:
            raise SettingsError(
                f"the processes have Impasto in the versions {' and '.join(sorted(set(versions)))}; install one of them"
            )
        mine = gpu is not None, multiplies_bfloat16(torch.device("cpu")), gpu and multiplies_bfloat16(gpu)
        facts = list(zip(*self._gathered(mine), strict=True))
        self._gpu = gpu if all(facts[0]) else None
        self._bfloat16 = {"cpu": all(facts[1]), "cuda": all(facts[2])}
        if self._gpu is not None:
            torch.cuda.set_device(self._gpu)
            self._nccl = dist.new_group(backend="nccl", timeout=PATIENCE)

    def settled(self, settings: Settings) -> Settings:
        """On a GPU of its own for each process where all have one, else on the processors."""
        if settings.device not in ("auto", "cpu", "cuda"):
            raise SettingsError(f"several processes can't share {settings.device}; give --device cuda, or cpu")
        if settings.device == "cuda" and self._gpu is None:
            raise SettingsError(
                f"not each of the {self.count} processes has a GPU of its own; start as many on each machine as that "
                "has GPUs, or use --device cpu"
            )
        self._device = torch.device("cpu") if settings.device == "cpu" or self._gpu is None else self._gpu
        dtype = settings.dtype
        if dtype == "auto" and not self._bfloat16[self._device.type]:
            dtype = "float32"
        return replace(settings, device=str(self._device), dtype=dtype)

    def begin(self, painter: "Painter", *, resume: bool) -> None:
        """Send the painter, without what each process makes for itself."""
        if self.rank:
            return
        self.over()
        settings = painter.settings
        own = settings.weights is not None or settings.network is not None
        # Sent once, for it is the same for all paintings of a command: what is remembered of a network depends on it.
        backbone = compute.backbone_of(settings) if own and self._backbone is None else None
        self._backbone = self._backbone or backbone
        dtype = "float32" if painter.network.dtype == torch.float32 else "bfloat16"
        self._word()
        self._painting = True
        self._told((painter, resume, dtype, backbone))

    def over(self) -> LostError | None:
        """Leave the painting, if one has begun."""
        if self._painting and self._together:
            with suppress(LostError):
                self._word(OVER)
        self._painting = False
        return self._lost

    def help(self) -> None:
        """Paint along, one painting after the other, until the first process needs no more."""
        while True:
            try:
                self._word()
            except Over:
                return
            painter, resume, dtype, backbone = self._told(None)
            self._backbone = self._backbone or backbone
            with suppress(Over):
                painter.join(self, dtype, self._backbone)
                for _ in Run(painter, resume=resume):
                    pass
                self._word()

    def leave(self) -> None:
        """Let the others end, if they are there."""
        self.over()
        if self._together:
            with suppress(LostError):
                self._word(OVER)
                dist.destroy_process_group()

    def plans(self, plans: Sequence[Plan]) -> list[Plan]:
        """The smallest tiles that any process needs."""
        self._word()
        of_all = zip(*self._gathered([plan.pixels for plan in plans]), strict=True)
        smallest = [min((each for each in of_scale if each is not None), default=None) for of_scale in of_all]
        return [replace(plan, pixels=pixels) for plan, pixels in zip(plans, smallest, strict=True)]

    def first(self, make: Callable[[], T]) -> T:
        """What the first process makes; it makes it before it says that it goes on, for it may fail."""
        made = None if self.rank else make()
        self._word()
        return self._told(made)  # type: ignore[no-any-return]

    def vectors(
        self,
        sizes: Mapping[str, int],
        allocate: Allocate,
        load: Callable[[Mapping[str, int], Allocate], dict[str, Tensor]],
    ) -> dict[str, Tensor]:
        """The vectors that the first process loads."""
        held = {} if self.rank else load(sizes, allocate)
        held = held or {name: allocate((size,), torch.float32) for name, size in sizes.items()}
        return {name: self.same(held[name]) for name in sizes}

    def mine(self, tiles: Sequence[Tile], point: Tensor | None = None) -> Sequence[Tile]:
        """A process gets as much as it has been fast."""
        # Processors of two kinds may round differently. A sum of the numbers' bits is the same only where they are.
        bits = 0 if point is None else int(point.view(torch.int32).sum(dtype=torch.int64)) % (1 << 50)
        self._word()
        facts = [torch.zeros(2, dtype=torch.float64) for _ in range(self.count)]
        with self._exchange():
            dist.all_gather(facts, torch.tensor([bits, self._pace], dtype=torch.float64))
        sums, paces = zip(*(each.tolist() for each in facts), strict=True)
        if point is not None and len(set(sums)) > 1:
            self._broadcast(point)
        if not self._read and any(paces):  # so that one that was slow once gets a tile again, and is measured
            known = [pace for pace in paces if pace]
            self._pace = (self._pace + sum(known) / len(known)) / 2
        self.paces = _evened(paces)
        work = [read(tile) for tile in tiles]
        self._owners = shared_out(work, self.paces)
        own = [number for number, owner in enumerate(self._owners) if owner == self.rank]
        self._read, self._began = sum(work[number] for number in own), time.perf_counter()
        return [tiles[number] for number in own]

    def total(self, sums: Sequence[Sums | None]) -> list[Sums]:
        """In float64. The time since the tiles were shared out gives the pace."""
        if self._read:
            if self._device.type == "cuda":
                torch.cuda.synchronize()
            pace = self._read / (time.perf_counter() - self._began)
            self._pace = pace if not self._pace else (self._pace + pace) / 2
        self._word()
        shapes = None if not self._read else [[each.shape for each in of_term or ()] for of_term in sums]
        if len(set(self._owners)) < self.count:
            with self._exchange():
                told = [shapes]
                dist.broadcast_object_list(told, src=self._owners[0])
                (shapes,) = told
        assert shapes is not None
        flat = torch.zeros(sum(s.numel() for of in shapes for s in of), dtype=exact(self._device), device=self._device)
        if self._read:
            torch.cat([each.detach().flatten().to(flat) for of_term in sums for each in of_term or ()], out=flat)
        self._all_reduce(flat)
        pieces = iter(flat.split([s.numel() for of in shapes for s in of]))
        return [tuple(next(pieces).view(shape) for shape in of_term) for of_term in shapes]

    def add_up(self, tensor: Tensor) -> None:
        """A part at a time."""
        self._word()
        self._all_reduce(tensor.view(-1))

    def same(self, tensor: Tensor) -> Tensor:
        """The first process's."""
        self._word()
        self._broadcast(tensor)
        return tensor

    def _word(self, word: int = ON) -> None:
        """Meet all others; the first one says whether it goes on.

        Raises:
            Over: it does not.
            LostError: a process is not there any more.
        """
        told = torch.tensor([word])
        with self._exchange():
            dist.all_reduce(told, dist.ReduceOp.MIN)
        if self.rank and int(told) == OVER:
            raise Over

    def _all_reduce(self, flat: Tensor) -> None:
        with self._exchange():
            for part in flat.split(AT_ONCE // flat.itemsize):
                dist.all_reduce(part, group=self._nccl if part.is_cuda else None)

    def _broadcast(self, flat: Tensor) -> None:
        with self._exchange():
            for part in flat.split(AT_ONCE // flat.itemsize):
                dist.broadcast(part, 0, group=self._nccl if part.is_cuda else None)

    def _gathered(self, mine: Any) -> list[Any]:
        of_all = [None] * self.count
        with self._exchange():
            dist.all_gather_object(of_all, mine)
        return of_all

    def _told(self, thing: Any) -> Any:
        """What the first process has, for all; large arrays as they are, and some of their bytes at a time."""
        packed = Packed() if self.rank else Packed.of(thing)
        with self._exchange():
            told: list[Any] = [packed.pickled, [(array.shape, array.dtype) for array in packed.arrays]]
            dist.broadcast_object_list(told, src=0)
        if self.rank:
            packed.pickled, shapes = told
            packed.arrays = [empty(shape, dtype) for shape, dtype in shapes]
        for array in packed.arrays:
            numbers = array.reshape(-1).view(np.uint8)
            for start in range(0, len(numbers), AT_ONCE):
                part = torch.from_numpy(numbers[start : start + AT_ONCE].copy())
                self._broadcast(part)
                if self.rank:
                    numbers[start : start + AT_ONCE] = part.numpy()
        return packed.thing() if self.rank else thing

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        """An exchange with all others. One that fails or is interrupted is the last."""
        if not self._together:
            raise self._lost or LostError("what the processes exchange was interrupted")
        try:
            yield
        except RuntimeError as error:
            self._lost = self._lost or LostError(self._why())
            self._break_off()
            raise self._lost from error
        except BaseException:
            self._break_off()
            raise

    def _break_off(self) -> None:
        """No exchange is possible any more; the first process lets the others know that it says so."""
        self._together = False
        if not self.rank:
            with suppress(RuntimeError):
                self._store.set("known", "")

    def _why(self) -> str:
        with suppress(RuntimeError):
            if self._store.check(["why"]):
                return str(self._store.get("why").decode())
        return f"one of the {self.count} processes has ended"


def _evened(paces: Sequence[float]) -> tuple[float, ...]:
    """Paces to share out by: all the same where they hardly differ; one that is not known yet is as the others."""
    known = [pace for pace in paces if pace]
    if not known or max(known) < EVEN * min(known):
        return (1.0,) * len(paces)
    return tuple(pace or sum(known) / len(known) for pace in paces)
