"""The lesson on style transfer: its story, its bounds, what it says of a painting, and its numbers."""

import json
import re
from contextlib import contextmanager

import browser
import pytest
from playwright.sync_api import expect
from studio_web import Web, until

from impasto import examples, images
from impasto.painter import Painter, Recipe, Style
from impasto.painter.schedule import Scale
from impasto.studio.lessons import runs, transfer
from impasto.studio.lessons.balance import Costs, account, short
from impasto.studio.lessons.transfer import BALANCES, STYLE_LAYERS, go_on
from impasto.studio.web import learn, questions, running
from impasto.studio.web.learn_transfer import IN_BALANCE, PRESETS
from impasto.styles import HOUSE_STYLES

PATIENCE = 240_000  # milliseconds: the lessons' process gives way to all else that the machine does
EVENTS = "/learn/transfer/events"
FORM = {name: str(value) if isinstance(value, int) else value for name, value in IN_BALANCE._asdict().items()}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patched, Web(folder, trusted_proxy=True).serving() as web:
        patched.setattr(running, "LONGEST", 600)  # on a machine that does much else
        web.application.state.lessons.seconds = web.client.timeout = 600
        yield web


def rows(page):
    """The table: (layer, term) → numbers as they stand there."""
    cells = page.locator("#layers tr").evaluate_all(
        "(all) => all.map((row) => [...row.children].map((cell) => cell.textContent.trim()))"
    )
    return {tuple(name.split()): numbers for name, *numbers in cells}


def number(words):
    """A cost as it is shown: 0.0213, 1,230, or 3.31 · 10⁷."""
    digits, _, power = words.partition(" · 10")
    power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(digits.replace(",", "")) * 10.0 ** int(power or 0)


def test_a_student_paints_stops_and_compares(web, chromium):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    complaints = []
    with chromium.new_context(base_url=web.url, viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: "Policy" in message.text and complaints.append(message.text))
        page.goto("/learn")
        page.get_by_role("link", name="Style transfer").click()
        expect(page.get_by_role("button", name="Stop")).to_be_disabled()
        page.get_by_label("Steps", exact=True).select_option("10")
        page.get_by_label("Content α against style β").press("ArrowRight")
        expect(page.locator("#weights")).to_have_text("α = 3, β = 1")
        page.get_by_role("checkbox", name="conv5_1").press("Space")
        page.get_by_role("button", name="Paint", exact=True).press("Enter")
        state, said = page.locator("#state"), page.locator("#said")
        expect(state).to_have_text(re.compile(r"^Finished\. In 10 steps the objective fell by "), timeout=PATIENCE)
        expect(said).to_be_visible()
        expect(page.locator("#step")).to_have_text(", after 10 of 10 steps")
        found = rows(page)
        assert list(found) == [
            ("conv4_2", "content"),
            *((layer, "style") for layer in STYLE_LAYERS[:4]),
            ("objective",),
        ]
        now = {name: number(now) for name, (_, now, _) in found.items()}
        whole = now.pop(("objective",))
        assert sum(now.values()) == pytest.approx(whole, rel=0.01)
        largest = max(now, key=now.__getitem__)
        expect(said).to_contain_text(f"{largest[0]} ({largest[1]}) makes ")
        expect(page.locator("#plot")).to_have_attribute("aria-label", re.compile("at step 0, .* at step 10$"))
        assert (
            page.locator("#trio img").evaluate_all("(all) => all.map((image) => image.naturalWidth > 99)") == [True] * 3
        )
        expect(page.locator("#plot .former")).to_have_count(0)

        page.get_by_role("button", name="is all style").click()
        expect(page.get_by_label("Start", exact=True)).to_have_value("noise")
        expect(page.get_by_role("checkbox", name="conv5_1")).to_be_checked()
        expect(page.locator("#weights")).to_have_text("α = 0.01, β = 1")
        expect(page.locator("#plot .former")).to_have_count(1, timeout=PATIENCE)
        page.get_by_role("button", name="Stop").press("Enter")
        expect(state).to_have_text(re.compile(r"^(Stopped|Finished)\. In \d+ steps? the objective "), timeout=PATIENCE)

        for layer in STYLE_LAYERS:
            page.get_by_role("checkbox", name=layer).uncheck()
        page.get_by_role("button", name="Paint again").click()
        expect(page.locator("#refused")).to_contain_text("tick at least one", timeout=PATIENCE)

        page.evaluate(browser.AXE.read_text())
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 740})
            browser.looked_at(page, "learn-transfer")
    assert complaints == []


