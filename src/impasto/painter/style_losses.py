"""The style losses by name: what of a layer's features is compared with the style's.

A new style loss is one function in :mod:`impasto.painter.losses` and one line in `STYLE_LOSSES`. The command line, the
settings and the studio read the table, which loads no torch: it holds the names of functions.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class StyleLoss:
    """A style loss.

    Attributes:
        about: what it compares, in a few words.
        distance: names the function that compares a painting's averages with a style's.
        sums: names the function of a layer's features that says what is averaged: their means and Gram matrix.
        prepare: names the function that says what `sums` has to know of the styles beforehand, if anything.
        wide: whether features of bfloat16 are made float32 first. A difference of Gram matrices bears bfloat16's
            rounding; small eigenvalues of a covariance drown in it.
    """

    about: str
    distance: str
    sums: str = "moments_sums"
    prepare: str | None = None
    wide: bool = True

    @property
    def scalable(self) -> bool:
        """Whether :func:`impasto.painter.losses.scaled` knows the averages of features multiplied by anything."""
        return self.sums in ("gram_sums", "moments_sums")


STYLE_LOSSES: dict[str, StyleLoss] = {
    "gram": StyleLoss("Gram matrices", "gram_distance", "gram_sums", wide=False),
    "moments": StyleLoss("Gram matrices, means and deviations", "moments_distance"),
    "wasserstein": StyleLoss("means and covariances, as Gaussians", "wasserstein_distance"),
    "sliced": StyleLoss("histograms along many directions", "sliced_distance", "sliced_sums", "slices"),
}
