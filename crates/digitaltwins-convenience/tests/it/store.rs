//! A service with a little memory: enough for the calls that make several requests.
//!
//! It is no emulator. It stores documents by path, counts versions, and knows the few rules that the tests are about.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use azure_core::http::ClientOptions;
use digitaltwins_convenience::DigitalTwinsClient;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::support::{Answer, Sent, Service};

type Hook = Box<dyn FnMut(&Sent, &mut Documents) -> Option<Answer> + Send>;

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

/// The service, its documents, and a client. `hook` sees each request first and may answer it.
pub(crate) fn service(
    hook: impl FnMut(&Sent, &mut Documents) -> Option<Answer> + Send + 'static,
) -> (Arc<Service>, Arc<Mutex<Documents>>, DigitalTwinsClient) {
    service_with_options(ClientOptions::default(), hook)
}

/// The same, with more options.
pub(crate) fn service_with_options(
    options: ClientOptions,
    mut hook: impl FnMut(&Sent, &mut Documents) -> Option<Answer> + Send + 'static,
) -> (Arc<Service>, Arc<Mutex<Documents>>, DigitalTwinsClient) {
    let documents = Arc::new(Mutex::new(Documents::default()));
    let shared = documents.clone();
    let mut hook: Hook = Box::new(move |sent, documents| hook(sent, documents));
    let (service, client) = Service::with_options(options, move |sent| {
        let mut documents = shared.lock().unwrap();
        hook(sent, &mut documents).unwrap_or_else(|| answer(sent, &mut documents))
    });
    (service, documents, client)
}

fn answer(sent: &Sent, documents: &mut Documents) -> Answer {
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
            Answer::json(200, &json!({"value": models}))
        }
        "GET" if path.starts_with("/models/") => match documents.by_path.get(&path) {
            Some((model, _)) => Answer::json(200, &json!({"id": model["@id"], "model": model})),
            None => Answer::error(404, "ModelNotFound"),
        },
        "DELETE" if path.starts_with("/models/") => delete_model(&path, documents),
        "GET" if path.ends_with("/relationships") => {
            Answer::json(200, &json!({"value": documents.below(&format!("{path}/"))}))
        }
        "GET" if path.ends_with("/incomingrelationships") => {
            let twin = path.split('/').nth(2).unwrap().to_owned();
            let all = documents.relationships();
            let incoming: Vec<_> = all
                .iter()
                .filter(|relationship| relationship["$targetId"] == *twin)
                .collect();
            Answer::json(200, &json!({"value": incoming}))
        }
        "GET" => match documents.by_path.get(&path) {
            Some((document, version)) => Answer::json(200, document).header("etag", tag(*version)),
            None => Answer::error(404, "DigitalTwinNotFound"),
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
                return Answer::error(404, "TargetDigitalTwinNotFound");
            }
            let version = documents.put(&path, document.clone());
            Answer::json(200, &document).header("etag", tag(version))
        }
        "PATCH" => patch(sent, &path, documents),
        "DELETE" => delete(&path, documents),
        other => panic!("no answer to {other} {path}"),
    }
}

fn add_models(sent: &Sent, documents: &mut Documents) -> Answer {
    let models = sent.json();
    let models = models.as_array().unwrap();
    let path = |model: &Value| format!("/models/{}", model["@id"].as_str().unwrap());
    if models
        .iter()
        .any(|model| documents.by_path.contains_key(&path(model)))
    {
        return Answer::error(409, "ModelIdAlreadyExists");
    }
    for model in models {
        for base in model["extends"].as_array().into_iter().flatten() {
            let stored = documents
                .by_path
                .contains_key(&format!("/models/{}", base.as_str().unwrap()));
            if !stored && !models.iter().any(|other| other["@id"] == *base) {
                return Answer::error(400, "DTDLParserError");
            }
        }
    }
    for model in models {
        documents.put(&path(model), model.clone());
    }
    Answer::json(
        201,
        &models.iter().map(|model| json!({"id": model["@id"]})).collect(),
    )
}

fn delete_model(path: &str, documents: &mut Documents) -> Answer {
    let id = path.trim_start_matches("/models/");
    let used = documents.below("/models/").iter().any(|model| {
        model["extends"]
            .as_array()
            .is_some_and(|bases| bases.iter().any(|base| base == id))
    });
    if used {
        return Answer::error(409, "ModelReferencesNotDeleted");
    }
    match documents.by_path.remove(path) {
        Some(_) => Answer::empty(204),
        None => Answer::error(404, "ModelNotFound"),
    }
}

fn patch(sent: &Sent, path: &str, documents: &mut Documents) -> Answer {
    let Some((document, version)) = documents.by_path.get(path).cloned() else {
        return Answer::error(404, "DigitalTwinNotFound");
    };
    if sent
        .header("if-match")
        .is_some_and(|etag| etag != "*" && etag != format!("W/\"{version}\""))
    {
        return Answer::error(412, "PreconditionFailed");
    }
    let mut document = document;
    let patch: json_patch::Patch = serde_json::from_str(&sent.body).unwrap();
    if json_patch::patch(&mut document, &patch).is_err() {
        return Answer::error(400, "JsonPatchInvalid");
    }
    let version = documents.put(path, document);
    Answer::empty(204).header("etag", format!("W/\"{version}\""))
}

fn delete(path: &str, documents: &mut Documents) -> Answer {
    if !path.contains("/relationships/") {
        let twin = path.trim_start_matches("/digitaltwins/");
        let all = documents.relationships();
        if all
            .iter()
            .any(|relationship| relationship["$sourceId"] == twin || relationship["$targetId"] == twin)
        {
            return Answer::error(400, "RelationshipsNotDeleted");
        }
    }
    match documents.by_path.remove(path) {
        Some(_) => Answer::empty(204),
        None => Answer::error(404, "DigitalTwinNotFound"),
    }
}
