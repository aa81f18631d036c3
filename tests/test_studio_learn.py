"""The lessons: their arithmetic against the library's, their pages in a browser, their networks in another process."""

import io
import os
import random
import re
import signal
import subprocess
import sys
import time

import browser
import httpx
import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from studio_web import Web, until
from torch import nn

from impasto import look
from impasto.classify import model
from impasto.classify.classifier import Convolution
from impasto.classify.images import LabelledImages
from impasto.classify.own import Own
from impasto.convolution import geometry
from impasto.convolution.geometry import GeometryError
from impasto.convolution.kernels import convolve
from impasto.networks.vgg import VGG19
from impasto.studio.lessons import worker as lessons
from impasto.studio.lessons.layers import Passed
from impasto.studio.lessons.number import worked
from impasto.studio.lessons.worker import LessonError, Lessons, QuestionError
from impasto.studio.web import learn, learn_padding

PAGES = (
    "/learn",
    "/learn/padding?size=4&stride=2",
    "/learn/padding?transposed=1&size=2",
    "/learn/inside",
    "/learn/classify",
)
PATIENCE = 60_000  # milliseconds: the networks' process gives way to all else that the machine does
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The studio's web on a free port; its address."""
    with Web(tmp_path_factory.mktemp("studio")).serving() as web:
        yield web.url


@pytest.fixture
def page(site, chromium):
    """A page in which no script fails, nothing breaks the policy, and nothing is asked of another host."""
    complaints = []
    with chromium.new_context(base_url=site, viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: "Policy" in message.text and complaints.append(message.text))
        page.on("request", lambda asked: asked.url.startswith((site, "blob:", "data:")) or complaints.append(asked.url))
        yield page
    assert complaints == []


# Arithmetic


def some_settings(count=300):
    chance = random.Random(6)
    for _ in range(count):
        transposed = chance.random() < 0.5
        yield {
            "size": chance.randint(1, 9), "kernel": chance.randint(1, 5), "stride": chance.randint(1, 4),
            "padding": chance.choice(["valid", "same", 0, 1, 2, 3]), "dilation": chance.randint(1, 3),
            "transposed": transposed, "outputPadding": chance.randint(0, 2) if transposed else 0,
        }  # fmt: skip


def sizes(settings):
    """What impasto.convolution.geometry says: [pads, output size, unread], or None where it refuses."""
    n, k, p, s, d = (settings[name] for name in ("size", "kernel", "padding", "stride", "dilation"))
    try:
        if settings["transposed"]:
            made = geometry.transposed_size(n, k, p, s, d, settings["outputPadding"])
            return [list(geometry.transposed_pads(p, k, s, d)), made, []]
        return [list(geometry.pads(p, n, k, s, d)), geometry.output_size(n, k, p, s, d), geometry.unread(n, k, p, s, d)]
    except GeometryError:
        return None


def numbers(settings):
    size, kernel = settings["size"], settings["kernel"]
    chance = np.random.default_rng(size * 10 + kernel)
    return chance.integers(-9, 10, (size, size)).astype(float), chance.integers(-3, 4, (kernel, kernel)).astype(float)


def expected(settings, pads, matrix, kernel):
    """The output by impasto.convolution.kernels; or by PyTorch in transposed mode, where there is an output padding."""
    if not settings["transposed"]:
        return convolve(matrix, kernel, (tuple(pads), tuple(pads)), settings["stride"], settings["dilation"])
    whole = torch.nn.functional.conv_transpose2d(
        torch.tensor(matrix)[None, None], torch.tensor(kernel)[None, None], stride=settings["stride"],
        dilation=settings["dilation"],
    )[0, 0].numpy()  # fmt: skip
    made = len(whole) - sum(pads) + settings["outputPadding"]
    around = np.pad(whole, (0, settings["outputPadding"]))
    return around[pads[0] : pads[0] + made, pads[0] : pads[0] + made]


