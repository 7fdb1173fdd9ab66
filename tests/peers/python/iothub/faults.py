"""The client's handling of throttling, errors and broken connections."""

from azure.iot.hub import IoTHubRegistryManager, models
from msrest.exceptions import ClientRequestError

from hub import KEY_1, KEY_2, refused, watched
from peer import check, equal, faults, raises, run

registry = watched(IoTHubRegistryManager)
registry.create_device_with_sas("device", KEY_1, KEY_2, "enabled")


@check
def throttling_with_retry_after_is_retried():
    with faults({"type": "status", "status": 429, "retryAfterSeconds": 1}, count=2) as rule:
        equal(registry.get_device("device").device_id, "device")
    equal(rule.left, 0)


@check
def throttling_without_retry_after_is_an_error():
    with faults({"type": "status", "status": 429}), refused(429, "ThrottlingException"):
        registry.get_device("device")


@check
def service_unavailable_is_retried():
    with faults({"type": "status", "status": 503}, count=2) as rule:
        equal(registry.get_device("device").device_id, "device")
    equal(rule.left, 0)


@check
def service_unavailable_is_an_error_after_all_retries():
    with faults({"type": "status", "status": 503}), raises(ClientRequestError):
        registry.get_device("device")


@check
def a_broken_connection_is_retried():
    with faults({"type": "reset"}, count=1) as rule:
        equal(registry.get_device("device").device_id, "device")
    equal(rule.left, 0)


@check
def a_patch_is_not_retried():
    with faults({"type": "status", "status": 503}, count=1), refused(503, "ServiceUnavailable"):
        registry.update_twin("device", models.Twin(tags={"a": 1}))
    equal(registry.get_twin("device").tags, None)


run()
