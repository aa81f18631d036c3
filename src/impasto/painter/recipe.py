"""What a painting is made from: a recipe, which is cheap, immutable, and can be turned into JSON and back."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from impasto.images import Picture
from impasto.painter.regions import Keep, Region
from impasto.painter.settings import Settings, SettingsError, is_number
from impasto.styles import HouseStyle


@dataclass(frozen=True)
class Style:
    """One of the styles of a painting.

    Attributes:
        picture: a picture, or a house style, which is painted at the size that the canvas needs.
        weight: how much it counts beside the other styles of its region, and of regions that it shares places with.
        region: where in the photo it holds; None for wherever no style's region is.
        part: which part of the picture is the style; None for all of it.

    Raises:
        SettingsError: a weight that makes no sense.
    """

    picture: Picture | HouseStyle
    weight: float = 1.0
    region: Region | None = None
    part: Region | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.picture, Picture | HouseStyle):
            raise SettingsError(
                f"a style can't be a {type(self.picture).__name__}; give a house style, or a picture that "
                "impasto.images.read gave"
            )
        if not (is_number(self.weight) and self.weight >= 0):
            raise SettingsError(f"a style's weight of {self.weight!r} is not possible; give a number of 0 or more")

    @property
    def look(self) -> Hashable:
        """What it is, wherever it holds."""
        digest = self.picture.digest if isinstance(self.picture, Picture) else None
        return self.picture.name, digest, None if self.part is None else self.part.key


@dataclass(frozen=True)
class Recipe:
    """What a painting is made from. Making one computes nothing: no picture is resized and no style rendered.

    Attributes:
        photo: the content.
        styles: with their weights, of which one must be above 0. Terms of one's own may need no style.
        settings: all else that is asked.
        init: what the canvas shows before the first step: "photo", which is the photo in the styles' palette; "noise";
            or a picture.
        keep: where the photo is kept. Where all styles have regions, it also stays as it is wherever none of them is.

    Raises:
        SettingsError: something that makes no sense.
    """

    photo: Picture
    styles: tuple[Style, ...] = ()
    settings: Settings = field(default_factory=Settings)
    init: Literal["photo", "noise"] | Picture = "photo"
    keep: tuple[Keep, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.photo, Picture):
            raise SettingsError(
                f"the photo can't be a {type(self.photo).__name__}; give a picture that impasto.images.read gave"
            )
        if self.styles and not sum(style.weight for style in self.styles) > 0:
            raise SettingsError("the weights of all styles are 0; give one of them a weight above 0")
        if not isinstance(self.init, Picture) and self.init not in ("photo", "noise"):
            raise SettingsError(f"a painting can't start from {self.init!r}; give photo, noise, or a picture")

    @property
    def shares(self) -> tuple[float, ...]:
        """The styles' weights, so that they sum to 1."""
        total = sum(style.weight for style in self.styles)
        return tuple(style.weight / total for style in self.styles)

    @property
    def places(self) -> Hashable:
        """What says where styles hold and the photo is kept."""
        styles = (
            (style.look, style.weight, None if style.region is None else style.region.key) for style in self.styles
        )
        return (*styles, *((keep.region.key, keep.strength) for keep in self.keep))

    @property
    def strongest(self) -> float:
        """How much the photo is kept where it is kept the most."""
        return max((keep.strength for keep in self.keep), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON can hold it: the settings, and the pictures by name and digest."""
        styles = [
            {**_named(style.picture), "weight": share, **_where("region", style.region), **_where("part", style.part)}
            for style, share in zip(self.styles, self.shares, strict=True)
        ]
        keep = [{**_where("region", keep.region), "strength": keep.strength} for keep in self.keep]
        return {
            **self.settings.to_dict(),
            **({} if self.settings.network is None else {"network": _network(self.settings.network)}),
            "init": self.init if isinstance(self.init, str) else _named(self.init),
            "photo": _named(self.photo),
            "styles": styles,
            **({"keep": keep} if keep else {}),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], find: Callable[[str, str | None], Picture | HouseStyle]) -> "Recipe":
        """The inverse of :meth:`to_dict`.

        Args:
            stored: what it gave.
            find: the picture or the house style of a name and a digest.

        Raises:
            SettingsError: what is stored can't be read.
        """

        def picture(of: Mapping[str, Any]) -> Picture:
            found = find(of["name"], of["digest"])
            assert isinstance(found, Picture)
            return found

        def region(of: Mapping[str, Any] | None) -> Region | None:
            return None if of is None else Region(picture(of), of["feather"])

        try:
            styles = tuple(
                Style(find(s["name"], s.get("digest")), s["weight"], region(s.get("region")), region(s.get("part")))
                for s in stored["styles"]
            )
            keep = tuple(
                Keep(Region(picture(k["region"]), k["region"]["feather"]), k["strength"])
                for k in stored.get("keep", ())
            )
            init = stored.get("init", "photo")
            settings = Settings.from_dict(stored)
            start = picture(init) if isinstance(init, Mapping) else init
            return cls(picture(stored["photo"]), styles, settings, start, keep)
        except (KeyError, TypeError):
            raise SettingsError("this stored recipe can't be read; give the options instead") from None


def _network(network: Any) -> dict[str, str]:
    """A network by name and digest: a file, or an nn.Sequential."""
    if isinstance(network, Path):
        try:
            return {"name": network.stem, "digest": sha256(network.read_bytes()).hexdigest()}
        except OSError as error:
            raise SettingsError(f"{network} can't be read ({error.strerror}); give a file of a network") from None
    digest = sha256(str(network).encode())
    for name, numbers in network.state_dict().items():
        digest.update(name.encode() + numbers.cpu().numpy().tobytes())
    return {"name": type(network).__name__, "digest": digest.hexdigest()}


def _where(name: str, region: Region | None) -> dict[str, Any]:
    return {} if region is None else {name: {**_named(region.mask), "feather": region.feather}}


def _named(picture: Picture | HouseStyle) -> dict[str, Any]:
    return {"name": picture.name} | ({"digest": picture.digest} if isinstance(picture, Picture) else {})
