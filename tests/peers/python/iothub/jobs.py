"""IoTHubJobManager: scheduled jobs, and import and export jobs."""

import datetime

from azure.iot.hub import IoTHubJobManager, IoTHubRegistryManager, models
from msrest.exceptions import ClientRequestError, DeserializationError

from hub import HOST_NAME, KEY_1, KEY_2, Credential, device, refused, watched
from peer import EMULATOR, check, equal, holds, raises, run, until

jobs = watched(IoTHubJobManager)
registry = watched(IoTHubRegistryManager)
for name in ("one", "two"):
    registry.create_device_with_sas(name, KEY_1, KEY_2, "enabled")
NOW = datetime.datetime.now(datetime.timezone.utc)


def _twin_job(job_id, start=None, condition="deviceId IN ['one', 'two']", **tags):
    return models.JobRequest(
        job_id=job_id,
        type="scheduleUpdateTwin",
        query_condition=condition,
        start_time=(start or NOW).isoformat(),
        max_execution_time_in_seconds=300,
        update_twin=models.Twin(etag="*", tags=tags),
    )


def _finished(job_id):
    def ended():
        job = jobs.get_scheduled_job(job_id)
        return job if job.status in ("completed", "failed", "cancelled") else None

    return until(ended)


@check
def create_scheduled_job_updates_twins():
    job = jobs.create_scheduled_job("paint", _twin_job("paint", colour="red"))
    equal((job.job_id, job.type), ("paint", "scheduleUpdateTwin"))
    holds(job.status in ("queued", "scheduled", "running"), f"the status is {job.status}")
    job = _finished("paint")
    equal((job.status, job.device_job_statistics.succeeded_count), ("completed", 2))
    equal([registry.get_twin(name).tags for name in ("one", "two")], [{"colour": "red"}] * 2)


@check
def create_existing_scheduled_job_is_refused():
    with refused(409, "JobAlreadyExists"):
        jobs.create_scheduled_job("paint", _twin_job("paint", colour="red"))


@check
def create_scheduled_job_calls_methods():
    device("one", "connection", {"connected": True})
    device("one", "methods/reboot", {"type": "reply", "status": 200, "payload": 1})
    method = models.CloudToDeviceMethod(
        method_name="reboot", payload={"a": 1}, response_timeout_in_seconds=10, connect_timeout_in_seconds=0
    )
    request = models.JobRequest(
        job_id="restart",
        type="scheduleDeviceMethod",
        query_condition="deviceId IN ['one', 'two']",
        start_time=NOW.isoformat(),
        max_execution_time_in_seconds=300,
        cloud_to_device_method=method,
    )
    jobs.create_scheduled_job("restart", request)
    counts = _finished("restart").device_job_statistics
    # The second device is offline.
    equal((counts.device_count, counts.succeeded_count, counts.failed_count), (2, 1, 1))


@check
def get_missing_scheduled_job_has_status_unknown():
    job = jobs.get_scheduled_job("missing")
    equal((job.type, job.status), ("unknown", "unknown"))


@check
def cancel_scheduled_job_before_it_starts():
    later = NOW + datetime.timedelta(hours=1)
    equal(jobs.create_scheduled_job("later", _twin_job("later", later, colour="blue")).job_id, "later")
    equal(jobs.cancel_scheduled_job("later").status, "cancelled")
    equal(_finished("later").status, "cancelled")
    equal(registry.get_twin("one").tags, {"colour": "red"})


@check
def create_scheduled_job_while_another_is_waiting_is_refused():
    later = NOW + datetime.timedelta(hours=1)
    jobs.create_scheduled_job("waiting", _twin_job("waiting", later, colour="blue"))
    try:
        with refused(429, "ThrottlingMaxActiveJobCountExceeded"):
            jobs.create_scheduled_job("too-many", _twin_job("too-many", later, colour="blue"))
    finally:
        jobs.cancel_scheduled_job("waiting")


@check
def cancel_ended_scheduled_job_is_refused():
    with refused(405, "OperationNotAllowedInCurrentState"):
        jobs.cancel_scheduled_job("paint")


@check
def cancel_missing_scheduled_job_is_refused():
    with refused(404, "JobNotFound"):
        jobs.cancel_scheduled_job("missing")


@check
def query_scheduled_jobs_returns_an_array_that_this_client_cannot_read():
    # This client expects an object; the hub and the other clients use an array.
    with raises(DeserializationError):
        jobs.query_scheduled_jobs("scheduleUpdateTwin", "completed")


def _container(name):
    """Returns the URI of a container that the emulator serves."""
    return EMULATOR["iothub"].get("blobEndpoint", "https://localhost").rstrip("/") + f"/{name}"


@check
def export_job_completes():
    job = jobs.create_import_export_job(
        models.JobProperties(
            type="export", output_blob_container_uri=_container("exported"), exclude_keys_in_export=False
        )
    )
    equal((job.type, job.status), ("export", "enqueued"))
    done = until(lambda: _over(job.job_id))
    equal((done.status, done.progress, done.failure_reason), ("completed", 100, None))


@check
def get_import_export_jobs_lists_the_job():
    holds([job for job in jobs.get_import_export_jobs() if job.type == "export"], "no export job")


@check
def import_job_reads_an_export():
    registry.delete_device("two")
    job = jobs.create_import_export_job(
        models.JobProperties(
            type="import",
            input_blob_container_uri=_container("exported"),
            output_blob_container_uri=_container("log"),
        )
    )
    equal(until(lambda: _over(job.job_id)).status, "completed")
    equal(registry.get_device("two").authentication.symmetric_key.primary_key, KEY_1)


def _over(job_id):
    job = jobs.get_import_export_job(job_id)
    return job if job.status in ("completed", "failed", "cancelled") else None


@check
def get_missing_import_export_job_is_refused():
    with refused(404, "JobNotFound"):
        jobs.get_import_export_job("missing")


@check
def cancel_missing_import_export_job_is_a_server_error():
    # The service returns 500, which this client retries up to its limit.
    with raises(ClientRequestError):
        jobs.cancel_import_export_job("missing")


@check
def cancel_ended_import_export_job_succeeds():
    [job] = [job for job in jobs.get_import_export_jobs() if job.type == "export"]
    equal(jobs.cancel_import_export_job(job.job_id), None)


@check
def a_token_credential_is_accepted():
    with_token = IoTHubJobManager.from_token_credential(HOST_NAME, Credential())
    equal(with_token.get_scheduled_job("missing").status, "unknown")


run()
