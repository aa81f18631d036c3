"""Starts `impasto` from an interpreter that has PyTorch loaded, which is most of the time that a small command takes.

A line of JSON on standard input asks for a command: its arguments, environment and folder, and the files that it reads
and writes. It becomes a process of its own, forked while nothing of Impasto was imported; a line with its exit code
answers.
"""

import gc
import json
import os
import runpy
import signal
import sys

import matplotlib.figure
import scipy.ndimage
import sklearn.datasets
import torch

LIBRARIES = (matplotlib.figure, scipy.ndimage, sklearn.datasets, torch)  # those that take long to load
LONGEST = 240  # seconds that a command may take


def become(arguments, environment, folder, files):
    """Make this process the one that was asked for, up to where `python -m impasto` begins."""
    signal.alarm(LONGEST)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, flags) in enumerate(zip(files, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv[1:] = arguments


gc.freeze()  # else each command looks through all of PyTorch's objects, and copies them as it does
while line := sys.stdin.readline():
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    else:
        become(**json.loads(line))
        runpy.run_module("impasto", run_name="__main__", alter_sys=True)
        break
