"""How the costs of layers and of terms are brought to one scale: the objectives by name.

A layer's features are as large as its weights make them: on photos VGG19's have means of 18 at conv1_1, 431 at conv4_1
and 43 at conv5_1, and a Gram distance goes with their fourth power. Without balance an objective listens to conv4_1
and hardly to conv1_1 and conv5_1. This table loads no torch.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Balance:
    """How an objective weighs layers and terms against one another.

    Attributes:
        about: in a few words.
        relative: whether a layer's cost is a share of what a picture without any features would cost there; else it
            has the factors that :mod:`impasto.painter.losses` names.
        content: what the content cost is multiplied by, so that α = 1 is about right on the pairs tried.
        deepest: how much a network's last style layer weighs beside the others, where nobody names the layers.
        spares: whether each unit of that layer counts as much as it is the styles' and not the photo's. Units that
            deep answer to things, such as faces. A painting that is to have no more of them than a style has puts them
            out, by spots of a colour that is nowhere in photo or style.
        replicate: whether convolutions pad with the numbers at the edge instead of zeros, for a fainter frame.
        compared: whether its costs are compared with those of the program that it is named after. Photo and style are
            then shrunk as that program does it, bilinearly, and no canvas is finer than the file.
    """

    about: str
    relative: bool
    content: float = 1.0
    deepest: float = 1.0
    spares: bool = False
    replicate: bool = False
    compared: bool = False


DEEP = 5
"""Style layers from which on a network is so deep."""

OBJECTIVES: dict[str, Balance] = {
    "impasto": Balance(
        "every layer as a share of what it would cost a blank picture",
        True,
        content=0.04,
        deepest=0.2,
        spares=True,
        replicate=True,
    ),
    "pastiche": Balance("the factors of the program pastiche, for comparisons", False, compared=True),
}