def test_without_scripts_the_page_comes_with_a_finished_painting(web, chromium):
    with chromium.new_context(base_url=web.url, java_script_enabled=False) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto("/learn/transfer")
        page.get_by_label("Steps", exact=True).select_option("10")
        page.get_by_label("Objective", exact=True).select_option("pastiche")
        page.get_by_label("Content layer", exact=True).select_option("conv3_2")
        page.get_by_role("button", name="Paint", exact=True).click()
        expect(page.locator("#said")).to_contain_text("In 10 steps the objective fell", timeout=PATIENCE)
        assert next(iter(rows(page))) == ("conv3_2", "content")
        assert page.locator("#trio img").evaluate_all("(all) => all.every((image) => image.naturalWidth > 99)")
        expect(page.locator("#weights")).to_have_text("α = 100, β = 1")
        points = page.locator("#plot polyline.total").get_attribute("points").split()
        heights = [float(each.partition(",")[2]) for each in points]
        assert len(heights) == 11  # downwards on the page is a lower cost
        assert heights == sorted(heights)
        page.set_viewport_size({"width": 360, "height": 740})  # where the table's numbers are at their widest
        browser.fits(page)


@contextmanager
def painted(web, address):
    """A painting under way: its events."""
    headers = {"x-forwarded-for": address}
    with web.client.stream("POST", EVENTS, data={**FORM, "steps": "80"}, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        yield map(json.loads, answer.iter_lines())


def test_two_visitors_at_once_one_painting_each_and_whoever_leaves_makes_room(web, monkeypatch):
    ended = []

    async def noted(asked):
        answer = await questions.answered(asked)
        ended.append(answer["done"])
        return answer

    def refused(address):
        answer = web.client.post(EVENTS, data=FORM, headers={"x-forwarded-for": address})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["detail"].startswith("Others paint at the moment, or you do in another window")

    monkeypatch.setattr(running, "PATIENCE", 0.01)
    monkeypatch.setattr(running, "answered", noted)
    with painted(web, "198.51.100.1") as first:
        assert {"photo", "style", "picture"} <= set(next(first))
        refused("198.51.100.1")
        with painted(web, "198.51.100.2") as second:
            next(second)
            refused("198.51.100.3")
            assert next(second)["points"][0]["step"] == 0
            assert next(first)["layers"]
            drawing = {"data": {"model": "fashion-classifier"}, "files": {"drawing": bytes(range(64)) * 64}}
            assert web.client.post("/learn/classify/answer", **drawing).status_code == 200
    until(lambda: web.application.state.transfers._free == runs.KEPT)
    assert not any(ended)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"photo": "dog"}, "There is no photo dog here: choose cat, coffee, portrait."),
        ({"photo": "../cat"}, "There is no photo ../cat here"),
        ({"style": "mine"}, "There is no style mine here: choose night, "),
        ({"balance": "7"}, "There is no balance 7 here: choose 0, 1, 2, 3, 4, 5, 6."),
        ({"balance": "-1"}, "There is no balance -1 here"),
        ({"style_layers": ["conv1_1", "conv1_2"]}, "There is no style layer conv1_2 here: choose conv1_1, conv2_1"),
        ({"style_layers": []}, "There is no style without a layer: tick at least one"),
        ({"content_layer": "fc6"}, "There is no content layer fc6 here"),
        ({"start": "black"}, "There is no start black here: choose photo, noise."),
        ({"objective": "x"}, "There is no objective x here: choose impasto, pastiche."),
        ({"steps": "500"}, "There is no number of steps 500 here: choose 10, 20, 40, 80."),
        ({"steps": "many"}, "The field steps can't be so: "),
    ],
)
def test_settings_that_are_not_on_offer_are_refused_in_a_sentence(web, change, sentence):
    refused = web.client.post(EVENTS, data=FORM | change)
    assert (refused.status_code, refused.json()["detail"].startswith(sentence)) == (422, True), refused.text


def test_a_style_is_shown_before_it_is_painted_with(web):
    shown = web.client.get("/learn/transfer/styles/night.webp")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert images.read(shown.content).pixels.shape == (120, 160, 3)
    assert web.client.get("/learn/transfer/styles/secret.webp").status_code == 404


def test_its_own_script_and_style_are_light():
    own = [path for folder in ("transfer", "running") for path in (learn.STATIC / folder).iterdir()]
    assert sum(path.stat().st_size for path in own) < 12_000


def events(how, name="a test"):
    found = [go_on(name, how)]
    while not found[-1]["done"]:
        found.append(go_on(name))
    return found


