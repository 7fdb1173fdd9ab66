"""Digital Twins: import and delete jobs, which only the package's generated layer supports."""

import asyncio
import json
import os
from pathlib import Path

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.digitaltwins.core._generated.models import ImportJob

from peer import check, equal, holds, run
from twins import MODELS, client, generated, items, room, settled


BLOBS = Path(os.environ["PEERS_BLOBS"])
INPUT = [
    {"Section": "Header"},
    {"fileVersion": "1.0.0", "author": "peers", "organization": "peers"},
    {"Section": "Models"},
    *MODELS,
    {"Section": "Twins"},
    {"$dtId": "a", **room(name="A")},
    {"$dtId": "b", **room(name="B")},
    {"Section": "Relationships"},
    {"$dtId": "a", "$relationshipId": "door", "$targetId": "b", "$relationshipName": "leadsTo", "width": 90},
]
ENDED = ("succeeded", "failed", "cancelled")


def _blob(name):
    """Returns the URI of a blob, which the emulator maps to a file by container and name."""
    return f"https://account.blob.core.windows.net/jobs/{name}"


def _imports():
    return generated(client()).import_jobs


def _deletions():
    return generated(client()).delete_jobs


def _job(name="input.ndjson"):
    return ImportJob(input_blob_uri=_blob(name), output_blob_uri=_blob("load.log"))


class refused_job:
    """Asserts that the service refuses the block; errors of jobs have no header with the code."""

    def __init__(self, kind, status, code):
        self._expected = (kind, status, code)

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, trace):
        if not isinstance(error, HttpResponseError) or error.status_code == 501:
            holds(error is not None, "no error")
            return False
        code = error.error.code if getattr(error, "error", None) else None
        equal((type(error), error.status_code, code), self._expected)
        return True


@check
async def import_job_is_created_and_listed():
    (BLOBS / "jobs").mkdir(parents=True, exist_ok=True)
    (BLOBS / "jobs" / "input.ndjson").write_text("".join(json.dumps(line) + "\n" for line in INPUT))
    made = await settled(_imports().add("load", _job()))
    equal((made.id, made.input_blob_uri), ("load", _blob("input.ndjson")))
    holds(made.status in ("notstarted", "running"), f"the status is {made.status}")
    holds(made.created_date_time and made.purge_date_time, "times are missing")
    equal((await settled(_imports().get_by_id("load"))).id, "load")
    equal([job.id for job in await items(_imports().list())], ["load"])


@check
async def existing_import_job_is_refused():
    async with refused_job(ResourceExistsError, 409, "JobIdAlreadyExists"):
        await settled(_imports().add("load", _job()))


@check
async def import_job_with_an_invalid_uri_is_refused():
    async with refused_job(HttpResponseError, 400, "InvalidArgument"):
        await settled(_imports().add("bad", ImportJob(input_blob_uri="nowhere", output_blob_uri="nowhere")))


@check
async def get_missing_import_job_is_refused():
    async with refused_job(ResourceNotFoundError, 404, "JobNotFound"):
        await settled(_imports().get_by_id("missing"))


async def _ended(job_id):
    for _ in range(100):
        job = await settled(_imports().get_by_id(job_id))
        if job.status in ENDED:
            return job
        await asyncio.sleep(0.1)
    raise AssertionError(f"the job is still {job.status}")


@check
async def import_job_creates_models_twins_and_relationships():
    job = await _ended("load")
    equal((job.status, job.error), ("succeeded", None))
    holds(job.finished_date_time, "finishedDateTime is missing")
    equal({model.id for model in await items(client().list_models())}, {model["@id"] for model in MODELS})
    equal((await client().get_digital_twin("b"))["name"], "B")
    equal((await client().get_relationship("a", "door"))["width"], 90)
    log = [json.loads(line) for line in (BLOBS / "jobs" / "load.log").read_text().splitlines()]
    equal((log[0]["jobId"], log[0]["details"]["status"]), ("load", "Started"))
    equal(log[-1]["details"]["status"], "Succeeded")


@check
async def import_job_without_its_input_fails():
    await settled(_imports().add("lost", _job("nowhere.ndjson")))
    job = await _ended("lost")
    equal(job.status, "failed")
    holds(job.error.code and job.error.message, "no error")


@check
async def cancel_of_an_ended_import_job_has_no_effect():
    equal((await settled(_imports().cancel("load"))).status, "succeeded")


@check
async def import_job_is_deleted():
    for name in ("load", "lost"):
        equal(await settled(_imports().delete(name)), None)
    equal(await items(_imports().list()), [])


@check
async def delete_job_empties_the_instance():
    poller = await settled(_deletions().begin_add(polling_interval=0.2))
    job = await settled(poller.result())
    equal(job.status, "succeeded")
    equal(await items(client().list_models()), [])
    async with refused_job(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().get_digital_twin("a")
    equal((await settled(_deletions().get_by_id(job.id))).status, "succeeded")
    equal([listed.id for listed in await items(_deletions().list())], [job.id])


@check
async def get_missing_delete_job_is_refused():
    async with refused_job(ResourceNotFoundError, 404, "DeleteJobNotFound"):
        await settled(_deletions().get_by_id("missing"))


run()
