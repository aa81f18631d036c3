"""The lesson that trains in the browser's sight: its story, its bounds, what it says of a curve, and its numbers."""

import json
import math
import re
from contextlib import contextmanager

import browser
import httpx
import psutil
import pytest
import torch
from playwright.sync_api import expect
from studio_web import Web, until
from torch.utils.data import DataLoader

from impasto.classify.classifier import Classifier
from impasto.classify.datasets import digits
from impasto.studio.lessons import runs, training
from impasto.studio.lessons.training import How, go_on
from impasto.studio.lessons.verdict import verdict
from impasto.studio.web import learn, running

PATIENCE = 240_000  # milliseconds: the lessons' process gives way to all else that the machine does
WELL = {"lr": "0.01", "momentum": "0.9", "batch_size": "32", "convolutions": "2"}
EVENTS = "/learn/training/events"


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched, Web(tmp_path_factory.mktemp("studio")).serving() as web:
        patched.setattr(running, "LONGEST", 600)  # on a machine that does much else
        web.application.state.lessons.seconds = web.client.timeout = 600
        yield web


def losses(page, line):
    """What a line of the page's plot stands for."""
    place = json.loads(page.locator(".curves").get_attribute("data-place"))
    points = page.locator(f"#losses .{line}").get_attribute("points").split()
    heights = [(place["bottom"] - float(each.partition(",")[2])) / (place["bottom"] - place["top"]) for each in points]
    return [place["highest"] * each for each in heights]


def test_a_student_trains_stops_and_compares(web, chromium):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    complaints = []
    with chromium.new_context(base_url=web.url, viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/learn")
        page.get_by_role("link", name="Train in the browser’s sight").click()
        expect(page.get_by_role("button", name="Stop")).to_be_disabled()
        page.get_by_role("button", name="Train", exact=True).press("Enter")
        accuracy, state = page.locator("#accuracy"), page.locator("#state")
        expect(accuracy).to_have_text(re.compile(r"^(8[5-9]|9\d) %$"), timeout=PATIENCE)
        page.get_by_role("button", name="Stop").press("Enter")
        expect(state).to_have_text(re.compile(r"^Stopped\. The loss fell from 2\.3"), timeout=PATIENCE)
        seen = losses(page, "each")
        assert abs(seen[0] - math.log(10)) < 0.1
        assert min(seen) < 0.5
        expect(page.locator("#said")).to_contain_text("of the held-out pictures are recognised")
        expect(page.locator("#guesses .right strong").first).to_have_text("✓ right")
        mean, former = losses(page, "total"), page.locator("#losses .former")
        expect(former).to_have_attribute("points", "")

        page.get_by_label("Learning rate").select_option("0.0001")
        page.get_by_role("button", name="Train again").click()
        expect(former).not_to_have_attribute("points", "", timeout=PATIENCE)
        expect(page.locator("#epoch")).to_have_text(re.compile("^[1-9]"), timeout=PATIENCE)
        assert losses(page, "former") == mean
        points = former.get_attribute("points")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#said")).to_contain_text("has hardly moved", timeout=PATIENCE)
        expect(page.locator("#guesses .wrong strong").first).to_have_text("✗ wrong")

        page.get_by_role("button", name="too large").click()
        expect(page.get_by_label("Learning rate")).to_have_value("0.3")
        expect(former).not_to_have_attribute("points", points, timeout=PATIENCE)
        expect(page.locator("#epoch")).to_have_text(re.compile("^[2-9]"), timeout=PATIENCE)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#said")).to_contain_text("Take a lower learning rate.", timeout=PATIENCE)

        page.evaluate(browser.AXE.read_text())
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 740})
            browser.looked_at(page, "learn-training")
    assert complaints == []


def test_without_scripts_the_page_comes_with_a_finished_training(web, chromium):
    with chromium.new_context(base_url=web.url, java_script_enabled=False) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto("/learn/training")
        page.get_by_label("Learning rate").select_option("1")  # with no momentum it ends soon: the loss is no number
        page.get_by_label("Momentum").select_option("0")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.locator("#said")).to_contain_text("Take a lower learning rate.", timeout=PATIENCE)
        seen = losses(page, "each")
        assert abs(seen[0] - math.log(10)) < 0.1
        assert max(seen) == pytest.approx(3)
        assert losses(page, "total")[0] == seen[0]
        expect(page.get_by_label("Learning rate")).to_have_value("1")
        expect(page.locator("#guesses li")).to_have_count(10)
        assert page.locator("#kernels img").evaluate_all("(all) => all.every((image) => image.naturalWidth === 5)")


@contextmanager
def trained(web):
    """A training under way: its events."""
    with web.client.stream("POST", EVENTS, data=WELL) as answer:
        assert answer.status_code == 200, answer.read()
        yield map(json.loads, answer.iter_lines())


def test_one_at_a_time_others_in_between_and_whoever_leaves_makes_room(web, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.01)
    with trained(web) as events:
        first = next(events)
        assert (first["seen"], first["right"] < 180, first["done"]) == (0, True, False)
        refused = web.client.post(EVENTS, data=WELL)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["detail"].endswith("try again in a few seconds.")
        other = {"data": {"model": "fashion-classifier"}, "files": {"drawing": bytes(range(64)) * 64}}
        assert web.client.post("/learn/classify/answer", **other).status_code == 200
        assert not next(events)["done"]

    def free():
        with web.client.stream("POST", EVENTS, data=WELL) as answer:
            return answer.status_code == 200

    until(free)
    until(lambda: web.client.post(EVENTS, data={**WELL, "lr": "1", "momentum": "0"}).status_code == 200)


