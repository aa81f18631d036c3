"""The command line: parsing and printing."""

from impasto.cli import signals


def main() -> None:
    """The command `impasto`. Exit codes: 0, 1 for a failure, 2 for misuse, 130 when it was asked to stop."""
    signals.listen()
    from impasto.cli.commands import app  # which takes a second to load

    try:
        app(prog_name="impasto")
    except SystemExit as ended:
        signals.leave(ended.code)
    except KeyboardInterrupt:
        signals.leave(signals.INTERRUPTED)
