//! The calls of the Digital Twins client.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Etag, NoFormat, Request, Response};
use digitaltwins_convenience::{
    BeginDeleteJobOptions, CallOptions, DateTime, DigitalTwinPatch, DigitalTwinsClient,
    DigitalTwinsClientOptions, Error, EventRoute, GetModelOptions, ListDeleteJobsOptions,
    ListEventRoutesOptions, ListImportJobsOptions, ListModelsOptions, ListRelationshipsOptions, Pager, Patch,
    PatchTarget, Precondition, PublishTelemetryOptions, QueryTwinsOptions, ResponseExt, Upsert, json_patch,
};
use futures::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CallResult, Endpoints, Failure, driver_error};

/// The Digital Twins client under test.
pub(crate) struct DigitalTwins(DigitalTwinsClient);

impl DigitalTwins {
    pub(crate) fn new(endpoints: &Endpoints) -> Result<Self, Failure> {
        let mut options = DigitalTwinsClientOptions::default();
        options.client_options.transport = Some(endpoints.transport()?);
        options.client_options.per_call_policies.push(Arc::new(SendTrace));
        let credential = Arc::new(endpoints.credential());
        let client = DigitalTwinsClient::new(&endpoints.url, credential, Some(options))?;
        Ok(Self(client))
    }

    pub(crate) async fn call(&self, call: &str, arguments: &Value) -> CallResult {
        run(&self.0, call, &Args(arguments)).await.map_err(error_json)
    }
}

/// Returns an error in the recorder's format.
fn error_json(failure: Failure) -> Value {
    let error = match failure.downcast::<Error>() {
        Ok(error) => *error,
        Err(failure) => match failure.downcast::<azure_core::Error>() {
            Ok(error) => Error::from(*error),
            Err(failure) => return driver_error(&*failure),
        },
    };
    json!({"type": format!("{:?}", error.kind()), "message": error.to_string(), "status_code": error.status()})
}

/// The arguments of a call, by name.
struct Args<'a>(&'a Value);

impl Args<'_> {
    /// Returns a string, empty if the argument is absent.
    fn string(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.0[name].as_str().map(str::to_owned)
    }

    fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or_default()
    }

    fn page_size(&self) -> Option<u32> {
        self.0["max_items_per_page"]
            .as_u64()
            .and_then(|size| u32::try_from(size).ok())
    }

    fn precondition(&self) -> Precondition {
        self.optional("if_match")
            .map_or(Precondition::Unconditional, |etag| {
                Precondition::IfMatch(Etag::from(etag))
            })
    }

    /// Returns the mode of an upsert; `None` for an ETag in `If-None-Match`, which the client cannot send.
    fn mode(&self) -> Option<Upsert> {
        match self.0["if_none_match"].as_str() {
            None => Some(Upsert::CreateOrReplace),
            Some("*") => Some(Upsert::CreateOnly),
            Some(_) => None,
        }
    }

    fn patch<K: PatchTarget>(&self) -> Result<Patch<K>, Failure> {
        let patch: json_patch::Patch = serde_json::from_value(self.0["patch"].clone())?;
        Ok(Patch::try_from(patch)?)
    }

    fn telemetry(&self) -> Result<Option<PublishTelemetryOptions>, Failure> {
        let time = self
            .optional("source_time")
            .map(|time| time.parse::<DateTime>())
            .transpose()?;
        Ok(Some(PublishTelemetryOptions {
            message_id: self.optional("message_id"),
            source_time: time,
        }))
    }
}

fn model<T: Serialize + DeserializeOwned>(response: Response<T>) -> Result<Option<Value>, Failure> {
    Ok(Some(serde_json::to_value(response.into_model()?)?))
}

async fn pages<T: Serialize + DeserializeOwned + Send + 'static>(
    pager: Pager<T>,
) -> Result<Option<Value>, Failure> {
    let pages: Vec<_> = pager.into_pages().try_collect().await?;
    let items = pages
        .into_iter()
        .map(|page| Ok(serde_json::to_value(page.into_model()?.items)?));
    Ok(Some(
        json!({"pages": items.collect::<Result<Vec<Value>, Failure>>()?}),
    ))
}

fn written(response: Response<(), NoFormat>) -> Result<Option<Value>, Failure> {
    Ok(Some(json!({"etag": response.etag()})))
}

