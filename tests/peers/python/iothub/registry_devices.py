"""IoTHubRegistryManager: device identities, single and in bulk, and statistics."""

from azure.iot.hub import IoTHubRegistryManager, models
from msrest.exceptions import HttpOperationError

from hub import (
    CONNECTION_STRING,
    HOST_NAME,
    KEY_1,
    KEY_2,
    THUMBPRINT_1,
    THUMBPRINT_2,
    Credential,
    refused,
    watched,
)
from peer import check, equal, holds, raises, run

registry = watched(IoTHubRegistryManager)
# All punctuation that an identity may contain.
ODD_ID = "dev:1.2+3%_#*?!(),=@$;'"


@check
def create_device_with_sas_keeps_the_keys():
    device = registry.create_device_with_sas("sas", KEY_1, KEY_2, "enabled", status_reason="new")
    equal(device.device_id, "sas")
    equal(device.authentication.type, "sas")
    equal(device.authentication.symmetric_key.primary_key, KEY_1)
    equal(device.authentication.symmetric_key.secondary_key, KEY_2)
    equal((device.status, device.status_reason, device.connection_state), ("enabled", "new", "Disconnected"))
    holds(device.etag and device.generation_id, "no etag or no generation")
    equal(device.capabilities.iot_edge, False)
    equal(device.connection_state_updated_time.year, 1)


@check
def create_device_with_sas_generates_keys_if_none_are_given():
    device = registry.create_device_with_sas("generated", None, None, "disabled")
    keys = device.authentication.symmetric_key
    equal((len(keys.primary_key), len(keys.secondary_key)), (44, 44))
    holds(keys.primary_key != keys.secondary_key, "both keys are the same")
    equal(device.status, "disabled")


@check
def create_device_with_x509_keeps_the_thumbprints():
    device = registry.create_device_with_x509("x509", THUMBPRINT_1, THUMBPRINT_2, "enabled")
    equal(device.authentication.type, "selfSigned")
    equal(device.authentication.x509_thumbprint.primary_thumbprint, THUMBPRINT_1)
    equal(device.authentication.x509_thumbprint.secondary_thumbprint, THUMBPRINT_2)
    equal(device.authentication.symmetric_key.primary_key, None)


@check
def create_device_with_certificate_authority_has_no_secrets():
    device = registry.create_device_with_certificate_authority("ca", "enabled")
    equal(device.authentication.type, "certificateAuthority")
    equal(device.authentication.symmetric_key.primary_key, None)
    equal(device.authentication.x509_thumbprint.primary_thumbprint, None)


@check
def create_device_on_an_edge_gateway_joins_its_scope():
    gateway = registry.create_device_with_sas("gateway", KEY_1, KEY_2, "enabled", iot_edge=True)
    equal(gateway.capabilities.iot_edge, True)
    equal(gateway.device_scope, f"ms-azure-iot-edge://gateway-{gateway.generation_id}")
    leaf = registry.create_device_with_sas("leaf", KEY_1, KEY_2, "enabled", device_scope=gateway.device_scope)
    equal(leaf.parent_scopes, [gateway.device_scope])


@check
def create_device_with_punctuation_in_its_id():
    equal(registry.create_device_with_sas(ODD_ID, KEY_1, KEY_2, "enabled").device_id, ODD_ID)
    equal(registry.get_device(ODD_ID).device_id, ODD_ID)
    registry.delete_device(ODD_ID)
    with refused(404, "DeviceNotFound"):
        registry.get_device(ODD_ID)


@check
def create_existing_device_is_refused():
    with refused(409, "DeviceAlreadyExists"):
        registry.create_device_with_sas("sas", KEY_1, KEY_2, "enabled")


@check
def create_device_with_short_keys_is_refused():
    with refused(400, "ArgumentInvalid"):
        registry.create_device_with_sas("short-keys", "c2hvcnQ=", "c2hvcnQ=", "enabled")


@check
def create_device_with_a_malformed_thumbprint_is_refused():
    with refused(400, "ArgumentInvalid") as caught:
        registry.create_device_with_x509("no-thumbprint", "aa:bb", "aa:bb", "enabled")
    holds("StringIsNotThumbprint" in caught.message, caught.message)


@check
def create_device_without_status_enables_it():
    device = registry.create_device_with_sas("no-status", KEY_1, KEY_2, None)
    equal(device.status, "enabled")


@check
def get_device_returns_what_was_created():
    device = registry.get_device("sas")
    equal((device.device_id, device.status_reason), ("sas", "new"))
    equal(device.authentication.symmetric_key.primary_key, KEY_1)
    equal(device.cloud_to_device_message_count, 0)


@check
def get_missing_device_is_refused_with_its_id():
    with refused(404, "DeviceNotFound") as caught:
        registry.get_device("missing")
    equal(caught.message, "ErrorCode:DeviceNotFound;missing")
    holds("Tracking ID:" in caught.error.response.text, "no tracking id")


@check
def update_device_with_sas_replaces_everything():
    before = registry.get_device("sas")
    device = registry.update_device_with_sas("sas", before.etag, KEY_2, KEY_1, "disabled")
    equal(device.authentication.symmetric_key.primary_key, KEY_2)
    equal((device.status, device.status_reason), ("disabled", None))
    holds(device.etag != before.etag, "the etag has not changed")
    equal(device.generation_id, before.generation_id)


@check
def update_device_with_sas_and_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        registry.update_device_with_sas("sas", "c3RhbGU=", KEY_1, KEY_2, "enabled")
    equal(registry.get_device("sas").status, "disabled")


