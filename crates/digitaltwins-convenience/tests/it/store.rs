//! A mock service with state, for composite methods: it stores documents by path with a version, and enforces only
//! the rules that the tests need.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use azure_core::http::ClientOptions;
use digitaltwins_convenience::DigitalTwinsClient;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::support::{MockResponse, MockService, SentRequest};

type Hook = Box<dyn FnMut(&SentRequest, &mut Documents) -> Option<MockResponse> + Send>;

/// The documents by decoded path, with their versions.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) by_path: BTreeMap<String, (Value, u64)>,
    versions: u64,
}

impl Documents {
    pub(crate) fn put(&mut self, path: &str, document: Value) -> u64 {
        self.versions += 1;
        self.by_path.insert(path.to_owned(), (document, self.versions));
        self.versions
    }

    fn below(&self, prefix: &str) -> Vec<Value> {
        let range = self.by_path.iter().filter(|(path, _)| path.starts_with(prefix));
        range.map(|(_, (document, _))| document.clone()).collect()
    }

    fn relationships(&self) -> Vec<Value> {
        let all = self
            .by_path
            .iter()
            .filter(|(path, _)| path.contains("/relationships/"));
        all.map(|(_, (document, _))| document.clone()).collect()
    }
}

/// Returns the service, its documents and a client. For each request, `hook` is called first; the store responds only
/// if `hook` does not.
pub(crate) fn service(
    hook: impl FnMut(&SentRequest, &mut Documents) -> Option<MockResponse> + Send + 'static,
) -> (Arc<MockService>, Arc<Mutex<Documents>>, DigitalTwinsClient) {
    service_with_options(ClientOptions::default(), hook)
}

/// Like [`service`], with client options.
pub(crate) fn service_with_options(
    options: ClientOptions,
    mut hook: impl FnMut(&SentRequest, &mut Documents) -> Option<MockResponse> + Send + 'static,
) -> (Arc<MockService>, Arc<Mutex<Documents>>, DigitalTwinsClient) {
    let documents = Arc::new(Mutex::new(Documents::default()));
    let shared = documents.clone();
    let mut hook: Hook = Box::new(move |sent, documents| hook(sent, documents));
    let (service, client) = MockService::with_options(options, move |sent| {
        let mut documents = shared.lock().unwrap();
        hook(sent, &mut documents).unwrap_or_else(|| respond(sent, &mut documents))
    });
    (service, documents, client)
}

fn respond(sent: &SentRequest, documents: &mut Documents) -> MockResponse {
    let path = sent.target.split('?').next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().unwrap().into_owned();
    let tag = |version: u64| format!("W/\"{version}\"");
    match sent.method.as_str() {
        "POST" if path == "/models" => add_models(sent, documents),
        "GET" if path == "/models" => {
            let models: Vec<Value> = documents
                .below("/models/")
                .iter()
                .map(|model| json!({"id": model["@id"], "model": model}))
                .collect();
            MockResponse::json(200, &json!({"value": models}))
        }
        "GET" if path.starts_with("/models/") => match documents.by_path.get(&path) {
            Some((model, _)) => MockResponse::json(200, &json!({"id": model["@id"], "model": model})),
            None => MockResponse::error(404, "ModelNotFound"),
        },
        "DELETE" if path.starts_with("/models/") => delete_model(&path, documents),
        "GET" if path.ends_with("/relationships") => {
            MockResponse::json(200, &json!({"value": documents.below(&format!("{path}/"))}))
        }
        "GET" if path.ends_with("/incomingrelationships") => {
            let twin = path.split('/').nth(2).unwrap().to_owned();
            let all = documents.relationships();
            let incoming: Vec<_> = all
                .iter()
                .filter(|relationship| relationship["$targetId"] == *twin)
                .collect();
            MockResponse::json(200, &json!({"value": incoming}))
        }
        "GET" => match documents.by_path.get(&path) {
            Some((document, version)) => MockResponse::json(200, document).header("etag", tag(*version)),
            None => MockResponse::error(404, "DigitalTwinNotFound"),
        },
        "PUT" => {
            let document = sent.json();
            let missing = |twin: &Value| {
                !documents
                    .by_path
                    .contains_key(&format!("/digitaltwins/{}", twin.as_str().unwrap()))
            };
            if path.contains("/relationships/")
                && (missing(&document["$sourceId"]) || missing(&document["$targetId"]))
            {
                return MockResponse::error(404, "TargetDigitalTwinNotFound");
            }
            let version = documents.put(&path, document.clone());
            MockResponse::json(200, &document).header("etag", tag(version))
        }
        "PATCH" => patch(sent, &path, documents),
        "DELETE" => delete(&path, documents),
        other => panic!("unexpected {other} {path}"),
    }
}

fn add_models(sent: &SentRequest, documents: &mut Documents) -> MockResponse {
    let models = sent.json();
    let models = models.as_array().unwrap();
    let path = |model: &Value| format!("/models/{}", model["@id"].as_str().unwrap());
    if models
        .iter()
        .any(|model| documents.by_path.contains_key(&path(model)))
    {
        return MockResponse::error(409, "ModelIdAlreadyExists");
    }
    for model in models {
        for base in model["extends"].as_array().into_iter().flatten() {
            let stored = documents
                .by_path
                .contains_key(&format!("/models/{}", base.as_str().unwrap()));
            if !stored && !models.iter().any(|other| other["@id"] == *base) {
                return MockResponse::error(400, "DTDLParserError");
            }
        }
    }
    for model in models {
        documents.put(&path(model), model.clone());
    }
    MockResponse::json(
        201,
        &models.iter().map(|model| json!({"id": model["@id"]})).collect(),
    )
}

fn delete_model(path: &str, documents: &mut Documents) -> MockResponse {
    let id = path.trim_start_matches("/models/");
    let used = documents.below("/models/").iter().any(|model| {
        model["extends"]
            .as_array()
            .is_some_and(|bases| bases.iter().any(|base| base == id))
    });
    if used {
        return MockResponse::error(409, "ModelReferencesNotDeleted");
    }
    match documents.by_path.remove(path) {
        Some(_) => MockResponse::empty(204),
        None => MockResponse::error(404, "ModelNotFound"),
    }
}

fn patch(sent: &SentRequest, path: &str, documents: &mut Documents) -> MockResponse {
    let Some((document, version)) = documents.by_path.get(path).cloned() else {
        return MockResponse::error(404, "DigitalTwinNotFound");
    };
    if sent
        .header("if-match")
        .is_some_and(|etag| etag != "*" && etag != format!("W/\"{version}\""))
    {
        return MockResponse::error(412, "PreconditionFailed");
    }
    let mut document = document;
    let patch: json_patch::Patch = serde_json::from_str(&sent.body).unwrap();
    if json_patch::patch(&mut document, &patch).is_err() {
        return MockResponse::error(400, "JsonPatchInvalid");
    }
    let version = documents.put(path, document);
    MockResponse::empty(204).header("etag", format!("W/\"{version}\""))
}

fn delete(path: &str, documents: &mut Documents) -> MockResponse {
    if !path.contains("/relationships/") {
        let twin = path.trim_start_matches("/digitaltwins/");
        let all = documents.relationships();
        if all
            .iter()
            .any(|relationship| relationship["$sourceId"] == twin || relationship["$targetId"] == twin)
        {
            return MockResponse::error(400, "RelationshipsNotDeleted");
        }
    }
    match documents.by_path.remove(path) {
        Some(_) => MockResponse::empty(204),
        None => MockResponse::error(404, "DigitalTwinNotFound"),
    }
}
