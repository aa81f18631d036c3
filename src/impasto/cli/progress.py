"""Progress: bars on a terminal; elsewhere, of a painting, one line a scale."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impasto.painter import Progress, Run


def shown(run: "Run") -> "Iterator[Progress]":
    """Paint, showing each step on standard error."""
    if sys.stderr.isatty():
        yield from _bar(run)
        return
    for step in run:
        if step.step == step.steps:
            print(
                f"scale {step.scale + 1} of {step.scales}, {step.width} × {step.height}: {step.steps} steps, "
                f"objective {_short(step.objective)}, {step.seconds:.1f} s",
                file=sys.stderr,
                flush=True,
            )
        yield step


def _bar(run: "Run") -> "Iterator[Progress]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("scale {task.fields[scale]}, step {task.fields[step]}"),
        BarColumn(),
        TextColumn("objective {task.fields[objective]} ({task.fields[costs]}), {task.fields[left]} s left"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=1.0, scale="-", step="-", objective="-", costs="-", left="-")
        for step in run:
            bar.update(
                task,
                completed=step.share,
                scale=f"{step.scale + 1}/{step.scales}",
                step=f"{step.step}/{step.steps}",
                objective=_short(step.objective),
                costs=", ".join(f"{name} {_short(cost)}" for name, cost in step.costs.items()),
                left=f"{step.seconds_left:.0f}",
            )
            yield step


def _short(cost: float) -> str:
    """A cost, which may be of any order, in few letters."""
    return f"{cost:,.0f}" if abs(cost) >= 1000 else f"{cost:.3g}"


def in_turn(runs: "Iterable[Run]", count: int) -> "Iterator[Run]":
    """Take so many runs to their ends in turn, each made when its turn comes, and give each when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("picture {task.fields[number]} of {task.fields[count]}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=float(count), number=1, count=count)
        for done, run in enumerate(runs):
            for step in run:
                bar.update(task, completed=done + step.share, number=done + 1)
            yield run


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show on a terminal that something is under way which takes seconds and has no parts to count."""
    from rich.console import Console

    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(f"{what} …"):
        yield
