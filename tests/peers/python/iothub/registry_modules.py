"""IoTHubRegistryManager: module identities."""

from azure.iot.hub import IoTHubRegistryManager

from hub import HOST_NAME, KEY_1, KEY_2, THUMBPRINT_1, THUMBPRINT_2, Credential, refused, watched
from peer import check, equal, holds, run

registry = watched(IoTHubRegistryManager)
registry.create_device_with_sas("host", KEY_1, KEY_2, "enabled")


@check
def create_module_with_sas_keeps_the_keys():
    module = registry.create_module_with_sas("host", "sas", "someone", KEY_1, KEY_2)
    equal((module.device_id, module.module_id, module.managed_by), ("host", "sas", "someone"))
    equal(module.authentication.type, "sas")
    equal(module.authentication.symmetric_key.secondary_key, KEY_2)
    holds(module.etag and module.generation_id, "no etag or no generation")


@check
def create_module_with_x509_keeps_the_thumbprints():
    module = registry.create_module_with_x509("host", "x509", None, THUMBPRINT_1, THUMBPRINT_2)
    equal(module.authentication.type, "selfSigned")
    equal(module.authentication.x509_thumbprint.primary_thumbprint, THUMBPRINT_1)
    equal(module.managed_by, None)


@check
def create_module_with_certificate_authority_has_no_secrets():
    module = registry.create_module_with_certificate_authority("host", "ca", "someone")
    equal(module.authentication.type, "certificateAuthority")
    equal(module.authentication.symmetric_key.primary_key, None)


@check
def create_existing_module_is_refused():
    with refused(409, "ModuleAlreadyExistsOnDevice"):
        registry.create_module_with_sas("host", "sas", None, KEY_1, KEY_2)


@check
def create_module_with_the_id_of_a_system_module_is_refused():
    with refused(400, "ArgumentInvalid"):
        registry.create_module_with_sas("host", "$own", None, KEY_1, KEY_2)


@check
def create_module_on_a_missing_device_is_unauthorized_with_a_key():
    with refused(401, "IotHubUnauthorizedAccess"):
        registry.create_module_with_sas("missing", "sas", None, KEY_1, KEY_2)


@check
def create_module_on_a_missing_device_is_not_found_with_a_token():
    with_token = IoTHubRegistryManager.from_token_credential(HOST_NAME, Credential())
    with refused(404, "DeviceNotFound"):
        with_token.create_module_with_sas("missing", "sas", None, KEY_1, KEY_2)


@check
def get_module_returns_what_was_created():
    module = registry.get_module("host", "sas")
    equal((module.module_id, module.managed_by, module.connection_state), ("sas", "someone", "Disconnected"))


@check
def get_missing_module_is_refused():
    with refused(404, "ModuleNotFound"):
        registry.get_module("host", "missing")


@check
def get_modules_lists_all():
    equal({module.module_id for module in registry.get_modules("host")}, {"sas", "x509", "ca"})


@check
def get_modules_of_an_edge_device_includes_its_runtime():
    registry.create_device_with_sas("edge", KEY_1, KEY_2, "enabled", iot_edge=True)
    modules = {module.module_id: module for module in registry.get_modules("edge")}
    equal(set(modules), {"$edgeAgent", "$edgeHub"})
    equal(modules["$edgeAgent"].managed_by, "iotEdge")
    equal(modules["$edgeAgent"].authentication.type, "none")


@check
def update_module_with_sas_replaces_everything():
    before = registry.get_module("host", "sas")
    module = registry.update_module_with_sas("host", "sas", None, before.etag, KEY_2, KEY_1)
    equal((module.managed_by, module.authentication.symmetric_key.primary_key), (None, KEY_2))
    holds(module.etag != before.etag, "the etag has not changed")


@check
def update_module_with_sas_and_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        registry.update_module_with_sas("host", "sas", "other", "c3RhbGU=", KEY_1, KEY_2)


@check
def update_module_with_x509_replaces_the_thumbprints():
    module = registry.update_module_with_x509("host", "x509", "other", "*", THUMBPRINT_2, THUMBPRINT_1)
    equal(
        (module.managed_by, module.authentication.x509_thumbprint.primary_thumbprint), ("other", THUMBPRINT_2)
    )


@check
def update_module_with_certificate_authority_replaces_managed_by():
    before = registry.get_module("host", "ca")
    module = registry.update_module_with_certificate_authority("host", "ca", "other", before.etag)
    equal((module.managed_by, module.authentication.type), ("other", "certificateAuthority"))


@check
def delete_module_with_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        registry.delete_module("host", "ca", "c3RhbGU=")


@check
def delete_module_with_its_etag_and_without_one():
    registry.delete_module("host", "ca", registry.get_module("host", "ca").etag)
    registry.delete_module("host", "x509")
    equal([module.module_id for module in registry.get_modules("host")], ["sas"])


run()
