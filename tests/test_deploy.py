"""deploy/: what can't be run here is read, and held against the settings and commands that there are."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from impasto.cli.commands import app
from impasto.studio.configuration import Configuration

GIVEN = {"PUBLIC_URL": "https://paint.example.org", "MAIL_DOMAIN": "example.org"}
FOLDER = Path(__file__).parent.parent / "deploy"


def compose():
    """The parts of the compose file: name, environment and command of each that is ours."""
    text = (FOLDER / "compose.yaml").read_text()
    head = text.partition("x-impasto")[0]
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert f"{name}=" in head  # how it is set
        text = text.replace(f"${{{name}:?}}", GIVEN.get(name, "x"))
    content = yaml.safe_load(text)
    services = content["services"]
    assert set(services) == {"web", "scheduler", "worker", "database", "store", "mail"}
    for name, service in services.items():
        assert set(service.get("depends_on", [])) <= set(services)
        assert set(service["networks"]) <= set(content["networks"])
        named = {volume.partition(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")}
        assert named <= set(content["volumes"])
        if service["image"] == "impasto":
            yield name, service.get("environment", {}), service.get("command", [])


def kubernetes():
    """The same of the manifest."""
    documents = [*yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text())]
    parts = {one["metadata"]["name"]: one for one in documents if one["kind"] in ("Deployment", "StatefulSet")}
    services = {
        one["metadata"]["name"]: one["spec"]["ports"][0]["port"] for one in documents if one["kind"] == "Service"
    }
    assert set(parts) == {"web", "scheduler", "worker", "database", "store", "mail"}
    assert services == {"web": 8000, "scheduler": 8786, "database": 5432, "store": 9000, "mail": 587}
    for name, part in parts.items():
        assert part["spec"]["selector"]["matchLabels"] == {"part": name}
        pod = part["spec"]["template"]
        assert pod["metadata"]["labels"]["part"] == name
        (container,) = pod["spec"]["containers"]
        volumes = pod["spec"].get("volumes", []) + [
            each["metadata"] for each in part["spec"].get("volumeClaimTemplates", [])
        ]
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        assert mounted == {volume["name"] for volume in volumes}
        if "impasto" in container["image"]:
            assert pod["spec"]["securityContext"]["runAsNonRoot"]
            yield name, {one["name"]: one.get("value", "…") for one in container.get("env", [])}, container["args"]


@pytest.mark.parametrize("read", [compose, kubernetes])
def test_what_is_deployed_uses_settings_and_commands_that_there_are(read):
    first = (FOLDER / f"{read.__name__}.yaml").read_text().splitlines()[0]
    assert first.startswith("# Not tried by this project's checks")
    commands = typer.main.get_command(app).commands
    seen = set()
    for name, environment, arguments in read():
        seen.add(name)
        settings = {key: value for key, value in environment.items() if key.startswith("IMPASTO_")}
        fields = {key.removeprefix("IMPASTO_").lower(): value for key, value in settings.items()}
        assert set(fields) <= set(Configuration.model_fields)
        Configuration(**fields)  # they make sense together
        program, *given = arguments or ["impasto", "serve"]
        assert program == "impasto"
        commands[given[0]].make_context(given[0], given[1:])  # raises on options that there are not
        certificate = fields.get("certificates") or given[given.index("--certificates") + 1]
        assert certificate == "/certificate"
    assert seen == {"web", "scheduler", "worker"}
