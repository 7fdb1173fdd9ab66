//! An instance, requests to it, and the models that most tests use.

use azure_iot_emulator::{Clock, DigitalTwins, ServiceRequest, ServiceResponse};
use futures::executor::block_on;
use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use time::macros::datetime;

/// An instance with a manual clock.
pub(crate) struct Instance {
    pub(crate) service: DigitalTwins,
    pub(crate) clock: Clock,
}

/// A response with its decoded body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) response: ServiceResponse,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// Returns the messages of the error's details, one per line.
    pub(crate) fn details(&self) -> String {
        let details = self.body["error"]["details"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        details
            .iter()
            .filter_map(|detail| detail["message"].as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag").expect("an etag").to_owned()
    }

    /// Asserts that the response is an error with the given status and code (in body and header), and a message that
    /// contains `text`.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, code: &str, text: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        let whole = format!("{}\n{}", self.message(), self.details());
        assert!(whole.contains(text), "{text:?} is not in {whole:?}");
        assert_eq!(self.header("x-ms-error-code"), Some(code));
        assert_eq!(
            self.header("content-type"),
            Some("application/json; charset=utf-8")
        );
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self
    }

    /// Returns one member of every item of a page.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let items = self.body["value"].as_array().expect("a page");
        items
            .iter()
            .map(|item| item[name].as_str().unwrap_or("-").to_owned())
            .collect()
    }
}

impl Instance {
    pub(crate) fn new() -> Self {
        let clock = Clock::manual(datetime!(2025-05-02 14:57:59.494_415_3 UTC));
        Instance {
            service: DigitalTwins::new(clock.clone()),
            clock,
        }
    }

    /// Returns an instance with the models of [`building`].
    pub(crate) fn with_models() -> Self {
        let instance = Instance::new();
        instance.post("/models", &building()).ok();
        instance
    }

    /// Returns an instance with two rooms on a floor, and a second floor, connected by relationships.
    pub(crate) fn with_building() -> Self {
        let instance = Instance::with_models();
        instance.put_twin("floor-1", "dtmi:test:Floor;1", json!({"name": "ground"}));
        instance.put_twin("floor-2", "dtmi:test:Floor;1", json!({"name": "first"}));
        for (id, temperature) in [("room-1", json!(20)), ("room-2", json!(22.5))] {
            let body = json!({"temperature": temperature, "thermostat": {"$metadata": {}}});
            instance.put_twin(id, "dtmi:test:Room;1", body);
        }
        instance.relate("floor-1", "r1", "contains", "room-1");
        instance.relate("floor-1", "r2", "contains", "room-2");
        instance
    }

    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let text = body.map(Value::to_string).unwrap_or_default();
        self.send_text(method, path, &text, headers)
    }

    /// Sends a body byte for byte; adds the api-version unless the path has one.
    pub(crate) fn send_text(
        &self,
        method: Method,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = match path.contains("api-version") {
            true => path.to_owned(),
            false => format!("{path}{mark}api-version=2023-10-31"),
        };
        let mut request = ServiceRequest::new(method, &path).expect("a path");
        request.base_url = "https://twins.test".to_owned();
        request.body = body.to_owned().into();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            request = request.with_header(name, HeaderValue::from_str(value).expect("a header value"));
        }
        let response = block_on(self.service.handle(request));
        let body = response.body_json().expect("JSON or nothing");
        Reply {
            status: response.status.as_u16(),
            body,
            response,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, &[])
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body), &[])
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body), &[])
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(
            Method::PATCH,
            path,
            Some(body),
            &[("content-type", "application/json-patch+json")],
        )
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None, &[])
    }

    /// Creates or replaces a twin of `model` with the properties in `body`.
    #[track_caller]
    pub(crate) fn put_twin(&self, id: &str, model: &str, mut body: Value) -> Reply {
        body["$metadata"]["$model"] = model.into();
        self.put(&format!("/digitaltwins/{id}"), &body).ok()
    }

    #[track_caller]
    pub(crate) fn relate(&self, source: &str, id: &str, name: &str, target: &str) -> Reply {
        let body = json!({"$relationshipName": name, "$targetId": target});
        self.put(&format!("/digitaltwins/{source}/relationships/{id}"), &body)
            .ok()
    }

    pub(crate) fn query_page(&self, body: &Value, page: usize) -> Reply {
        self.send(
            Method::POST,
            "/query",
            Some(body),
            &[("max-items-per-page", &page.to_string())],
        )
    }

    /// Returns all rows of a query.
    #[track_caller]
    pub(crate) fn query(&self, query: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut body = json!({ "query": query });
        loop {
            let reply = self.query_page(&body, 7).ok();
            rows.extend(reply.body["value"].as_array().expect("rows").iter().cloned());
            match reply.body["continuationToken"].clone() {
                Value::Null => return rows,
                token => body = json!({ "continuationToken": token }),
            }
        }
    }

    /// Returns the ids of the twins that a query returns, sorted.
    #[track_caller]
    pub(crate) fn ids(&self, query: &str) -> Vec<String> {
        let mut ids: Vec<_> = self
            .query(query)
            .iter()
            .map(|row| row["$dtId"].as_str().unwrap_or("-").to_owned())
            .collect();
        ids.sort();
        ids
    }

    /// Sends a query that must be refused and returns the response.
    #[track_caller]
    pub(crate) fn refused_query(&self, query: &str) -> Reply {
        let reply = self.post("/query", &json!({ "query": query }));
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}: {}", reply.body);
        reply
    }
}

