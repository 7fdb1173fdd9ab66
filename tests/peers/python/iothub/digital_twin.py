"""DigitalTwinClient: plug-and-play twins and commands."""

from azure.iot.hub import DigitalTwinClient, IoTHubRegistryManager

from hub import HOST_NAME, KEY_1, KEY_2, Credential, device, refused, watched
from peer import check, equal, holds, run

twins = watched(DigitalTwinClient)
registry = watched(IoTHubRegistryManager)
registry.create_device_with_sas("thing", KEY_1, KEY_2, "enabled")


@check
def a_device_is_scripted():
    device("thing", "connection", {"connected": True})
    device("thing", "methods/reboot", {"type": "reply", "status": 200, "payload": {"in": 5}})
    # A component command arrives as a direct method of this name.
    device("thing", "methods/heater*echo", {"type": "echo", "status": 200})


@check
def get_digital_twin_of_a_device_without_model():
    twin = twins.get_digital_twin("thing")
    equal((twin["$dtId"], twin["$metadata"]["$model"]), ("thing", ""))


@check
def get_missing_digital_twin_is_refused():
    with refused(404, "DeviceNotFound"):
        twins.get_digital_twin("missing")


@check
def update_digital_twin_writes_desired_properties():
    # The response, 202, has no body.
    equal(twins.update_digital_twin("thing", [{"op": "add", "path": "/speed", "value": 7}]), None)
    equal(registry.get_twin("thing").properties.desired["speed"], 7)


@check
def update_digital_twin_with_an_etag():
    etag = registry.get_twin("thing").etag
    twins.update_digital_twin("thing", [{"op": "replace", "path": "/speed", "value": 8}], f'"{etag}"')
    equal(registry.get_twin("thing").properties.desired["speed"], 8)
    with refused(412, "PreconditionFailed"):
        twins.update_digital_twin("thing", [{"op": "replace", "path": "/speed", "value": 9}], f'"{etag}"')


@check
def update_digital_twin_removes_properties():
    twins.update_digital_twin("thing", [{"op": "remove", "path": "/speed"}])
    equal("speed" in registry.get_twin("thing").properties.desired, False)


@check
def get_digital_twin_of_a_device_with_a_model():
    model = "dtmi:peers:Thing;1"
    device("thing", "connection", {"connected": True, "modelId": model})
    device("thing", "reported", {"level": 3, "heater": {"__t": "c", "warm": True}}, "PATCH")
    twin = twins.get_digital_twin("thing")
    equal((twin["$metadata"]["$model"], twin["level"], twin["heater"]["warm"]), (model, 3, True))
    holds(twin["$metadata"]["level"]["lastUpdateTime"], "lastUpdateTime is missing")


@check
def invoke_command_returns_the_payload():
    equal(twins.invoke_command("thing", "reboot", {"delay": 1}), {"in": 5})
    equal(twins.invoke_command("thing", "reboot", "text", 0, 10), {"in": 5})


@check
def invoke_command_of_a_missing_device_is_refused():
    with refused(404, "DeviceNotFound"):
        twins.invoke_command("missing", "reboot", {})


@check
def invoke_component_command_returns_the_payload():
    equal(twins.invoke_component_command("thing", "heater", "echo", {"level": 3}), {"level": 3})


@check
def a_token_credential_is_accepted_for_twins():
    with_token = DigitalTwinClient.from_token_credential(HOST_NAME, Credential())
    equal(with_token.get_digital_twin("thing")["$dtId"], "thing")
    # The service accepts commands with a shared access signature only, whatever role the token has.
    with refused(401, "IotHubUnauthorizedAccess"):
        with_token.invoke_command("thing", "reboot", {})


run()