def test_the_pages_arithmetic_is_that_of_impasto_nn(page):
    asked = list(some_settings())
    page.goto("/learn")
    answers = page.evaluate(
        """async (asked) => {
            const { GeometryError, output, outputSize, pads, reached, terms, unread } =
                await import("/static/learn/convolution.js");
            return asked.map(([settings, input, weights]) => {
                try {
                    const made = outputSize(settings);
                    // each number that an output reads says that it reaches that output
                    let agree = true;
                    for (let row = 0; row < made; row++) {
                        for (const term of terms(input, weights, settings, row, made - 1)) {
                            agree &&= reached(settings, term.row, term.column).some((to) =>
                                to.row === row && to.column === made - 1 && to.u === term.u && to.v === term.v);
                        }
                    }
                    return [[pads(settings), made, unread(settings)], output(input, weights, settings), agree];
                } catch (error) {
                    if (error instanceof GeometryError && /^[A-Z“].*\\.$/.test(error.message)) return null;
                    throw error;
                }
            });
        }""",
        [[settings, *(matrix.tolist() for matrix in numbers(settings))] for settings in asked],
    )
    refused = 0
    for settings, answer in zip(asked, answers, strict=True):
        wanted = sizes(settings)
        if wanted is None:
            assert answer is None, settings
            refused += 1
            continue
        assert answer[0] == wanted, settings
        np.testing.assert_array_equal(answer[1], expected(settings, wanted[0], *numbers(settings)), str(settings))
        assert answer[2], settings
    assert 20 < refused < len(asked) // 2


def test_server_and_browser_say_the_same(page):
    asked = [settings for settings in some_settings(200) if sizes(settings)]
    page.goto("/learn")
    answers = page.evaluate(
        """async (asked) => {
            const { formula, neverRead } = await import("/static/learn/formula.js");
            return asked.map((settings) => [formula(settings), neverRead(settings)]);
        }""",
        asked,
    )
    for settings, (formula, unread) in zip(asked, answers, strict=True):
        query = {name: str(settings[name]) for name in ("size", "kernel", "padding", "stride", "dilation")}
        query |= {"transposed": str(int(settings["transposed"])), "output_padding": str(settings["outputPadding"])}
        read = learn_padding.read(query)
        shown = learn_padding.worked(read)
        assert [list(shown["formula"]), shown["unread"]] == [formula, unread]
        if shown["output"] is not None:
            wanted = expected(settings, shown["pads"], read.input, read.weights)
            np.testing.assert_array_equal(shown["output"], wanted, str(settings))


@pytest.mark.parametrize(
    "query", ["size=99", "stride=0", "kernel=x", "padding=-1", "input=1_2_3", "dilation=²", "pad=1e3"]
)
def test_an_address_that_asks_for_the_impossible_is_answered_in_words(site, query):
    answer = httpx.get(f"{site}/learn/padding?{query}")
    assert answer.status_code == 200
    assert re.search(r'class="refused">(An? |The address)', answer.text)


# Padding and stride, in a browser


def output(page):
    rows = page.locator("#output-matrix tr").all()
    return [[cell.inner_text() for cell in row.locator("td:not(.crop)").all()] for row in rows]


def test_by_keyboard_alone(page):
    page.goto("/learn/padding?size=4&kernel=2&padding=valid&stride=1&input=ones")
    grid = page.locator("#output-matrix")
    for _ in range(40):
        page.keyboard.press("Tab")
        if grid.evaluate("(grid) => grid.contains(document.activeElement)"):
            break
    expect(page.locator("#output-matrix td:focus")).to_have_attribute("aria-label", "Output, row 1, column 1: 4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#said")).to_have_text("Row 2, column 2 of the output is the sum of 4 products: 4.")
    page.keyboard.press("Control+End")
    page.keyboard.press("ArrowDown")  # no further
    expect(page.locator("#said")).to_contain_text("Row 3, column 3 of the output")
    expect(grid.locator("[tabindex='0']")).to_have_count(1)
    for _ in range(2):  # back over the kernel, of which one cell is a stop, to the input
        page.keyboard.press("Shift+Tab")
    expect(page.locator("#input-matrix td:focus")).to_have_count(1)
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(page.locator("#output-matrix td").first).to_have_text("8")
    expect(page.locator("#input-matrix td:focus")).to_have_text("5")
    page.keyboard.press("Enter")
    page.keyboard.type("77")
    page.keyboard.press("Escape")
    expect(page.locator("#input-matrix td:focus")).to_have_text("5")


