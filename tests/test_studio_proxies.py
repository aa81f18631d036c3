"""The studio behind a real nginx and a real Caddy as the docs set them up, at the root of a site and under a path."""

import browser
import httpx
import proxies
import pytest
from playwright.sync_api import expect
from studio_web import Web, picture

expect.set_options(timeout=30_000)
JSON, PAGE = {"accept": "application/json"}, {"accept": "text/html"}


@pytest.fixture(scope="module")
def chromium():
    """A browser that takes any certificate. A context of one that does not would have each connection fail and be made
    again, and now and then lose a script in that."""
    with browser.chromium("--ignore-certificate-errors") as opened:
        yield opened


class Behind:
    """A studio behind a proxy."""

    def __init__(self, web, url, root):
        self.web, self.url, self.root = web, url, root
        self.port = int(url.removeprefix("https://localhost:").partition("/")[0])

    def client(self, **options):
        return httpx.Client(verify=False, timeout=60, **options)


@pytest.fixture(scope="module", params=[(name, root) for root in ("", "/paint") for name in proxies.NAMES],
                ids=lambda each: "".join(each))  # fmt: skip
def behind(request, tmp_path_factory):
    name, root = request.param
    folder = tmp_path_factory.mktemp(name)
    with proxies.reserved_port() as port:
        address = f"https://localhost:{port}{root}"
        settings = {"public_url": address, "trusted_proxy": True, "jobs_per_hour": 3, "max_upload": 3_000_000}
        with (
            Web(tmp_path_factory.mktemp("studio"), **settings).serving() as web,
            proxies.proxy(name, folder, port, web.port, root) as url,
        ):
            yield Behind(web, url, root)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_person_paints_behind_it(behind, chromium, script):
    behind.web.forget()
    foreign = []
    with chromium.new_context(java_script_enabled=script) as context:
        page = context.new_page()
        page.on("request", lambda asked: ours(asked.url) or foreign.append(asked.url))
        page.on("response", lambda answer: answer.status >= 400 and foreign.append((answer.url, answer.status)))
        page.on("pageerror", lambda error: foreign.append(str(error)))

        def ours(url):
            return url.startswith((f"{behind.url}/", "blob:", "data:"))

        page.goto(f"{behind.url}/")
        page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": picture()})
        page.get_by_label("Ink wash", exact=True).check()
        if script:
            expect(page.locator("#photo-state")).to_have_text("a.png")
            expect(page.locator("#estimate")).not_to_contain_text("Up to")
            expect(page.locator("#sample")).to_have_attribute("src", f"{behind.root}/static/gallery/ink.webp")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url(f"{behind.url}/p/*")
        token = page.url.rpartition("/")[2]
        if script:
            behind.web.claimed()
            expect(page.get_by_role("heading", level=1)).to_have_text("The painter begins")
        (cookie,) = context.cookies()
        assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, behind.root or "/")
        for place in ("Mine", "Learn", "Paint", "Mine"):
            page.get_by_role("link", name=place, exact=True).first.click()
            expect(page.locator(f"nav a[aria-current=page]:text-is('{place}')")).to_be_visible()
        page.get_by_role("link", name="Ink wash").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")
        page.get_by_role("link", name="Try again").click()
        expect(page.get_by_label("Ink wash", exact=True)).to_be_checked()
        page.goto(f"{behind.url}/p/{token}")
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete now").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")
        page.goto(f"{behind.url}/learn")
        for lesson in ("Padding and stride", "Classify"):
            page.get_by_role("link", name=lesson).first.click()
            page.get_by_role("link", name="Learn", exact=True).first.click()
        page.goto(f"{behind.url}/docs")
        assert f"{behind.url}/api/paintings" in page.inner_text("pre")
        page.get_by_role("link", name="openapi.json").click()
    assert foreign == []


def test_the_questions_of_a_lesson_go_to_the_studio(behind, chromium):
    with chromium.new_context() as context:
        page = context.new_page()
        page.route("**/answer*", lambda route: route.fulfill(status=503, json={"detail": "Not now."}))
        with page.expect_request("**/answer*") as asked:
            page.goto(f"{behind.url}/learn/inside")
        assert asked.value.url.startswith(f"{behind.url}/learn/inside/answer?")


def test_what_programs_are_told_leads_back(behind):
    behind.web.forget()
    with behind.client() as client:
        answer = client.post(f"{behind.url}/api/paintings", files={"photo": picture()}, headers=JSON)
        assert answer.status_code == 201, answer.text
        site = behind.url.removesuffix(behind.root)
        told = client.get(f"{site}{answer.headers['location']}").json()
        assert client.get(f"{site}{told['images']['photo']}").headers["content-type"] == "image/webp"
        sample = client.get(f"{behind.url}/api/styles").json()[0]["sample"]
        assert client.get(f"{site}{sample}").headers["content-type"] == "image/webp"
        schema = client.get(f"{behind.url}/openapi.json").json()
        assert schema.get("servers", [{"url": ""}])[0]["url"] == behind.root


