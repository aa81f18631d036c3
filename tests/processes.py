"""What a command as a process left behind."""


def line(process):
    """The one line that a failed command ends with; and never a traceback."""
    text = process.stderr.decode()
    assert "Traceback" not in text
    return text.strip().splitlines()[-1]


def ok(process):
    """What a command printed that went well."""
    assert process.returncode == 0, process.stderr.decode()
    return process.stdout.decode()