def test_a_finger_takes_a_cell_in_hand_and_a_second_tap_changes_it(site, chromium):
    context = chromium.new_context(base_url=site, has_touch=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto("/learn/padding?size=4&kernel=3&padding=1&stride=1&input=ones&weights=ones")
    page.locator("#output-matrix td").nth(5).tap()
    expect(page.locator("#said")).to_have_text("Row 2, column 2 of the output is the sum of 9 products: 9.")
    cell = page.locator("#input-matrix td").nth(5)
    cell.tap()
    expect(page.locator("#said")).to_contain_text("is read for 9 outputs")
    cell.tap()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("#output-matrix td").nth(5)).to_have_text("11")
    context.close()


def test_the_factors_of_a_sum_have_the_colours_of_their_cells(page):
    page.goto("/learn/padding?size=5&kernel=3&padding=1&stride=2&dilation=1")
    page.locator("#output-matrix td").nth(4).hover()
    expect(page.locator("#sum")).to_have_text(
        "9 × 0 + 5 × (−1) + 3 × 0 + 6 × (−1) + 5 × 5 + 8 × (−1) + 3 × 0 + 5 × (−1) + 4 × 0 = 1"
    )
    hues = "(cells) => cells.map((cell) => cell.style.getPropertyValue('--hue'))"
    factors = page.locator("#sum .term").evaluate_all(hues)
    assert len(set(factors)) == 9
    assert page.locator("#kernel-matrix td").evaluate_all(hues) == factors
    assert page.locator("#padded-matrix td.tap").evaluate_all(hues) == factors
    page.locator("#padded-matrix td").first.hover()
    expect(page.locator("#said")).to_have_text("This zero of the padding is read for one output.")
    page.locator("#kernel-matrix td").first.hover()
    words = "Row 1, column 1 of the kernel, 0, is multiplied with 9 numbers, one for each output; "
    expect(page.locator("#said")).to_have_text(f"{words}of these, zeros of the padding: 5.")
    assert page.locator("#padded-matrix td.tap").count() == 9
    assert page.locator("#kernel-matrix td.hand").count() == 1
    page.locator("#output-matrix td").first.hover()
    assert page.locator("#kernel-matrix td.hand").count() == 0


