//! The models of Plug and Play devices.

use reqwest::Method;
use serde_json::json;

use crate::options::{manage, started};

/// Patches of digital twins must fit the models. The model file is an array and starts with a byte order mark.
#[tokio::test]
async fn models_are_read_from_a_file_or_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/thing.json");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let model = json!([{
        "@context": "dtmi:dtdl:context;2",
        "@id": "dtmi:com:example:thing;1",
        "@type": "Interface",
        "contents": [{"@type": "Property", "name": "speed", "schema": "integer", "writable": true}],
    }]);
    std::fs::write(&file, format!("\u{feff}{model}")).unwrap();
    for path in [folder.path(), &file] {
        let (_program, caller) = started(&["--models", path.to_str().unwrap()]);
        let device = json!({"deviceId": "a"});
        let created = caller.hub(Method::PUT, "/devices/a", Some(device)).await.unwrap();
        assert_eq!(created.0, 200);
        let connection = json!({"connected": true, "modelId": "dtmi:com:example:thing;1"});
        let path = "/iothub/devices/a/connection";
        assert_eq!(manage(&caller, Method::PUT, path, Some(connection)).await.0, 204);
        for (value, status) in [(json!(5), 202), (json!("fast"), 400)] {
            let patch = json!([{"op": "add", "path": "/speed", "value": value}]);
            let patched = caller.hub(Method::PATCH, "/digitaltwins/a", Some(patch)).await;
            let (found, body) = patched.unwrap();
            assert_eq!(found, status, "{body}");
        }
    }
}
