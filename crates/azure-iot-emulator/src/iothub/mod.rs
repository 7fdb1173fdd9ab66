//! The service API of Azure IoT Hub.
//!
//! [`IotHub`] is the engine: a store behind one lock, and a handler per operation, in the file of its noun. Section
//! numbers in the tests are those of the list of facts about the service that this emulator follows.

mod blobs;
mod bulk;
mod codes;
mod configurations;
mod device_error;
mod devices;
mod edge;
mod errors;
mod etag;
mod in_process;
mod input;
mod jobs;
mod limits;
mod manage;
mod messaging;
mod methods;
mod model;
mod modules;
mod pnp;
mod query;
mod render;
mod router;
mod simulated;
mod statistics;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod tier;
mod timestamp;
mod transfers;
mod twin;
mod twins;

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

use futures::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use serde_json::Value;

pub(crate) use self::blobs::Blobs;
pub(crate) use self::codes::Code;
use self::configurations::Scope;
pub use self::device_error::DeviceError;
pub(crate) use self::errors::HubError;
use self::errors::Result;
use self::jobs::Runner;
use self::messaging::Messaging;
pub use self::messaging::{
    Acknowledgement, CloudToDeviceMessage, FileNotification, ReceivedMessage, Settlement,
};
pub(crate) use self::messaging::{Kind, Notification};
use self::router::{Found, Operation};
pub use self::simulated::MethodScript;
use self::simulated::Scripts;
use self::store::Store;
use self::throttle::Throttle;
pub use self::tier::{Tier, TierError};
pub(crate) use self::timestamp::Timestamp;
use self::twins::TwinKey;
use crate::clock::Clock;
use crate::durable::{Journal, StateChange};
use crate::error::StateError;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse, StatefulService};

/// A hub.
pub struct IotHub {
    clock: Clock,
    /// Never held while waiting for anything.
    store: RwLock<Store>,
    scripts: Scripts,
    messaging: Messaging,
    jobs: Runner,
    tier: Mutex<Tier>,
    throttle: Throttle,
    /// The port at which the blob containers are served; without one, every address of a container is taken.
    blob_port: OnceLock<u16>,
    journal: OnceLock<Journal>,
}

impl fmt::Debug for IotHub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IotHub").finish_non_exhaustive()
    }
}