def test_a_link_holds_the_settings(page, chromium):
    page.goto("/learn/padding")
    page.get_by_label("Transposed").check()
    page.get_by_label("Input size n").fill("3")
    page.get_by_label("Stride s").fill("2")
    page.get_by_label("Output padding o").fill("1")
    page.locator("#kernel-matrix td").nth(4).dblclick()
    page.keyboard.type("1/2")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_have_text("3 × 3 → 6 × 6")
    page.locator("[data-of=pad]").evaluate(
        "(slider) => { slider.value = 2; slider.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    expect(page.locator("#result")).to_have_text("3 × 3 → 4 × 4")
    expect(page.locator("#weights")).to_have_value("0_-1_0_-1_0.5_-1_0_-1_0")
    shown = output(page)
    assert "transposed=1" in page.url
    assert "output_padding=1" in page.url
    other = chromium.new_page()
    other.goto(page.url)
    expect(other.locator("#result")).to_have_text("3 × 3 → 4 × 4")
    assert output(other) == shown
    plain = httpx.get(page.url).text
    assert "3 × 3 → 4 × 4" in plain
    other.close()


def test_what_is_impossible_is_refused_in_words_and_mended(page):
    page.goto("/learn/padding?size=2&kernel=3&padding=valid")
    expect(page.get_by_role("alert")).to_contain_text("give a padding of at least 1")
    expect(page.locator("#worked")).to_be_hidden()
    page.get_by_label("same").check()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#result")).to_have_text("2 × 2 → 2 × 2")
    page.get_by_label("Kernel k").fill("")  # nothing yet, and no reason to complain
    expect(page.locator("#result")).to_have_text("2 × 2 → 2 × 2")
    page.get_by_label("Kernel k").fill("300")
    expect(page.locator("#kernel-size")).to_have_text("7 × 7")


def test_rows_that_no_position_reads_are_shown(page):
    page.goto("/learn/padding?size=8&kernel=2&padding=valid&stride=3")
    expect(page.locator("#unread")).to_have_text("Never read: rows 3, 6 of the input; and the same of the columns.")
    assert page.locator("#input-matrix td.unread").count() == 8 * 8 - 6 * 6
    page.locator("#input-matrix td.unread").first.hover()
    expect(page.locator("#said")).to_contain_text("is never read")


def test_the_animation_plays_pauses_and_steps(page):
    page.clock.install()
    page.goto("/learn/padding?size=4&kernel=3&padding=1&stride=1")
    hand = page.locator("#output-matrix td.hand")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(2000)
    expect(hand).to_have_attribute("aria-label", re.compile("row 1, column 4:"))
    expect(page.locator("#output-matrix td.later")).to_have_count(12)
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    expect(hand).to_have_attribute("aria-label", re.compile("row 1, column 4:"))
    page.get_by_role("button", name="Step forward").click()
    expect(hand).to_have_attribute("aria-label", re.compile("row 2, column 1:"))
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(20_000)  # to its end, where it stops by itself
    expect(hand).to_have_attribute("aria-label", re.compile("row 4, column 4:"))
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_each_number_puts_down_the_kernel_in_transposed_mode(page):
    page.goto("/learn/padding?size=2&kernel=3&padding=valid&stride=2&transposed=1&input=ones&weights=ones")
    whole = [["1", "1", "2", "1", "1"], ["1", "1", "2", "1", "1"], ["2", "2", "4", "2", "2"]]
    assert output(page)[:3] == whole
    page.get_by_role("button", name="Step forward").click()  # the first stamp alone
    assert output(page)[0] == ["1", "1", "1", "0", "0"]
    page.locator("#output-matrix td").nth(12).hover()
    expect(page.locator("#sum")).to_have_text("1 × 1 + 1 × 1 + 1 × 1 + 1 × 1 = 4")


def test_without_scripts(site, chromium):
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/learn/padding?size=6&kernel=3&padding=1&stride=2")
    expect(page.locator("#result")).to_have_text("6 × 6 → 3 × 3")
    expect(page.locator("#numbers")).to_have_text("⌊(6 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = ⌊5 / 2⌋ + 1 = 3")
    matrix = convolve(learn_padding.INPUTS["numbers"][:6, :6], learn_padding.KERNELS["sharpen"], (1, 1), 2)
    assert output(page) == [[f"{number:.0f}".replace("-", "−") for number in row] for row in matrix]
    page.get_by_label("Kernel k").fill("4")
    page.get_by_label("valid").check()
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#result")).to_have_text("6 × 6 → 2 × 2")
    page.goto("/learn/padding?size=2&kernel=5&padding=valid")
    expect(page.get_by_role("alert")).to_contain_text("A kernel of 5 does not fit in 2")
    context.close()


# All pages


@pytest.mark.parametrize("address", [*PAGES, "/learn/padding?size=12&kernel=7&padding=6&stride=1"])
def test_a_phone_shows_pages_without_scrolling_sideways(site, chromium, address):
    page = chromium.new_page(viewport={"width": 360, "height": 740}, base_url=site)
    page.goto(address)
    browser.fits(page)
    page.close()


@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing(page, address):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    page.goto(address)
    if address.endswith("inside"):
        page.locator("#maps img").first.wait_for()
    if address.endswith("classify"):
        page.get_by_role("button", name="Bag").click()
        page.locator("#top li").first.wait_for()
    page.wait_for_function("!document.querySelector('[aria-busy]')")
    page.evaluate(browser.AXE.read_text())
    for scheme in browser.in_both_themes(page):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 740})
            browser.keep_screen(page, address.strip("/").replace("/", "-"), scheme)


