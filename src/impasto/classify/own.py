"""Networks of somebody's own: a class in a file, `mynet.py:Mine`, or in a module, `package.module:Mine`.

The code that is named is run, and nothing else: a model's file never says what is to be run.

The class is called with what its constructor has parameters for: `classes` (or `num_classes`) gets the number of
classes, and `size` the side of the pictures in pixels. All other parameters need defaults. A function that gives a
network will do as well as a class.
"""

import copy
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.nn.parameter import is_lazy

from impasto.classify.images import SIDE
from impasto.convolution.misfits import by
from impasto.convolution.shapes import LayerShape, ShapeError, shapes
from impasto.networks.described import Description, describe

NAMED = re.compile(r"(?P<place>.+\.py|[A-Za-z_][\w.]*):(?P<name>[A-Za-z_]\w*)")
UNBEGUN = re.compile(r"before Module\.__init__\(\) call|has no attribute '_(modules|parameters|buffers|\w+_hooks)'")
"""PyTorch's words where a class forgot `super().__init__()`."""
CLASSES, SIZE = ("classes", "num_classes"), "size"
"""The constructor's parameters that are given a value."""
USUAL = 10
"""Classes, where no data says how many."""


class OwnError(ValueError):
    """A network of somebody's own that can't be had or used; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Own:
    """A class, or a function, that makes a network.

    Attributes:
        named: as the user named it.
        make: itself.
        file: where its code is, for the line of an error.
    """

    named: str
    make: Callable[..., Any]
    file: str

    def build(self, classes: int, size: int = SIDE) -> nn.Module:
        """A new network.

        Raises:
            OwnError: its constructor fails, takes something else, or makes no network.
        """
        with self.failing("can't be made"):
            parameters = inspect.signature(self.make).parameters
        given = {name: classes for name in CLASSES if name in parameters}
        given |= {SIZE: size} if SIZE in parameters else {}
        missing = [
            name
            for name, each in parameters.items()
            if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
            if name not in given
        ]
        if missing:
            raise OwnError(
                f"{self.named} takes {', '.join(missing)}, which nobody gives: give each a default; "
                "classes (the number of classes) and size (the pictures' side) are given where they are taken"
            )
        with self.failing("can't be made"), redirect_stdout(sys.stderr):
            network = self.make(**given)
            if not isinstance(network, nn.Module):
                raise OwnError(f"{self.named} makes {_what(network)}: name a class that is an nn.Module")
            if any(map(is_lazy, network.parameters())):  # a LazyLinear has its size from the first picture
                network(torch.zeros(2, 3, size, size))
            for place, module in network.named_modules():
                _check_found(place, module, set(network.modules()))
        return network

    def measured(self, network: nn.Module, size: int = SIDE) -> list[LayerShape]:
        """What its layers do to a picture.

        Raises:
            ShapeError: they do not fit together.
            OwnError: its forward fails in another way.
        """
        with self.failing("can't be run"):
            return shapes(network, size, device="cpu")

    def check(self, network: nn.Module, classes: int) -> Description | None:
        """See that a network can learn so many classes, and say in words what it is, where that can be said.

        Raises:
            ShapeError: its layers do not fit together, or give another number of scores.
            OwnError: it fails in another way.
        """
        rows = self.measured(network)
        self.scored(network, rows, classes=classes)
        with self.failing("can't be run"):
            return describe(network, _pictures())

    def scored(
        self, network: nn.Module, rows: list[LayerShape], size: int = SIDE, classes: int | None = None
    ) -> Tensor:
        """What it gives for some pictures, when that can be learnt from: scores, a row for each picture.

        Args:
            network: as it was built.
            rows: its layers, as they were measured.
            size: the pictures' side.
            classes: as many scores as there have to be, if that is known.

        Raises:
            ShapeError: it gives something else, or has nothing to learn.
            OwnError: it fails.
        """
        pictures = _pictures(size)
        with self.failing("can't be run"), torch.no_grad():
            copied = copy.deepcopy(network).train()
            with _strangers(network, copied) as strange:
                scores = copied(pictures)
            one = copy.deepcopy(network).eval()(pictures[:1])
            several: Tensor = copy.deepcopy(network).eval()(pictures)
        if strange:
            why = (
                f"{self.named}: forward uses a {strange[0]} that is none of the network's layers, and learns nothing: "
                f"make it in __init__, as self.layer = nn.{strange[0]}(…)"
            )
        elif not isinstance(scores, Tensor):
            why = f"{self.named}: forward gives {_what(scores)}: let it return the scores, as return x"
        elif scores.ndim == 0 or len(scores) != len(pictures):
            why = (
                f"{self.named}: of {len(pictures)} pictures forward gives {by(tuple(scores.shape)) or 'one number'}, "
                "not a row for each: keep the first axis, as x.view(x.size(0), -1) does"
            )
        elif scores.ndim != 2 or classes not in (None, scores.shape[1]):
            why = _scores(rows, tuple(scores.shape[1:]), classes or USUAL)
        elif one.shape != (1, scores.shape[1]):
            why = (
                f"{self.named}: of one picture alone forward gives {by(tuple(one.shape)) or 'one number'}, not 1 × "
                f"{scores.shape[1]}: keep the first axis, as x.view(x.size(0), -1) does"
            )
        elif not any(parameter.requires_grad for parameter in network.parameters()):
            why = f"{self.named} has no numbers to learn: give it a layer that has, as nn.Linear"
        else:
            return several
        raise ShapeError(why, rows)

    def doubt(self, network: nn.Module, rows: list[LayerShape], size: int = SIDE) -> str | None:
        """What a person should know of a network that can learn, if anything; arguments and errors as `scored`."""
        scores = self.scored(network, rows, size)
        if scores.shape[1] < 2 or (scores < 0).any() or not torch.allclose(scores.sum(1), torch.ones(len(scores))):
            return None
        return (
            f"{self.named} seems to end with a softmax; the cross-entropy makes one already, and learns slowly "
            "from two: leave it out"
        )

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """Turn what somebody's code raises into one line that says where."""
        try:
            yield
        except OwnError:
            raise
        except ShapeError as error:
            if error.explained or error.__cause__ is None:
                raise
            raise ShapeError(f"{self.named} {what}: {_where(error.__cause__, self.file)}", error.rows) from error
        except (Exception, SystemExit) as error:
            raise OwnError(f"{self.named} {what}: {_where(error, self.file)}") from error


