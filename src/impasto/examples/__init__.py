"""The photos that come along, to try things on: `impasto.examples.cat` is a path, as are `coffee` and `portrait`."""

from pathlib import Path

folder = Path(__file__).parent
cat, coffee, portrait = (folder / f"{name}.jpg" for name in ("cat", "coffee", "portrait"))
