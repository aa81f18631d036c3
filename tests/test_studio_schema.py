"""Schemathesis on the API: whatever the schema allows or forbids, no answer is a 5xx, or one that it does not tell."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from studio_web import Web, picture

# To a schema any bytes are a file, and any text an email address: what is refused of them is tested by itself.
UNTOLD = [positive_data_acceptance]
examples = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    with Web(folder, max_canvas=128, jobs_per_hour=10_000, mails_per_day=10_000, max_waiting=10_000).serving() as web:
        yield web


@pytest.fixture(scope="module")
def operations(studio):
    """All but the endless stream of events, and whether painters are there, which they are not: tested elsewhere."""
    schema = schemathesis.openapi.from_url(f"{studio.url}/openapi.json").exclude(path_regex="/events$|^/readyz$")
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) >= 10
    return found


@pytest.mark.parametrize("mode", GenerationMode)
def test_answers_are_as_the_schema_tells(operations, mode):
    for operation in operations:

        @examples
        @given(operation.as_strategy(generation_mode=mode))
        def answered(case):
            case.call_and_validate(excluded_checks=UNTOLD)

        with suppress(Unsatisfiable):  # of an operation that is given nothing, nothing can be wrong
            answered()


def test_answers_about_a_painting_that_is_there(operations, studio):
    about = [operation for operation in operations if "{token}" in operation.path]
    assert len(about) >= 4
    for operation in about:
        answers_about(operation, studio.client.post("/api/paintings", files={"photo": ("a.png", picture())}).json())


def answers_about(operation, painting):
    @examples
    @given(operation.as_strategy())
    def answered(case):
        case.path_parameters = {"token": painting["token"]}
        case.call_and_validate(excluded_checks=UNTOLD)

    answered()
