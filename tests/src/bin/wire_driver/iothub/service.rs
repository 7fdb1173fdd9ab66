//! Calls on twins, queries, direct methods, configurations, jobs and digital twins.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use iothub_convenience::{
    Configuration, DateTime, DirectMethodOutcome, Error, GetConfigurationsOptions, ImportExportJobRequest,
    IotHubRegistryManager, JobStatus, JobType, PlugAndPlayPatch, QueryIotHubOptions, QueryRow,
    QueryScheduledJobsOptions, ScheduledJobRequest, TwinPatch,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::body;

pub(crate) async fn run(
    hub: &IotHubRegistryManager,
    call: &str,
    arguments: &Arguments<'_>,
) -> Result<Option<Value>, Error> {
    let (id, module_id) = (arguments.string("device_id"), arguments.string("module_id"));
    let twin_id = arguments.string("digital_twin_id");
    let etag = || arguments.precondition("etag");
    let method = |name| arguments.method(name, "connect_timeout_in_seconds", "response_timeout_in_seconds");
    Ok(Some(match call {
        "get_twin" => body(hub.get_twin(id).await?),
        "get_module_twin" => body(hub.get_module_twin(id, module_id).await?),
        "replace_twin" => body(hub.replace_twin(id, &arguments.replacement()?, etag()).await?),
        "replace_module_twin" => body(
            hub.replace_module_twin(id, module_id, &arguments.replacement()?, etag())
                .await?,
        ),
        "update_twin" => {
            if arguments.at("via_get").0 == true {
                hub.get_twin(id).await?;
            }
            body(hub.update_twin(id, &arguments.patch()?, etag()).await?)
        }
        "update_module_twin" => body(
            hub.update_module_twin(id, module_id, &arguments.patch()?, etag())
                .await?,
        ),
        "query_iot_hub" => query(hub, arguments).await?,
        "invoke_device_method" => outcome_json(&hub.invoke_device_method(id, &method("method_name")).await?),
        "invoke_device_module_method" => outcome_json(
            &hub.invoke_device_module_method(id, module_id, &method("method_name"))
                .await?,
        ),
        "get_configuration" => body(
            hub.get_configuration(arguments.string("configuration_id"))
                .await?,
        ),
        "get_configurations" => {
            let options = GetConfigurationsOptions {
                max_count: arguments.number("max_count"),
            };
            body(hub.get_configurations(Some(options)).await?)
        }
        "create_configuration" => body(hub.create_configuration(&configuration(arguments)?).await?),
        "update_configuration" => body(
            hub.update_configuration(&configuration(arguments)?, etag())
                .await?,
        ),
        "delete_configuration" => body(
            hub.delete_configuration(arguments.string("configuration_id"), etag())
                .await?,
        ),
        "test_configuration_queries" => {
            let queries = read(arguments.at("custom_metric_queries").0)?;
            body(
                hub.test_configuration_queries(arguments.string("target_condition"), queries)
                    .await?,
            )
        }
        "apply_configuration_on_edge_device" => {
            let content = read(arguments.at("content").0)?;
            body(
                hub.apply_configuration_content_on_edge_device(id, &content)
                    .await?,
            )
        }
        "create_import_export_job" => body(
            hub.create_import_export_job(&import_export_job(&arguments.at("job_properties")))
                .await?,
        ),
        "get_import_export_jobs" => body(hub.get_import_export_jobs().await?),
        "get_import_export_job" => body(hub.get_import_export_job(arguments.string("job_id")).await?),
        "cancel_import_export_job" => body(hub.cancel_import_export_job(arguments.string("job_id")).await?),
        "create_scheduled_job" => body(hub.create_scheduled_job(&scheduled_job(arguments)?).await?),
        "get_scheduled_job" => body(hub.get_scheduled_job(arguments.string("job_id")).await?),
        "cancel_scheduled_job" => body(hub.cancel_scheduled_job(arguments.string("job_id")).await?),
        "query_scheduled_jobs" => {
            let options = QueryScheduledJobsOptions {
                job_type: arguments.optional("job_type").map(JobType::from),
                job_status: arguments.optional("job_status").map(JobStatus::from),
                page_size: arguments.number("max_item_count"),
                ..Default::default()
            };
            json!(
                hub.query_scheduled_jobs(Some(options))?
                    .try_collect::<Vec<_>>()
                    .await?
            )
        }
        "get_digital_twin" => body(hub.get_digital_twin(twin_id).await?),
        "update_digital_twin" => {
            let patch = PlugAndPlayPatch::from_operations(arguments.list("patch"))?;
            body(hub.update_digital_twin(twin_id, &patch, etag()).await?)
        }
        "invoke_command" => outcome_json(&hub.invoke_command(twin_id, &method("command_name")).await?),
        "invoke_component_command" => {
            let component = arguments.string("component_path");
            outcome_json(
                &hub.invoke_component_command(twin_id, component, &method("command_name"))
                    .await?,
            )
        }
        _ => return Ok(None),
    }))
}