async fn run(client: &DigitalTwinsClient, call: &str, args: &Args<'_>) -> Result<Option<Value>, Failure> {
    let (twin, size) = (args.string("twin_id"), args.page_size());
    let (relationship, component) = (args.string("relationship_id"), args.string("component_name"));
    let (route, job, id) = (
        args.string("route_id"),
        args.string("job_id"),
        args.string("model_id"),
    );
    match call {
        "create_models" => model(
            client
                .create_models(args.0["models"].as_array().map(Vec::as_slice).unwrap_or_default())
                .await?,
        ),
        "get_model" => {
            let include_model_definition = args.flag("include_model_definition");
            model(
                client
                    .get_model(
                        id,
                        Some(GetModelOptions {
                            include_model_definition,
                        }),
                    )
                    .await?,
            )
        }
        "list_models" => {
            let ids = args.0["dependencies_for"].as_array().into_iter().flatten();
            let options = ListModelsOptions {
                dependencies_for: ids.filter_map(|id| id.as_str().map(str::to_owned)).collect(),
                include_model_definition: args.flag("include_model_definition"),
                page_size: size,
                ..Default::default()
            };
            pages(client.list_models(Some(options))?).await
        }
        "decommission_model" => client
            .decommission_model(id)
            .await
            .map(|_| Some(Value::Null))
            .map_err(Into::into),
        "delete_model" => client
            .delete_model(id)
            .await
            .map(|_| Some(Value::Null))
            .map_err(Into::into),
        "get_digital_twin" => {
            let trace = Trace {
                parent: args.optional("traceparent"),
                state: args.optional("tracestate"),
            };
            let client = client.with_call_options(CallOptions {
                context: Context::new().with_value(trace),
                ..Default::default()
            });
            model(client.get_digital_twin::<Value>(twin).await?)
        }
        "upsert_digital_twin" => match args.mode() {
            Some(mode) => model(client.upsert_digital_twin(twin, &args.0["twin"], mode).await?),
            None => Ok(None),
        },
        "update_digital_twin" => {
            let patch: DigitalTwinPatch = args.patch()?;
            written(
                client
                    .update_digital_twin(twin, &patch, args.precondition())
                    .await?,
            )
        }
        "delete_digital_twin" => {
            client.delete_digital_twin(twin, args.precondition()).await?;
            Ok(Some(Value::Null))
        }
        "get_component" => model(client.get_component::<Value>(twin, component).await?),
        "update_component" => written(
            client
                .update_component(twin, component, &args.patch()?, args.precondition())
                .await?,
        ),
        "get_relationship" => model(client.get_relationship::<Value>(twin, relationship).await?),
        "upsert_relationship" => match args.mode() {
            Some(mode) => {
                let body = &args.0["relationship"];
                model(client.upsert_relationship(twin, relationship, body, mode).await?)
            }
            None => Ok(None),
        },
        "update_relationship" => written(
            client
                .update_relationship(twin, relationship, &args.patch()?, args.precondition())
                .await?,
        ),
        "delete_relationship" => {
            client
                .delete_relationship(twin, relationship, args.precondition())
                .await?;
            Ok(Some(Value::Null))
        }
        "list_relationships" => {
            let relationship_name = args.optional("relationship_name");
            let options = ListRelationshipsOptions {
                relationship_name,
                ..Default::default()
            };
            pages(client.list_relationships::<Value>(twin, Some(options))?).await
        }
        "list_incoming_relationships" => pages(client.list_incoming_relationships(twin, None)?).await,
        "publish_telemetry" => {
            client
                .publish_telemetry(twin, &args.0["telemetry"], args.telemetry()?)
                .await?;
            Ok(Some(Value::Null))
        }
        "publish_component_telemetry" => {
            let telemetry = &args.0["telemetry"];
            client
                .publish_component_telemetry(twin, component, telemetry, args.telemetry()?)
                .await?;
            Ok(Some(Value::Null))
        }
        "get_event_route" => model(client.get_event_route(route).await?),
        "list_event_routes" => {
            let options = ListEventRoutesOptions {
                page_size: size,
                ..Default::default()
            };
            pages(client.list_event_routes(Some(options))?).await
        }
        "upsert_event_route" => {
            client
                .upsert_event_route(
                    route,
                    &EventRoute::new(args.string("endpoint_name"), args.string("filter")),
                )
                .await?;
            Ok(Some(Value::Null))
        }
        "delete_event_route" => {
            client.delete_event_route(route).await?;
            Ok(Some(Value::Null))
        }
        "query_twins" => {
            let options = QueryTwinsOptions {
                page_size: size,
                ..Default::default()
            };
            let pages = client
                .query_twins::<Value>(args.string("query"), Some(options))?
                .into_pages();
            let pages: Vec<_> = pages.try_collect().await?;
            let rows = pages
                .into_iter()
                .map(|page| Ok(serde_json::to_value(page.into_model()?.rows)?));
            Ok(Some(
                json!({"pages": rows.collect::<Result<Vec<Value>, Failure>>()?}),
            ))
        }
        "create_import_job" => model(
            client
                .create_import_job(
                    job,
                    args.string("input_blob_uri").to_owned(),
                    args.string("output_blob_uri").to_owned(),
                )
                .await?,
        ),
        "get_import_job" => model(client.get_import_job(job).await?),
        "cancel_import_job" => model(client.cancel_import_job(job).await?),
        "delete_import_job" => {
            client.delete_import_job(job).await?;
            Ok(Some(Value::Null))
        }
        "list_import_jobs" => {
            let options = ListImportJobsOptions {
                page_size: size,
                ..Default::default()
            };
            pages(client.list_import_jobs(Some(options))?).await
        }
        "create_delete_job" => {
            let minutes = args.0["timeout_in_minutes"].as_u64();
            let options = BeginDeleteJobOptions {
                operation_id: args.optional("operation_id"),
                timeout: minutes.map(|minutes| Duration::from_secs(60 * minutes)),
                interval: Some(Duration::from_secs(1)),
            };
            model(client.begin_delete_job(Some(options))?.await?)
        }
        "get_delete_job" => model(client.get_delete_job(job).await?),
        "list_delete_jobs" => {
            let options = ListDeleteJobsOptions {
                page_size: size,
                ..Default::default()
            };
            pages(client.list_delete_jobs(Some(options))?).await
        }
        _ => Ok(None),
    }
}

/// The trace context of a call.
#[derive(Debug, Clone)]
struct Trace {
    parent: Option<String>,
    state: Option<String>,
}

/// A policy that sends the trace context in the request headers, as azure_core does for a span.
#[derive(Debug)]
struct SendTrace;

#[async_trait]
impl Policy for SendTrace {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(Trace { parent, state }) = context.value::<Trace>() {
            for (name, value) in [("traceparent", parent), ("tracestate", state)] {
                if let Some(value) = value {
                    request.insert_header(name, value.clone());
                }
            }
        }
        next[0].send(context, request, &next[1..]).await
    }
}
