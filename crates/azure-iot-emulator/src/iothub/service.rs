//! Dispatch of requests to operations, and conversion of errors to responses.

use std::io::{self, Write};

use futures::future::BoxFuture;
use serde_json::Value;

use crate::auth::error::AuthError;
use crate::auth::hub_hosts::HostSide;
use crate::durable::StateChange;
use crate::error::StateError;
use crate::iothub::codes::Code;
use crate::iothub::configurations::loaded;
use crate::iothub::configurations::scope::Scope;
use crate::iothub::device_endpoints::{NO_DEVICE_ENDPOINTS, is_device_endpoint};
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::router;
use crate::iothub::router::{Operation, Parameters, RouteMatch};
use crate::iothub::rules::twin_patch::TwinWrite;
use crate::iothub::store::Store;
use crate::iothub::store::api_version::ApiVersion;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse, StatefulService, Target};

impl IotHub {
    async fn route(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let segments = router::segments(&request.path_segments);
        let (operation, parameters, version) = self.find_operation(request, &segments)?;
        let response = self.dispatch(request, operation, &parameters, version).await?;
        if changes_targets(operation) {
            self.reconcile(Scope::Device(parameters.id(0)));
        }
        Ok(response)
    }

    /// Finds the operation, and checks the caller's rights, the api-version and the throttle.
    fn find_operation<'a>(
        &self,
        request: &ServiceRequest,
        segments: &[&'a str],
    ) -> Result<(Operation, Parameters<'a>, ApiVersion)> {
        let (operation, right, parameters) = match router::find(&request.method, segments) {
            RouteMatch::Operation(operation, right, parameters) => (operation, right, parameters),
            RouteMatch::OtherMethods(methods) => {
                let text = format!("The method {} is not allowed for this resource.", request.method);
                let error = HubError::new(Code::GENERIC_METHOD_NOT_ALLOWED, text);
                return Err(error.with_header("allow", methods.join(", ")));
            }
            RouteMatch::Nothing => return Err(no_resource(request)),
        };
        if !request.caller.may(right) {
            return Err(HubError::unauthorized());
        }
        let version = ApiVersion::parse(request.query_value("api-version"))?;
        if operation == Operation::RegenerateKeys && !version.has_key_regeneration() {
            return Err(no_resource(request));
        }
        self.admit(operation)?;
        Ok((operation, parameters, version))
    }

    async fn dispatch(
        &self,
        request: &ServiceRequest,
        operation: Operation,
        path: &Parameters<'_>,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        use Operation as Op;
        match operation {
            Op::ListDevices => Ok(self.list_devices(request, version)),
            Op::BulkUpdateDevices => self.bulk_update(request, version),
            Op::RegenerateKeys => self.regenerate_keys(request),
            Op::GetDevice => self.get_device(path.id(0), version),
            Op::PutDevice => self.put_device(request, path.id(0), version),
            Op::DeleteDevice => self.delete_device(request, path.id(0)),
            Op::ListModules => self.list_modules(request, path.id(0), version),
            Op::GetModule => self.get_module(request, path.id(0), path.id(1), version),
            Op::PutModule => self.put_module(request, path.id(0), path.id(1), version),
            Op::DeleteModule => self.delete_module(request, path.id(0), path.id(1)),
            Op::DeviceStatistics => Ok(self.device_statistics()),
            Op::ServiceStatistics => Ok(self.service_statistics()),
            Op::Query => self.query(request, version),
            Op::GetTwin => self.get_twin(path.device(), version),
            Op::PutTwin => self.write_twin(request, path.device(), TwinWrite::Replace, version),
            Op::PatchTwin => self.write_twin(request, path.device(), TwinWrite::Merge, version),
            Op::GetModuleTwin => self.get_twin(path.module(), version),
            Op::PutModuleTwin => self.write_twin(request, path.module(), TwinWrite::Replace, version),
            Op::PatchModuleTwin => self.write_twin(request, path.module(), TwinWrite::Merge, version),
            Op::InvokeDeviceMethod => self.invoke_method(request, path.device()).await,
            Op::InvokeModuleMethod => self.invoke_method(request, path.module()).await,
            Op::GetConfiguration => self.get_configuration(path.id(0)),
            Op::PutConfiguration => self.put_configuration(request, path.id(0)),
            Op::DeleteConfiguration => self.delete_configuration(request, path.id(0)),
            Op::ListConfigurations => Ok(self.list_configurations()),
            Op::TestConfigurationQueries => self.test_configuration_queries(request),
            Op::ApplyConfiguration => self.apply_configuration(request, path.id(0)),
            Op::PurgeCommands => self.purge_commands(path.id(0)),
            Op::SendMessage => self.send_message(request, path.id(0)),
            Op::ReceiveFeedback => Ok(self.receive_feedback()),
            Op::CompleteFeedback => self.complete_feedback(path.id(0)),
            Op::AbandonFeedback => self.abandon_feedback(path.id(0)),
            Op::CreateImportExportJob => self.create_transfer(request, version),
            Op::ListImportExportJobs => Ok(self.list_transfers()),
            Op::GetImportExportJob => self.get_transfer(path.id(0)),
            Op::CancelImportExportJob => self.cancel_transfer(path.id(0)),
            Op::QueryScheduledJobs => self.query_scheduled_jobs(request),
            Op::GetScheduledJob => Ok(self.get_scheduled_job(path.id(0))),
            Op::PutScheduledJob => self.put_scheduled_job(request, path.id(0)),
            Op::CancelScheduledJob => self.cancel_scheduled_job(path.id(0)),
            Op::GetDigitalTwin => self.get_digital_twin(path.id(0)),
            Op::PatchDigitalTwin => self.patch_digital_twin(request, path.id(0)),
            Op::InvokeCommand => self.invoke_command(request, path.id(0), None, path.id(1)).await,
            Op::InvokeComponentCommand => {
                let (component, command) = (Some(path.id(1)), path.id(2));
                self.invoke_command(request, path.id(0), component, command).await
            }
        }
    }

