"""What the API answers with, as its schema tells."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Refusal(BaseModel):
    """Why something is refused."""

    detail: str = Field(description="One plain sentence that names the fix.")


class Style(BaseModel):
    """A style of a painting."""

    name: str
    own: bool = Field(description="Whether it is a picture that was sent.")
    image: str | None = Field(description="That picture.")


class WeightedStyle(Style):
    """One that holds where no part is."""

    weight: float


class Region(Style):
    """A part of a painting with a style of its own."""

    mask: str = Field(description="The picture that says where.")


class CurvePoint(BaseModel):
    """The objective after a step."""

    step: int = Field(description="Over all scales.")
    objective: float
    parts: dict[str, float] = Field(description="What each term, such as content and style, adds to the objective.")


class Painting(BaseModel):
    """A painting that was asked for. Times are seconds since 1970; pictures are paths on this server."""

    token: str
    state: Literal["waiting", "painting", "done", "failed", "cancelled"]
    place: int | None = Field(description="How many are begun before it.")
    waiting_seconds: float | None = Field(description="Until it is begun.")
    progress: dict[str, float] | None = Field(
        description="share (0–1), scale, scales, step, steps, seconds, seconds_left."
    )
    curve: list[CurvePoint] = Field(description="How the objective fell.")
    preview: str | None = Field(description="The painting as it is now.")
    width: int
    height: int
    quality: str
    settings: dict[str, Any]
    styles: list[WeightedStyle] = Field(description="Where no region is; none where the photo stays as it is there.")
    regions: list[Region]
    created: float
    finished: float | None
    expires: float
    seconds: float | None
    error: str | None
    images: dict[str, str]
    share: str | None = Field(description="The page that shows the painting to others, where its owner has made one.")
    can_cancel: bool
    mail: bool = Field(description="Whether there is an email address to say that it has ended.")
    mail_confirmed: bool = Field(
        description="Whether the address's owner has said yes to that; until then, none is sent."
    )


class HouseStyle(BaseModel):
    """A style that comes along."""

    name: str
    title: str
    description: str
    sample: str = Field(description="A photo painted in it.")


class NamedSize(BaseModel):
    """A size that is called after what it is for."""

    name: str
    title: str
    width: int | None = Field(description="Of the painting; none where this size is not offered.")
    height: int | None
    seconds: float | None = Field(description="Of painting.")
    words: str = Field(description="How long it takes, or why it is not offered.")


class Estimate(BaseModel):
    """How long a painting takes."""

    seconds: float = Field(description="Of painting.")
    wait_seconds: float = Field(description="Before it, as things are.")
    waiting: int = Field(description="Jobs that wait now.")
    words: str = Field(description="The three in words.")
    width: int = Field(description="Of the painting, in pixels.")
    height: int
    sizes: list[NamedSize]


class Checked(BaseModel):
    """A photo that can be painted."""

    width: int = Field(description="Of the photo in its file, upright.")
    height: int
    preview: str = Field(description="A data URL.")
    notes: list[str] = Field(description="What to know of how it was read, such as an animation's first frame.")


class FoundFace(BaseModel):
    """A face that is kept: an ellipse around it, in the photo's pixels."""

    x: float = Field(description="Its middle.")
    y: float
    across: float = Field(description="Half its width, along the eyes.")
    down: float = Field(description="Half its height.")
    tilt: float = Field(description="How far the head leans to the photo's right, in degrees.")


class FoundFaces(BaseModel):
    """The faces that are kept in a photo, the largest first."""

    width: int = Field(description="Of the photo.")
    height: int
    faces: list[FoundFace]


class Sketch(BaseModel):
    """What a painting would look like."""

    picture: str = Field(description="A data URL.")
