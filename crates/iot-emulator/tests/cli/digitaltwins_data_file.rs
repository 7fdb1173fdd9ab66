//! Digital Twins in a data file, with repeated kills of the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::data_file::{Caller, start_with};
use crate::program::Program;

/// The expected result of a read: these members, or 404.
type Expected = Option<Value>;

/// The acknowledged changes by path, and the one that was pending at the kill.
#[derive(Debug, Default)]
struct Known {
    acknowledged: BTreeMap<String, Expected>,
    pending: Option<(String, Expected)>,
    count: usize,
}

/// The next change of a connection.
struct Step {
    method: Method,
    path: String,
    body: Option<Value>,
    /// The changed resource, and its expected state.
    key: String,
    then: Expected,
}

/// A connection with its own resources, so that it knows their expected state.
struct Connection {
    caller: Caller,
    name: String,
    random: StdRng,
    known: Known,
}

impl Connection {
    fn there(&self, key: &str) -> Option<&Value> {
        self.known.acknowledged.get(key)?.as_ref()
    }

    /// Returns a valid change.
    fn step(&mut self) -> Step {
        let (name, number) = (self.name.clone(), self.random.random_range(0..1_000_000_u32));
        let place = self.random.random_range(0..5_u32);
        let step = |method, path: &str, body, key: String, then| Step {
            method,
            path: path.to_owned(),
            body,
            key,
            then,
        };
        // Two members that are always equal, so that a partial change would be visible.
        let both = |number: u32| {
            json!([
                {"op": "add", "path": "/n", "value": number},
                {"op": "add", "path": "/m", "value": number},
            ])
        };
        match self.random.random_range(0..20) {
            0..9 => {
                let twin = format!("/digitaltwins/{name}-{place}");
                let is_source = self
                    .known
                    .acknowledged
                    .iter()
                    .any(|(key, there)| there.is_some() && key.starts_with(&format!("{twin}/")));
                match (self.there(&twin).is_some(), self.random.random_range(0..3)) {
                    (true, 0) if !is_source => step(Method::DELETE, &twin, None, twin.clone(), None),
                    (true, 1) => {
                        let then = json!({"n": number, "m": number});
                        step(Method::PATCH, &twin, Some(both(number)), twin.clone(), Some(then))
                    }
                    _ => {
                        let body =
                            json!({"n": number, "m": number, "$metadata": {"$model": "dtmi:k:Thing;1"}});
                        let then = json!({"n": number, "m": number});
                        step(Method::PUT, &twin, Some(body), twin.clone(), Some(then))
                    }
                }
            }
            9..16 => {
                let twin = format!("/digitaltwins/{name}-{place}");
                if self.there(&twin).is_none() {
                    return self.step();
                }
                let path = format!("{twin}/relationships/r{}", number % 3);
                match (self.there(&path).is_some(), self.random.random_range(0..3)) {
                    (true, 0) => step(Method::DELETE, &path, None, path.clone(), None),
                    (true, 1) => {
                        let then = json!({"n": number, "m": number});
                        step(Method::PATCH, &path, Some(both(number)), path.clone(), Some(then))
                    }
                    _ => {
                        let body =
                            json!({"$relationshipName": "to", "$targetId": "hub", "n": number, "m": number});
                        step(Method::PUT, &path, Some(body.clone()), path.clone(), Some(body))
                    }
                }
            }
            16..18 => {
                let id = format!("dtmi:k:{name}_{place};1");
                let path = format!("/models/{id}");
                match self.there(&path).map(|model| model["decommissioned"] == true) {
                    None => {
                        let model =
                            json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2"});
                        let then = json!({"id": id, "decommissioned": false});
                        step(Method::POST, "/models", Some(json!([model])), path, Some(then))
                    }
                    Some(true) => step(Method::DELETE, &path, None, path.clone(), None),
                    Some(false) => {
                        let body = json!([{"op": "replace", "path": "/decommissioned", "value": true}]);
                        let then = json!({"id": id, "decommissioned": true});
                        step(Method::PATCH, &path, Some(body), path.clone(), Some(then))
                    }
                }
            }
            _ => {
                let path = format!("/eventroutes/{name}");
                if self.there(&path).is_some() && number % 2 == 0 {
                    return step(Method::DELETE, &path, None, path.clone(), None);
                }
                let body = json!({"endpointName": "hook", "filter": format!("type = '{number}'")});
                step(Method::PUT, &path, Some(body.clone()), path.clone(), Some(body))
            }
        }
    }

