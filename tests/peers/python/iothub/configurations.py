"""IoTHubConfigurationManager."""

from azure.iot.hub import IoTHubConfigurationManager, IoTHubRegistryManager, models

from hub import HOST_NAME, KEY_1, KEY_2, Credential, refused, watched
from peer import check, equal, holds, run, until

configurations = watched(IoTHubConfigurationManager)
registry = watched(IoTHubRegistryManager)
registry.create_device_with_sas("machine", KEY_1, KEY_2, "enabled")
registry.update_twin("machine", models.Twin(tags={"floor": 1}))
registry.create_device_with_sas("edge", KEY_1, KEY_2, "enabled", iot_edge=True)

DEVICE_CONTENT = {"properties.desired.settings": {"interval": 5}}
EDGE_CONTENT = {
    "$edgeAgent": {
        "properties.desired": {
            "schemaVersion": "1.1",
            "runtime": {"type": "docker", "settings": {}},
            "systemModules": {},
            "modules": {},
        }
    }
}


def _configuration(configuration_id, condition="tags.floor = 1", priority=10, etag=None, **more):
    return models.Configuration(
        id=configuration_id,
        schema_version="1.0",
        target_condition=condition,
        priority=priority,
        etag=etag,
        content=models.ConfigurationContent(device_content=DEVICE_CONTENT),
        **more,
    )


@check
def get_configurations_of_a_new_hub_is_empty():
    equal(configurations.get_configurations(), [])


@check
def create_configuration_returns_it():
    metrics = models.ConfigurationMetrics(
        queries={"late": "SELECT deviceId FROM devices WHERE tags.floor = 2"}
    )
    made = configurations.create_configuration(_configuration("first", labels={"team": "a"}, metrics=metrics))
    equal((made.id, made.priority, made.target_condition), ("first", 10, "tags.floor = 1"))
    equal((made.labels, made.schema_version), ({"team": "a"}, "1.0"))
    equal(made.content.device_content, DEVICE_CONTENT)
    equal(made.etag, "MQ==")
    holds({"targetedCount", "appliedCount"} <= set(made.system_metrics.queries), "system metrics are missing")
    holds(made.created_time_utc and made.last_updated_time_utc, "times are missing")


@check
def create_existing_configuration_is_refused():
    with refused(409, "ConfigurationAlreadyExists"):
        configurations.create_configuration(_configuration("first"))


@check
def create_configuration_with_capitals_in_its_id_is_refused():
    with refused(400, "ArgumentInvalid"):
        configurations.create_configuration(_configuration("Capital"))


@check
def create_configuration_without_content_is_refused():
    with refused(400, "InvalidConfigurationContent"):
        configurations.create_configuration(models.Configuration(id="empty"))


@check
def create_configuration_with_an_invalid_condition_is_refused():
    with refused(400, "InvalidConfigurationTargetCondition"):
        configurations.create_configuration(_configuration("bad", condition="tags.floor ="))


@check
def get_configuration_returns_what_was_created():
    equal(configurations.get_configuration("first").content.device_content, DEVICE_CONTENT)
    with refused(404, "ConfigurationNotFound"):
        configurations.get_configuration("missing")


@check
def a_configuration_is_applied_to_matching_devices():
    configurations.get_configuration("first")

    def desired():
        return registry.get_twin("machine").properties.desired.get("settings")

    until(lambda: desired() == {"interval": 5})
    metrics = until(lambda: configurations.get_configuration("first").system_metrics.results)
    equal((metrics["targetedCount"], metrics["appliedCount"]), (1, 1))


@check
def update_configuration_with_its_quoted_etag():
    # This client sends the ETag as given; the hub requires quotes.
    etag = configurations.get_configuration("first").etag
    changed = configurations.update_configuration(_configuration("first", priority=20), f'"{etag}"')
    equal((changed.priority, changed.etag), (20, "Mg=="))


@check
def update_configuration_with_an_unquoted_etag_conflicts():
    etag = configurations.get_configuration("first").etag
    with refused(409, "ConfigurationAlreadyExists"):
        configurations.update_configuration(_configuration("first", priority=30), etag)


@check
def update_configuration_with_a_stale_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        configurations.update_configuration(_configuration("first", priority=30), '"MQ=="')


@check
def update_configuration_does_not_change_the_content():
    other = _configuration("first", priority=40)
    other.content = models.ConfigurationContent(
        device_content={"properties.desired.settings": {"interval": 6}}
    )
    equal(configurations.update_configuration(other, "*").priority, 40)
    equal(configurations.get_configuration("first").content.device_content, DEVICE_CONTENT)


@check
def get_configurations_lists_all():
    configurations.create_configuration(_configuration("second", condition=""))
    equal({c.id for c in configurations.get_configurations()}, {"first", "second"})
    holds(configurations.get_configurations(1), "the list is empty")


@check
def test_configuration_queries_reports_invalid_queries():
    result = configurations.test_configuration_queries(
        models.ConfigurationQueriesTestInput(
            target_condition="tags.floor = 1",
            custom_metric_queries={"good": "SELECT deviceId FROM devices", "bad": "SELEC deviceId"},
        )
    )
    holds(not result.target_condition_error, f"the condition is valid: {result.target_condition_error}")
    equal(set(result.custom_metric_query_errors), {"bad"})


@check
def test_configuration_queries_reports_an_invalid_condition():
    result = configurations.test_configuration_queries(
        models.ConfigurationQueriesTestInput(target_condition="tags.floor =", custom_metric_queries={})
    )
    holds(result.target_condition_error, "no error")


@check
def apply_configuration_on_edge_device_reaches_its_agent():
    content = models.ConfigurationContent(modules_content=EDGE_CONTENT)
    equal(configurations.apply_configuration_on_edge_device("edge", content), None)
    desired = registry.get_module_twin("edge", "$edgeAgent").properties.desired
    equal(desired["schemaVersion"], "1.1")


@check
def apply_configuration_on_a_device_that_is_not_an_edge_device_is_refused():
    with refused(400, "ArgumentInvalid"):
        content = models.ConfigurationContent(modules_content=EDGE_CONTENT)
        configurations.apply_configuration_on_edge_device("machine", content)


@check
def delete_configuration_with_a_stale_quoted_etag_is_refused():
    with refused(412, "PreconditionFailed"):
        configurations.delete_configuration("first", '"MQ=="')


@check
def delete_configuration():
    etag = configurations.get_configuration("first").etag
    configurations.delete_configuration("first", f'"{etag}"')
    configurations.delete_configuration("second")
    equal(configurations.get_configurations(), [])
    with refused(404, "ConfigurationNotFound"):
        configurations.delete_configuration("second")


@check
def a_token_credential_is_accepted():
    with_token = IoTHubConfigurationManager.from_token_credential(HOST_NAME, Credential())
    equal(with_token.get_configurations(), [])


run()
