"""Training by the recipe that is asked for; the slide's loop is here."""

import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from impasto.classify.fast import fast
from impasto.classify.images import LabelledImages, Normalisation
from impasto.classify.threads import threads_for
from impasto.classify.training_run import Report, TrainingRun, momentum_of, restore_momentum
from impasto.classify.transfer import transfer


class Pictures(Dataset[tuple[Tensor, Tensor]]):
    """A data set one picture at a time, as PyTorch's DataLoader wants it."""

    def __init__(self, images: LabelledImages, normalisation: Normalisation) -> None:
        self.images, self.normalisation = images, normalisation

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.normalisation.apply(self.images.pixels[index : index + 1])[0], self.images.labels[index]


class Training(TrainingRun):
    """A run of training: iterate over it for a report after each mini-batch.

    Raises:
        TrainingError: while iterating, the loss is no number any more.
    """

    def __iter__(self) -> Iterator[Report]:
        self.started = time.perf_counter()
        recipes = {"slide": Training.slide, "fast": fast, "transfer": transfer}
        yield from recipes[self.settings.recipe](self)
        self.model.network.eval()

    def slide(self) -> Iterator[Report]:
        """The slide's loop."""
        net = self.model.network
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(net.parameters(), lr=self.settings.lr, momentum=self.settings.momentum)
        restore_momentum(optimizer, net, self.model.momentum)
        for epoch in range(self.done, self.settings.epochs):
            net.train()
            loader = self.loader(epoch)
            for i, (inputs, labels) in enumerate(loader):
                with threads_for(inputs.numel()):
                    optimizer.zero_grad()
                    outputs = net(inputs)
                    loss = criterion(outputs, labels)
                    loss.backward()
                    optimizer.step()
                yield self.report(epoch, i, len(loader), loss.item())
            self.model.momentum = momentum_of(optimizer, net)
            self.done = epoch + 1

    def loader(self, epoch: int) -> "DataLoader[tuple[Tensor, Tensor]]":
        """Mini-batches in an order that the seed and the epoch alone determine."""
        pictures = Pictures(self.images, self.model.card.normalisation)
        order = torch.Generator().manual_seed(self.settings.seed * 10_000 + epoch)
        return DataLoader(pictures, batch_size=self.settings.batch_size, shuffle=True, generator=order)