    async fn write_until_killed(mut self) -> Self {
        loop {
            let Step {
                method,
                path,
                body,
                key,
                mut then,
            } = self.step();
            self.known.pending = Some((key.clone(), then.clone()));
            let url = self.caller.url("digitaltwins", &path, "2023-10-31");
            let token = self.caller.ready["bearerToken"].as_str().unwrap();
            let mut request = self.caller.client.request(method.clone(), url).bearer_auth(token);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let Ok(response) = request.send().await else {
                return self;
            };
            // The change is acknowledged as soon as the headers arrive.
            let status = response.status();
            let etag = response
                .headers()
                .get("etag")
                .map(|tag| tag.to_str().unwrap().to_owned());
            let text = response.text().await;
            assert!(status.is_success(), "{method} {path}: {status} {text:?}");
            if let (Some(then), Some(etag)) = (&mut then, etag) {
                then["$etag"] = json!(etag);
            }
            self.known.acknowledged.insert(key, then);
            self.known.pending = None;
            self.known.count += 1;
        }
    }
}

/// Returns whether a response matches the expected state.
fn matches(response: &(u16, Value), expected: &Expected) -> bool {
    match expected {
        None => response.0 == 404,
        Some(members) => {
            let members = members.as_object().unwrap();
            response.0 == 200 && members.iter().all(|(name, value)| response.1[name] == *value)
        }
    }
}

/// Checks the acknowledged changes of a connection, and determines whether the pending one was made.
async fn check(caller: &Caller, known: &mut Known) {
    let pending = known.pending.take();
    for (path, expected) in &known.acknowledged {
        if pending.as_ref().is_some_and(|(key, _)| key == path) {
            continue;
        }
        let found = caller.twins(Method::GET, path, None).await.unwrap();
        assert!(
            matches(&found, expected),
            "{path}: {found:?} instead of {expected:?}"
        );
    }
    if let Some((path, after)) = pending {
        let before = known.acknowledged.get(&path).cloned().flatten();
        let found = caller.twins(Method::GET, &path, None).await.unwrap();
        assert!(
            matches(&found, &before) || matches(&found, &after),
            "{path}: {found:?} instead of {before:?} or {after:?}"
        );
        let now = if matches(&found, &before) { before } else { after };
        // The ETag is unknown if the pending change was made.
        let now = now.map(|mut members| {
            if let Some(tag) = found.1.get("$etag") {
                members["$etag"] = tag.clone();
            }
            members
        });
        known.acknowledged.insert(path, now);
    }
}

const ROWS: usize = 1500;