@check
def update_device_with_sas_and_any_etag():
    equal(registry.update_device_with_sas("sas", "*", KEY_1, KEY_2, "enabled").status, "enabled")


@check
def update_missing_device_is_refused():
    with refused(404, "DeviceNotFound"):
        registry.update_device_with_sas("missing", "*", KEY_1, KEY_2, "enabled")


@check
def update_device_with_x509_replaces_the_thumbprints():
    device = registry.update_device_with_x509("x509", "*", THUMBPRINT_2, THUMBPRINT_1, "enabled")
    equal(device.authentication.x509_thumbprint.primary_thumbprint, THUMBPRINT_2)


@check
def update_device_with_certificate_authority_removes_the_keys():
    device = registry.update_device_with_certificate_authority(
        "generated", "*", "enabled", status_reason="signed"
    )
    equal((device.authentication.type, device.status_reason), ("certificateAuthority", "signed"))
    equal(device.authentication.symmetric_key.primary_key, None)


@check
def get_devices_returns_at_most_the_given_number():
    everything = {device.device_id for device in registry.get_devices()}
    holds({"sas", "x509", "ca", "generated", "gateway", "leaf"} <= everything, f"only {everything}")
    equal(len(registry.get_devices(2)), 2)


@check
def statistics_count_devices():
    before = registry.get_device_registry_statistics()
    registry.create_device_with_sas("one-more", KEY_1, KEY_2, "disabled")
    after = registry.get_device_registry_statistics()
    equal(after.total_device_count, before.total_device_count + 1)
    equal(after.disabled_device_count, before.disabled_device_count + 1)
    equal(after.enabled_device_count, before.enabled_device_count)
    equal(registry.get_service_statistics().connected_device_count, 0)


@check
def delete_device_with_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        registry.delete_device("one-more", "c3RhbGU=")


@check
def delete_device_with_its_etag_and_without_one():
    registry.delete_device("one-more", registry.get_device("one-more").etag)
    registry.delete_device("no-status")
    with refused(404, "DeviceNotFound"):
        registry.delete_device("no-status")


def _new(device_id, mode="create", **more):
    keys = models.SymmetricKey(primary_key=KEY_1, secondary_key=KEY_2)
    return models.ExportImportDevice(
        id=device_id,
        import_mode=mode,
        status="enabled",
        authentication=models.AuthenticationMechanism(type="sas", symmetric_key=keys),
        **more,
    )


@check
def bulk_create_creates_devices_and_modules_with_tags():
    tags = {"floor": 3}
    for entries in (
        [_new("bulk-1", tags=tags), _new("bulk-2")],
        [_new("bulk-1", module_id="part")],
    ):
        result = registry.bulk_create_or_update_devices(entries)
        equal((result.is_successful, result.errors, result.warnings), (True, [], []))
    equal(registry.get_device("bulk-1").authentication.symmetric_key.primary_key, KEY_1)
    equal(registry.get_twin("bulk-1").tags, tags)
    equal(registry.get_module("bulk-1", "part").module_id, "part")


@check
def bulk_with_a_device_and_its_module_is_refused_as_a_whole():
    # The client treats a 400 response as a result, whose members are then None.
    result = registry.bulk_create_or_update_devices([_new("twice"), _new("twice", module_id="part")])
    equal((result.is_successful, result.errors, result.warnings), (None, None, None))
    with refused(404, "DeviceNotFound"):
        registry.get_device("twice")


@check
def bulk_create_reports_the_failed_entry_and_applies_the_others():
    result = registry.bulk_create_or_update_devices([_new("bulk-1"), _new("bulk-3")])
    equal(result.is_successful, False)
    equal([error.device_id for error in result.errors], ["bulk-1"])
    # A number in the JSON, which this client converts to a string.
    equal(result.errors[0].error_code, "409001")
    equal(registry.get_device("bulk-3").device_id, "bulk-3")


@check
def bulk_update_and_delete():
    changed = _new("bulk-2", "update")
    changed.status = "disabled"
    equal(registry.bulk_create_or_update_devices([changed]).is_successful, True)
    equal(registry.get_device("bulk-2").status, "disabled")
    gone = [
        _new("bulk-2", "delete"),
        _new("bulk-3", "deleteIfMatchETag", e_tag=registry.get_device("bulk-3").etag),
    ]
    equal(registry.bulk_create_or_update_devices(gone).is_successful, True)
    for device_id in ("bulk-2", "bulk-3"):
        with refused(404, "DeviceNotFound"):
            registry.get_device(device_id)


@check
def bulk_with_more_than_100_items_is_refused():
    with raises(HttpOperationError) as caught:
        registry.bulk_create_or_update_devices([_new(f"many-{at}") for at in range(101)])
    equal(caught.error.response.status_code, 413)
    equal(caught.error.response.headers.get("iothub-errorcode"), "TooManyDevices")


@check
def a_token_credential_is_accepted():
    credential = Credential()
    equal(
        IoTHubRegistryManager.from_token_credential(HOST_NAME, credential).get_device("sas").device_id, "sas"
    )
    # This client requests a token for its AMQP connection, too.
    equal(set(credential.scopes), {"https://iothubs.azure.net/.default"})


@check
def a_wrong_key_is_refused():
    parts = [part for part in CONNECTION_STRING.split(";") if not part.startswith("SharedAccessKey=")]
    with refused(401, "IotHubUnauthorizedAccess"):
        IoTHubRegistryManager.from_connection_string(
            ";".join([*parts, f"SharedAccessKey={KEY_1}"])
        ).get_device("sas")


run()
