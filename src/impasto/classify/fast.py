"""The fast recipe: the same network and cross-entropy as on the slide, many times the pictures a second.

What differs, and why:

- mini-batches of 128, cut from one tensor in memory: the processor multiplies larger matrices, and no time goes into
  fetching pictures one by one;
- augmentation on the whole mini-batch: each picture is mirrored in every other epoch, so that a few epochs show both
  sides equally often (Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024; not where that makes another
  class, as with digits), and moved by up to a pixel (not where all are trimmed and centred already, as in
  Fashion-MNIST);
- a learning rate that rises for the first fifth and then falls to 0 (Smith and Topin, "Super-Convergence", 2019),
  Nesterov's momentum, and weight decay on kernels alone;
- labels smoothed a little (Szegedy et al. 2016), which keeps the network from being surer than it is right;
- what is kept is a running mean of the network's numbers over the last steps (Polyak and Juditsky 1992);
- bfloat16 where the processor multiplies it faster; sums, gradients and the optimiser stay float32.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.classify.classifier import Network
from impasto.classify.fused import forward
from impasto.classify.threads import threads_for
from impasto.classify.training_run import Report, TrainingRun, momentum_of, restore_momentum
from impasto.networks.numbers import multiplies_bfloat16

EPOCHS, BATCH_SIZE, LR = 12, 128, 0.1
WEIGHT_DECAY = 5e-4
SMOOTHING = 0.05
WARM_UP = 0.2
SHIFT = 1
UNMIRRORED, CENTRED = ("digits",), ("fashion-mnist",)
"""Data sets in which a mirrored picture is another thing; and in which a moved one never comes up."""
MEAN_EVERY, MEAN_OVER = 10, 0.02
"""Steps between the numbers that are averaged; and the weight of the newest ones."""


def defaults(batch_size: int = BATCH_SIZE) -> dict[str, Any]:
    """What this recipe takes for the settings that are not given; smaller mini-batches get a lower learning rate."""
    return {"epochs": EPOCHS, "batch_size": batch_size, "lr": LR * min(1.0, batch_size / BATCH_SIZE)}


def fast(run: TrainingRun) -> Iterator[Report]:
    """Train by this recipe."""
    network, settings, images = run.model.network, run.settings, run.images
    normalisation = run.model.card.normalisation
    batches = max(1, len(images) // settings.batch_size)
    steps = settings.epochs * batches
    ours = isinstance(network, Network)
    if ours:  # one's own may use `view`, which wants the usual layout
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    kernels = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": kernels, "weight_decay": WEIGHT_DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(
        groups,
        lr=settings.lr,
        momentum=settings.momentum,
        nesterov=settings.momentum > 0,
    )
    restore_momentum(optimizer, network, run.model.momentum)
    mean = Mean(network)
    mirrored = sides(images.name, len(images), settings.seed)
    shift = 0 if images.name in CENTRED else SHIFT
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16())
    try:
        for epoch in range(run.done, settings.epochs):
            network.train()
            generator = torch.Generator().manual_seed(settings.seed * 10_000 + epoch)
            order = torch.randperm(len(images), generator=generator)
            for i in range(batches):
                for group in optimizer.param_groups:
                    group["lr"] = settings.lr * schedule((epoch * batches + i) / steps)
                chosen = order[i * settings.batch_size : (i + 1) * settings.batch_size]
                pixels = augment(images.pixels[chosen], mirrored[epoch % 2][chosen], shift, generator)
                inputs = normalisation.apply(pixels)
                with threads_for(inputs.numel()):
                    with autocast:
                        scores = forward(network, inputs if ours else inputs.contiguous())
                    loss = F.cross_entropy(scores.float(), images.labels[chosen], label_smoothing=SMOOTHING)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                if (i + 1) % MEAN_EVERY == 0:
                    mean.add()
                yield run.report(epoch, i, batches, loss.item())
            run.model.momentum = momentum_of(optimizer, network)
            run.done = epoch + 1
    finally:  # also when it is interrupted
        mean.put()


def sides(name: str, count: int, seed: int) -> Tensor:
    """Which of a data set's pictures are mirrored in even epochs, and which in odd ones: 2 × count booleans."""
    if name in UNMIRRORED:
        return torch.zeros(2, count, dtype=torch.bool)
    even = torch.rand(count, generator=torch.Generator().manual_seed(seed)) < 0.5
    return torch.stack([even, ~even])


def augment(pixels: Tensor, mirrored: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """Mirror some pictures, and move each by chance in both directions.

    Args:
        pixels: uint8, B × C × H × W.
        mirrored: which ones, B booleans.
        shift: by up to how many pixels they move; what a move uncovers is black.
        generator: where chance comes from.

    Returns:
        The same kind.
    """
    batch, _, height, width = pixels.shape
    framed = F.pad(pixels, (shift,) * 4)
    moves = torch.randint(0, 2 * shift + 1, (2, batch, 1), generator=generator)
    rows, columns = moves[0] + torch.arange(height), moves[1] + torch.arange(width)  # (B, H), (B, W)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    indices = rows[:, :, None] * framed.shape[3] + columns[:, None, :]  # (B, H, W)
    flat = indices.flatten(1)[:, None].expand(-1, pixels.shape[1], -1)
    return framed.flatten(2).gather(2, flat).view_as(pixels)


def schedule(progress: float) -> float:
    """The share of the highest learning rate after a share of the training, both 0 to 1."""
    return 0.1 + 0.9 * progress / WARM_UP if progress < WARM_UP else (1 - progress) / (1 - WARM_UP)


class Mean:
    """A running mean of a network's numbers, its batch statistics too."""

    def __init__(self, network: nn.Module) -> None:
        self.network, self.count = network, 0
        self.numbers = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def add(self) -> None:
        """Let the mean go a little way to the present numbers: further at first, so that it forgets the start."""
        self.count += 1
        share = max(MEAN_OVER, 9 / (self.count + 9))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.numbers[name].lerp_(value, share)
            else:
                self.numbers[name].copy_(value)

    def put(self) -> None:
        """Give the network the mean for its own."""
        if self.count:
            self.network.load_state_dict(self.numbers)
