"""The key that signs: cookies, and the links of mails."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from impasto.studio.configuration import Configuration


def secret_key(configuration: Configuration) -> str:
    """The setting, or the content of a file that only we may read, which is made when it is first needed."""
    if given := configuration.secret.get_secret_value():
        return given
    path: Path = configuration.data_dir / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        aside = path.with_name(f"secret.{secrets.token_hex(4)}.part")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was sooner; never an empty one, whoever dies when
            os.link(aside, path)
        aside.unlink()
    return path.read_text()