def test_events_come_as_they_happen(behind):
    behind.web.forget()
    with behind.client() as client:
        token = client.post(f"{behind.url}/api/paintings", files={"photo": picture()}).json()["token"]
        headers = {"accept-encoding": "gzip"}
        with client.stream("GET", f"{behind.url}/api/paintings/{token}/events", headers=headers) as stream:
            assert "no-transform" in stream.headers["cache-control"]
            assert "content-encoding" not in stream.headers
            lines = stream.iter_lines()
            assert next(lines) == "event: state"
            assert '"waiting"' in next(lines)
            behind.web.claimed()
            assert '"painting"' in next(line for line in lines if line.startswith("data: "))


def test_a_client_says_nothing_of_its_address(behind):
    behind.web.forget()
    with behind.client() as client:
        answers = [
            client.post(
                f"{behind.url}/api/paintings", files={"photo": picture()},
                headers={**JSON, "X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"},
            ).status_code
            for number in range(5)
        ]  # fmt: skip
    assert answers == [201, 201, 201, 429, 429]


def test_what_is_redirected_stays_on_the_site(behind):
    with behind.client(follow_redirects=False) as client:
        for path, to in (("/mine/", "/mine"), ("/learn/", "/learn")):
            answer = client.get(f"{behind.url}{path}?a=1", headers=PAGE)
            assert answer.status_code == 308
            assert answer.headers["location"] == f"{behind.root}{to}?a=1"


def test_head_is_answered(behind):
    behind.web.forget()
    with behind.client() as client:
        token = client.post(f"{behind.url}/api/paintings", files={"photo": picture()}).json()["token"]
        for path in ("/", "/mine", f"/p/{token}", "/static/studio.css", "/healthz",
                     f"/api/paintings/{token}", f"/api/paintings/{token}/events"):  # fmt: skip
            whole, head = (client.stream(method, f"{behind.url}{path}", headers=PAGE) for method in ("GET", "HEAD"))
            with whole as whole, head as head:
                assert (head.status_code, head.read()) == (whole.status_code, b""), path
                for name in ("content-type", "content-length", "content-security-policy"):
                    assert head.headers.get(name) == whole.headers.get(name), path
        assert client.head(f"{behind.url}/p/nothing").status_code == 404


def test_figures_are_not_for_the_public(behind):
    with behind.client() as client:
        assert client.get(f"{behind.url}/metrics").status_code in (403, 404)
    assert "impasto_jobs" in httpx.get(f"{behind.web.url}/metrics").text  # for who is on the machine


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "LocalHost"])
def test_a_form_of_the_studios_own_page_is_taken_whatever_the_case_of_its_name(behind, host):
    behind.web.forget()
    with behind.client() as client:
        headers = {**JSON, "host": f"{host}:{behind.port}"}
        for origin, status in (
            (f"https://localhost:{behind.port}", 422), (f"https://{host}:{behind.port}", 422),
            ("https://evil.example", 403), (f"https://localhost.evil.example:{behind.port}", 403), ("null", 403),
        ):  # fmt: skip
            answer = client.post(f"{behind.url}/", headers={**headers, "origin": origin}, files={"style": "x"})
            assert answer.status_code == status, (origin, answer.text)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("size", [3_500_000, 9_000_000], ids=["for the studio", "for the proxy"])
def test_what_is_too_large_ends_on_a_page_that_says_what_to_do(behind, chromium, tmp_path, script, size):
    large = tmp_path / "large.png"
    large.write_bytes(picture() + bytes(size))
    with chromium.new_context(java_script_enabled=script) as context:
        page = context.new_page()
        sent = []
        page.on("request", lambda asked: asked.method == "POST" and sent.append(asked.url))
        page.goto(f"{behind.url}/")
        page.set_input_files("#photo", large)
        if script:
            expect(page.locator("#photo-refused")).to_contain_text("choose a smaller picture")
            assert sent == []
        else:
            page.get_by_role("button", name="Paint it").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Too large")
            expect(page.locator("main")).to_contain_text("choose a smaller picture")
            expect(page.get_by_role("link", name="Paint a photo")).to_have_attribute("href", f"{behind.root}/")


def test_programs_are_told_what_is_too_large(behind):
    with behind.client() as client:
        for size in (3_500_000, 9_000_000):
            answer = client.post(f"{behind.url}/api/check", files={"photo": bytes(size)}, headers=JSON)
            assert (answer.status_code, "smaller picture" in answer.json()["detail"]) == (413, True)
