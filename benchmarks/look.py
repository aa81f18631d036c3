"""Seconds that the commands of `impasto look` take, the start of the program included.

    python benchmarks/look.py PHOTO

Prints the rows of the table in benchmarks/README.md. Run it twice: the first run waits for the disk.
"""

import argparse
import subprocess
import sys
import tempfile
import time

COMMANDS = (
    "features PHOTO",
    "gram PHOTO --style night",
    "reconstruct PHOTO --content conv1_1",
    "reconstruct PHOTO --content conv4_1",
    "reconstruct PHOTO --content conv5_1",
    "unit conv4_1:17",
    "unit conv5_1:3",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            words = [asked.photo if word == "PHOTO" else word for word in command.split()]
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "impasto", "look", *words, "-o", f"{folder}/sheet.png"],
                capture_output=True,
                check=True,
            )
            print(f"| `impasto look {command}` | {time.perf_counter() - began:.1f} s |", flush=True)


if __name__ == "__main__":
    main()
