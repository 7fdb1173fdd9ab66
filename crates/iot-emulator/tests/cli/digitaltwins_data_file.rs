//! Digital Twins with a data file, while the program is killed repeatedly.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::data_file::{Caller, WriteCount, start_with};
use crate::program::Program;

/// The members that a read must return; `None` if the status must be 404.
type Expected = Option<Value>;

/// The acknowledged state of a connection's elements, by path, and the change whose response is pending.
#[derive(Debug, Default)]
struct ExpectedState {
    acknowledged: BTreeMap<String, Expected>,
    pending: Option<(String, Expected)>,
}

/// The next change of a connection.
struct Change {
    method: Method,
    path: String,
    body: Option<Value>,
    /// The path at which the changed element can be read, and the expected result.
    key: String,
    expected: Expected,
}

/// A connection with its own elements, which no other connection changes.
struct Connection {
    caller: Caller,
    name: String,
    random: StdRng,
    state: ExpectedState,
    count: WriteCount,
}

impl Connection {
    fn existing(&self, key: &str) -> Option<&Value> {
        self.state.acknowledged.get(key)?.as_ref()
    }

    /// Returns a random change that the service accepts.
    fn change(&mut self) -> Change {
        let (name, number) = (self.name.clone(), self.random.random_range(0..1_000_000_u32));
        let place = self.random.random_range(0..5_u32);
        let change = |method, path: &str, body, key: String, expected| Change {
            method,
            path: path.to_owned(),
            body,
            key,
            expected,
        };
        // `n` and `m` are always equal, so a partial change is detected.
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
                    .state
                    .acknowledged
                    .iter()
                    .any(|(key, existing)| existing.is_some() && key.starts_with(&format!("{twin}/")));
                match (self.existing(&twin).is_some(), self.random.random_range(0..3)) {
                    (true, 0) if !is_source => change(Method::DELETE, &twin, None, twin.clone(), None),
                    (true, 1) => {
                        let expected = json!({"n": number, "m": number});
                        change(
                            Method::PATCH,
                            &twin,
                            Some(both(number)),
                            twin.clone(),
                            Some(expected),
                        )
                    }
                    _ => {
                        let body =
                            json!({"n": number, "m": number, "$metadata": {"$model": "dtmi:k:Thing;1"}});
                        let expected = json!({"n": number, "m": number});
                        change(Method::PUT, &twin, Some(body), twin.clone(), Some(expected))
                    }
                }
            }
            9..16 => {
                let twin = format!("/digitaltwins/{name}-{place}");
                if self.existing(&twin).is_none() {
                    return self.change();
                }
                let path = format!("{twin}/relationships/r{}", number % 3);
                match (self.existing(&path).is_some(), self.random.random_range(0..3)) {
                    (true, 0) => change(Method::DELETE, &path, None, path.clone(), None),
                    (true, 1) => {
                        let expected = json!({"n": number, "m": number});
                        change(
                            Method::PATCH,
                            &path,
                            Some(both(number)),
                            path.clone(),
                            Some(expected),
                        )
                    }
                    _ => {
                        let body =
                            json!({"$relationshipName": "to", "$targetId": "hub", "n": number, "m": number});
                        change(Method::PUT, &path, Some(body.clone()), path.clone(), Some(body))
                    }
                }
            }
            16..18 => {
                let id = format!("dtmi:k:{name}_{place};1");
                let path = format!("/models/{id}");
                match self.existing(&path).map(|model| model["decommissioned"] == true) {
                    None => {
                        let model =
                            json!({"@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2"});
                        let expected = json!({"id": id, "decommissioned": false});
                        change(
                            Method::POST,
                            "/models",
                            Some(json!([model])),
                            path,
                            Some(expected),
                        )
                    }
                    Some(true) => change(Method::DELETE, &path, None, path.clone(), None),
                    Some(false) => {
                        let body = json!([{"op": "replace", "path": "/decommissioned", "value": true}]);
                        let expected = json!({"id": id, "decommissioned": true});
                        change(Method::PATCH, &path, Some(body), path.clone(), Some(expected))
                    }
                }
            }
            _ => {
                let path = format!("/eventroutes/{name}");
                if self.existing(&path).is_some() && number % 2 == 0 {
                    return change(Method::DELETE, &path, None, path.clone(), None);
                }
                let body = json!({"endpointName": "hook", "filter": format!("type = '{number}'")});
                change(Method::PUT, &path, Some(body.clone()), path.clone(), Some(body))
            }
        }
    }

    async fn write_until_killed(mut self) -> Self {
        loop {
            let Change {
                method,
                path,
                body,
                key,
                mut expected,
            } = self.change();
            self.state.pending = Some((key.clone(), expected.clone()));
            let url = self.caller.url("digitaltwins", &path, "2023-10-31");
            let token = self.caller.ready["bearerToken"].as_str().unwrap();
            let mut request = self.caller.client.request(method.clone(), url).bearer_auth(token);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let Ok(response) = request.send().await else {
                return self;
            };
            // A change is on disk before the response headers are sent.
            let status = response.status();
            let etag = response
                .headers()
                .get("etag")
                .map(|tag| tag.to_str().unwrap().to_owned());
            let text = response.text().await;
            assert!(status.is_success(), "{method} {path}: {status} {text:?}");
            if let (Some(expected), Some(etag)) = (&mut expected, etag) {
                expected["$etag"] = json!(etag);
            }
            self.state.acknowledged.insert(key, expected);
            self.state.pending = None;
            self.count.add_one();
        }
    }
}