def test_the_pages_own_scripts_and_styles_are_light():
    own = [path for path in learn.STATIC.iterdir() if path.suffix in (".js", ".css")]
    assert sum(path.stat().st_size for path in own) < 70_000


# Inside VGG


def test_inside_shows_what_impasto_look_finds(page, site):
    page.goto("/learn/inside?photo=coffee&layer=conv2_1")
    page.locator("#maps li").first.wait_for()
    (found,) = look.feature_maps(learn.STATIC / "coffee.webp", ["conv2_1"], 320)
    units, height, width = found.maps.shape
    expect(page.locator("#units")).to_have_text(str(units))
    expect(page.locator("#shape")).to_have_text(f"{height} × {width}")
    expect(page.locator("#field")).to_have_text("10 × 10 pixels")
    names = page.locator("#maps strong").all_inner_texts()
    assert names == [f"conv2_1:{unit}" for unit in found.ordered()[: len(names)]]
    highest = found.maps[found.ordered()[0]].max()
    expect(page.locator("#maps li").first).to_contain_text(f"0–{highest:,.0f}, zero ")
    expect(page.locator("#together li, #apart li")).to_have_count(8)
    pictures = page.locator("#answer img:not([loading])")
    assert pictures.evaluate_all("(all) => all.every((image) => image.naturalWidth > 0)")
    again = httpx.get(f"{site}/learn/inside/answer?photo=coffee&layer=conv2_1", timeout=60).json()
    assert [f"conv2_1:{unit}" for unit in again["strongest"]] == names


def test_inside_shows_what_units_of_each_layer_look_for(page):
    page.goto("/learn/inside?photo=coffee&layer=conv2_1")
    for layer in ("conv2_1", "conv5_4"):
        page.get_by_label(layer, exact=True).check()
        shown = page.get_by_role("img", name=f"Twelve pictures, each of which excites a unit of {layer} most")
        shown.scroll_into_view_if_needed()
        expect(page.get_by_role("img", name="Twelve pictures")).to_have_count(1)
        assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 596
        expect(page.locator("figure[data-layer]:visible figcaption")).to_contain_text(str(learn.UNITS[layer][0]))
    assert tuple(learn.UNITS) == VGG19.convolutions
    for layer, units in learn.UNITS.items():
        assert len({*units}) == 12
        assert max(units) < VGG19.channels(layer)
        assert (learn.STATIC / "units" / f"{layer}.webp").stat().st_size <= 24_000


def test_inside_takes_a_picture_of_ones_own(page, photo):
    page.goto("/learn/inside?layer=conv1_2")
    page.locator("#maps li").first.wait_for()
    page.locator("#file").set_input_files(photo)
    expect(page.locator("#shape")).to_have_text("72 × 96")
    page.locator("input[value=conv5_1]").check(force=True)
    expect(page.locator("#shape")).to_have_text("4 × 6")
    page.locator("#file").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.get_by_role("alert")).to_contain_text("this file is no picture", ignore_case=True)


def test_a_picture_too_small_for_a_layer_is_refused_in_words(site):
    tiny = io.BytesIO()
    Image.new("RGB", (2000, 18), "red").save(tiny, "PNG")
    answer = httpx.post(
        f"{site}/learn/inside/answer", files={"picture": tiny.getvalue()}, data={"layer": "conv5_1"}, timeout=60
    )
    assert (answer.status_code, answer.json()["detail"][-8:]) == (422, "crop it.")
    for address in ("photo=dog&layer=conv1_1", "photo=cat&layer=conv9_9", "photo=../cat&layer=conv1_1"):
        assert httpx.get(f"{site}/learn/inside/answer?{address}").status_code == 404


# Classify


def test_classify_names_the_examples(page):
    page.goto("/learn/classify")
    first = page.locator("#top li").first
    page.get_by_role("button", name="Ankle boot").click()
    expect(first).to_contain_text("ankle boot")
    shapes = page.locator("#steps h3 span").all_inner_texts()
    assert shapes == ["3 × 32 × 32", "6 × 28 × 28", "6 × 14 × 14", "16 × 10 × 10", "16 × 5 × 5", "120", "84", "10"]
    assert page.locator("#steps li").nth(1).locator("img").count() == 6
    assert page.locator("#steps li").nth(3).locator("img").count() == 16
    page.get_by_label("a modern one").check()
    expect(page.locator("#steps h3").nth(1)).to_contain_text("24 × 32 × 32")
    page.get_by_role("button", name="Trouser").click()
    expect(first).to_contain_text("trouser")


