"""`impasto conv`: a convolution worked through as on the course's slides, in numbers or on a picture."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.conv_channels import print_layer
from impasto.cli.errors import FAILURE, MISUSE, plain_errors, stop, tell, told
from impasto.cli.named_files import check_outputs, check_replaced

if TYPE_CHECKING:
    from impasto.convolution.geometry import Padding
    from impasto.convolution.kernels import Matrix

LARGEST = 24
"""A matrix wider or taller than this is not printed."""
WORKED = 1000
"""From this size on only sizes are worked out, and no sums."""
LONGEST = 10_000
"""What is asked for with a larger number than this is a slip."""


def conv(
    size: Annotated[str, typer.Option(help="Of the matrix of ones: 5, or rows and columns, 5x7.")] = "5",
    kernel: Annotated[str, typer.Option(help="Its size, 3 or 3x2, or a name as blur (see --image).")] = "3",
    padding: Annotated[str, typer.Option(help="A number, same, valid, or for each side: TOP,BOTTOM,LEFT,RIGHT.")] = "0",
    stride: Annotated[int, typer.Option(help="How far the kernel moves at each step.")] = 1,
    dilation: Annotated[int, typer.Option(help="How far its numbers are apart.")] = 1,
    channels: Annotated[int, typer.Option(help="Of the input: 3 for red, green and blue.")] = 1,
    outputs: Annotated[int, typer.Option(help="How many kernels each channel has: the layer's outputs.")] = 1,
    transposed: Annotated[bool, typer.Option("--transposed", help="The other way: from few to many.")] = False,
    image: Annotated[
        Path | None,
        typer.Option(help="Show it on this picture, with the named kernels: identity, blur, sharpen, sobel-x, …"),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where that picture goes (conv.png).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The numbers as one JSON object.")] = False,
) -> None:
    """Output size, padding, stride and kernel, with the formula filled in and the matrices shown."""
    import numpy as np

    from impasto.convolution import geometry
    from impasto.convolution.kernels import KERNELS, convolve, convolve_transposed

    several = (channels, outputs) != (1, 1)
    with plain_errors(MISUSE):
        if min(channels, outputs) < 1:
            raise ValueError("a layer has at least 1 channel and 1 output; give --channels and --outputs of 1 or more")
        if several and (transposed or image is not None):
            raise ValueError("--channels and --outputs go with a plain convolution; leave --transposed and --image out")
        sides = _pair("size", size)
        named = KERNELS.get(kernel)
        taps = (named.shape[0], named.shape[1]) if named is not None else _pair("kernel", kernel)
        paddings = _paddings(padding)
        if max(*sides, *taps, stride, dilation, channels, outputs, *map(_zeros, paddings)) > LONGEST:
            raise ValueError(f"a number is larger than {LONGEST:,}; give smaller ones")
        if image is not None:
            if transposed:
                stop("--image shows a convolution; leave --transposed out", MISUSE)
            _on_picture(image, out, kernel if kernel in KERNELS else None, paddings, stride, dilation)
            return
        if transposed:
            pads = [geometry.transposed_pads(p, k, stride, dilation) for p, k in zip(paddings, taps, strict=True)]
        else:
            pads = [geometry.pads(p, n, k, stride, dilation) for p, n, k in zip(paddings, sides, taps, strict=True)]
        measure = geometry.transposed_size if transposed else geometry.output_size
        made = [measure(n, k, p, stride, dilation) for n, k, p in zip(sides, taps, pads, strict=True)]
        unread = [
            [] if transposed else geometry.unread(n, k, p, stride, dilation)
            for n, k, p in zip(sides, taps, pads, strict=True)
        ]
        result = None
        if max(*made, *sides, *taps, *map(sum, pads)) < WORKED:
            matrix, weights = np.ones(sides), np.ones(taps) if named is None else named
            slide = convolve_transposed if transposed else convolve
            result = slide(matrix, weights, (pads[0], pads[1]), stride, dilation)
    if as_json:
        row: dict[str, Any] = {
            "size": sides, "kernel": taps, "padding": {"rows": pads[0], "columns": pads[1]}, "stride": stride,
            "dilation": dilation, "transposed": transposed, "output": made, "channels": channels, "outputs": outputs,
            "numbers": outputs * (channels * taps[0] * taps[1] + 1),
            "unread": {"rows": unread[0], "columns": unread[1]},
        }  # fmt: skip
        print(json.dumps(row))
        return
    formula = _transposed_formula if transposed else _formula
    print(_explained(formula, sides, taps, pads, made, stride, dilation))
    if several:
        print(f"{channels} × {sides[0]} × {sides[1]} → {outputs} × {made[0]} × {made[1]}")
    for what, at, n in zip(("row", "column"), unread, sides, strict=True):
        if at:
            print(_never_read(what, at, n))
    if several and result is not None:
        print_layer(result, weights, channels, outputs)
    if result is None or max(*made, *(n + sum(p) for n, p in zip(sides, pads, strict=True))) > LARGEST:
        return
    if not several:
        _print_all(matrix, weights, result, pads, transposed)
    if not transposed:
        counts = [geometry.reads(n, k, p, stride, dilation) for n, k, p in zip(sides, taps, pads, strict=True)]
        of_what = "each channel" if several else "the matrix"
        _print(f"how often each number of {of_what} is read", np.outer(*map(np.array, counts)))


def _print_all(
    matrix: "Matrix", weights: "Matrix", result: "Matrix", pads: list[tuple[int, int]], transposed: bool
) -> None:
    from impasto.convolution.kernels import pad

    _print("the matrix", matrix)
    if any(map(any, pads)) and not transposed:
        _print("with its padding", pad(matrix, pads[0], pads[1]))
    _print("the kernel", weights)
    if any(map(any, pads)) and transposed:
        print(f"\n{sum(pads[0])} rows and {sum(pads[1])} columns are cropped off the sides of what it puts down")
    _print("the output", result)


def _print(title: str, matrix: "Matrix") -> None:
    rows, columns = matrix.shape
    print(f"\n{title}, {rows} × {columns}")
    cells = [[f"{number:.4g}" for number in row] for row in matrix]
    width = max(len(cell) for row in cells for cell in row) + 1
    for row in cells:
        print("".join(f"{cell:>{width}}" for cell in row))


def _explained(
    formula: Any,
    sides: tuple[int, int],
    taps: tuple[int, int],
    pads: list[tuple[int, int]],
    made: list[int],
    stride: int,
    dilation: int,
) -> str:
    lines = [formula(n, k, p, m, stride, dilation) for n, k, p, m in zip(sides, taps, pads, made, strict=True)]
    both = lines[0] == lines[1]
    head = f"rows and columns: {lines[0]}" if both else f"rows:    {lines[0]}\ncolumns: {lines[1]}"
    return f"{head}\n{sides[0]} × {sides[1]} → {made[0]} × {made[1]}"


def _formula(n: int, k: int, p: tuple[int, int], made: int, stride: int, dilation: int) -> str:
    if p[0] == p[1]:
        letters, numbers = "n + 2p", f"{n} + 2·{p[0]}"
    else:
        letters, numbers = "n + p₁ + p₂", f"{n} + {p[0]} + {p[1]}"
    if dilation == 1:
        letters, numbers = f"{letters} − k", f"{numbers} − {k}"
    else:
        letters, numbers = f"{letters} − d(k − 1) − 1", f"{numbers} − {dilation}·({k} − 1) − 1"
    return f"⌊({letters}) / s⌋ + 1 = ⌊({numbers}) / {stride}⌋ + 1 = {made}"


def _transposed_formula(n: int, k: int, p: tuple[int, int], made: int, stride: int, dilation: int) -> str:
    letters, numbers = "(n − 1)s", f"({n} − 1)·{stride}"
    if p[0] == p[1]:
        letters, numbers = f"{letters} − 2p", f"{numbers} − 2·{p[0]}"
    else:
        letters, numbers = f"{letters} − p₁ − p₂", f"{numbers} − {p[0]} − {p[1]}"
    if dilation == 1:
        letters, numbers = f"{letters} + k", f"{numbers} + {k}"
    else:
        letters, numbers = f"{letters} + d(k − 1) + 1", f"{numbers} + {dilation}·({k} − 1) + 1"
    return f"{letters} = {numbers} = {made}"


def _never_read(what: str, at: list[int], n: int) -> str:
    """Which rows or columns the stride passes over; those of the padding are only counted."""
    own = [index + 1 for index in at if 0 <= index < n]
    padded = len(at) - len(own)
    parts = []
    if own:
        parts.append(f"{what}{'s' * (len(own) > 1)} {', '.join(map(str, own))} of the matrix, counted from 1")
    if padded:
        parts.append(f"{padded} {what}{'s' * (padded > 1)} of the padding")
    return f"never read: {' and '.join(parts)}"


def _on_picture(
    image: Path, out: Path | None, kernel: str | None, paddings: "tuple[Padding, Padding]", stride: int, dilation: int
) -> None:
    from impasto import images
    from impasto.classify.kernel_sheet import sheet
    from impasto.convolution.kernels import KERNELS
    from impasto.images.names import numbered, written
    from impasto.images.sheets import MARK

    check_outputs({"-o": out}, [("the picture", image)])
    check_replaced("-o", out)
    wanted = out or Path("conv.png")
    with plain_errors(FAILURE):
        images.check_target(wanted)
        picture = told(images.read(image), image)
    names = [kernel] if kernel else list(KERNELS)
    drawn = sheet(picture, names, paddings, stride, dilation)
    with plain_errors(FAILURE):
        if out is None:
            wanted = written(numbered(wanted), lambda free: images.write(free, drawn, settings=MARK, new=True))
        else:
            images.write(wanted, drawn, settings=MARK)
    tell(wanted)


def _pair(what: str, text: str) -> tuple[int, int]:
    parts = text.replace("×", "x").split("x")
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"a {what} of {text!r} is not possible; give a number, as 5, or rows and columns, as 5x7")
    numbers = [int(part) for part in parts]
    return numbers[0], numbers[-1]


def _zeros(padding: "Padding") -> int:
    """The most zeros on a side that are asked for as a number."""
    return 0 if isinstance(padding, str) else max(padding) if isinstance(padding, tuple) else padding


def _paddings(text: str) -> "tuple[Padding, Padding]":
    if text in ("same", "valid"):
        return text, text
    parts = text.split(",")
    if len(parts) not in (1, 4) or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"padding can't be {text!r}; give a number, same, valid, or TOP,BOTTOM,LEFT,RIGHT")
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        return numbers[0], numbers[0]
    return (numbers[0], numbers[1]), (numbers[2], numbers[3])
