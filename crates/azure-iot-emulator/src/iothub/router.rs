//! Routes: methods, paths and required rights of the operations.

use http::Method;

use crate::auth::Rights;
use crate::iothub::store::twin_key::TwinKey;

/// The operations of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    GetConfiguration,
    PutConfiguration,
    DeleteConfiguration,
    ListConfigurations,
    TestConfigurationQueries,
    ApplyConfiguration,
    DeviceStatistics,
    ServiceStatistics,
    ListDevices,
    BulkUpdateDevices,
    RegenerateKeys,
    Query,
    GetDevice,
    PutDevice,
    DeleteDevice,
    PurgeCommands,
    SendMessage,
    ListModules,
    GetModule,
    PutModule,
    DeleteModule,
    CreateImportExportJob,
    ListImportExportJobs,
    GetImportExportJob,
    CancelImportExportJob,
    QueryScheduledJobs,
    GetScheduledJob,
    PutScheduledJob,
    CancelScheduledJob,
    GetTwin,
    PutTwin,
    PatchTwin,
    GetModuleTwin,
    PutModuleTwin,
    PatchModuleTwin,
    InvokeDeviceMethod,
    InvokeModuleMethod,
    GetDigitalTwin,
    PatchDigitalTwin,
    InvokeCommand,
    InvokeComponentCommand,
    ReceiveFeedback,
    CompleteFeedback,
    AbandonFeedback,
}

/// The result of matching a request.
#[derive(Debug, PartialEq)]
pub(crate) enum RouteMatch<'a> {
    /// The operation, the required rights, and the parameters in the path.
    Operation(Operation, Rights, Parameters<'a>),
    /// The path exists, but only with these methods.
    OtherMethods(Vec<&'static str>),
    Nothing,
}

/// The parameters in a path, in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Parameters<'a>(Vec<&'a str>);

impl<'a> Parameters<'a> {
    /// Returns the parameter at `index`, usually an id.
    #[expect(
        clippy::expect_used,
        reason = "routes have the parameters that dispatch reads, which a test checks"
    )]
    pub(crate) fn id(&self, index: usize) -> &'a str {
        self.0
            .get(index)
            .expect("the path of an operation has the parameters that its dispatch reads")
    }

    /// Returns the twin key of a device.
    pub(crate) fn device(&self) -> TwinKey<'a> {
        TwinKey::device(self.id(0))
    }

    /// Returns the twin key of a module.
    pub(crate) fn module(&self) -> TwinKey<'a> {
        TwinKey::module(self.id(0), self.id(1))
    }
}

/// Returns the segments of a path. Like the hub, it also splits at `%2F`, because Azure IoT Explorer encodes whole
/// paths; ids contain no slash.
pub(crate) fn segments(path_segments: &[String]) -> Vec<&str> {
    let segments = path_segments.iter();
    let mut segments: Vec<&str> = segments.flat_map(|segment| segment.split('/')).collect();
    // One trailing slash is ignored, encoded or not.
    if segments.len() > 1 && segments.last() == Some(&"") {
        segments.pop();
    }
    segments
}

/// Finds the operation. Literal segments are case-insensitive and take precedence over parameters.
pub(crate) fn find<'a>(method: &Method, segments: &[&'a str]) -> RouteMatch<'a> {
    let mut others = Vec::new();
    for route in ROUTES {
        let Some(parameters) = match_path(route.path, segments) else {
            continue;
        };
        if route.method == method.as_str() {
            return RouteMatch::Operation(route.operation, route.right, parameters);
        }
        others.push(route.method);
    }
    if others.is_empty() {
        RouteMatch::Nothing
    } else {
        RouteMatch::OtherMethods(others)
    }
}

fn match_path<'a>(template: &str, segments: &[&'a str]) -> Option<Parameters<'a>> {
    let mut parameters = Vec::new();
    let mut rest = segments.iter();
    for part in template.split('/') {
        let segment = *rest.next()?;
        if part == "{}" {
            parameters.push(segment);
        } else if !part.eq_ignore_ascii_case(segment) {
            return None;
        }
    }
    rest.next().is_none().then_some(Parameters(parameters))
}

pub(super) struct Route {
    pub(super) method: &'static str,
    /// The segments of the path; `{}` stands for a parameter.
    pub(super) path: &'static str,
    operation: Operation,
    right: Rights,
}

const fn route(method: &'static str, path: &'static str, operation: Operation, right: Rights) -> Route {
    Route {
        method,
        path,
        operation,
        right,
    }
}

const READ: Rights = Rights::REGISTRY_READ;
const WRITE: Rights = Rights::REGISTRY_WRITE;
const READ_WRITE: Rights = Rights::REGISTRY_READ.union(Rights::REGISTRY_WRITE);
const SERVICE: Rights = Rights::SERVICE_CONNECT;

/// The only operation that api-version 2021-04-12 does not have.
const REGENERATE_KEYS: &str = "devices/keys/regenerate";

