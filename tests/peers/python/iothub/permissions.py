"""Permissions of the shared access policies other than iothubowner."""

import os

from azure.iot.hub import (
    DigitalTwinClient,
    IoTHubConfigurationManager,
    IoTHubHttpRuntimeManager,
    IoTHubRegistryManager,
    models,
)

from hub import HOST_NAME, KEY_1, KEY_2, refused, watched
from peer import check, equal, run

watched(IoTHubRegistryManager).create_device_with_sas("device", KEY_1, KEY_2, "enabled")
REFUSED = (401, "IotHubUnauthorizedAccess")


def _manager(kind, policy):
    key = os.environ["PEERS_POLICY_KEY"]
    return kind.from_connection_string(
        f"HostName={HOST_NAME};SharedAccessKeyName={policy};SharedAccessKey={key}"
    )


@check
def registry_read_may_read_identities_only():
    registry = _manager(IoTHubRegistryManager, "registryRead")
    equal(registry.get_device("device").device_id, "device")
    equal(registry.get_device_registry_statistics().total_device_count, 1)
    with refused(*REFUSED):
        registry.create_device_with_sas("other", KEY_1, KEY_2, "enabled")
    with refused(*REFUSED):
        registry.delete_device("device")
    with refused(*REFUSED):
        registry.get_twin("device")


@check
def registry_read_write_may_write_identities_but_no_twins():
    registry = _manager(IoTHubRegistryManager, "registryReadWrite")
    registry.create_device_with_sas("other", KEY_1, KEY_2, "enabled")
    registry.delete_device("other")
    with refused(*REFUSED):
        registry.update_twin("device", models.Twin(tags={"a": 1}))
    with refused(*REFUSED):
        _manager(IoTHubHttpRuntimeManager, "registryReadWrite").receive_feedback_notification()


@check
def service_may_reach_devices_but_no_identities():
    registry = _manager(IoTHubRegistryManager, "service")
    equal(registry.update_twin("device", models.Twin(tags={"a": 1})).tags, {"a": 1})
    equal(len(registry.query_iot_hub(models.QuerySpecification(query="SELECT * FROM devices")).items), 1)
    equal(_manager(IoTHubHttpRuntimeManager, "service").receive_feedback_notification(), None)
    with refused(*REFUSED):
        registry.get_device("device")
    with refused(*REFUSED):
        _manager(IoTHubConfigurationManager, "service").get_configurations()


@check
def device_may_do_nothing():
    with refused(*REFUSED):
        _manager(IoTHubRegistryManager, "device").get_device("device")
    with refused(*REFUSED):
        _manager(DigitalTwinClient, "device").get_digital_twin("device")


run()
