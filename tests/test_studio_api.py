"""The studio's API over HTTP, without painters: what is taken, what is refused and how, what each address answers."""

import io
import json
import subprocess
import sys
import time

import pytest
from curves import point
from PIL import Image
from sqlalchemy import delete, select
from studio_web import Web, picture

from impasto.studio.jobs import attempts, estimates, limits, queue
from impasto.studio.jobs.rows import Job

JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("web")).serving() as web:
        yield web


@pytest.fixture
def web(studio):
    """With no jobs, and no memory of who asked for what."""
    with studio.database.session() as session:
        session.execute(delete(Job))
        session.execute(delete(limits.Use))
    studio.client.cookies.clear()
    studio.application.state.outlooks.forget()
    return studio


def ask(web, *, data=None, files=None, **headers):
    return web.client.post(
        "/api/paintings", data=data or {}, files=files or [("photo", ("a.jpg", picture("jpg")))], headers=headers
    )


def refused(answer, status, *words):
    assert answer.status_code == status, answer.text
    sentence = answer.json()["detail"]
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence
    return sentence


def test_a_style_of_an_earlier_painting_must_be_its_own_and_still_there(web):
    token = ask(web, data={"style": "ink"}).json()["token"]
    for style_of, style in (("nothing", "earlier-0"), ("", "earlier-0"), (token, "earlier-0"), (token, "earlier-7")):
        answer = web.client.post(
            "/", data={"style": style, "style_of": style_of}, files={"photo": picture()}, headers=JSON
        )
        refused(answer, 422, "no longer here")
    answer = web.client.post(
        "/", data={"style": "earlier-x", "style_of": token}, files={"photo": picture()}, headers=JSON
    )
    refused(answer, 422, "no longer here")
    assert web.client.get(f"/api/paintings/{token}/image?kind=style-0").status_code == 404


def test_a_photo_is_taken_and_its_state_told(web):
    answer = ask(web, data={"style": "ink", "size": "256", "quality": "draft", "email": "anna@example.org"})
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["location"] == f"/api/paintings/{told['token']}"
    assert (told["state"], told["place"], told["width"], told["height"]) == ("waiting", 0, 256, 171)
    assert told["styles"] == [{"name": "ink", "weight": 1.0, "own": False, "image": None}]
    assert told["can_cancel"]
    assert (told["mail"], told["mail_confirmed"]) == (True, False)
    assert web.client.get(f"/api/paintings/{told['token']}").json() == told
    job = web.row(told["token"])
    assert job.email == "anna@example.org"
    assert Image.open(io.BytesIO(web.files.read(job.id, "photo.png"))).size == (60, 40)
    shown = web.client.get(told["images"]["photo"])
    assert shown.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(shown.content)).size == (60, 40)


def test_nothing_of_the_files_metadata_is_kept(web):
    exif = Image.Exif()
    exif[0x010F] = "A camera's maker"
    token = ask(web, files=[("photo", ("secret-name.jpg", picture("jpg", exif=exif)))]).json()["token"]
    job = web.row(token)
    kept = b"".join(web.files.read(job.id, name) for name in web.files.names(job.id))
    assert b"camera's maker" not in kept
    assert "secret-name" not in json.dumps([job.settings, job.styles])


def test_styles_are_mixed_and_own_pictures_among_them(web):
    files = [("photo", ("a.jpg", picture("jpg"))), ("style_file", ("My wave.png", picture("png", (80, 80))))]
    answer = ask(web, data={"style": ["ink:2", "oil"], "style_file_weight": "3"}, files=files)
    told = answer.json()["styles"]
    own = told[2].pop("image")
    assert told == [
        {"name": "ink", "weight": 2.0, "own": False, "image": None},
        {"name": "oil", "weight": 1.0, "own": False, "image": None},
        {"name": "My wave", "weight": 3.0, "own": True},
    ]
    assert Image.open(io.BytesIO(web.client.get(own).content)).size == (80, 80)
    job = web.row(answer.json()["token"])
    assert job.styles[2]["file"] in web.files.names(job.id)


WAYS = [("/", {"accept": "text/html"}), ("/", JSON), ("/api/paintings", JSON)]


