"""Make the pictures that the README and the docs show, from the photos in examples/.

    python docs/pictures.py

Each is painted by Impasto at its defaults; takes about a quarter of an hour on two cores.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

import impasto
from impasto.styles import HOUSE_STYLES

DOCS = Path(__file__).parent
EXAMPLES = DOCS.parent / "examples"
BEFORE_AND_AFTER = {"cat": "night", "portrait": "woodblock", "coffee": "watercolour"}
GROWTH = (1, 4, 16, 32, 36, 48)
"""Steps over both scales: 32 at the canvas's size, and then 16 on a finer one."""
GRAM_OR_SLICED = {"cat": "night", "portrait": "woodblock"}
STYLE_WEIGHTS = {"gram": 1.0, "sliced": 3.0}
CLASSIFIER = DOCS.parent / "src" / "impasto" / "classify" / "models" / "fashion-classifier.safetensors"
GAP = 8


def grid(
    pictures: list[Image.Image], columns: int, width: int, height: int, labels: list[str] | None = None
) -> Image.Image:
    """Pictures in rows, each cropped to one shape, more at its foot than at its head, with a label below."""
    font = ImageFont.load_default(16)
    band = 26 if labels else 0
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + band + GAP) - GAP), "white")
    draw = ImageDraw.Draw(whole)
    for index, picture in enumerate(pictures):
        left, top = index % columns * (width + GAP), index // columns * (height + band + GAP)
        whole.paste(ImageOps.fit(picture, (width, height), centering=(0.5, 0.2)), (left, top))
        if labels:
            draw.text((left + width // 2, top + height + 4), labels[index], fill="black", font=font, anchor="ma")
    return whole


def save(picture: Image.Image, name: str) -> None:
    """Write it, small enough for a page."""
    picture.save(DOCS / name, quality=82, method=6)
    print(DOCS / name, flush=True)


def before_and_after() -> None:
    """Three photos, each beside its painting."""
    pictures = []
    for photo, style in BEFORE_AND_AFTER.items():
        painting = impasto.paint(EXAMPLES / f"{photo}.jpg", style)
        pictures += [Image.open(EXAMPLES / f"{photo}.jpg").convert("RGB"), painting.image()]
        if photo == "cat":
            save(painting.image(), "cat-night.webp")
    save(grid(pictures, 2, 448, 320), "before-and-after.webp")


def growth() -> None:
    """One painting after some of its steps."""
    taken = 0
    frames: dict[int, Image.Image] = {}

    def keep(step: impasto.Progress) -> None:
        nonlocal taken
        taken += 1
        if taken in GROWTH:
            frames[taken] = Image.fromarray(step.preview())

    impasto.paint(EXAMPLES / "cat.jpg", "night", progress=keep)
    labels = ["after 1 step", *(f"after {step} steps" for step in GROWTH[1:])]
    save(grid([frames[step] for step in GROWTH], 3, 320, 214, labels), "growth.webp")


def gram_or_sliced() -> None:
    """Two photos, each painted with two style losses."""
    paintings, labels = [], []
    for photo, style in GRAM_OR_SLICED.items():
        for loss, weight in STYLE_WEIGHTS.items():
            asked = {"size": 384, "style_loss": loss, "style_weight": weight}
            paintings.append(impasto.paint(EXAMPLES / f"{photo}.jpg", style, **asked).image())
            labels.append(f"{style}, {loss}")
    save(grid(paintings, 2, 384, 256, labels), "gram-or-sliced.webp")


def regions() -> None:
    """Two styles on one photo, a style on a photo that stays, a face kept, and the light alone."""
    y, x = np.mgrid[:400, :600] / np.array([400, 600]).reshape(2, 1, 1)
    left, cup = x < 0.5, ((x - 0.5) / 0.27) ** 2 + ((y - 0.5) / 0.36) ** 2 < 1
    coffee, portrait = EXAMPLES / "coffee.jpg", EXAMPLES / "portrait.jpg"
    paintings = {
        "ink and mosaic": impasto.paint(EXAMPLES / "cat.jpg", "mosaic", regions=[(left, "ink")], size=448),
        "night, and the photo": impasto.paint(coffee, regions=[(cup, "night")], size=448),
        "woodblock, the face kept": impasto.paint(portrait, "woodblock", keep_faces=0.5, size=448),
        "night, the light alone": impasto.paint(EXAMPLES / "cat.jpg", "night", luminance=True, size=448),
    }
    save(grid([painting.image() for painting in paintings.values()], 2, 448, 300, list(paintings)), "regions.webp")


def networks() -> None:
    """One painting by VGG19, and one by the course's classifier."""
    networks = {"VGG19": None, "fashion-classifier": CLASSIFIER}
    paintings = [
        impasto.paint(EXAMPLES / "cat.jpg", "night", size=384, network=file).image() for file in networks.values()
    ]
    save(grid(paintings, 2, 384, 256, list(networks)), "networks.webp")


def styles() -> None:
    """Every house style, painted on one photo."""
    paintings = [impasto.paint(EXAMPLES / "cat.jpg", name, size=320).image() for name in HOUSE_STYLES]
    save(grid(paintings, 6, 256, 170, list(HOUSE_STYLES)), "styles.webp")


def fruits() -> None:
    """Eight pictures of each class of the data set that we draw, twice as large."""
    from impasto.classify import datasets

    images = datasets.load("fruits", "test")
    band, cell, shown = 110, 68, 8
    whole = Image.new("RGB", (band + shown * cell, len(images.classes) * cell), "white")
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(18)
    for label, name in enumerate(images.classes):
        top = label * cell
        draw.text((6, top + cell // 2), name, fill="black", font=font, anchor="lm")
        for place, index in enumerate((images.labels == label).nonzero()[:shown, 0].tolist()):
            picture = Image.fromarray(images.pixels[index].permute(1, 2, 0).numpy())
            whole.paste(picture.resize((64, 64), Image.Resampling.NEAREST), (band + place * cell, top))
    save(whole, "fruits.webp")


if __name__ == "__main__":
    before_and_after()
    growth()
    gram_or_sliced()
    regions()
    networks()
    styles()
    fruits()
