//! Converts `securityDefinitions`.

use serde_json::{Map, Value, json};

use super::schema::description;
use crate::document::{object, string};
use crate::error::{Located, Pointer, unsupported};

pub(super) fn scheme(value: &Value, at: &Pointer) -> Result<Value, Located> {
    let map = object(value, at)?;
    let mut out = Map::new();
    match string(map, "type", at)? {
        "basic" => {
            out.insert("type".into(), json!("http"));
            description(map, &mut out);
            out.insert("scheme".into(), json!("basic"));
        }
        "apiKey" => {
            out.insert("type".into(), json!("apiKey"));
            description(map, &mut out);
            out.insert("name".into(), json!(string(map, "name", at)?));
            out.insert("in".into(), json!(string(map, "in", at)?));
        }
        "oauth2" => {
            out.insert("type".into(), json!("oauth2"));
            description(map, &mut out);
            let (flow, urls): (_, &[&str]) = match string(map, "flow", at)? {
                "implicit" => ("implicit", &["authorizationUrl"]),
                "password" => ("password", &["tokenUrl"]),
                "application" => ("clientCredentials", &["tokenUrl"]),
                "accessCode" => ("authorizationCode", &["authorizationUrl", "tokenUrl"]),
                other => {
                    return Err(unsupported(
                        &at.at("flow"),
                        format!("OAuth flow `{other}`"),
                        "use one of these: `implicit`, `password`, `application` and `accessCode`",
                    ));
                }
            };
            let mut fields = Map::new();
            for url in urls {
                if let Some(value) = map.get(*url) {
                    fields.insert((*url).to_owned(), value.clone());
                }
            }
            // OpenAPI requires `scopes`; some of Azure's descriptions lack it.
            fields.insert("scopes".into(), map.get("scopes").cloned().unwrap_or(json!({})));
            out.insert("flows".into(), json!({ flow: fields }));
        }
        other => {
            return Err(unsupported(
                &at.at("type"),
                format!("security type `{other}`"),
                "use one of these: `basic`, `apiKey` and `oauth2`",
            ));
        }
    }
    for (key, value) in map.iter().filter(|(k, _)| k.starts_with("x-")) {
        out.insert(key.clone(), value.clone());
    }
    Ok(Value::Object(out))
}