def test_the_page_with_scripts_or_without_and_programs_are_read_alike(web):
    data = {
        "style": ["ink", "oil:3"], "weight-ink": "2", "style_file_weight": "4", "size": "256", "quality": "draft",
        "keep_colors": "on", "style_scale": "0.5", "content_weight": "2", "email": "",
    }  # fmt: skip
    files = [("photo", ("a.png", picture())), ("style_file", ("wave.png", picture()))]
    for address, headers in WAYS:
        assert web.client.post(address, data=data, files=files, headers=headers).status_code in (201, 303)
    with web.database.reading() as session:
        found = [(job.settings, job.styles) for job in session.scalars(select(Job))]
    assert len(found) == 3
    assert found[0] == found[1] == found[2]
    settings, styles = found[0]
    assert [settings[name] for name in ("size", "quality", "keep_colors", "style_scale", "content_weight")] == [
        256, "draft", True, 0.5, 2.0,
    ]  # fmt: skip
    assert [(style["name"], style["weight"]) for style in styles] == [("ink", 2), ("oil", 3), ("wave", 4)]


@pytest.mark.parametrize(
    "data", [{"style": "ink", "weight-ink": "much"}, {"style": "ink:inf"}, {"size": "wide"}, {"content_weight": "x"}]
)
def test_what_is_no_number_is_refused_alike(web, data):
    for address, headers in WAYS:
        answer = web.client.post(address, data=data, files={"photo": picture()}, headers=headers)
        assert answer.status_code == 422
        assert "number" in answer.text or "integer" in answer.text


def test_a_form_that_was_refused_is_shown_again_with_what_was_chosen(web):
    data = {"style": ["ink", "oil"], "weight-ink": "30", "weight-oil": "70", "size": "256", "keep_colors": "on",
            "content_weight": "2", "email": "nobody"}  # fmt: skip
    page = web.client.post("/", data=data, files={"photo": picture()}, headers={"accept": "text/html"})
    assert page.status_code == 422
    for kept in ('value="ink" checked', 'value="oil" checked', 'value="256" checked', 'name="keep_colors" checked',
                 'step="1" value="30"', 'step="1" value="70"', 'value="2.0"', 'value="nobody"'):  # fmt: skip
        assert kept in page.text, kept


@pytest.mark.parametrize(
    ("data", "file", "words"),
    [
        ({"style": "nonsense"}, None, ["no such style"]),
        ({"style": ["ink", "oil", "night", "mosaic"]}, None, ["At most 3"]),
        ({"style": "ink:-1"}, None, ["weight"]),
        ({"style": "ink:nan"}, None, ["weight"]),
        ({"size": "4000"}, None, ["2048"]),
        ({"size": "1"}, None, ["32"]),
        ({"content_weight": "nan"}, None, ["content weight"]),
        ({"style_scale": "0"}, None, ["style scale"]),
        ({"quality": "best"}, None, ["quality"]),
        ({"email": "nobody"}, None, ["no email address"]),
        ({}, b"not a picture", ["no picture"]),
        ({}, b"", ["empty"]),
        ({}, picture("png")[:100], ["damaged"]),
        ({}, picture("png", (20000, 1)), ["too"]),
    ],
)
def test_what_cannot_be_painted_is_refused_in_plain_words(web, data, file, words):
    files = None if file is None else [("photo", ("a.png", file))]
    refused(ask(web, data=data, files=files), 422, *words)
    with web.database.reading() as session:
        assert queue.waiting(session) == 0


def test_a_photo_is_needed(web):
    refused(web.client.post("/api/paintings", data={"style": "ink"}), 422, "photo")


def test_a_photo_is_checked_and_shown_before_it_is_sent(web):
    answer = web.client.post("/api/check", files={"photo": ("a.tif", picture("tiff"))})
    assert (answer.json()["width"], answer.json()["height"]) == (60, 40)
    assert answer.json()["preview"].startswith("data:image/webp;base64,")
    assert answer.json()["notes"] == []
    refused(web.client.post("/api/check", files={"photo": ("a.jpg", b"no")}), 422)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with Web(tmp_path, max_upload=100_000).serving() as web:
        large = [("photo", ("a.png", bytes(200_000)))]
        refused(ask(web, files=large), 413, "0 MB", "smaller picture")

        def pieces():  # without a length
            yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'
            for _ in range(20):
                yield bytes(10_000)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        refused(web.client.post("/api/paintings", content=pieces(), headers=headers), 413)


