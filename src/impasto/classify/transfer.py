"""Learn from few pictures: a linear layer on VGG19's features, of which each copy of a picture has them computed once.

VGG19 has learnt from a million photos what is worth seeing in one (Yosinski et al., "How transferable are features in
deep neural networks?", 2014; Donahue et al., "DeCAF", 2014). So ten pictures a class are enough, where a network that
begins with random numbers needs hundreds. :mod:`impasto.classify.vgg19_head` says how its settings were chosen.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.classify.training_run import Report, TrainingRun
from impasto.classify.vgg19_head import VGG19Head

EPOCHS, DECAY = 4, 1e-5
SMALLEST_CROP = 0.6
"""Of the picture's side."""


def transfer(run: TrainingRun) -> Iterator[Report]:
    """Train by this recipe: each epoch shows one copy of every picture to VGG19, and then the head learns from all.

    The loss that is reported is that on new copies, before the head has learnt from them.
    """
    network, images, settings = run.model.network, run.images, run.settings
    assert isinstance(network, VGG19Head)
    seen: list[Tensor] = []
    for epoch in range(settings.epochs):
        chance = torch.Generator().manual_seed(settings.seed * 10_000 + epoch)
        batches = torch.arange(len(images)).split(settings.batch_size)
        for i, chosen in enumerate(batches):
            with torch.inference_mode():
                pixels = copies(run.model.card.normalisation.apply(images.pixels[chosen]), epoch, chance)
                seen.append(network.seen(pixels.contiguous(memory_format=torch.channels_last)))
                loss = F.cross_entropy(network.head(seen[-1]), images.labels[chosen]).item()
            if i + 1 == len(batches):
                fit(network.head, torch.cat(seen), images.labels.repeat(epoch + 1))
                run.done = epoch + 1
            yield run.report(epoch, i, len(batches), loss)


def copies(pictures: Tensor, epoch: int, chance: torch.Generator) -> Tensor:
    """Pictures as an epoch shows them: as they are, then mirrored, and from then on cropped and mirrored by chance.

    Args:
        pictures: float32, B × 3 × S × S.
        epoch: which one, from 0.
        chance: where chance comes from.

    Returns:
        The same kind.
    """
    if epoch < 2:
        return pictures.flip(3) if epoch else pictures
    side = pictures.shape[-1]
    made = []
    for picture in pictures:
        share, down, right, turn = torch.rand(4, generator=chance).tolist()
        crop = round(side * (SMALLEST_CROP + (1 - SMALLEST_CROP) * share))
        top, left = round((side - crop) * down), round((side - crop) * right)
        part = picture[None, :, top : top + crop, left : left + crop]
        part = F.interpolate(part, size=(side, side), mode="bilinear", align_corners=False)
        made.append(part.flip(3) if turn < 0.5 else part)
    return torch.cat(made)


def fit(head: nn.Linear, seen: Tensor, labels: Tensor) -> None:
    """Find the head's best numbers: this has one minimum, and L-BFGS finds it in some hundredths of a second.

    Args:
        head: goes on from what it has learnt before.
        seen: B × N.
        labels: int64, B.
    """
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")
    seen = seen.clone()  # numbers of inference mode can't be learnt from

    def loss() -> float:
        optimizer.zero_grad()
        value = F.cross_entropy(head(seen), labels) + DECAY / 2 * head.weight.square().sum()
        value.backward()
        return value.item()

    optimizer.step(loss)
