"""Digital Twins: import and delete jobs, which the package has in its generated layer only."""

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.digitaltwins.core._generated.models import ImportJob

from peer import EMULATOR, check, equal, holds, run
from twins import MODELS, client, generated, items, room, settled


def _blob(name):
    """Where import jobs read and write: see the emulator's ready line."""
    return EMULATOR["digitaltwins"].get("blobEndpoint", "https://localhost").rstrip("/") + f"/jobs/{name}"


def _imports():
    return generated(client()).import_jobs


def _deletions():
    return generated(client()).delete_jobs


def _job(name="input.ndjson"):
    return ImportJob(input_blob_uri=_blob(name), output_blob_uri=_blob("log.ndjson"))


class refused_job:
    """That a job's operation is refused; its errors have no code in a header."""

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
async def import_job_is_made_and_listed():
    made = await settled(_imports().add("load", _job()))
    equal((made.id, made.input_blob_uri), ("load", _blob("input.ndjson")))
    holds(made.status in ("notstarted", "running"), f"the status is {made.status}")
    holds(made.created_date_time and made.purge_date_time, "times are missing")
    equal((await settled(_imports().get_by_id("load"))).id, "load")
    equal([job.id for job in await items(_imports().list())], ["load"])


@check
async def import_job_that_exists_is_refused():
    async with refused_job(HttpResponseError, 409, "JobIdAlreadyExists"):
        await settled(_imports().add("load", _job()))


@check
async def import_job_with_a_bad_address_is_refused():
    async with refused_job(HttpResponseError, 400, "InvalidArgument"):
        await settled(_imports().add("bad", ImportJob(input_blob_uri="nowhere", output_blob_uri="nowhere")))


@check
async def import_job_that_is_missing_is_refused():
    async with refused_job(ResourceNotFoundError, 404, "JobNotFound"):
        await settled(_imports().get_by_id("missing"))


@check
async def import_job_is_cancelled_and_deleted():
    job = await settled(_imports().cancel("load"))
    equal(job.id, "load")
    equal(await settled(_imports().delete("load")), None)
    equal(await items(_imports().list()), [])


@check
async def delete_job_empties_the_instance():
    await client().create_models(MODELS)
    await client().upsert_digital_twin("room", room())
    poller = await settled(_deletions().begin_add(polling_interval=0.2))
    job = await settled(poller.result())
    equal(job.status, "succeeded")
    equal(await items(client().list_models()), [])
    async with refused_job(ResourceNotFoundError, 404, "DigitalTwinNotFound"):
        await client().get_digital_twin("room")
    equal((await settled(_deletions().get_by_id(job.id))).status, "succeeded")
    equal([listed.id for listed in await items(_deletions().list())], [job.id])


@check
async def delete_job_that_is_missing_is_refused():
    async with refused_job(ResourceNotFoundError, 404, "DeleteJobNotFound"):
        await settled(_deletions().get_by_id("missing"))


run()