def test_a_training_whose_process_dies_says_so(web):
    with trained(web) as events:
        next(events)
        (worker,) = [each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]
        worker.kill()
        *_, last = events
    assert last == {"refused": "This training was interrupted: begin it again."}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lr": "7"}, "There is no learning rate of 7 here: choose 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1."),
        ({"lr": "nan"}, "There is no learning rate of nan here"),
        ({"batch_size": "1"}, "There is no mini-batch size of 1 here: choose 4, 8, 32, 128."),
        ({"convolutions": "x"}, "The field convolutions can't be so: "),
        ({"momentum": ""}, "The field momentum can't be so: "),
    ],
)
def test_settings_that_are_not_on_offer_are_refused_in_a_sentence(web, change, sentence):
    refused = web.client.post(EVENTS, data=WELL | change)
    assert (refused.status_code, refused.json()["detail"].startswith(sentence)) == (422, True), refused.text
    page = httpx.post(f"{web.url}/learn/training", data=WELL | change, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"][:9]) == (422, "text/html")


def test_its_own_script_and_style_are_light():
    own = (learn.STATIC / "training").iterdir()
    assert sum(path.stat().st_size for path in own) < 10_000


@pytest.mark.parametrize(
    ("seen", "right", "known", "words"),
    [
        ([2.3, 1.5, 0.8] + [0.1] * 10, 0.9, {}, "and 90 % of the held-out pictures are recognised: the network learns"),
        ([2.3, 1.9] + [1.5] * 10, 0.5, {}, "it learns, and is not done"),
        ([2.3, 9.0, 0.8] + [0.1] * 10, 0.9, {}, "on the way it leapt to 9.00"),
        ([2.31] * 12, 0.1, {}, "the steps are too small, or too few"),
        (
            [2.3, 1234.5] + [2.3] * 10,
            0.1,
            {"alike": True},
            "leapt to 1,234, and stands at 2.30, as high as for guessing",
        ),
        ([2.3, 1.2, 1.2, 1.2, 1.2] + [2.3] * 10, 0.1, {}, "and is back at 2.30"),
        ([2.3, 3.2e17], 0.1, {"broken": True}, "The loss grew to 3.2 · 10¹⁷, and then it was no number any more"),
        ([], 0.1, {"broken": True}, "no number any more"),
    ],
)
def test_what_is_said_of_a_curve_is_what_was_seen(seen, right, known, words):
    means = [sum(seen[max(0, at - 9) : at + 1]) / len(seen[max(0, at - 9) : at + 1]) for at in range(len(seen))]
    said = verdict(seen, means, right, **{"alike": False, "broken": False} | known)
    assert words in said
    assert ("says the same of every picture" in said) == known.get("alike", False)


def test_it_trains_as_a_loop_written_out_by_hand_does():
    first = go_on("by hand", How(0.03, 0.5, 128, 2))
    found = []
    while len(found) < 5:
        found += go_on("by hand")["losses"]
    images = digits.load("train", None)
    pixels = images.pixels.float() / 255
    inputs = ((pixels - pixels.mean()) / pixels.std(correction=0)).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    net = Classifier(10)
    velocity = [torch.zeros_like(each) for each in net.parameters()]
    shuffled = DataLoader(range(1437), batch_size=128, shuffle=True, generator=torch.Generator().manual_seed(0))
    expected = []
    for chosen in list(shuffled)[:5]:
        scores = net(inputs[chosen])
        loss = -scores.log_softmax(1)[torch.arange(128), images.labels[chosen]].mean()
        expected.append(loss.item())
        for weights, v, gradient in zip(
            net.parameters(), velocity, torch.autograd.grad(loss, list(net.parameters())), strict=True
        ):
            v.mul_(0.5).add_(gradient)
            weights.data -= 0.03 * v
    assert found[:5] == pytest.approx(expected, abs=2e-4)
    assert first["numbers"] == sum(each.numel() for each in net.parameters())


def test_one_to_three_convolutions_and_no_more_kept_than_can_be_under_way():
    linear = (120 + 1) * 84 + (84 + 1) * 10
    one = (75 + 1) * 6
    two = one + (150 + 1) * 16
    numbers = [one + (6 * 14 * 14 + 1) * 120, two + (16 * 5 * 5 + 1) * 120, two + (144 + 1) * 32 + (32 * 4 + 1) * 120]
    for convolutions, expected in enumerate(numbers, 1):
        answer = go_on(f"of {convolutions}", How(0.01, 0.9, 128, convolutions))
        assert answer["numbers"] == expected + linear
        assert answer["per_epoch"] == math.ceil(1437 / 128)
    assert len(training._under_way.runs) == runs.KEPT
    go_on("of 2")
    go_on("one more", How(0.01, 0.9, 128, 1))  # the one that was asked for longest ago makes room
    with pytest.raises(ValueError, match="begin it again"):
        go_on("of 3")
    assert go_on("of 2")["losses"]
