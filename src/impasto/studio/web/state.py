"""A job as its page and the API tell of it."""

from typing import Any

from impasto.studio.jobs.rows import Job, State
from impasto.studio.web.outlooks import Outlooks

SHOWN_SETTINGS = ("size", "named", "quality", "keep_colors", "style_scale", "content_weight", "keep_faces")


def described(job: Job, outlooks: Outlooks, root: str) -> dict[str, Any]:
    """The job as JSON can hold it; addresses of pictures are paths on this server, which begin with `root`."""
    waits, painting, done = (job.state == state for state in (State.WAITING, State.PAINTING, State.DONE))
    outlook = outlooks.with_(job) if waits else None
    picture = f"{root}/api/paintings/{job.token}/image?kind="
    preview = f"preview&n={job.attempt}-{job.preview}" if painting and job.preview else None
    return {
        "token": job.token,
        "state": str(job.state),
        "place": outlook.places.get(job.id, 0) if outlook else None,
        "waiting_seconds": round(outlook.wait(job.id), 1) if outlook else None,
        "progress": job.progress if painting else None,
        "curve": job.curve,
        "preview": picture + preview if preview else None,
        "width": job.width,
        "height": job.height,
        "quality": job.quality,
        "settings": {name: job.settings[name] for name in SHOWN_SETTINGS if name in job.settings},
        "styles": [
            {**_style(style, picture), "weight": style["weight"]} for style in job.styles if not style.get("mask")
        ],
        "regions": [
            {**_style(style, picture), "mask": picture + style["mask"].removesuffix(".png")}
            for style in job.styles
            if style.get("mask")
        ],
        "created": job.created,
        "finished": job.finished,
        "expires": job.expires,
        "seconds": job.seconds,
        "error": job.error,
        "images": {
            "photo": picture + "photo",
            **({kind: picture + kind for kind in ("painting", "view", "thumb")} if done else {}),
            **({"film": picture + "film"} if done and job.film else {}),
            **({kind: f"{picture}painting&format={kind}&download=1" for kind in ("png", "jpg")} if done else {}),
        },
        "share": f"{root}/s/{job.share}" if job.share else None,
        "can_cancel": waits or painting,
        "mail": job.email is not None,
        "mail_confirmed": job.confirmed,
    }


def _style(style: dict[str, Any], picture: str) -> dict[str, Any]:
    file = style["file"]
    return {
        "name": style["name"],
        "own": file is not None,
        "image": picture + file.removesuffix(".png") if file else None,
    }