async fn query(hub: &IotHubRegistryManager, arguments: &Arguments<'_>) -> Result<Value, Error> {
    let options = QueryIotHubOptions {
        page_size: arguments.number("max_item_count"),
        continuation_token: arguments.optional("continuation_token").map(str::to_owned),
    };
    let pages = hub
        .query_iot_hub_rows(arguments.string("query"), Some(options))?
        .into_pages();
    let rows = pages.map(|page| {
        let rows = page?.into_model()?.rows;
        Ok::<_, Error>(rows.iter().map(QueryRow::as_json).collect::<Vec<_>>())
    });
    Ok(json!({"pages": rows.try_collect::<Vec<_>>().await?}))
}

fn outcome_json(outcome: &DirectMethodOutcome) -> Value {
    match outcome.response() {
        Some(answer) => {
            json!({"status": answer.status, "payload": answer.payload, "request_id": answer.request_id})
        }
        None => json!(format!("{outcome:?}")),
    }
}

/// Builds a configuration with the labels as unknown JSON members: a recorded request has a `null` label, which the
/// client's type does not allow.
fn configuration(arguments: &Arguments<'_>) -> Result<Configuration, Error> {
    let mut document = arguments.at("configuration").0.clone();
    let labels = document
        .as_object_mut()
        .and_then(|members| members.shift_remove("labels"));
    let mut configuration: Configuration = read(&document)?;
    configuration
        .extra
        .extend(labels.map(|labels| ("labels".to_owned(), labels)));
    Ok(configuration)
}

fn import_export_job(job: &Arguments<'_>) -> ImportExportJobRequest {
    let output = job.string("outputBlobContainerUri").to_owned();
    let exclude_keys = job.at("excludeKeysInExport").0.as_bool().unwrap_or_default();
    let request = match job.optional("inputBlobContainerUri") {
        Some(input) => ImportExportJobRequest::import(input.to_owned(), output),
        None => ImportExportJobRequest::export(output, exclude_keys),
    };
    match job.optional("storageAuthenticationType") {
        Some("identityBased") => {
            request.with_managed_identity(job.at("identity").optional("userAssignedIdentity"))
        }
        _ => request,
    }
}

fn scheduled_job(arguments: &Arguments<'_>) -> Result<ScheduledJobRequest, Error> {
    let (id, condition) = (arguments.string("job_id"), arguments.string("query_condition"));
    let mut request = match arguments.0.get("update_twin") {
        Some(twin) => {
            let mut twin = twin.clone();
            // The recorded twin has the fixed ETag that the service requires; the client sets it itself.
            twin.as_object_mut().map(|members| members.shift_remove("etag"));
            ScheduledJobRequest::update_twin(id, condition, TwinPatch::from_json(twin)?.unchecked())
        }
        None => {
            let method = arguments.at("method");
            let method = method.method(
                "methodName",
                "connectTimeoutInSeconds",
                "responseTimeoutInSeconds",
            );
            ScheduledJobRequest::device_method(id, condition, method)
        }
    };
    if let Some(time) = arguments
        .optional("start_time")
        .and_then(|time| time.parse::<DateTime>().ok())
    {
        request = request.with_start_time(time);
    }
    if let Some(seconds) = arguments.number("max_execution_time_in_seconds") {
        request = request.with_max_execution_time(Duration::from_secs(seconds));
    }
    Ok(request)
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| azure_core::Error::from(error).into())
}
