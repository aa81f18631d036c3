"""Uploads: what is a picture becomes one without a past, and what is hostile meets a process with limits."""

import io
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import numpy as np
import pillow_heif
import psutil
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from studio_server import until
from studio_web import Web

from impasto import images
from impasto.studio.configuration import Configuration
from impasto.studio.uploads import pool as uploads
from impasto.studio.uploads.pool import NotReadError, RefusedError

SECRET = b"Bahnhofstrasse"


def decode(data, max_side=1024, **limits):
    return uploads.decode(data, max_side=max_side, configuration=Configuration(**limits))


def encoded(image, kind="PNG", **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def loaded():
    """The process that decoders are forked from."""
    return [child for child in psutil.Process().children() if "impasto.studio.uploads.decoding" in child.cmdline()]


def decoders():
    """The processes that decode now."""
    return [child for parent in loaded() for child in parent.children()]


@pytest.fixture(scope="module")
def gradient():
    y, x = np.mgrid[:60, :80]
    return Image.fromarray(np.stack([x * 3, y * 4, 255 - x * 3], 2).astype(np.uint8))


@pytest.fixture(scope="module")
def bomb():
    """Four hundred megapixels in fifty kilobytes."""
    return encoded(Image.new("1", (20_000, 20_000)))


def test_nothing_of_a_file_but_its_pixels_survives(gradient):
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    text = PngInfo()
    text.add_text("Comment", SECRET.decode())
    for data in (
        encoded(gradient, "JPEG", quality=95, exif=exif, comment=SECRET, xmp=b"<x>" + SECRET + b"</x>"),
        encoded(gradient, exif=exif, pnginfo=text),
        encoded(gradient, "WEBP", exif=exif, lossless=True),
    ):
        assert SECRET in data
        decoded = decode(data)
        assert (decoded.width, decoded.height) == (60, 80)
        for kept in (decoded.png, decoded.view):
            image = Image.open(io.BytesIO(kept))
            assert SECRET not in kept
            assert not {"exif", "xmp", "comment", "Comment"} & set(image.info)
            assert not image.getexif()
        turned = np.asarray(gradient.transpose(Image.Transpose.ROTATE_270)).astype(int)
        assert np.abs(images.read(decoded.png).pixels - turned).max() < 24


def test_a_phones_heic_is_read(gradient):
    data = io.BytesIO()
    pillow_heif.from_pillow(gradient).save(data, quality=95)
    decoded = decode(data.getvalue())
    assert (decoded.width, decoded.height) == (80, 60)
    assert np.abs(images.read(decoded.png).pixels - np.asarray(gradient).astype(int)).mean() < 8


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "green", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    pixels = images.read(decode(data).png).pixels
    assert np.abs(pixels[15, 20].astype(int) - (255, 0, 0)).max() < 8


def test_who_sends_is_told_what_was_left_aside():
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "green")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert decode(moving).notes == ("an animation of 2 frames; the first one is taken",)
    assert decode(encoded(frames[0])).notes == ()


def test_a_webp_of_many_megapixels_is_read():
    large = encoded(Image.new("RGB", (8000, 6000), (204, 102, 51)), "WEBP", lossless=True, method=0, quality=0)
    decoded = decode(large, max_side=256)
    assert (decoded.width, decoded.height) == (256, 192)
    assert np.abs(images.read(decoded.png).pixels.astype(int) - (204, 102, 51)).max() <= 1


def test_a_tiff_that_a_scanner_packed_rarely_is_read(gradient):
    for compression in ("zstd", "lzma"):
        decoded = decode(encoded(gradient, "TIFF", compression=compression))
        assert np.abs(images.read(decoded.png).pixels - np.asarray(gradient).astype(int)).max() == 0


def test_what_is_larger_than_a_canvas_is_made_smaller(gradient):
    decoded = decode(encoded(gradient.resize((1600, 1200))), max_side=512)
    assert (decoded.width, decoded.height) == (512, 384)
    assert Image.open(io.BytesIO(decoded.view)).size == (512, 384)
    assert Image.open(io.BytesIO(decode(encoded(gradient.resize((1600, 1200))), max_side=1600).view)).size == (
        1024,
        768,
    )


XXE = """<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="200">
<image xlink:href="file:///etc/passwd" width="9" height="9"/><text>&secret;</text></svg>"""