def test_classify_a_drawing(page):
    page.goto("/learn/classify")
    box = page.locator("#canvas").bounding_box()
    outline = [
        (0.3, 0.05),
        (0.7, 0.05),
        (0.74, 0.95),
        (0.55, 0.95),
        (0.5, 0.35),
        (0.45, 0.95),
        (0.26, 0.95),
        (0.3, 0.05),
    ]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in outline]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
    expect(page.locator("#top li").first).to_contain_text("trouser")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#answer")).to_be_hidden()


def test_classify_a_picture(page, site, tmp_path):
    dark = Image.new("RGB", (200, 200), "white")
    dark.paste((40, 40, 40), (70, 10, 95, 190))
    dark.paste((40, 40, 40), (105, 10, 130, 190))
    dark.paste((40, 40, 40), (70, 10, 130, 60))
    dark.save(tmp_path / "trouser.png")
    page.goto("/learn/classify")
    page.locator("#file").set_input_files(tmp_path / "trouser.png")
    expect(page.locator("#top li").first).to_contain_text("trouser")
    expect(page.locator("#about")).to_contain_text("inverted")
    wrong = httpx.post(f"{site}/learn/classify/answer", data={"model": "fashion-modern"}, files={"drawing": b"123"})
    assert (wrong.status_code, wrong.json()["detail"][:9]) == (422, "A drawing")
    none = httpx.post(f"{site}/learn/classify/answer", data={"model": "../secret"}, files={"drawing": b"123"})
    assert none.status_code == 404


def test_a_number_of_a_map_and_the_shares_are_worked_through(page, site):
    page.goto("/learn/classify")
    page.get_by_role("button", name="Trouser").click()
    page.locator("#softmax tbody tr").nth(9).wait_for()
    assert page.locator("#softmax tbody th").first.inner_text() == page.locator("#top li span").first.inner_text()
    shares = [float(cell.inner_text()[:-2]) for cell in page.locator("#softmax tbody td:last-child").all()]
    assert abs(sum(shares) - 100) < 0.6
    assert f"{shares[0]:.0f} %" == page.locator("#top li span").nth(2).inner_text()
    maps = page.locator("#steps button.holder")
    maps.nth(1).click(position={"x": 3, "y": 3})
    worked = page.locator("#steps .spelled")
    expect(worked).to_contain_text("Row 2, column 2 of map 2 is a sum over 3 channels")
    assert worked.locator("h4").all_inner_texts() == ["red", "green", "blue"]
    assert worked.locator("td").count() == 3 * 2 * 25
    page.keyboard.press("ArrowDown")
    expect(worked).to_contain_text("Row 3, column 2 of map 2")
    maps.nth(7).press("Enter")  # by keyboard the one in the middle, of a pooling
    expect(worked).to_contain_text("Row 8, column 8 of map 2 is the largest of 4 numbers")
    browser.keep_screen(page, "learn-classify-number", "light")
    expect(worked).not_to_contain_text("shortcut")
    page.get_by_label("a modern one").check()
    maps.nth(6 * 24).wait_for()
    maps.nth(6 * 24).press("Enter")
    expect(worked).to_contain_text("the largest of 4 numbers")
    expect(worked).to_contain_text("what a shortcut past them brings")
    asked = {"model": "fashion-classifier", "step": 0, "unit": 6, "row": 0, "column": 0}
    wrong = httpx.post(f"{site}/learn/classify/number", data=asked, files={"drawing": bytes(64 * 64)}, timeout=60)
    assert (wrong.status_code, wrong.json()["detail"][:31]) == (422, "The map has no such number: cho")


def test_a_file_that_is_refused_takes_the_old_answer_away(page):
    page.goto("/learn/classify")
    page.get_by_role("button", name="Trouser").click()
    page.locator("#top li").first.wait_for()
    page.locator("#file").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.get_by_role("alert")).to_contain_text("no picture that can be read here")
    expect(page.locator("#answer")).to_be_hidden()


def some_pictures():
    """Noise in colour, of three classes."""
    chance = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (12, 3, 32, 32), generator=chance).byte()
    return LabelledImages("mine", ("cup", "leaf", "shoe"), pixels, torch.arange(12) % 3)


def chain():
    parts = [nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.AvgPool2d(4), nn.Dropout(0.5)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(256, 3))


def test_a_model_of_ones_own_is_opened(page, site, photo, tmp_path):
    model.untrained("classifier", some_pictures()).save(tmp_path / "mine.safetensors")
    model.untrained(Own("mynet.py:Mine", chain, ""), some_pictures()).save(tmp_path / "chain.safetensors")
    page.goto("/learn/classify")
    for name in ("a.safetensors", "a.jpg"):  # at once, whatever its name is
        page.locator("#own").set_input_files({"name": name, "mimeType": "", "buffer": b"no model"})
        expect(page.get_by_role("alert")).to_have_text(re.compile("^This file is broken or no safetensors file"))
        expect(page.get_by_label(name)).to_be_checked()
    page.locator("#own").set_input_files(tmp_path / "mine.safetensors")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#state")).to_have_text("Draw something, or choose an example.")
    page.locator("#file").set_input_files(photo)
    expect(page.locator("#softmax tbody tr")).to_have_count(3)
    assert sorted(page.locator("#softmax tbody th").all_inner_texts()) == ["cup", "leaf", "shoe"]
    expect(page.locator("#steps .note").first).to_have_text("the middle square, in colour")
    page.locator("#steps button.holder").first.click()
    expect(page.locator("#steps .spelled h4")).to_have_text(["red", "green", "blue"])
    page.get_by_label("the slide’s network").check()
    expect(page.locator("#softmax tbody tr")).to_have_count(10)
    page.locator("#own").set_input_files(tmp_path / "chain.safetensors")
    expect(page.get_by_label("chain.safetensors")).to_be_checked()
    kinds = ["the middle square, in colour", "convolution", "normalisation and ReLU", "average pooling", "linear"]
    expect(page.locator("#steps .note")).to_have_text(kinds)
    page.locator("#own").set_input_files({"name": "a.safetensors", "mimeType": "", "buffer": b"no model"})
    expect(page.get_by_role("alert")).to_have_text(
        "This file is broken or no safetensors file: give a file that impasto train wrote."
    )
    expect(page.locator("#answer")).to_be_hidden()
    large = {"drawing": bytes(64 * 64), "own": bytes(8_000_001)}
    refused = httpx.post(f"{site}/learn/classify/answer", data={"model": "own"}, files=large, timeout=60)
    assert (refused.status_code, refused.json()["detail"][:26]) == (413, "A model of at most 8 MB ca")


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 6, 5), nn.Conv2d(4, 6, (3, 2), stride=2, padding=(1, 2), dilation=2, groups=2),
        nn.Conv2d(12, 2, 3, padding="same", bias=False), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(2, ceil_mode=True),
        Convolution(3, 5),
    ],
    ids=str,
)  # fmt: skip
def test_a_number_is_what_pytorch_makes(layer):
    torch.manual_seed(1)
    channels = next((each.in_channels for each in layer.modules() if isinstance(each, nn.Conv2d)), 2)
    read = torch.randn(channels, 9, 11)
    for norm in (each for each in layer.modules() if isinstance(each, nn.BatchNorm2d)):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    with torch.no_grad():
        made = layer.eval()(read[None])[0]
    for unit, row, column in ((0, 0, 0), (len(made) - 1, made.shape[1] - 1, made.shape[2] - 1), (1, 2, 3)):
        answer = worked(Passed("a", layer, read, made), unit, row, column)
        if answer["kind"] == "pool":
            found = max(each for line in answer["window"] for each in line if each is not None)
        else:
            sums = [np.sum(np.multiply(part["window"], part["kernel"])) for part in answer["parts"]]
            np.testing.assert_allclose(sums, [part["sum"] for part in answer["parts"]], atol=1e-4)
            found = sum(sums) + answer["rest"] + (answer["bias"] or 0)
            if "scale" in answer:
                found = max(0, found * answer["scale"] + answer["shift"])
        assert found == pytest.approx(float(made[unit, row, column]), abs=1e-4)