/// All operations of api-version 2026-11-01, and the message that Azure IoT Explorer sends over HTTP.
pub(super) const ROUTES: &[Route] = &[
    route("GET", "devices", Operation::ListDevices, READ),
    route("POST", "devices", Operation::BulkUpdateDevices, WRITE),
    route("POST", "devices/query", Operation::Query, SERVICE),
    route("POST", REGENERATE_KEYS, Operation::RegenerateKeys, WRITE),
    route("GET", "devices/{}", Operation::GetDevice, READ),
    route("PUT", "devices/{}", Operation::PutDevice, WRITE),
    route("DELETE", "devices/{}", Operation::DeleteDevice, WRITE),
    route("DELETE", "devices/{}/commands", Operation::PurgeCommands, SERVICE),
    route(
        "POST",
        "devices/{}/messages/deviceBound",
        Operation::SendMessage,
        SERVICE,
    ),
    route(
        "POST",
        "devices/{}/applyConfigurationContent",
        Operation::ApplyConfiguration,
        WRITE,
    ),
    route("GET", "devices/{}/modules", Operation::ListModules, READ),
    route("GET", "devices/{}/modules/{}", Operation::GetModule, READ),
    route("PUT", "devices/{}/modules/{}", Operation::PutModule, WRITE),
    route("DELETE", "devices/{}/modules/{}", Operation::DeleteModule, WRITE),
    route("GET", "statistics/devices", Operation::DeviceStatistics, READ),
    route("GET", "statistics/service", Operation::ServiceStatistics, READ),
    route("GET", "twins/{}", Operation::GetTwin, SERVICE),
    route("PUT", "twins/{}", Operation::PutTwin, SERVICE),
    route("PATCH", "twins/{}", Operation::PatchTwin, SERVICE),
    route("GET", "twins/{}/modules/{}", Operation::GetModuleTwin, SERVICE),
    route("PUT", "twins/{}/modules/{}", Operation::PutModuleTwin, SERVICE),
    route(
        "PATCH",
        "twins/{}/modules/{}",
        Operation::PatchModuleTwin,
        SERVICE,
    ),
    route("POST", "twins/{}/methods", Operation::InvokeDeviceMethod, SERVICE),
    route(
        "POST",
        "twins/{}/modules/{}/methods",
        Operation::InvokeModuleMethod,
        SERVICE,
    ),
    route("GET", "configurations", Operation::ListConfigurations, READ),
    route(
        "POST",
        "configurations/testQueries",
        Operation::TestConfigurationQueries,
        WRITE,
    ),
    route("GET", "configurations/{}", Operation::GetConfiguration, READ),
    route("PUT", "configurations/{}", Operation::PutConfiguration, WRITE),
    route(
        "DELETE",
        "configurations/{}",
        Operation::DeleteConfiguration,
        WRITE,
    ),
    route(
        "POST",
        "jobs/create",
        Operation::CreateImportExportJob,
        READ_WRITE,
    ),
    route("GET", "jobs", Operation::ListImportExportJobs, READ_WRITE),
    route("GET", "jobs/{}", Operation::GetImportExportJob, READ_WRITE),
    route("DELETE", "jobs/{}", Operation::CancelImportExportJob, READ_WRITE),
    route("GET", "jobs/v2/query", Operation::QueryScheduledJobs, SERVICE),
    route("GET", "jobs/v2/{}", Operation::GetScheduledJob, SERVICE),
    route("PUT", "jobs/v2/{}", Operation::PutScheduledJob, SERVICE),
    route(
        "POST",
        "jobs/v2/{}/cancel",
        Operation::CancelScheduledJob,
        SERVICE,
    ),
    route("GET", "digitaltwins/{}", Operation::GetDigitalTwin, SERVICE),
    route("PATCH", "digitaltwins/{}", Operation::PatchDigitalTwin, SERVICE),
    route(
        "POST",
        "digitaltwins/{}/commands/{}",
        Operation::InvokeCommand,
        SERVICE,
    ),
    route(
        "POST",
        "digitaltwins/{}/components/{}/commands/{}",
        Operation::InvokeComponentCommand,
        SERVICE,
    ),
    route(
        "GET",
        "messages/serviceBound/feedback",
        Operation::ReceiveFeedback,
        SERVICE,
    ),
    route(
        "DELETE",
        "messages/serviceBound/feedback/{}",
        Operation::CompleteFeedback,
        SERVICE,
    ),
    route(
        "POST",
        "messages/serviceBound/feedback/{}/abandon",
        Operation::AbandonFeedback,
        SERVICE,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-HTTP-5.
    #[test]
    fn literals_ignore_case_and_win_over_parameters() {
        let find = |method: Method, path: &[&'static str]| find(&method, path);
        assert_eq!(
            find(Method::POST, &["Devices", "Query"]),
            RouteMatch::Operation(Operation::Query, SERVICE, Parameters(vec![]))
        );
        assert_eq!(
            find(Method::GET, &["devices", "query"]),
            RouteMatch::Operation(Operation::GetDevice, READ, Parameters(vec!["query"]))
        );
        assert_eq!(
            find(Method::GET, &["jobs", "v2", "query"]),
            RouteMatch::Operation(Operation::QueryScheduledJobs, SERVICE, Parameters(vec![]))
        );
        assert_eq!(
            find(Method::GET, &["messages", "servicebound", "feedback"]),
            RouteMatch::Operation(Operation::ReceiveFeedback, SERVICE, Parameters(vec![]))
        );
        assert_eq!(
            find(Method::PATCH, &["statistics", "devices"]),
            RouteMatch::OtherMethods(vec!["GET"])
        );
        assert_eq!(find(Method::GET, &["nothing"]), RouteMatch::Nothing);
        assert_eq!(
            find(Method::GET, &["devices", "a", "b", "c", "d"]),
            RouteMatch::Nothing
        );
        assert_eq!(find(Method::GET, &[]), RouteMatch::Nothing);
    }

    #[test]
    fn every_operation_of_the_api_has_one_route() {
        assert_eq!(ROUTES.len(), 44);
        for (at, route) in ROUTES.iter().enumerate() {
            assert!(
                ROUTES[..at]
                    .iter()
                    .all(|other| other.operation != route.operation),
                "{:?}",
                route.operation
            );
        }
    }
}
