"""For how long painters have said nothing: one that is alive says something to Dask's scheduler every second or so."""

from collections.abc import Iterable

from impasto.studio.painters.roll import Painter


class Silences:
    """Counts from look to look. A look adds no more than the time for which this process was awake before it.

    A process that slept finds what painters said meanwhile at its next look, and takes none of them for silent.
    """

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._silent: dict[str, float] = {}

    def look(self, painters: Iterable[Painter], awake: float) -> dict[str, float]:
        """Seconds of silence of each painter, by its address.

        Args:
            painters: as they are now.
            awake: seconds since the look before for which this process was awake.
        """
        self._silent = {
            painter.address: self._silent.get(painter.address, 0.0) + awake
            if self._seen.get(painter.address) == painter.seen
            else 0.0
            for painter in painters
        }
        self._seen = {painter.address: painter.seen for painter in painters}
        return self._silent
