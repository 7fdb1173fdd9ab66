//! Ids in paths.

use iothub_protocol::{Error, OPERATIONS, types};
use serde_json::json;

use crate::api;

/// HUB-ID-5.
#[test]
fn an_id_is_encoded_once() {
    let request = api()
        .modules_get_twin_request("100%25-%2F ü#?", "a.b~c_d-e")
        .unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://hub.example/twins/100%2525-%252F%20%C3%BC%23%3F/modules/a.b~c_d-e?api-version=2024-03-31"
    );
}

#[test]
fn an_id_may_start_with_dots() {
    let request = api().devices_get_twin_request("..a").unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://hub.example/twins/..a?api-version=2024-03-31"
    );
}

/// Asserts that every operation refuses `$bad` for each of its ids, and returns the operations.
macro_rules! each_refused {
    ($bad:expr, $($operation:ident($($id:ident),+ $(; $($rest:expr),*)?);)+) => {{
        let api = api();
        let mut called = Vec::new();
        $(
            called.push(stringify!($operation).trim_end_matches("_request"));
            let names = [$(stringify!($id)),+];
            for bad in 0..names.len() {
                let mut ids = names.iter().enumerate().map(|(i, _)| if i == bad { $bad } else { "fine" });
                $(let $id = ids.next().unwrap();)+
                let built = api.$operation($($id,)+ $($($rest),*)?);
                let Err(Error::InvalidRequest(reason)) = built else {
                    panic!("{} accepts {:?} as {}", stringify!($operation), $bad, names[bad]);
                };
                // The reason has the parameter's name from the API description, in camel case.
                let name = reason.split(':').next().unwrap_or_default();
                assert_eq!(name.to_lowercase(), names[bad].replace('_', ""));
            }
        )+
        called
    }};
}

#[test]
fn an_id_that_would_address_the_parent_is_refused_by_every_operation() {
    let (twin, device, module) = (
        types::Twin::default(),
        types::Device::default(),
        types::Module::default(),
    );
    let configuration: types::Configuration = empty();
    let content: types::ConfigurationContent = empty();
    let job: types::JobRequest = empty();
    let method = types::CloudToDeviceMethod::default();
    let any = json!({});
    let patch = vec![];
    for bad in ["", ".", ".."] {
        let mut called = each_refused!(bad,
            configuration_get_request(id);
            configuration_create_or_update_request(id; None, &configuration);
            configuration_delete_request(id; None);
            devices_get_identity_request(id);
            devices_create_or_update_identity_request(id; None, &device);
            devices_delete_identity_request(id; None);
            configuration_apply_on_edge_device_request(id; &content);
            jobs_get_import_export_job_request(id);
            jobs_cancel_import_export_job_request(id);
            cloud_to_device_messages_purge_cloud_to_device_message_queue_request(id);
            devices_get_twin_request(id);
            devices_replace_twin_request(id; None, &twin);
            devices_update_twin_request(id; None, &twin);
            modules_get_twin_request(id, mid);
            modules_replace_twin_request(id, mid; None, &twin);
            modules_update_twin_request(id, mid; None, &twin);
            digital_twin_get_digital_twin_request(id);
            digital_twin_update_digital_twin_request(id; None, &patch);
            digital_twin_invoke_root_level_command_request(id, command_name; None, None, &any);
            cloud_to_device_messages_complete_feedback_notification_request(lock_token);
            cloud_to_device_messages_abandon_feedback_notification_request(lock_token);
            jobs_get_scheduled_job_request(id);
            jobs_create_scheduled_job_request(id; &job);
            jobs_cancel_scheduled_job_request(id);
            modules_get_modules_on_device_request(id);
            modules_get_identity_request(id, mid);
            modules_create_or_update_identity_request(id, mid; None, &module);
            modules_delete_identity_request(id, mid; None);
            digital_twin_invoke_component_command_request(id, component_path, command_name; None, None, &any);
            devices_invoke_method_request(device_id; &method);
            modules_invoke_method_request(device_id, module_id; &method);
        );
        let mut with_ids: Vec<_> = OPERATIONS
            .iter()
            .filter(|o| o.path.contains('{'))
            .map(|o| o.id)
            .collect();
        called.sort_unstable();
        with_ids.sort_unstable();
        assert_eq!(called, with_ids, "every operation with an id is listed");
    }
}

/// Returns a body without members.
fn empty<T: serde::de::DeserializeOwned>() -> T {
    serde_json::from_str("{}").unwrap()
}
