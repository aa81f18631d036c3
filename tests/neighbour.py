"""Another user of the machine: a process that gives up what root may do, and then tries what is not its own."""

import os
import subprocess
import sys

import pytest

NOBODY = 65534

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")

# It loads what it needs before it is nobody's, whose eyes may not reach the files of Python's packages.
PROGRAM = """
import os, sys
{loads}
os.setgroups([])
os.setresgid({nobody}, {nobody}, {nobody})
os.setresuid({nobody}, {nobody}, {nobody})
{code}
"""


def tries(code, *arguments, loads=""):
    """What a neighbour's Python prints."""
    program = PROGRAM.format(loads=loads, code=code, nobody=NOBODY)
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout
