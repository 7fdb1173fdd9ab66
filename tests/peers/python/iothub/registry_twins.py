"""IoTHubRegistryManager: twins of devices and modules, and queries."""

from azure.iot.hub import IoTHubRegistryManager, models

from hub import KEY_1, KEY_2, refused, watched
from peer import check, equal, holds, run

registry = watched(IoTHubRegistryManager)
for number in range(5):
    registry.create_device_with_sas(f"device-{number}", KEY_1, KEY_2, "enabled")
registry.create_module_with_sas("device-0", "part", None, KEY_1, KEY_2)


def _twin(desired=None, tags=None):
    return models.Twin(tags=tags, properties=models.TwinProperties(desired=desired))


def _desired(twin):
    return {name: value for name, value in twin.properties.desired.items() if not name.startswith("$")}


@check
def get_twin_of_a_new_device():
    twin = registry.get_twin("device-0")
    equal((twin.device_id, twin.etag, twin.version, twin.tags), ("device-0", "AAAAAAAAAAE=", 2, None))
    equal((twin.properties.desired["$version"], twin.properties.reported["$version"]), (1, 1))
    equal(twin.device_etag, registry.get_device("device-0").etag)
    equal((twin.authentication_type, twin.connection_state), ("sas", "Disconnected"))


@check
def get_missing_twin_is_refused():
    with refused(404, "DeviceNotFound"):
        registry.get_twin("missing")


@check
def update_twin_merges():
    registry.update_twin("device-0", _twin({"a": {"b": 1, "c": "x"}}, {"floor": 1, "room": "A"}))
    twin = registry.update_twin("device-0", _twin({"a": {"c": None, "d": [1, 2]}}, {"floor": 2}))
    equal(_desired(twin), {"a": {"b": 1, "d": [1, 2]}})
    equal(twin.tags, {"floor": 2, "room": "A"})
    equal(twin.properties.desired["$version"], 3)
    holds("$lastUpdated" in twin.properties.desired["$metadata"]["a"]["b"], "$lastUpdated is missing")


@check
def update_twin_with_the_twin_from_get_twin():
    twin = registry.get_twin("device-0")
    twin.properties.desired["speed"] = 1.5
    updated = registry.update_twin("device-0", twin, twin.etag)
    equal(_desired(updated)["speed"], 1.5)
    equal(updated.properties.reported["$version"], 1)


@check
def update_twin_with_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        registry.update_twin("device-0", _twin(tags={"floor": 9}), "c3RhbGU=")


@check
def update_twin_beyond_a_limit_is_refused():
    with refused(400, "ArgumentInvalid"):
        registry.update_twin("device-0", _twin(tags={"long": "x" * 5000}))
    with refused(400, "ArgumentInvalid"):
        registry.update_twin("device-0", _twin({"a.b": 1}))


@check
def replace_twin_removes_what_it_does_not_contain():
    twin = registry.replace_twin("device-0", _twin({"only": True}, {"floor": 7}))
    equal((_desired(twin), twin.tags), ({"only": True}, {"floor": 7}))


@check
def replace_twin_with_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        registry.replace_twin("device-0", _twin({"only": False}), "c3RhbGU=")
    equal(_desired(registry.get_twin("device-0")), {"only": True})


@check
def get_module_twin_of_a_new_module():
    twin = registry.get_module_twin("device-0", "part")
    equal((twin.device_id, twin.module_id, twin.etag), ("device-0", "part", "AAAAAAAAAAE="))
    with refused(404, "DeviceNotFound"):
        registry.get_module_twin("device-0", "missing")


@check
def update_module_twin_merges():
    registry.update_module_twin("device-0", "part", _twin({"a": 1, "b": 2}))
    twin = registry.update_module_twin("device-0", "part", _twin({"a": None, "c": 3}), "*")
    equal(_desired(twin), {"b": 2, "c": 3})


@check
def replace_module_twin_removes_what_it_does_not_contain():
    etag = registry.get_module_twin("device-0", "part").etag
    twin = registry.replace_module_twin("device-0", "part", _twin({"z": 0}, {"t": 1}), etag)
    equal((_desired(twin), twin.tags), ({"z": 0}, {"t": 1}))
    with refused(412, "PreconditionFailed"):
        registry.replace_module_twin("device-0", "part", _twin({"z": 1}), etag)


def _query(text, **options):
    return registry.query_iot_hub(models.QuerySpecification(query=text), **options)


@check
def query_iot_hub_returns_twins():
    result = _query("SELECT * FROM devices WHERE tags.floor = 7")
    equal((result.type, result.continuation_token), ("Twin", None))
    equal([twin.device_id for twin in result.items], ["device-0"])
    equal(_desired(result.items[0]), {"only": True})


@check
def query_iot_hub_page_by_page():
    seen, token, pages = [], None, 0
    while True:
        page = _query("SELECT * FROM devices", continuation_token=token, max_item_count=2)
        holds(len(page.items) <= 2, "the page has more than two items")
        seen += [twin.device_id for twin in page.items]
        token, pages = page.continuation_token, pages + 1
        if not token:
            break
    equal(sorted(seen), [f"device-{number}" for number in range(5)])
    holds(pages >= 3, f"only {pages} pages")


@check
def query_iot_hub_of_modules():
    result = _query("SELECT * FROM devices.modules WHERE moduleId = 'part'")
    equal([(twin.device_id, twin.module_id) for twin in result.items], [("device-0", "part")])


@check
def query_iot_hub_with_an_aggregate_returns_raw_rows():
    result = _query("SELECT status, COUNT() AS number FROM devices GROUP BY status")
    equal(result.type, "Raw")
    equal(result.items[0].additional_properties["number"], 5)
    equal(result.items[0].status, "enabled")


@check
def query_iot_hub_with_an_invalid_query_is_refused():
    with refused(400, "ArgumentInvalid"):
        _query("SELEC * FROM devices")


run()
