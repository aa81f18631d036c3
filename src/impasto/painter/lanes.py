"""Several small paintings at once, each by a thread of its own.

The layers of a small canvas are so small that threads which share the work on one wait for each other for most of the
time. Threads that each have a painting of their own do not.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from threading import Event

import torch

from impasto.painter import needs
from impasto.painter.compute import device_of
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe
from impasto.painter.run import Run
from impasto.painter.settings import Settings

# A canvas of more pixels has work for all threads.
SMALL = 512 * 512


def lanes(settings: Settings, pixels: int) -> int:
    """How many canvases of at most so many pixels to paint at once: one for each core, as memory allows.

    On a device there is one. It has a memory of its own, and is the same for all threads.
    """
    if device_of(settings).type != "cpu" or pixels > SMALL:
        return 1
    room = settings.memory or needs.SHARE * needs.free()
    return max(1, min(settings.threads or torch.get_num_threads(), int(room / needs.whole(pixels))))


def in_lanes(recipes: Sequence[Recipe], count: int) -> Iterator[tuple[int, float, Run | None]]:
    """Paint so many recipes at once, until all are painted.

    Where the iterator is closed, or a painting fails, the others end at their next step.

    Yields:
        A recipe's number, which share of its painting is done, and the run where it has ended.
    """
    said: SimpleQueue[tuple[int, float, Run | None] | None] = SimpleQueue()
    over, before = Event(), torch.get_num_threads()

    def paint(number: int, recipe: Recipe) -> None:
        try:
            run = Painter(recipe if count == 1 else _on_one_thread(recipe)).start()
            for step in run:
                if over.is_set():
                    return
                said.put((number, step.share, None))
            said.put((number, 1.0, run))
        finally:
            said.put(None)

    # Made before the threads begin, or each would make the network for itself.
    _ = Painter(recipes[0]).network
    try:
        with ThreadPoolExecutor(count) as threads:
            asked = [threads.submit(paint, number, recipe) for number, recipe in enumerate(recipes)]
            try:
                for _ in asked:
                    while (event := said.get()) is not None:
                        yield event
                    for ended in filter(Future.done, asked):
                        ended.result()  # raises what went wrong there
            finally:
                over.set()
                for each in asked:
                    each.cancel()
    finally:
        torch.set_num_threads(before)  # each painting puts back the number that it found, which may be another's


def _on_one_thread(recipe: Recipe) -> Recipe:
    return replace(recipe, settings=replace(recipe.settings, threads=1))
