//! The table of all scenarios.

use futures::future::LocalBoxFuture;

use crate::Failure;
use crate::environment::{Environment, Need};

/// The client whose methods a scenario calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// `IotHubRegistryManager`.
    Hub,
    /// `DigitalTwinsClient`.
    Twins,
    /// `ProvisioningServiceClient`.
    Provisioning,
    /// `ProvisioningDeviceClient`.
    ProvisioningDevice,
}

impl Client {
    /// All clients.
    pub const ALL: [Self; 4] = [
        Self::Hub,
        Self::Twins,
        Self::Provisioning,
        Self::ProvisioningDevice,
    ];
}

/// A scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// The client that it calls.
    pub client: Client,
    /// The noun, which is the name of its file.
    pub noun: &'static str,
    /// The function in that file.
    pub name: &'static str,
    /// The methods of the client that it calls.
    pub methods: &'static [&'static str],
    /// Requirements beyond the service.
    pub needs: &'static [Need],
    function: for<'a> fn(&'a Environment) -> LocalBoxFuture<'a, Result<(), Failure>>,
}

/// Outcome of a scenario.
#[derive(Debug)]
pub enum Outcome {
    /// The service behaves as expected.
    Passed,
    /// The service behaves differently, or a resource could not be deleted.
    Differs(Failure),
    /// The scenario cannot run on this service.
    Skipped(Need),
}

impl Scenario {
    /// Runs the scenario if its requirements are met, and deletes what it has created.
    pub async fn run(&self, environment: &Environment) -> Outcome {
        if let Some(need) = self.needs.iter().find(|need| !environment.has(**need)) {
            return Outcome::Skipped(*need);
        }
        let result = (self.function)(environment).await;
        match (result, environment.clean_up().await) {
            (Ok(()), Ok(())) => Outcome::Passed,
            (Err(failure), Ok(())) | (Ok(()), Err(failure)) => Outcome::Differs(failure),
            (Err(failure), Err(left)) => Outcome::Differs(format!("{failure}; {left}").into()),
        }
    }
}