def hostile():
    whole = encoded(Image.effect_noise((300, 300), 90).convert("RGB"), "JPEG")
    png = encoded(Image.effect_noise((300, 300), 90))
    yield "nothing", b"", "this file is empty"
    yield "random bytes", np.random.default_rng(0).bytes(20_000), "no picture that can be read here"
    yield "a page", b"<!doctype html><script>alert(1)</script>", "no picture that can be read here"
    yield "an SVG that asks for files", XXE.encode(), "no picture that can be read here"
    yield (
        "an SVG",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>',
        "no picture that can be read",
    )
    yield "a matrix", b"2 2\n1 2\n3 4\n", "no picture that can be read here"
    yield "a JPEG cut short", whole[: len(whole) // 2], "of its 300 rows are there; get a whole copy of it"
    yield "a PNG cut short", png[: len(png) // 2], "of its 300 rows are there; get a whole copy of it"
    yield "a raw file", b"FUJIFILMCCD-RAW 0201" + bytes(99), "camera's raw file (RAF)"
    yield "a PNG with a wrong byte", png[:5000] + b"\0\0\0\0" + png[5004:], "damaged"
    yield "a PNG that says it is huge", png[:16] + b"\x7f\xff\xff\xff" * 2 + png[24:], ""
    yield "a thread", encoded(Image.new("RGB", (4000, 30))), "too thin"
    yield "a dot", encoded(Image.new("RGB", (3, 3))), "too small"


@pytest.mark.parametrize(("data", "said"), [case[1:] for case in hostile()], ids=[case[0] for case in hostile()])
def test_what_cannot_be_painted_is_refused_in_one_plain_sentence(data, said):
    with pytest.raises(RefusedError) as error:
        decode(data)
    sentence = str(error.value)
    assert said in sentence
    assert "\n" not in sentence
    assert len(sentence) < 200
    for foreign in ("--", "Traceback", "vips", "/", "SVG"):
        assert foreign not in sentence


def test_too_many_pixels_are_refused_before_they_are_decoded(bomb):
    with pytest.raises(RefusedError, match="has 400 megapixels, and at most 100 are read here: make it smaller"):
        decode(bomb)


def test_memory_and_time_are_limited(bomb):
    generous = {"max_pixels": 1_000_000_000}
    with pytest.raises(RefusedError, match="takes too much memory to read: make it smaller"):
        decode(bomb, decode_memory=900_000_000, **generous)
    with pytest.raises(RefusedError, match="takes too long to read"):
        decode(bomb, decode_memory=20_000_000_000, decode_seconds=1, **generous)
    until(lambda: not decoders(), "an end of the decoder")
    assert decode(encoded(Image.new("RGB", (64, 48)))).width == 64


@contextmanager
def killer(most, number=signal.SIGKILL):
    """Kill the first decoders that there are, so many at most; gives the numbers of those that were killed."""
    killed, over = [], threading.Event()

    def kill():
        while len(killed) < most and not over.is_set():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                for decoder in decoders():
                    if decoder.pid not in killed:
                        decoder.send_signal(number)
                        killed.append(decoder.pid)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        yield killed
    finally:
        over.set()
        killing.join()


@pytest.fixture(scope="module")
def large():
    """A picture that takes a second to read."""
    return encoded(Image.new("RGB", (6000, 5000), (204, 102, 51)))


def test_what_a_decoder_was_killed_over_is_read_by_another(large):
    with killer(1) as killed:
        decoded = decode(large, max_side=64)
    assert len(killed) == 1
    assert np.abs(images.read(decoded.png).pixels.astype(int) - (204, 102, 51)).max() <= 1


def test_two_decoders_that_are_killed_are_no_fault_of_the_file(large):
    with killer(9) as killed, pytest.raises(NotReadError, match="its file need not be at fault: try again") as error:
        decode(large)
    assert len(killed) == 2
    assert "anew" not in str(error.value)


def test_what_a_decoder_was_stopped_over_is_read_by_another(large):
    with killer(1, signal.SIGSTOP) as stopped:
        assert decode(large, decode_seconds=5).width == 1024
    assert len(stopped) == 1
    until(lambda: not psutil.pid_exists(stopped[0]), "an end of it")


def test_while_the_server_is_stopped_no_time_of_a_decoder_s_goes_by(large):
    stopped = threading.Event()

    def stop():  # this process, for longer than a decoder may take
        until(decoders, "a decoder")
        subprocess.run(["sh", "-c", f"kill -STOP {os.getpid()}; sleep 6; kill -CONT {os.getpid()}"], check=True)
        stopped.set()

    threading.Thread(target=stop).start()
    assert decode(large, decode_seconds=5).width == 1024
    assert stopped.wait(20)


def test_what_decoders_are_forked_from_is_started_anew_where_it_hangs(gradient):
    decode(encoded(gradient))
    (parent,) = loaded()
    parent.suspend()
    assert decode(encoded(gradient), decode_seconds=5).width == 80
    assert not parent.is_running()


def test_a_person_is_told_so_with_the_status_of_a_failed_server(large, tmp_path):
    with Web(tmp_path).serving() as web:
        for address in ("/api/check", "/"):
            with killer(9) as killed:
                answer = web.client.post(address, files={"photo": large}, headers={"accept": "text/html"})
            assert (answer.status_code, len(killed)) == (503, 2)
            assert "failed to read this picture" in answer.text


def test_no_more_than_two_are_decoded_at_once():
    data = encoded(Image.new("L", (5000, 4000)))
    done, most = threading.Event(), 0

    def count():
        nonlocal most
        while not done.is_set():
            most = max(most, len(decoders()))

    counting = threading.Thread(target=count)
    counting.start()
    with ThreadPoolExecutor(6) as pool:
        widths = [decoded.width for decoded in pool.map(decode, [data] * 6)]
    done.set()
    counting.join()
    assert widths == [1024] * 6
    assert most == 2


ALONE = """
import io, sys
import psutil
from PIL import Image
from impasto.studio.uploads import pool as uploads
from impasto.studio.configuration import Configuration
data = io.BytesIO()
Image.new("RGB", (64, 48)).save(data, "PNG")
uploads.decode(data.getvalue(), max_side=64, configuration=Configuration())
(loaded,) = psutil.Process().children()
print(loaded.pid, any(name.startswith("IMPASTO_") for name in loaded.environ()), "torch" in sys.modules,
      any("torch" in file.path for file in loaded.memory_maps()))
"""


def test_decoders_know_no_secrets_load_no_torch_and_end_with_the_server(monkeypatch):
    monkeypatch.setenv("IMPASTO_SMTP_PASSWORD", "secret")
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=100)
    number, *known = done.stdout.split()
    assert known == ["False"] * 3, done.stderr
    until(lambda: not psutil.pid_exists(int(number)), "an end of what decoders are forked from")