def test_a_form_that_is_cut_short_is_refused(web):
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = web.client.post("/api/paintings", content=b"--x\r\nContent-Disp", headers=headers)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}]
)
def test_other_sites_cannot_send_forms(web, headers):
    refused(ask(web, **headers), 403, "another site")
    token = ask(web).json()["token"]
    assert web.client.delete(f"/api/paintings/{token}", headers=headers).status_code == 403
    assert web.client.post(f"/p/{token}/delete", headers=headers).status_code == 403
    assert web.row(token) is not None
    assert ask(web, **{"Sec-Fetch-Site": "same-origin", "Origin": web.url}).status_code == 201


def test_limits_by_address_by_email_and_of_the_queue(tmp_path):
    with Web(tmp_path, jobs_per_hour=3, mails_per_day=1, max_waiting=2).serving() as web:
        assert ask(web, data={"email": "anna@example.org"}).status_code == 201
        sentence = refused(ask(web, data={"email": "Anna@example.org"}), 429, "mails today")
        assert "anna" not in sentence.lower().replace("an address", "")
        assert ask(web).status_code == 201
        answer = ask(web)
        refused(answer, 503, "waiting")
        assert int(answer.headers["retry-after"]) > 0
        for _ in range(2):
            web.claimed()
        token = ask(web).json()["token"]
        assert web.client.delete(f"/api/paintings/{token}").status_code == 204
        refused(ask(web), 429, "3 paintings an hour")  # what was deleted counts


def test_a_full_disk_takes_no_jobs(tmp_path):
    with Web(tmp_path).serving() as web:
        web.configuration.min_free = 1 << 60
        refused(ask(web), 507, "disk is full")


def test_addresses_are_not_kept_and_a_proxy_is_believed_where_it_is_trusted(tmp_path):
    with Web(tmp_path, jobs_per_hour=1, trusted_proxy=True).serving() as web:
        assert ask(web, **{"X-Forwarded-For": "203.0.113.7, 198.51.100.1"}).status_code == 201
        refused(ask(web, **{"X-Forwarded-For": "198.51.100.1"}), 429)
        assert ask(web, **{"X-Forwarded-For": "198.51.100.2"}).status_code == 201
        assert ask(web, **{"X-Forwarded-For": "2001:db8::1"}).status_code == 201
        refused(ask(web, **{"X-Forwarded-For": "2001:db8::2"}), 429)
        with web.database.reading() as session:
            for job in session.scalars(select(Job)):
                assert "198.51" not in job.submitter
                assert "2001" not in job.submitter


def test_a_browser_is_known_by_a_cookie_that_only_the_studio_can_sign(web):
    first = web.row(ask(web).json()["token"])
    cookie = web.client.cookies["impasto"]
    second = web.row(ask(web).json()["token"])
    assert first.owner == second.owner == second.submitter
    web.client.cookies.clear()
    third = web.row(ask(web, Cookie=f"impasto={cookie[:-2]}xx").json()["token"])
    assert third.owner != first.owner
    set_cookie = ask(web).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie


def test_a_job_is_cancelled_once(web):
    token = ask(web).json()["token"]
    assert web.client.post(f"/api/paintings/{token}/cancel").json()["state"] == "cancelled"
    refused(web.client.post(f"/api/paintings/{token}/cancel"), 409, "cancelled")


def test_what_is_deleted_is_gone_at_once(web):
    token = ask(web).json()["token"]
    job = web.row(token)
    assert web.client.delete(f"/api/paintings/{token}").status_code == 204
    assert web.row(token) is None
    assert web.files.names(job.id) == []
    refused(web.client.get(f"/api/paintings/{token}"), 404, "no such painting")
    refused(web.client.delete(f"/api/paintings/{token}"), 404)


