"""IoTHubRegistryManager: direct methods."""

from azure.iot.hub import IoTHubRegistryManager, models

from hub import KEY_1, KEY_2, device, error_within, refused, watched
from peer import check, equal, run

registry = watched(IoTHubRegistryManager)
for name in ("online", "offline"):
    registry.create_device_with_sas(name, KEY_1, KEY_2, "enabled")
registry.create_module_with_sas("online", "part", None, KEY_1, KEY_2)


def _call(device_id, method, **options):
    request = models.CloudToDeviceMethod(method_name=method, **options)
    return registry.invoke_device_method(device_id, request)


@check
def a_device_is_scripted():
    device("online", "connection", {"connected": True})
    device("online", "methods/reboot", {"type": "reply", "status": 202, "payload": {"in": 5}})
    device("online", "methods/echo", {"type": "echo", "status": 200})
    device("online", "methods/mute", {"type": "silent"})
    device("online", "connection", {"connected": True}, module_id="part")
    device("online", "methods/echo", {"type": "echo", "status": 418}, module_id="part")


@check
def invoke_device_method_returns_the_response_of_the_device():
    result = _call("online", "reboot", payload={"delay": 1})
    equal((result.status, result.payload), (202, {"in": 5}))


@check
def invoke_device_method_passes_any_payload():
    for payload in ({"a": [1, None]}, "text", 1.5, 0, False, [], [1, "x"]):
        equal(_call("online", "echo", payload=payload).payload, payload)


@check
def invoke_device_method_without_payload_sends_an_empty_string():
    # An empty string is this client's default payload.
    equal(_call("online", "echo").payload, "")


@check
def invoke_device_method_of_an_offline_device_is_refused():
    with refused(404, "DeviceNotOnline") as caught:
        _call("offline", "reboot", payload={})
    equal(error_within(caught)["errorCode"], 404103)


@check
def invoke_unknown_device_method_is_refused():
    with refused(404, "DeviceNotOnline"):
        _call("online", "unknown", payload={})


@check
def invoke_device_method_of_a_missing_device_is_refused():
    with refused(404, "DeviceNotFound") as caught:
        _call("missing", "reboot", payload={})
    equal(error_within(caught)["errorCode"], 404001)


@check
def invoke_device_method_without_a_response_times_out():
    with refused(504, "GatewayTimeout") as caught:
        _call("online", "mute", payload={}, response_timeout_in_seconds=5)
    equal(error_within(caught)["errorCode"], 504101)


@check
def invoke_device_method_with_connect_timeout_above_response_timeout_is_refused():
    with refused(400, "ArgumentInvalid"):
        _call("online", "echo", payload={}, connect_timeout_in_seconds=20, response_timeout_in_seconds=10)


@check
def invoke_device_module_method_returns_the_response_of_the_module():
    request = models.CloudToDeviceMethod(method_name="echo", payload={"a": 1})
    result = registry.invoke_device_module_method("online", "part", request)
    equal((result.status, result.payload), (418, {"a": 1}))


@check
def invoke_device_module_method_of_a_missing_module_is_refused():
    request = models.CloudToDeviceMethod(method_name="echo", payload={})
    with refused(404, "ModuleNotFound") as caught:
        registry.invoke_device_module_method("online", "missing", request)
    equal(error_within(caught)["errorCode"], 404010)


@check
def connected_devices_are_counted():
    equal(registry.get_service_statistics().connected_device_count, 1)
    equal(registry.get_device("online").connection_state, "Connected")
    equal(registry.get_twin("online").connection_state, "Connected")


run()