def is_own(name: str) -> bool:
    """Whether a name is that of a class in a file or module, or of a file of Python whose class is left out."""
    named = NAMED.fullmatch(name) is not None or ".py:" in name
    return name.endswith(".py") or (named and not Path(name).exists())


def find(named: str) -> Own:
    """The class that is named; its file or module is run for it.

    Raises:
        OwnError: there is no such file, module or class, or its code fails.
    """
    found = NAMED.fullmatch(named)
    if found is None:
        raise OwnError(f"{named!r} names no class: write mynet.py:Mine or package.module:Mine")
    place, name = found["place"], found["name"]
    module = _from_file(Path(place)) if place.endswith(".py") else _from_module(place)
    make = vars(module).get(name)
    if make is None:
        known = [
            each for each, value in vars(module).items() if _network(value) and value.__module__ == module.__name__
        ]
        raise OwnError(f"{place} has no {name}; its networks are: {', '.join(known) or 'none'}")
    if not callable(make) or isinstance(make, nn.Module):
        raise OwnError(f"{named} is no class and no function: name what makes a network")
    return Own(named, make, module.__file__ or place)


def _from_file(path: Path) -> ModuleType:
    try:
        source = path.read_bytes()
    except OSError as error:
        why = f"{path} can't be read ({error.strerror})"
        raise OwnError(f"{why}: give a Python file and a class, as mynet.py:Mine") from None
    module = ModuleType(f"own network {path.stem}")
    module.__file__ = str(path.resolve())
    sys.modules[module.__name__] = module
    with _running(str(path), module.__file__, path.resolve().parent):
        exec(compile(source, module.__file__, "exec"), vars(module))
    return module


def _from_module(name: str) -> ModuleType:
    with _running(name, "", Path.cwd()):
        return importlib.import_module(name)


@contextmanager
def _running(what: str, file: str, beside: Path) -> Iterator[None]:
    """Run somebody's code: what lies beside it is found after all that is installed; one line where it fails."""
    sys.path.append(str(beside))
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (Exception, SystemExit) as error:
        raise OwnError(f"{what} can't be loaded: {_where(error, file)}") from error
    finally:
        sys.path.remove(str(beside))


def _where(error: BaseException, file: str) -> str:
    """An error in one line, with the last line of the user's file that led to it."""
    words = str(error).splitlines()[0] if str(error) else "no reason given"
    if isinstance(error, AttributeError) and UNBEGUN.search(words):
        words += ": write super().__init__() first in __init__"
    if isinstance(error, SyntaxError):
        line, words = error.lineno, error.msg
    else:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        line = lines[-1] if lines else None
    return (f"line {line}: " if line else "") + f"{type(error).__name__}: {words}"


def _pictures(size: int = SIDE) -> Tensor:
    return torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(0))


def _check_found(place: str, module: nn.Module, found: set[nn.Module]) -> None:
    """Refuse layers in a list or a dict of Python's, of which PyTorch knows nothing."""
    for name, value in vars(module).items():
        if name.startswith("_") or not isinstance(value, list | tuple | dict):
            continue
        inside = value.values() if isinstance(value, dict) else value
        if any(isinstance(each, nn.Module) and each not in found for each in inside):
            where, kind = f"{place}.{name}" if place else name, type(value).__name__
            fix = "nn.ModuleDict" if isinstance(value, dict) else "nn.ModuleList or nn.Sequential"
            raise OwnError(f"layers in a {kind} are not found, as those of self.{where}: write {fix}")


@contextmanager
def _strangers(*networks: nn.Module) -> Iterator[list[str]]:
    """The kinds of the layers with numbers that run until the body ends, and are none of these networks'."""
    found = {module for network in networks for module in network.modules()}
    strange: list[str] = []

    def note(module: nn.Module, _: Any) -> None:
        if module not in found and next(module.parameters(), None) is not None:
            strange.append(type(module).__name__)

    hook = register_module_forward_pre_hook(note)
    try:
        yield strange
    finally:
        hook.remove()


def _network(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module)


def _what(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _scores(rows: list[LayerShape], given: tuple[int, ...], classes: int) -> str:
    """Why the scores are not one for each class."""
    last = rows[-1] if rows else None
    if len(given) != 1:
        shape = by(given) or "one number"
        end = f"nn.Flatten() and nn.Linear(…, {classes})"
        return f"forward gives {shape} for a picture, not {classes} scores: end with {end}"
    fix = f"nn.Linear({last.input[0]}, {classes})" if last and last.kind == "Linear" else f"a last layer of {classes}"
    name = last.name if last else "forward"
    return (
        f"{name} gives {given[0]} numbers, but the data has {classes} classes: write {fix}, or take classes in __init__"
    )
