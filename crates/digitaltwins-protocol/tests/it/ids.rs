//! Ids in paths.

use digitaltwins_protocol::{Error, OPERATIONS, types};
use serde_json::json;

use crate::api;

#[test]
fn an_id_is_encoded_once() {
    let request = api()
        .digital_twins_get_component_request("100%25-%2F ü#?", "a.b~c_d-e", None, None)
        .unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://twins.example/digitaltwins/100%2525-%252F%20%C3%BC%23%3F/components/a.b~c_d-e?api-version=2023-10-31"
    );
}

#[test]
fn the_colons_and_semicolons_of_a_dtmi_are_encoded() {
    let request = api()
        .digital_twin_models_delete_request("dtmi:example:Room;1", None, None)
        .unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://twins.example/models/dtmi%3Aexample%3ARoom%3B1?api-version=2023-10-31"
    );
    assert_eq!(request.method, "DELETE");
}

/// Asserts that every operation refuses `$bad` for each of its ids, and returns the names of the operations.
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
                // The reason starts with the parameter's name from the API description, in camel case.
                let name = reason.split(':').next().unwrap_or_default();
                assert_eq!(name.to_lowercase(), names[bad].replace('_', ""));
            }
        )+
        called
    }};
}

#[test]
fn an_id_that_would_address_the_parent_is_refused_by_every_operation() {
    let route = types::EventRoute {
        id: None,
        endpoint_name: "e".into(),
        filter: "true".into(),
        extra: serde_json::Map::new(),
    };
    let job: types::ImportJob =
        serde_json::from_value(json!({ "inputBlobUri": "i", "outputBlobUri": "o" })).unwrap();
    let any = json!({});
    let patch = vec![];
    for bad in ["", ".", ".."] {
        let mut called = each_refused!(bad,
            digital_twin_models_get_by_id_request(id; None, None, None);
            digital_twin_models_update_request(id; None, None, &patch);
            digital_twin_models_delete_request(id; None, None);
            digital_twins_get_by_id_request(id; None, None);
            digital_twins_add_request(id; None, None, None, &any);
            digital_twins_delete_request(id; None, None, None);
            digital_twins_update_request(id; None, None, None, &patch);
            digital_twins_get_relationship_by_id_request(id, relationship_id; None, None);
            digital_twins_add_relationship_request(id, relationship_id; None, None, None, &any);
            digital_twins_delete_relationship_request(id, relationship_id; None, None, None);
            digital_twins_update_relationship_request(id, relationship_id; None, None, None, &patch);
            digital_twins_list_relationships_request(id; None, None, None);
            digital_twins_list_incoming_relationships_request(id; None, None);
            digital_twins_send_telemetry_request(id; "m", None, None, None, &any);
            digital_twins_send_component_telemetry_request(id, component_path; "m", None, None, None, &any);
            digital_twins_get_component_request(id, component_path; None, None);
            digital_twins_update_component_request(id, component_path; None, None, None, &patch);
            event_routes_get_by_id_request(id; None, None);
            event_routes_add_request(id; None, None, &route);
            event_routes_delete_request(id; None, None);
            import_jobs_get_by_id_request(id; None, None);
            import_jobs_add_request(id; None, None, &job);
            import_jobs_delete_request(id; None, None);
            import_jobs_cancel_request(id; None, None);
            delete_jobs_get_by_id_request(id; None, None);
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
