"""VGG19 as a table.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014, column E: sixteen
3 × 3 convolutions, each with a ReLU, in five blocks with a 2 × 2 pooling between them.
"""

from impasto.networks.table import Layer, Table

# Of each block, how many convolutions there are and how many features they give.
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


def _layers() -> list[Layer]:
    layers: list[Layer] = []
    for block, (count, channels) in enumerate(BLOCKS, 1):
        if layers:
            before = layers[-1].channels
            layers.append(Layer(2, stride=2, name=f"pool{block - 1}", kind="pooling", channels=before))
        for place in range(1, count + 1):
            name = f"{block}_{place}"
            layers.append(Layer(3, padding=1, name=f"conv{name}", kind="convolution", channels=channels))
            layers.append(Layer(1, name=f"relu{name}", kind="relu", channels=channels))
    return layers


VGG19 = Table(tuple(_layers()))
