"""What the operator may set, in one place: `IMPASTO_…` in the environment, or lines of a file."""

from email.utils import getaddresses
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from impasto.painter.settings import Settings
from impasto.places import data_folder
from impasto.studio import schedulers
from impasto.studio.mail import addresses
from impasto.studio.networks import shared

SHORTEST_TOKEN = 20


class Configuration(BaseSettings):
    """The settings of the service; each field is `IMPASTO_` and its name in capitals.

    Raises:
        pydantic.ValidationError: a value that makes no sense.
    """

    model_config = SettingsConfigDict(env_prefix="IMPASTO_", extra="ignore")

    host: str = Field("127.0.0.1", description="the address that the web server listens on")
    port: int = Field(8000, ge=0, le=65535, description="its port; 0 takes any that is free")
    public_url: str = Field("", description="what links in mails start with; empty for http://HOST:PORT")
    trusted_proxy: bool = Field(
        False, description="believe X-Forwarded-For and X-Forwarded-Proto, where a proxy of yours stands in front"
    )

    shared_addresses: str = Field(
        "", description="addresses and networks of many people, such as a class, with how many: 203.0.113.7=30, "
        "2001:db8::/48=200; limits by address are so many times as high"
    )  # fmt: skip

    secret: SecretStr = Field(
        SecretStr(""), description="signs cookies; empty for one that is made and kept in the folder"
    )
    operator_token: SecretStr = Field(
        SecretStr(""), description="opens the page of figures, /figures, as its password; empty for no such page"
    )
    data_dir: Path = Field(data_folder() / "studio", description="the folder of the jobs, files and secrets")
    database_url: str = Field("", description="of the jobs, as SQLAlchemy writes it; empty for SQLite in the folder")
    files_url: str = Field("", description="of the pictures, as fsspec writes it; empty for a folder in the folder")

    certificates: Path | None = Field(
        None, description="this host's folder, which impasto certificates made, for tls://"
    )
    insecure: bool = Field(
        False, description="take a scheduler at tcp:// on another host: whoever reaches it can run code there"
    )
    scheduler: str = Field("", description="that of impasto scheduler; empty to start painters on this machine")
    cluster: str = Field(
        "", description="module:function that makes a Dask cluster to paint on, which grows with the queue"
    )
    painters: int = Field(
        1, ge=1, description="how many paint at once on this machine, or on its cluster, a process each"
    )
    devices: str = Field(
        "", description="PyTorch's devices on this machine, with a painter on each, such as cuda:0,cuda:1"
    )
    painter_threads: int | None = Field(None, ge=1, description="of each painter; empty for all cores")
    painter_memory: int | None = Field(None, ge=1, description="bytes of each painter; empty for what is free")
    lease_seconds: float = Field(30, gt=0, description="a painter that was silent for so long is taken for dead")

    sketches: bool = Field(
        True, description="show visitors their own photo in each style, small; it takes 1 GB of memory while they look"
    )
    max_canvas: int = Field(2048, ge=32, description="the largest long side that can be asked for, in pixels")
    max_upload: int = Field(50_000_000, ge=1, description="bytes of one upload, all its pictures together")
    max_pixels: int = Field(100_000_000, ge=1, description="of an uploaded picture")
    decode_seconds: int = Field(20, ge=1, description="that reading an uploaded picture may take")
    decode_memory: int = Field(3_000_000_000, ge=1, description="bytes of address space that reading it may take")
    keep_days: float = Field(7, gt=0, description="after which all of a job is deleted")
    max_waiting: int = Field(500, ge=1, description="jobs that may wait; more are refused")
    jobs_per_hour: int = Field(30, ge=1, description="from one address")
    mails_per_day: int = Field(20, ge=1, description="to one email address")
    min_free: int = Field(500_000_000, ge=0, description="bytes of free disk below which new jobs are refused")

    smtp_host: str = Field("", description="the mail server; without one (or a folder) no email is offered")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_user: str = Field("", description="the account there; empty for none")
    smtp_password: SecretStr = Field(SecretStr(""), description="its password")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="starttls, tls or none")
    mail_from: str = Field("impasto@localhost", description="the sender of mails")
    local_addresses: bool = Field(
        False, description="take addresses of a network of your own too, such as anna@intranet and anna@mail.local"
    )
    mail_folder: Path | None = Field(None, description="write mails here as .eml files instead of sending them")

    @field_validator("shared_addresses")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        shared(value)
        return value

    @field_validator("operator_token")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr) -> SecretStr:
        if value and len(value.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"give one of at least {SHORTEST_TOKEN} letters, such as openssl rand -hex 16 prints")
        return value

    @field_validator("public_url")
    @classmethod
    def _links(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("begin it with https:// or http://, as in https://paint.example.org")
        return value

    @field_validator("scheduler")
    @classmethod
    def _safe(cls, value: str, known: ValidationInfo) -> str:
        certificates, insecure = known.data.get("certificates"), known.data.get("insecure", False)
        return value and schedulers.safe(value, certificates, insecure=insecure)

    @field_validator("cluster")
    @classmethod
    def _function(cls, value: str, known: ValidationInfo) -> str:
        module, _, function = value.partition(":")
        if value and not all(part.isidentifier() for part in [*module.split("."), function]):
            raise ValueError("write it as module:function, such as painters:slurm")
        if value and known.data.get("scheduler"):
            raise ValueError("IMPASTO_SCHEDULER names another one; set one of the two")
        return value

    @field_validator("devices")
    @classmethod
    def _counted(cls, value: str, known: ValidationInfo) -> str:
        if value and (known.data.get("scheduler") or known.data.get("cluster")):
            raise ValueError("painters are on other hosts; give impasto worker --gpus there, and leave this empty")
        for device in value.split(",") if value else ():
            Settings(device=device)  # raises what is wrong with it
        return value

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if self.devices:
            self.painters = len(self.devices.split(","))
        return self

    @field_validator("smtp_host")
    @classmethod
    def _name(cls, value: str) -> str:
        if "/" in value or value.count(":") == 1:  # an address of IPv6 has more
            raise ValueError("give its name alone, such as mail.example.org; its port is another setting")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        found = [address for _, address in getaddresses([value])]
        try:
            plain = len(found) == 1 and addresses.is_plain(addresses.checked(found[0], house=True))
        except addresses.AddressError:
            plain = False
        if not plain:
            raise ValueError("give an address, such as Impasto <impasto@example.org>")
        return value

    @property
    def database(self) -> str:
        """The URL of the jobs."""
        return self.database_url or f"sqlite:///{self.data_dir / 'studio.db'}"

    @property
    def files(self) -> str:
        """The URL of the pictures."""
        return self.files_url or str(self.data_dir / "files")

    @property
    def work(self) -> Path:
        """Where the painters of this machine keep their checkpoints."""
        return self.data_dir / "work"

    @property
    def elsewhere(self) -> bool:
        """Whether other hosts paint."""
        return bool(self.scheduler or self.cluster)

    @property
    def sent(self) -> Path:
        """Where the post of this machine notes what it has sent, until the database knows."""
        return self.data_dir / "sent"

    @property
    def address(self) -> str:
        """What links start with, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def root(self) -> str:
        """The path that all addresses begin with: empty, or with a slash before it and none after it."""
        return urlsplit(self.address).path

    @property
    def can_mail(self) -> bool:
        """Whether an email can be sent."""
        return bool(self.smtp_host or self.mail_folder)
