"""Progress: bars on a terminal; elsewhere, of a painting, one line a scale."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.painter import Progress, Recipe, Run


class Shown:
    """The steps of paintings as they are painted one after the other, on standard error.

    On a terminal all have one bar, which goes away between two of them, so that lines can be printed there.

    Args:
        count: how many paintings there are.

    Attributes:
        done: how many of them are done, or passed over.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._bar: Bar | None = None
        self.done = 0

    @property
    def several(self) -> bool:
        """Whether there are more than one."""
        return self._count > 1

    def steps(self, run: "Run", name: str) -> "Iterator[Progress]":
        """Paint the next one.

        Args:
            run: the painting.
            name: what it is called among several.
        """
        yield from self._on_bar(run, name) if sys.stderr.isatty() else _in_lines(run)

    def _on_bar(self, run: "Run", name: str) -> "Iterator[Progress]":
        self._bar = self._bar or self._made()
        bar, (task, *_) = self._bar, self._bar.task_ids
        with bar:
            for step in run:
                after = (self._count - self.done - 1) * (step.seconds + step.seconds_left)  # as long as this one each
                bar.update(
                    task,
                    completed=self.done + step.share,
                    which=f"{name}, {self.done + 1} of {self._count}",
                    scale=f"{step.scale + 1}/{step.scales}",
                    step=f"{step.step}/{step.steps}",
                    objective=_short(step.objective),
                    costs=", ".join(f"{name} {_short(cost)}" for name, cost in step.costs.items()),
                    left=f"{step.seconds_left + after:.0f}",
                )
                yield step

    def _made(self) -> "Bar":
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        before, after = "{task.fields[which]}", "{task.fields[left]} s left"
        if not self.several:
            before = "scale {task.fields[scale]}, step {task.fields[step]}"
            after = f"objective {{task.fields[objective]}} ({{task.fields[costs]}}), {after}"
        columns = TextColumn(before, markup=False), BarColumn(), TextColumn(after, markup=False)
        bar = Bar(*columns, console=Console(stderr=True), transient=self.several)
        texts: dict[str, Any] = dict.fromkeys(("which", "scale", "step", "objective", "costs", "left"), "-")
        bar.add_task("", total=float(self._count), **texts)
        return bar


def _in_lines(run: "Run") -> "Iterator[Progress]":
    for step in run:
        if step.step == step.steps:
            print(
                f"scale {step.scale + 1} of {step.scales}, {step.width} × {step.height}: {step.steps} steps, "
                f"objective {_short(step.objective)}, {step.seconds:.1f} s",
                file=sys.stderr,
                flush=True,
            )
        yield step


def _short(cost: float) -> str:
    """A cost, which may be of any order, in few letters."""
    return f"{cost:,.0f}" if abs(cost) >= 1000 else f"{cost:.3g}"


def in_turn(runs: "Iterable[Run]", count: int) -> "Iterator[Run]":
    """Take so many runs to their ends in turn, each made when its turn comes, and give each when it is done."""
    with _pictures(count) as show:
        for done, run in enumerate(runs):
            for step in run:
                show(done + step.share)
            yield run


def at_once(recipes: "Sequence[Recipe]", lanes: int) -> "Iterator[Run]":
    """Paint so many recipes at once to their ends, and give the run of each, in their order."""
    from impasto.painter.lanes import in_lanes

    shares, ended, given = [0.0] * len(recipes), dict[int, "Run"](), 0
    with _pictures(len(recipes)) as show:
        for number, share, run in in_lanes(recipes, lanes):
            shares[number] = share
            show(sum(shares))
            if run is not None:
                ended[number] = run
            while given in ended:
                yield ended.pop(given)
                given += 1


@contextmanager
def _pictures(count: int) -> "Iterator[Callable[[float], None]]":
    """A bar of so many pictures, and what shows on it how many are done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("picture {task.fields[number]} of {task.fields[count]}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=float(count), number=1, count=count)
        yield lambda done: bar.update(task, completed=done, number=min(int(done) + 1, count))


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show on a terminal that something is under way which takes seconds and has no parts to count."""
    from rich.console import Console

    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(f"{what} …"):
        yield