    fn error_response(&self, error: &HubError, request_id: &str) -> ServiceResponse {
        error.response(request_id, self.clock().now())
    }
}

/// Returns whether an operation may change which configurations target its device.
fn changes_targets(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::PutDevice
            | Operation::PutModule
            | Operation::PutTwin
            | Operation::PatchTwin
            | Operation::PutModuleTwin
            | Operation::PatchModuleTwin
            | Operation::PatchDigitalTwin
            | Operation::ApplyConfiguration
    )
}

fn no_resource(request: &ServiceRequest) -> HubError {
    let text = format!("There is no resource {}.", request.raw_path);
    HubError::new(Code::GENERIC_NOT_FOUND, text)
}

impl Service for IotHub {
    fn name(&self) -> &'static str {
        "iothub"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(async move {
            let result = self.route(&request).await;
            result.unwrap_or_else(|error| self.error_response(&error, &request.request_id))
        })
    }

    fn check_target(&self, target: &Target<'_>) -> std::result::Result<(), Refusal> {
        let side = match self.hosts() {
            Some(hosts) => hosts.side_over_tls(target.host, target.server_name),
            None => Ok(HostSide::Both),
        };
        let side = side.map_err(|error| Refusal::BadRequest(error.to_string()))?;
        let of_device = is_device_endpoint(target.method, &router::segments(target.path_segments));
        match (side, of_device) {
            (HostSide::Service, true) | (HostSide::Device, false) => {
                Err(Refusal::Unauthorized(AuthError::WrongSide))
            }
            (HostSide::Device | HostSide::Both, true) => Err(Refusal::Unsupported(NO_DEVICE_ENDPOINTS)),
            (HostSide::Service | HostSide::Both, false) => Ok(()),
        }
    }

    fn separates_at_encoded_slash(&self) -> bool {
        true
    }

    fn is_durable(&self, request: &ServiceRequest) -> bool {
        let segments = router::segments(&request.path_segments);
        let about_jobs = segments
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case("jobs"));
        about_jobs || !request.method.is_safe()
    }

    fn refuse(&self, refusal: &Refusal, request_id: &str) -> ServiceResponse {
        self.error_response(&HubError::of_refusal(refusal), request_id)
    }
}

impl StatefulService for IotHub {
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        let result = self.manage_hub(request, path)?;
        Some(result.unwrap_or_else(|error| self.error_response(&error, &request.request_id)))
    }

    fn record_changes(&self) {
        self.write(Store::record_changes);
    }

    fn take_changes(&self) -> Vec<StateChange> {
        self.write(Store::take_changes)
    }

    fn dump(&self) -> Value {
        self.read(Store::dump)
    }

    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        // Serialized JSON takes much less memory than a `Value`. It is written to disk after the lock is released,
        // so that requests do not wait for the disk.
        let json = self.read(serde_json::to_vec)?;
        writer.write_all(&json)
    }

    fn load(&self, state: &Value) -> std::result::Result<(), StateError> {
        let invalid = |reason| StateError::Invalid {
            service: self.name(),
            reason,
        };
        let store = Store::deserialize_checked(state).map_err(invalid)?;
        loaded::warn_of_invalid(&store);
        self.write(|current| current.replace(store));
        self.messaging().notify();
        self.runner().notify();
        self.scripts().notify();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use http::{Method, StatusCode};

    use super::*;
    use crate::clock::Clock;

    /// Dispatch would panic if it used a parameter that the path does not have.
    #[test]
    fn every_route_has_the_parameters_that_its_dispatch_reads() {
        let hub = IotHub::new(Clock::new());
        for route in router::ROUTES {
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            let path = format!("/{}?api-version=2026-11-01", route.path.replace("{}", "x"));
            let request = ServiceRequest::new(method, &path).unwrap();
            let response = block_on(hub.handle(request));
            assert_ne!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
    }
    /// HUB-HTTP-3.
    #[test]
    fn encoded_slash_separates_segments_in_the_server() {
        let hub = IotHub::new(Clock::new());
        for path in [
            "/devices%2Fd1%2Fmessages%2Fevents",
            "/devices/d1%2Fmessages/events%2F",
        ] {
            let request = ServiceRequest::new(Method::POST, path).unwrap();
            let target = Target {
                method: &Method::POST,
                path_segments: &request.path_segments,
                host: "localhost",
                server_name: None,
            };
            let refused = hub.check_target(&target);
            assert_eq!(refused, Err(Refusal::Unsupported(NO_DEVICE_ENDPOINTS)), "{path}");
        }
        for (path, expected) in [
            ("/jobs%2Fv2%2Fx", true),
            ("/Jobs/v2/x", true),
            ("/devices%2Fjobs", false),
        ] {
            let request = ServiceRequest::new(Method::GET, path).unwrap();
            assert_eq!(hub.is_durable(&request), expected, "{path}");
        }
    }
}