/// Returns whether a response has the expected status and members.
fn matches_expected(response: &(u16, Value), expected: &Expected) -> bool {
    match expected {
        None => response.0 == 404,
        Some(members) => {
            let members = members.as_object().unwrap();
            response.0 == 200 && members.iter().all(|(name, value)| response.1[name] == *value)
        }
    }
}

/// Checks all acknowledged changes, and determines whether the pending change was made.
async fn check(caller: &Caller, state: &mut ExpectedState) {
    let pending = state.pending.take();
    for (path, expected) in &state.acknowledged {
        if pending.as_ref().is_some_and(|(key, _)| key == path) {
            continue;
        }
        let found = caller.twins(Method::GET, path, None).await.unwrap();
        assert!(
            matches_expected(&found, expected),
            "{path}: {found:?} instead of {expected:?}"
        );
    }
    if let Some((path, after)) = pending {
        let before = state.acknowledged.get(&path).cloned().flatten();
        let found = caller.twins(Method::GET, &path, None).await.unwrap();
        assert!(
            matches_expected(&found, &before) || matches_expected(&found, &after),
            "{path}: {found:?} instead of {before:?} or {after:?}"
        );
        let now = if matches_expected(&found, &before) {
            before
        } else {
            after
        };
        // The response with the new ETag was lost, so the ETag that was just read becomes the expected one.
        let now = now.map(|mut members| {
            if let Some(tag) = found.1.get("$etag") {
                members["$etag"] = tag.clone();
            }
            members
        });
        state.acknowledged.insert(path, now);
    }
}

const ROWS: usize = 1500;

/// Writes an import file with a model, twins and relationships.
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

/// Starts the program on a folder with the data file and the blobs.
fn start_program(folder: &Path) -> (Program, Caller) {
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
    let mut connections: BTreeMap<usize, ExpectedState> = BTreeMap::new();
    let (mut import, mut imports_done) = (0, 0);
    for round in 0..6 {
        let writes = WriteCount::default();
        let (mut program, caller) = start_program(folder);
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
        for state in connections.values_mut() {
            check(&caller, state).await;
        }
        // The interrupted import continues. The next import starts after it has ended.
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
                random: StdRng::seed_from_u64((round * 10 + number) as u64),
                state: connections.remove(&number).unwrap_or_default(),
                count: writes.clone(),
            };
            tokio::spawn(connection.write_until_killed())
        });
        let writers: Vec<_> = writers.collect();
        // The program is killed while requests are in progress.
        writes.reach(100 + 37 * round).await;
        program.kill();
        for (number, writer) in writers.into_iter().enumerate() {
            connections.insert(number, writer.await.unwrap().state);
        }
    }

    // A kill immediately after the last import has succeeded loses none of its rows.
    let (mut program, caller) = start_program(folder);
    let job = format!("/jobs/imports/import{import}");
    finish(&caller, &job).await;
    program.kill();
    let (mut program, caller) = start_program(folder);
    assert_eq!(status_of(&caller, &job).await, "succeeded");
    check_import(&caller, &format!("import{import}")).await;
    for state in connections.values_mut() {
        check(&caller, state).await;
    }

    // An interrupted deletion continues after a restart, like the import. Only routes and jobs remain.
    let (status, response) = caller.twins(Method::POST, "/jobs/deletions", None).await.unwrap();
    assert_eq!(status, 202, "{response}");
    program.kill();
    let deletion = format!("/jobs/deletions/{}", response["id"].as_str().unwrap());
    let (mut program, caller) = start_program(folder);
    finish(&caller, &deletion).await;
    program.kill();
    let (_program, caller) = start_program(folder);
    assert_eq!(status_of(&caller, &deletion).await, "succeeded");
    assert_eq!(count(&caller, "SELECT COUNT() FROM DIGITALTWINS").await, 0);
    assert_eq!(count(&caller, "SELECT COUNT() FROM RELATIONSHIPS").await, 0);
    let (_, models) = caller.twins(Method::GET, "/models", None).await.unwrap();
    assert_eq!(models["value"], json!([]));
    for state in connections.values_mut() {
        state
            .acknowledged
            .retain(|path, _| path.starts_with("/eventroutes/"));
        check(&caller, state).await;
    }
    assert_eq!(status_of(&caller, &job).await, "succeeded");
}
