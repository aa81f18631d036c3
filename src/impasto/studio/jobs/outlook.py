"""The queue at one moment: whose turn comes when."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from impasto.studio.jobs import estimates, queue
from impasto.studio.jobs.rows import Job, State


@dataclass(frozen=True)
class Outlook:
    """The jobs that wait, and when each is begun.

    Attributes:
        places: the number of each job that waits → how many are begun before it.
        begins: seconds until the one after the first k is begun; one more than there are jobs.
        waiting: how many jobs of each submitter wait.
        painting: how many are under way.
    """

    places: dict[int, int]
    begins: list[float]
    waiting: Counter[str]
    painting: int

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self.places)

    def wait(self, job: int) -> float:
        """Seconds until a job that waits is begun; 0 for one that was taken just now."""
        return self.begins[self.places[job]] if job in self.places else 0.0

    def wait_of_new(self, submitter: str) -> float:
        """Seconds until one would be begun that this submitter adds now."""
        # before it comes, of everybody, what has its turn up to that one's
        turn = self.waiting[submitter] + 1
        return self.begins[sum(min(count, turn) for count in self.waiting.values())]


def look(session: Session, painters: int) -> Outlook:
    """The queue now, for so many painters."""
    estimator = cache(partial(estimates.estimator, session))

    @cache
    def seconds(quality: str, larger: str | None, width: int, height: int) -> float:
        return estimator(quality)(width, height, math.prod(json.loads(larger)) if larger else None)

    # the settings of ten thousand jobs would take longer to read than all else
    quality = func.coalesce(Job.settings["quality"].as_string(), "standard")
    asked = quality, Job.settings["larger"].as_string(), Job.width, Job.height
    painting = select(Job.progress, *asked).where(Job.state == State.PAINTING)
    busy = sorted((progress or {}).get("seconds_left", seconds(*one)) for progress, *one in session.execute(painting))
    free_at = sorted([0.0] * max(0, painters - len(busy)) + busy[:painters])
    rows = session.execute(queue.in_turn(Job.id, Job.submitter, *asked)).all()
    begins = [free_at[0]]
    for _, _, *one in rows:
        free_at = sorted([free_at[0] + seconds(*one), *free_at[1:]])
        begins.append(free_at[0])
    places = {row[0]: place for place, row in enumerate(rows)}
    return Outlook(places, begins, Counter(row[1] for row in rows), len(busy))