fn interface(id: &str, contents: Value) -> Value {
    json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": contents})
}

/// Returns models of spaces, floors and rooms with a thermostat.
pub(crate) fn building() -> Value {
    let mut space = interface(
        "dtmi:test:Space;1",
        json!([
            {"@type": "Property", "name": "name", "schema": "string"},
            {"@type": "Property", "name": "tags", "schema": {
                "@type": "Map",
                "mapKey": {"name": "tag", "schema": "string"},
                "mapValue": {"name": "value", "schema": "string"}
            }},
            {"@type": "Property", "name": "address", "schema": {
                "@type": "Object",
                "fields": [{"name": "street", "schema": "string"}, {"name": "number", "schema": "integer"}]
            }},
            {"@type": "Relationship", "name": "contains", "target": "dtmi:test:Space;1"},
            {"@type": "Relationship", "name": "adjacent", "maxMultiplicity": 1, "properties": [
                {"@type": "Property", "name": "door", "schema": "string"},
                {"@type": "Property", "name": "since", "schema": "date"}
            ]},
        ]),
    );
    space["displayName"] = "Space".into();
    let mut floor = interface(
        "dtmi:test:Floor;1",
        json!([
            {"@type": "Property", "name": "level", "schema": "integer"},
            {"@type": "Relationship", "name": "cleans", "target": "dtmi:test:Robot;1"},
        ]),
    );
    floor["extends"] = "dtmi:test:Space;1".into();
    let mut room = interface(
        "dtmi:test:Room;1",
        json!([
            {"@type": "Property", "name": "temperature", "schema": "double", "writable": true},
            {"@type": "Telemetry", "name": "motion", "schema": "boolean"},
            {"@type": "Command", "name": "lock"},
            {"@type": "Component", "name": "thermostat", "schema": "dtmi:test:Thermostat;1"},
        ]),
    );
    room["extends"] = "dtmi:test:Space;1".into();
    room["displayName"] = json!({"en": "Room", "de": "Raum"});
    room["description"] = json!({"en": "A room"});
    let thermostat = interface(
        "dtmi:test:Thermostat;1",
        json!([
            {"@type": "Property", "name": "target", "schema": "double"},
            {"@type": "Property", "name": "mode", "schema": {
                "@type": "Enum",
                "valueSchema": "string",
                "enumValues": [{"name": "off", "enumValue": "0"}, {"name": "on", "enumValue": "1"}]
            }},
            {"@type": "Telemetry", "name": "humidity", "schema": "double"},
        ]),
    );
    json!([room, floor, space, thermostat])
}

/// Returns the upload body for a single interface.
pub(crate) fn model(id: &str, contents: Value) -> Value {
    json!([interface(id, contents)])
}