/// Writes an import file with its own models, twins and relationships.
fn import_file(folder: &Path, name: &str) {
    let model = format!("dtmi:k:{name};1");
    let contents = json!([
        {"@type": "Property", "name": "n", "schema": "integer"},
        {"@type": "Relationship", "name": "to"},
    ]);
    let mut lines = vec![
        json!({"Section": "Header"}),
        json!({"fileVersion": "1.0.0", "author": "a", "organization": "o"}),
        json!({"Section": "Models"}),
        json!({"@id": model, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": contents}),
        json!({"Section": "Twins"}),
    ];
    lines.extend(
        (0..ROWS).map(|n| json!({"$dtId": format!("{name}-{n}"), "$metadata": {"$model": model}, "n": n})),
    );
    lines.push(json!({"Section": "Relationships"}));
    lines.extend((1..ROWS).map(|n| {
        json!({"$dtId": format!("{name}-{n}"), "$relationshipId": "r", "$relationshipName": "to",
            "$targetId": format!("{name}-{}", n - 1)})
    }));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::create_dir_all(folder.join("c")).unwrap();
    std::fs::write(folder.join("c").join(name), text).unwrap();
}

async fn count(caller: &Caller, query: &str) -> u64 {
    let body = json!({ "query": query });
    let (status, response) = caller.twins(Method::POST, "/query", Some(body)).await.unwrap();
    assert_eq!(status, 200, "{response}");
    response["value"][0]["COUNT"].as_u64().unwrap()
}

async fn status_of(caller: &Caller, job: &str) -> String {
    let (_, job) = caller.twins(Method::GET, job, None).await.unwrap();
    job["status"].as_str().unwrap_or("none").to_owned()
}

async fn finish(caller: &Caller, job: &str) {
    let finished = async {
        while ["notstarted", "running"].contains(&status_of(caller, job).await.as_str()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), finished)
        .await
        .unwrap();
    assert_eq!(status_of(caller, job).await, "succeeded");
}

async fn check_import(caller: &Caller, name: &str) {
    let of_model = format!("FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:k:{name};1')");
    assert_eq!(
        count(caller, &format!("SELECT COUNT() {of_model}")).await,
        ROWS as u64
    );
    for n in [0, 1, 99, 100, 101, ROWS - 1] {
        let path = format!("/digitaltwins/{name}-{n}");
        let (_, twin) = caller.twins(Method::GET, &path, None).await.unwrap();
        assert_eq!(twin["n"], n, "{twin}");
        let (_, list) = caller
            .twins(Method::GET, &format!("{path}/relationships"), None)
            .await
            .unwrap();
        assert_eq!(
            list["value"].as_array().unwrap().len(),
            usize::from(n > 0),
            "{list}"
        );
    }
    let (_, log) = caller
        .twins(Method::GET, &format!("/jobs/imports/{name}"), None)
        .await
        .unwrap();
    assert_eq!(log.get("error"), None, "{log}");
}

/// Starts the program with the persistent files in `folder`.
fn start_round(folder: &Path) -> (Program, Caller) {
    let blobs = folder.to_str().unwrap();
    let hook = "hook=http://127.0.0.1:9/";
    start_with(
        &folder.join("data.json"),
        &["--no-iothub", "--blob-directory", blobs, "--event-webhook", hook],
    )
}

#[tokio::test]
async fn kill_loses_no_acknowledged_twin_route_model_or_job() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut connections: BTreeMap<usize, Known> = BTreeMap::new();
    let (mut import, mut imports_done) = (0, 0);
    for round in 0..6_u64 {
        let (mut program, caller) = start_round(folder);
        if round == 0 {
            let property = |name: &str| json!({"@type": "Property", "name": name, "schema": "integer"});
            let both = [property("n"), property("m")];
            let thing = json!({"@id": "dtmi:k:Thing;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
                "contents": [both[0], both[1], {"@type": "Relationship", "name": "to", "properties": both}]});
            let (status, response) = caller
                .twins(Method::POST, "/models", Some(json!([thing])))
                .await
                .unwrap();
            assert_eq!(status, 201, "{response}");
            let hub = json!({"$metadata": {"$model": "dtmi:k:Thing;1"}});
            caller
                .twins(Method::PUT, "/digitaltwins/hub", Some(hub))
                .await
                .unwrap();
        }
        for known in connections.values_mut() {
            check(&caller, known).await;
        }
        // The interrupted import resumes; once it has finished, another one starts.
        let job = |number: usize| format!("/jobs/imports/import{number}");
        if import > imports_done && status_of(&caller, &job(import)).await == "succeeded" {
            check_import(&caller, &format!("import{import}")).await;
            imports_done = import;
        }
        if import == imports_done {
            import += 1;
            import_file(folder, &format!("import{import}"));
            let body = json!({"inputBlobUri": format!("https://h/c/import{import}"), "outputBlobUri": "https://h/c/log"});
            let (status, response) = caller.twins(Method::PUT, &job(import), Some(body)).await.unwrap();
            assert_eq!(status, 201, "{response}");
        }
        let writers = (0..4_usize).map(|number| {
            let connection = Connection {
                caller: caller.clone(),
                name: format!("k{number}"),
                random: StdRng::seed_from_u64(round * 10 + number as u64),
                known: connections.remove(&number).unwrap_or_default(),
            };
            tokio::spawn(connection.write_until_killed())
        });
        let writers: Vec<_> = writers.collect();
        // Kills the program at an arbitrary point.
        tokio::time::sleep(Duration::from_millis(300 + 111 * round)).await;
        program.kill();
        for (number, writer) in writers.into_iter().enumerate() {
            connections.insert(number, writer.await.unwrap().known);
        }
    }
    let written: usize = connections.values().map(|known| known.count).sum();
    assert!(written > 100, "only {written} writes");

    // The last import finishes, and its success holds after an immediate kill.
    let (mut program, caller) = start_round(folder);
    let job = format!("/jobs/imports/import{import}");
    finish(&caller, &job).await;
    program.kill();
    let (mut program, caller) = start_round(folder);
    assert_eq!(status_of(&caller, &job).await, "succeeded");
    check_import(&caller, &format!("import{import}")).await;
    for known in connections.values_mut() {
        check(&caller, known).await;
    }

    // An interrupted deletion resumes as well; only routes and jobs remain.
    let (status, response) = caller.twins(Method::POST, "/jobs/deletions", None).await.unwrap();
    assert_eq!(status, 202, "{response}");
    program.kill();
    let deletion = format!("/jobs/deletions/{}", response["id"].as_str().unwrap());
    let (mut program, caller) = start_round(folder);
    finish(&caller, &deletion).await;
    program.kill();
    let (_program, caller) = start_round(folder);
    assert_eq!(status_of(&caller, &deletion).await, "succeeded");
    assert_eq!(count(&caller, "SELECT COUNT() FROM DIGITALTWINS").await, 0);
    assert_eq!(count(&caller, "SELECT COUNT() FROM RELATIONSHIPS").await, 0);
    let (_, models) = caller.twins(Method::GET, "/models", None).await.unwrap();
    assert_eq!(models["value"], json!([]));
    for known in connections.values_mut() {
        known
            .acknowledged
            .retain(|path, _| path.starts_with("/eventroutes/"));
        check(&caller, known).await;
    }
    assert_eq!(status_of(&caller, &job).await, "succeeded");
}
