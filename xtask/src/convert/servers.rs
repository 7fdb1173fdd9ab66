//! Converts the server address.

use serde_json::{Map, Value, json};

use super::Converter;
use super::schema::description;
use crate::document::{deref_at, elements, object, string};
use crate::error::{Located, Pointer};

impl Converter<'_> {
    /// Converts `host`, `basePath` and `schemes`, or Azure's `x-ms-parameterized-host`, to server URLs.
    pub(super) fn servers(&self, root: &Pointer) -> Result<Vec<Value>, Located> {
        let base = self
            .map
            .get("basePath")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim_end_matches('/');
        let schemes = elements(self.map, "schemes", root)?;
        let https = schemes.is_empty() || schemes.iter().any(|(_, s)| s.as_str() == Some("https"));
        let scheme = if https { "https" } else { "http" };

        if let Some(host) = self.map.get("x-ms-parameterized-host") {
            let at = root.at("x-ms-parameterized-host");
            let host = object(host, &at)?;
            let template = string(host, "hostTemplate", &at)?;
            let prefix = match host.get("useSchemePrefix").and_then(Value::as_bool) {
                Some(false) => String::new(),
                _ => format!("{scheme}://"),
            };
            let mut variables = Map::new();
            for (at, parameter) in elements(host, "parameters", &at)? {
                let (at, parameter) = deref_at(self.swagger, parameter, &at)?;
                let parameter = object(parameter, &at)?;
                let mut variable = Map::new();
                // OpenAPI requires a default; the variable's name marks a value to fill in.
                let name = string(parameter, "name", &at)?;
                variable.insert(
                    "default".into(),
                    parameter.get("default").cloned().unwrap_or(json!(name)),
                );
                if let Some(values) = parameter.get("enum") {
                    variable.insert("enum".into(), values.clone());
                }
                description(parameter, &mut variable);
                variables.insert(name.to_owned(), Value::Object(variable));
            }
            let mut server = Map::new();
            server.insert("url".into(), json!(format!("{prefix}{template}{base}")));
            if !variables.is_empty() {
                server.insert("variables".into(), Value::Object(variables));
            }
            return Ok(vec![Value::Object(server)]);
        }
        Ok(match self.map.get("host").and_then(Value::as_str) {
            Some(host) => vec![json!({ "url": format!("{scheme}://{host}{base}") })],
            None if !base.is_empty() => vec![json!({ "url": base })],
            None => Vec::new(),
        })
    }
}