@pytest.mark.parametrize("how", [
    IN_BALANCE._replace(steps=10, style_layers=("conv1_1", "conv5_1")),
    IN_BALANCE._replace(steps=10, objective="pastiche", start="noise", photo="portrait", style="ink", balance=5),
])  # fmt: skip
def test_it_is_the_painters_own_run(how):
    photo = images.read(getattr(examples, how.photo))
    recipe = Recipe(photo, (Style(HOUSE_STYLES[how.style]),), transfer.settings(how), how.start)
    width, height = (160, 106) if how.photo == "cat" else (160, 160)
    painter = Painter(recipe, scales=[Scale(width, height, how.steps)])
    steps = list(painter)
    found = events(how)
    points = [point for event in found for point in event["points"]]
    assert [point["step"] for point in points] == list(range(11))
    assert points[-1]["objective"] == pytest.approx(steps[-1].objective, rel=0.02)
    alpha = {"impasto": 1.0, "pastiche": 100.0}[how.objective] * BALANCES[how.balance]
    assert points[-1]["parts"]["content"] == pytest.approx(alpha * steps[-1].costs["content"], rel=0.02)
    for point in points:
        assert sum(point["parts"].values()) == pytest.approx(point["objective"], rel=1e-5)
    lines = found[-1]["layers"]
    assert [each["layer"] for each in lines] == [how.content_layer, *how.style_layers, ""]
    assert sum(each["share"] for each in lines[:-1]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_shows_what_its_button_says(preset):
    words, how = PRESETS[preset]
    *_, last = events(how._replace(steps=10))
    content, style = (
        sum(each["share"] for each in last["layers"] if each["term"] == term) for term in ("content", "style")
    )
    told = last["said"]
    if words == "keeps the photo":
        assert "came nearer to the photo" in told
    elif words == "balances both":
        assert "moved away from the photo, and came nearer to the style" in told
        assert 0.1 < content < 0.9
    else:
        assert "came nearer to the style" in told
        assert style > 0.5


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((2.0, 3.0), (1.0, 0.5), "fell by 70 %. Content fell from 2.00 to 1.00 and style fell from 3.00 to 0.500: the "
         "picture came nearer to both, the photo and the style. conv4_2 (content) makes most of what is left: 67 %."),
        ((1.0, 9.0), (2.0, 3.3), "moved away from the photo, and came nearer to the style. conv1_1 (style) makes the "
         "largest part of what is left: 42 %."),
        ((9.0, 1.0), (3.0, 2.0), "moved away from the style, and came nearer to the photo. conv4_2 (content)"),
        ((9.0, 1.0), (3.0, 1.0), "Content fell from 9.00 to 3.00 and style stayed at 1.00: the picture stayed as near "
         "to the style, and came nearer to the photo."),
        ((0.001, 900.0), (0.0009, 0.01), "fell to 1/82,569 of what it was."),
        ((1.0, 1.0), (1.0, 0.995), "the objective has hardly moved. conv4_2 (content) makes most"),
        ((0.0, 0.0), (0.0, 0.0), "the objective has hardly moved. Nothing is left of it."),
    ],
)  # fmt: skip
def test_what_is_said_is_what_was_seen(before, after, words):
    def costs(content, style):
        layers = {
            ("content", "conv4_2"): content,
            ("style", "conv1_1"): style * 2 / 3,
            ("style", "conv3_1"): style / 3,
        }
        return Costs(content + style, {"content": content, "style": style}, layers)

    assert words in account(costs(*before), costs(*after), 20)


def test_a_cost_of_any_size_is_short():
    sizes = [0, 3.456e-9, 0.001, 0.02134, 1, 12.3456, 99.96, 999.4, 999.6, 12345.6, 33070584.0]
    assert [short(size) for size in sizes] == [
        "0", "3.46 · 10⁻⁹", "0.00100", "0.0213", "1.00", "12.3", "100", "999", "1,000", "12,346", "3.31 · 10⁷",
    ]  # fmt: skip


def test_no_more_are_kept_than_can_be_under_way_and_one_that_takes_long_ends(monkeypatch):
    quick = IN_BALANCE._replace(steps=10)
    for name in ("one", "two", "three"):
        go_on(name, quick)
    with pytest.raises(ValueError, match="This painting was interrupted: begin it again"):
        go_on("one")
    monkeypatch.setattr(transfer, "SLICE", 0)
    monkeypatch.setattr(transfer, "SECONDS", 0)
    answer = go_on("two")
    assert (answer["done"], answer["step"] < 10) == (True, True)