def test_pictures_are_there_when_it_is_done_and_can_be_saved(web):
    told = ask(web, data={"style": "ink"}).json()
    address = f"/api/paintings/{told['token']}/image"
    refused(web.client.get(address, params={"kind": "painting"}), 404, "not yet")
    web.painted(told["token"])
    told = web.client.get(f"/api/paintings/{told['token']}").json()
    assert told["state"] == "done"
    for kind, form in (("png", "PNG"), ("jpg", "JPEG"), ("view", "WEBP"), ("thumb", "WEBP"), ("painting", "JPEG")):
        answer = web.client.get(told["images"][kind])
        assert Image.open(io.BytesIO(answer.content)).format == form
        if kind in ("png", "jpg"):
            assert answer.headers["content-disposition"] == f'attachment; filename="impasto-ink.{kind}"'
    refused(web.client.get(address, params={"kind": "../studio.db"}), 422)
    refused(web.client.get(address, params={"kind": "preview", "n": "../../../x"}), 422)


def events(lines):
    """The events of a stream, as they come."""
    name = None
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_events_tell_of_every_change_until_the_end(web):
    token = ask(web).json()["token"]
    with web.client.stream("GET", f"/api/paintings/{token}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        seen = events(stream.iter_lines())
        assert next(seen)[1]["state"] == "waiting"
        job, attempt = web.claimed()
        assert next(seen)[1]["state"] == "painting"
        web.files.write(job.id, "preview-1-1.webp", picture("webp"))
        with web.database.session() as session:
            attempts.report(session, attempt, {"share": 0.5, "seconds_left": 3.0}, point(1, 3.0, 4.0), 1)
        told = next(seen)[1]
        assert told["progress"]["share"] == 0.5
        assert told["curve"] == [point(1, 3.0, 4.0)]
        assert web.client.get(told["preview"]).headers["content-type"] == "image/webp"
        with web.database.session() as session:
            attempts.fail(session, attempt, time.time(), "it went wrong; try again")
        name, told = next(seen)
        assert (name, told["state"], told["error"]) == ("state", "failed", "it went wrong; try again")
        assert next(seen, None) is None  # the stream ends with the job


def test_events_of_a_deleted_job_say_so(web):
    token = ask(web).json()["token"]
    with web.client.stream("GET", f"/api/paintings/{token}/events") as stream:
        seen = events(stream.iter_lines())
        next(seen)
        web.client.delete(f"/api/paintings/{token}")
        assert next(seen)[0] == "gone"
        assert next(seen, None) is None
    refused(web.client.get(f"/api/paintings/{token}/events"), 404)


def test_estimates_say_how_long_it_takes_and_waits(web):
    first = web.client.get("/api/estimate", params={"quality": "draft", "size": 200}).json()
    assert first["waiting"] == first["wait_seconds"] == 0
    ask(web, data={"quality": "draft", "size": "200"})
    second = web.client.get("/api/estimate", params={"quality": "draft", "size": 400}).json()
    assert second["waiting"] == 1
    assert second["wait_seconds"] > 0
    assert second["seconds"] - estimates.START == pytest.approx(4 * (first["seconds"] - estimates.START))
    refused(web.client.get("/api/estimate", params={"width": 100_000, "height": 1}), 422, "thin")


def test_house_styles_are_listed_with_a_sample_of_each(web):
    listed = web.client.get("/api/styles").json()
    assert len(listed) == 18
    for style in listed:
        assert web.client.get(style["sample"]).headers["content-type"] == "image/webp"


def test_every_answer_has_the_headers_that_browsers_need(web):
    token = ask(web).json()["token"]
    for path in ("/", f"/p/{token}", f"/api/paintings/{token}", "/static/studio.css", "/nowhere", "/docs"):
        headers = web.client.get(path, headers={"accept": "text/html"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin"
    assert web.client.get(f"/p/{token}").headers["cache-control"] == "no-store"


def test_health_metrics_and_schema(web):
    ask(web)
    assert web.client.get("/healthz").status_code == 200
    ready = web.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"database": True, "painters": False})
    figures = web.client.get("/metrics").text
    assert 'impasto_jobs{state="waiting"} 1.0' in figures
    assert 'route="/api/paintings"' in figures
    schema = web.client.get("/openapi.json").json()
    assert "/api/paintings/{token}" in schema["paths"]
    assert not any(path.startswith("/p/") for path in schema["paths"])


def test_the_web_loads_no_network():
    code = "import sys, impasto.studio.web.app; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert out.strip() == "False"
