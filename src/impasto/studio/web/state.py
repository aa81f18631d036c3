"""A job as its page and the API tell of it."""

from typing import Any

from impasto.studio.jobs.table import Job, State
from impasto.studio.web.outlooks import Outlooks

SHOWN_SETTINGS = ("size", "quality", "keep_colors", "style_scale", "content_weight")


def described(job: Job, outlooks: Outlooks) -> dict[str, Any]:
    """The job as JSON can hold it; addresses of pictures are paths on this server."""
    waits, painting, done = (job.state == state for state in (State.WAITING, State.PAINTING, State.DONE))
    outlook = outlooks.with_(job) if waits else None
    preview = f"preview&n={job.attempt}-{job.preview}" if painting and job.preview else None
    return {
        "token": job.token,
        "state": str(job.state),
        "place": outlook.places.get(job.id, 0) if outlook else None,
        "waiting_seconds": round(outlook.wait(job.id), 1) if outlook else None,
        "progress": job.progress if painting else None,
        "curve": job.curve,
        "preview": image_of(job, preview) if preview else None,
        "width": job.width,
        "height": job.height,
        "quality": job.quality,
        "settings": {name: job.settings[name] for name in SHOWN_SETTINGS if name in job.settings},
        "styles": [
            {
                "name": style["name"],
                "weight": style["weight"],
                "own": style["file"] is not None,
                "image": image_of(job, f"style-{place}") if style["file"] else None,
            }
            for place, style in enumerate(job.styles)
        ],
        "created": job.created,
        "finished": job.finished,
        "expires": job.expires,
        "seconds": job.seconds,
        "error": job.error,
        "images": {
            "photo": image_of(job, "photo"),
            **({kind: image_of(job, kind) for kind in ("painting", "view", "thumb")} if done else {}),
            **({kind: image_of(job, f"painting&format={kind}&download=1") for kind in ("png", "jpg")} if done else {}),
        },
        "can_cancel": waits or painting,
        "mail": job.email is not None,
        "mail_confirmed": job.confirmed,
    }


def image_of(job: Job, kind: str) -> str:
    """The address of one of a job's pictures."""
    return f"/api/paintings/{job.token}/image?kind={kind}"