/// Calls a macro with all scenarios: client, noun and name, requirement, and the methods that it calls.
#[macro_export]
macro_rules! for_each_scenario {
    ($callback:ident) => {
        $callback! {
            Hub hub_client::connection_strings [from_connection_string, host_name, endpoint, protocol];
            Hub hub_client::token_credentials needs HubEntraRole [
                host_name, from_token_credential, get_device_registry_statistics
            ];
            Hub hub_client::hub_call_options [with_call_options, get_service_statistics];
            Hub devices::device_lifecycle [create_device_with_sas, get_device, delete_device];
            Hub devices::ids_that_change_the_path_are_refused [delete_device];
            Hub devices::authentication_kinds [
                create_device_with_x509, update_device_with_certificate_authority, update_device_with_sas,
                update_device_with_x509, update_device, create_device_with_certificate_authority, create_device
            ];
            Hub devices::credentials_of_a_device [
                get_devices, get_device, device_connection_string, device_host_name, device_sas_token
            ];
            Hub devices::attributes_of_identities [
                create_device_with_sas, get_device, get_twin, update_device, create_module_with_sas, get_module
            ];
            Hub modules::authentication_kinds_of_modules [
                create_module_with_x509, update_module_with_certificate_authority, update_module_with_sas,
                update_module_with_x509, update_module, create_module_with_certificate_authority
            ];
            Hub modules::module_lifecycle [
                create_module_with_sas, create_module, get_module, get_modules, module_connection_string,
                module_sas_token, delete_module
            ];
            Hub twins::twin_patches_are_merged [get_twin, update_twin];
            Hub twins::invalid_patches_are_refused [update_twin];
            Hub twins::replacements_and_changes [modify_twin, replace_twin];
            Hub twins::twins_of_modules [
                create_module_with_sas, update_module_twin, get_module_twin, modify_module_twin,
                replace_module_twin
            ];
            Hub queries::devices_by_tags [update_twin, query_iot_hub, query_iot_hub_rows];
            Hub methods::methods_of_absent_devices [
                invoke_device_method, create_module_with_sas, invoke_device_module_method
            ];
            Hub methods::method_responses needs RespondingDevice [
                create_module_with_sas, invoke_device_method, invoke_device_module_method
            ];
            Hub plug_and_play::writable_properties [get_digital_twin, update_digital_twin, get_twin];
            Hub plug_and_play::commands_of_absent_devices [invoke_command, invoke_component_command];
            Hub plug_and_play::commands needs RespondingDevice [invoke_command, invoke_component_command];
            Hub configurations::configuration_lifecycle [
                create_configuration, get_configuration, update_configuration, get_configurations,
                delete_configuration
            ];
            Hub configurations::queries_are_tested [test_configuration_queries];
            Hub configurations::edge_content [
                create_device_with_certificate_authority, apply_configuration_content_on_edge_device,
                get_module_twin
            ];
            Hub jobs::twin_updates [
                begin_scheduled_job, get_twin, watch_scheduled_job, get_scheduled_job, query_scheduled_jobs
            ];
            Hub jobs::cancellation [create_scheduled_job, cancel_scheduled_job];
            Hub jobs::exports needs HubBlobContainer [
                begin_import_export_job, create_import_export_job, watch_import_export_job,
                cancel_import_export_job, get_import_export_job, get_import_export_jobs
            ];
            Hub bulk::bulk_operations [
                bulk_create_or_update_devices, update_twins, invoke_method_on_devices
            ];
            Hub keys::swapped_keys [
                create_device_with_sas, create_module_with_sas, create_device_with_certificate_authority, get_keys,
                swap_keys
            ];
            Hub keys::regenerated_keys [
                create_device_with_sas, create_module_with_sas, create_device_with_certificate_authority, get_keys,
                regenerate_keys
            ];
            Hub messages::queues [
                send_c2d_message, create_module_with_sas, send_module_c2d_message, purge_command_queue,
                close_amqp
            ];
            Hub messages::feedback needs RespondingDevice [feedback_messages, send_c2d_message];
            Hub messages::feedback_over_http needs RespondingDevice [
                receive_feedback_notification, abandon_feedback_notification, complete_feedback_notification,
                send_c2d_message
            ];
            Hub messages::file_notifications needs RespondingDevice [file_notifications];
            Hub messages::expired_messages [feedback_messages, send_c2d_message];
            Hub messages::expired_messages_over_http [
                receive_feedback_notification, abandon_feedback_notification, complete_feedback_notification,
                send_c2d_message
            ];
            Hub messages::idle_file_notifications [file_notifications];
            Hub statistics::device_counts [get_device_registry_statistics, get_service_statistics];
            Twins twins_client::construction [endpoint, new, list_models, protocol];
            Twins twins_client::twins_call_options [with_call_options, list_models];
            Twins models::model_uploads [create_models, get_model, delete_model];
            Twins models::model_lifecycle [upload_models, upload_model_files, list_models, decommission_model, get_model];
            Twins models::deletion_of_all_models needs ErasableInstance [
                create_models, delete_all_models, list_models
            ];
            Twins digital_twins::digital_twin_lifecycle [
                upsert_digital_twin, update_digital_twin, get_digital_twin, delete_digital_twin
            ];
            Twins digital_twins::changes_and_connected_twins [
                modify_digital_twin, wait_until_visible, upsert_relationship,
                delete_digital_twin_with_relationships, get_digital_twin
            ];
            Twins components::component_lifecycle [update_component, get_component];
            Twins relationships::relationship_pages [upsert_relationship, list_relationships, delete_digital_twin];
            Twins relationships::relationship_lifecycle [
                upsert_relationship, update_relationship, get_relationship, list_incoming_relationships,
                delete_relationship
            ];
            Twins graph::bulk_upsert [bulk_upsert, bulk_upsert_stream, list_relationships];
            Twins twin_queries::digital_twins_by_properties [query_twins];
            Twins telemetry::telemetry_of_twins_and_components [publish_telemetry, publish_component_telemetry];
            Twins event_routes::event_route_lifecycle needs EventRouteEndpoint [
                upsert_event_route, get_event_route, list_event_routes, delete_event_route
            ];
            Twins event_routes::unknown_endpoints [upsert_event_route];
            Twins import_jobs::import_job_lifecycle needs ImportBlobs [
                begin_import_job, get_digital_twin, watch_import_job, get_import_job, list_import_jobs,
                create_import_job, cancel_import_job, delete_import_job
            ];
            Provisioning provisioning_clients::service_client_construction needs LinkedProvisioning [
                from_connection_string, endpoint, from_token_credential, get_individual_enrollment, protocol
            ];
            Provisioning provisioning_clients::provisioning_call_options needs LinkedProvisioning [
                with_call_options, get_registration
            ];
            Provisioning enrollments::individual_enrollment_lifecycle needs LinkedProvisioning [
                create_individual_enrollment, get_individual_enrollment, get_individual_enrollment_attestation,
                update_individual_enrollment, delete_individual_enrollment
            ];
            Provisioning enrollments::enrollment_group_lifecycle needs LinkedProvisioning [
                create_enrollment_group, get_enrollment_group, get_enrollment_group_attestation,
                update_enrollment_group, delete_enrollment_group
            ];
            Provisioning enrollments::enrollments_in_bulk needs LinkedProvisioning [
                bulk_individual_enrollments, query_individual_enrollments, bulk_enrollment_groups,
                query_enrollment_groups
            ];
            Provisioning registrations::device_of_a_group needs LinkedProvisioning [
                create_enrollment_group, get_registration, list_registrations, delete_registration
            ];
            Provisioning registrations::device_with_its_own_enrollment needs LinkedProvisioning [
                create_individual_enrollment, update_individual_enrollment
            ];
            ProvisioningDevice provisioning_devices::device_client_construction needs LinkedProvisioning [
                with_symmetric_key, registration_id, endpoint, protocol, with_call_options, get_own_registration
            ];
            ProvisioningDevice provisioning_devices::devices_register needs LinkedProvisioning [
                with_group_key, register, get_own_registration
            ];
            ProvisioningDevice provisioning_devices::devices_register_with_certificates needs LinkedProvisioning [
                with_certificate, register
            ];
            Twins delete_jobs::delete_job_lifecycle needs ErasableInstance [
                begin_delete_job, get_model, create_delete_job, watch_delete_job, get_delete_job,
                list_delete_jobs
            ];
        }
    };
}

macro_rules! table {
    ($($client:ident $noun:ident::$name:ident $(needs $need:ident)? [$($method:ident),* $(,)?];)*) => {
        /// All scenarios, in the order in which they run on a live service.
        pub const SCENARIOS: &[Scenario] = &[$(Scenario {
            client: Client::$client,
            noun: stringify!($noun),
            name: stringify!($name),
            methods: &[$(stringify!($method)),*],
            needs: &[$(Need::$need)?],
            function: |environment| Box::pin(super::$noun::$name(environment)),
        }),*];
    };
}

for_each_scenario!(table);