# The process


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    lesson = Lessons(tmp_path_factory.mktemp("kept"), seconds=600)
    yield lesson
    lesson.close()


def test_the_worker_gives_way(taught):
    assert taught.ask("me", os.getpriority, os.PRIO_PROCESS, 0).result(60) == lessons.POLITE


def test_a_question_without_an_answer_has_a_sentence(taught):
    with pytest.raises(QuestionError, match="invalid literal"):
        taught.ask("me", int, "x").result(60)


def test_what_is_kept_is_computed_once(taught):
    for name in map(str, range(50)):  # some are asked for just when the answer comes
        asked = [taught.kept(name, time.monotonic) for _ in range(3)]
        asked[0].result(60)
        asked += [taught.kept(name, time.monotonic) for _ in range(3)]
        assert len({each.result(60) for each in asked}) == 1
    until((taught.folder / f"{name}.json").exists)
    assert Lessons(taught.folder).kept(name, signal.pause).result(0) == asked[0].result(0)


def test_a_process_that_was_killed_is_replaced(taught):
    pid = taught.ask("me", os.getpid).result(60)
    under_way = taught.ask("me", signal.pause)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LessonError, match="interrupted"):
        under_way.result(60)
    assert taught.ask("me", os.getpid).result(60) != pid


def test_a_full_queue_refuses_and_closing_ends_the_process(taught, monkeypatch):
    monkeypatch.setattr(lessons, "WAITING", 3)
    pid = taught.ask("me", os.getpid).result(60)
    asked = [taught.ask("me", signal.pause) for _ in range(3)]
    with pytest.raises(LessonError, match="try again"):
        taught.ask("me", os.getpid)
    taught.close()
    assert not psutil.pid_exists(pid)
    for question in asked:
        with pytest.raises(LessonError):
            question.result(0)


def test_nobody_keeps_all_others_from_asking(taught, monkeypatch):
    monkeypatch.setattr(lessons, "OF_ONE", 2)
    asked = [taught.ask("one", signal.pause) for _ in range(2)]
    with pytest.raises(LessonError, match="from your network"):
        taught.ask("one", os.getpid)
    asked.append(taught.ask("another", os.getpid))
    taught.close()
    for question in asked:
        with pytest.raises(LessonError):
            question.result(0)
    assert taught.ask("one", abs, -42).result(60) == 42


def test_work_that_takes_too_long_ends_and_the_next_is_done(tmp_path):
    hasty = Lessons(tmp_path, seconds=1)
    with pytest.raises(LessonError, match="took too long"):
        hasty.ask("me", signal.pause).result(60)
    assert hasty.ask("me", abs, -42).result(60) == 42
    hasty.close()


def test_a_worker_that_nobody_asks_ends(tmp_path):
    bored = Lessons(tmp_path, idle=0.1)
    pid = bored.ask("me", os.getpid).result(60)
    until(lambda: not psutil.pid_exists(pid))
    assert bored.ask("me", os.getpid).result(60) != pid
    bored.close()


def test_a_worker_does_not_outlive_the_server(tmp_path):
    code = "import os, sys; from pathlib import Path; from impasto.studio.lessons.worker import Lessons\n"
    code += "if __name__ == '__main__':\n    pid = Lessons(Path(sys.argv[1])).ask('me', os.getpid).result(60)\n"
    code += "    print(pid, flush=True)\n"
    code += "    os.kill(os.getpid(), 9)\n"
    (tmp_path / "server.py").write_text(code)
    ended = subprocess.run([sys.executable, tmp_path / "server.py", tmp_path], stdout=subprocess.PIPE, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    until(lambda: not psutil.pid_exists(int(ended.stdout)))
