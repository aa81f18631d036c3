"""VGG19 as it was published, of PyTorch's own layers: what ours is compared with."""

from torch import nn

COLUMN_E = [64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512, 512, 512, 512]


def published(backbone, pooling="max", padding="zeros"):
    """torchvision's order of layers, with a backbone's numbers in float64, for pictures less their mean."""
    network, inputs, block, place = nn.Sequential(), 3, 1, 0
    for channels in COLUMN_E:
        if channels == "M":
            network.add_module(f"pool{block}", nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2))
            block, place = block + 1, 0
            continue
        place += 1
        name = f"{block}_{place}"
        convolution = nn.Conv2d(inputs, channels, 3, padding=1, padding_mode=padding).double()
        convolution.weight.data = backbone.kernels[f"conv{name}"].double()
        convolution.bias.data = backbone.biases[f"conv{name}"].double()
        network.add_module(f"conv{name}", convolution)
        network.add_module(f"relu{name}", nn.ReLU())
        inputs = channels
    return network.requires_grad_(False)
