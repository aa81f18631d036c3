"""Paint what units of VGG19 look for, twelve of each convolution: the pictures of the lesson "Inside VGG".

    python docs/units.py [LAYER ...]

Takes six minutes on one core; with names, only those layers. The units are the strongest on the three photos
of the package, so that none is shown that hardly ever fires.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from impasto import examples
from impasto.look.excite import visualizations
from impasto.look.features import feature_maps
from impasto.look.layers import Unit
from impasto.networks.vgg import VGG19
from impasto.painter.painting import to_bytes

FOLDER = Path(__file__).parent.parent / "src" / "impasto" / "studio" / "web" / "static" / "learn" / "units"
COUNT, COLUMNS, SIZE, GAP = 12, 6, 96, 4
LIMIT = 24_000  # bytes a layer


def chosen(layer: str) -> list[int]:
    """The units that come first where they are ordered by their energy, on the photos together."""
    places = np.zeros(VGG19.channels(layer))
    for photo in (examples.cat, examples.coffee, examples.portrait):
        (maps,) = feature_maps(photo, [layer], 320)
        places[maps.ordered()] += np.arange(len(places))
    return [int(unit) for unit in np.argsort(places, kind="stable")[:COUNT]]


def painted(layer: str, units: list[int]) -> Image.Image:
    """What each looks for, in rows."""
    sheet = Image.new("RGB", (COLUMNS * (SIZE + GAP) - GAP, COUNT // COLUMNS * (SIZE + GAP) - GAP), "white")
    for number, run in enumerate(visualizations([Unit(layer, unit) for unit in units], size=SIZE)):
        for _ in run:
            pass
        picture = Image.fromarray(to_bytes(run.painting().pixels))
        sheet.paste(picture, (number % COLUMNS * (SIZE + GAP), number // COLUMNS * (SIZE + GAP)))
    return sheet


def main() -> None:
    """Write a picture of each layer, and which units it shows."""
    FOLDER.mkdir(exist_ok=True)
    index = FOLDER / "units.json"
    units = json.loads(index.read_text()) if index.exists() else {}
    for layer in sys.argv[1:] or VGG19.convolutions:
        units[layer] = chosen(layer)
        sheet = painted(layer, units[layer])
        for quality in range(80, 10, -5):
            sheet.save(FOLDER / f"{layer}.webp", quality=quality, method=6)
            if (FOLDER / f"{layer}.webp").stat().st_size <= LIMIT:
                break
        print(layer, units[layer], (FOLDER / f"{layer}.webp").stat().st_size, flush=True)
        index.write_text(json.dumps({name: units[name] for name in VGG19.convolutions if name in units}) + "\n")


if __name__ == "__main__":
    main()