impl IotHub {
    /// A hub without devices.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            store: RwLock::new(Store::default()),
            scripts: Scripts::default(),
            messaging: Messaging::default(),
            jobs: Runner::default(),
            tier: Mutex::default(),
            throttle: Throttle::default(),
            blob_port: OnceLock::new(),
            journal: OnceLock::new(),
        }
    }

    /// The size of the hub, S1 unless set.
    pub fn set_tier(&self, tier: Tier) {
        *self.tier.lock() = tier;
    }

    /// Whether requests beyond what the [tier](Self::set_tier) allows are refused with 429; they are not unless set.
    pub fn set_throttling(&self, on: bool) {
        self.throttle.set(on);
    }

    fn tier(&self) -> Tier {
        *self.tier.lock()
    }

    /// Says what makes changes durable. Only the first call counts.
    pub(crate) fn set_journal(&self, journal: Journal) {
        self.journal.get_or_init(|| journal);
    }

    /// Waits until all changes so far are durable, if there is a data file.
    pub(crate) async fn durable(&self) -> Result<()> {
        match self.journal.get() {
            Some(journal) => journal.commit().await.map_err(|_| {
                let text = "The state can't be written.";
                HubError::new(Code::SERVER_ERROR, text)
            }),
            None => Ok(()),
        }
    }

    /// Says where the blob containers are served. Only the first call counts.
    pub(crate) fn set_blob_port(&self, port: u16) {
        self.blob_port.get_or_init(|| port);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    async fn route(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let segments = request.segments();
        let (operation, right, parameters) = match router::find(&request.method, &segments) {
            Found::Operation(operation, right, parameters) => (operation, right, parameters),
            Found::OtherMethods(methods) => {
                let text = format!("The method {} is not allowed here.", request.method);
                let response = self.respond_error(
                    &HubError::new(Code::GENERIC_METHOD_NOT_ALLOWED, text),
                    &request.request_id,
                );
                return Ok(response.with_header("allow", &methods.join(", ")));
            }
            Found::Nothing => {
                let text = format!("There is no resource {}.", request.raw_path);
                return Err(HubError::new(Code::GENERIC_NOT_FOUND, text));
            }
        };
        if !request.caller.may(right) {
            return Err(HubError::unauthorized());
        }
        check_api_version(request.query_value("api-version"))?;
        if let Err(kind) = self.throttle.admit(operation, self.tier(), self.clock.now()) {
            let response = self.respond_error(&throttle::refusal(kind), &request.request_id);
            return Ok(response.with_header("connection", "close"));
        }
        // The router gives exactly the parameters of the operation's path.
        let parameter = |at: usize| parameters.get(at).copied().unwrap_or_default();
        let (id, second_id) = (parameter(0), parameter(1));
        let device_twin = TwinKey {
            device_id: id,
            module_id: None,
        };
        let module_twin = TwinKey {
            device_id: id,
            module_id: Some(second_id),
        };
        let response = match operation {
            Operation::ListDevices => Ok(self.list_devices(request)),
            Operation::BulkUpdateDevices => self.bulk_update(request),
            Operation::GetDevice => self.get_device(id),
            Operation::PutDevice => self.put_device(request, id),
            Operation::DeleteDevice => self.delete_device(request, id),
            Operation::ListModules => self.list_modules(request, id),
            Operation::GetModule => self.get_module(request, id, second_id),
            Operation::PutModule => self.put_module(request, id, second_id),
            Operation::DeleteModule => self.delete_module(request, id, second_id),
            Operation::DeviceStatistics => Ok(self.device_statistics()),
            Operation::ServiceStatistics => Ok(self.service_statistics()),
            Operation::Query => self.query(request),
            Operation::GetTwin => self.get_twin(device_twin),
            Operation::PutTwin => self.put_twin(request, device_twin),
            Operation::PatchTwin => self.patch_twin(request, device_twin),
            Operation::GetModuleTwin => self.get_twin(module_twin),
            Operation::PutModuleTwin => self.put_twin(request, module_twin),
            Operation::PatchModuleTwin => self.patch_twin(request, module_twin),
            Operation::InvokeDeviceMethod => self.invoke_method(request, device_twin).await,
            Operation::InvokeModuleMethod => self.invoke_method(request, module_twin).await,
            Operation::GetConfiguration => self.get_configuration(id),
            Operation::PutConfiguration => self.put_configuration(request, id),
            Operation::DeleteConfiguration => self.delete_configuration(request, id),
            Operation::ListConfigurations => Ok(self.list_configurations()),
            Operation::TestConfigurationQueries => self.test_configuration_queries(request),
            Operation::ApplyConfiguration => self.apply_configuration(request, id),
            Operation::PurgeCommands => self.purge_commands(id),
            Operation::ReceiveFeedback => Ok(self.receive_feedback()),
            Operation::CompleteFeedback => self.complete_feedback(id),
            Operation::AbandonFeedback => self.abandon_feedback(id),
            Operation::CreateImportExportJob => self.create_transfer(request),
            Operation::ListImportExportJobs => Ok(self.list_transfers()),
            Operation::GetImportExportJob => self.get_transfer(id),
            Operation::CancelImportExportJob => self.cancel_transfer(id),
            Operation::QueryScheduledJobs => self.query_scheduled_jobs(request),
            Operation::GetScheduledJob => Ok(self.get_scheduled_job(id)),
            Operation::PutScheduledJob => self.put_scheduled_job(request, id),
            Operation::CancelScheduledJob => self.cancel_scheduled_job(id),
            Operation::GetDigitalTwin => self.get_digital_twin(device_twin),
            Operation::PatchDigitalTwin => self.patch_digital_twin(request, device_twin),
            Operation::InvokeCommand => self.invoke_command(request, device_twin, None, second_id).await,
            Operation::InvokeComponentCommand => {
                let command = parameter(2);
                self.invoke_command(request, device_twin, Some(second_id), command)
                    .await
            }
        }?;
        // What these write may decide whether a configuration targets the device.
        if matches!(
            operation,
            Operation::PutDevice
                | Operation::PutModule
                | Operation::PutTwin
                | Operation::PatchTwin
                | Operation::PutModuleTwin
                | Operation::PatchModuleTwin
                | Operation::PatchDigitalTwin
                | Operation::ApplyConfiguration
        ) {
            self.reconcile(Scope::Device(id));
        }
        Ok(response)
    }

    fn respond_error(&self, error: &HubError, request_id: &str) -> ServiceResponse {
        error.response(request_id, self.clock.now())
    }
}

/// The service knows many versions; what none of them is, is refused.
fn check_api_version(version: Option<&str>) -> Result<()> {
    let is_version = version.is_some_and(|version| {
        let date = version.strip_suffix("-preview").unwrap_or(version).as_bytes();
        date.len() == 10
            && date.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    });
    if is_version {
        return Ok(());
    }
    let text = format!("Invalid api-version {:?}.", version.unwrap_or_default());
    Err(HubError::new(Code::INVALID_PROTOCOL_VERSION, text))
}

impl Service for IotHub {
    fn name(&self) -> &'static str {
        "iothub"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(async move {
            let result = self.route(&request).await;
            result.unwrap_or_else(|error| self.respond_error(&error, &request.request_id))
        })
    }

    fn refuse(&self, refusal: &Refusal, request_id: &str) -> ServiceResponse {
        self.respond_error(&HubError::of_refusal(refusal), request_id)
    }
}

impl StatefulService for IotHub {
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        self.manage_devices(request, path)
    }

    fn record_changes(&self) {
        self.store.write().record_changes();
    }

    fn take_changes(&self) -> Vec<StateChange> {
        self.store.write().take_changes()
    }

    fn dump(&self) -> Value {
        // Every key of the store is a string and nothing else can fail, so `Null` never shows.
        serde_json::to_value(&*self.store.read()).unwrap_or_default()
    }

    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        // Text takes a fraction of what values take. It goes to memory first, because requests wait for the lock, and
        // should not wait for a disk.
        let text = serde_json::to_vec(&*self.store.read())?;
        writer.write_all(&text)
    }

    fn load(&self, state: &Value) -> std::result::Result<(), StateError> {
        let store = Store::deserialize_checked(state).map_err(|reason| StateError::Invalid {
            service: self.name(),
            reason,
        })?;
        self.store.write().replace(store);
        self.messaging.changed();
        self.jobs.changed();
        self.scripts.changed();
        Ok(())
    }
}
