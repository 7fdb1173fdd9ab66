//! Interrupted jobs resume from any state in the journal.

use std::path::Path;

use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};
use time::macros::datetime;

use super::import;
use super::table::Jobs;
use super::worker;
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::durable::StateChange;
use crate::service::{ServiceRequest, StatefulService};

const TWINS: usize = 950;

fn instance(folder: &Path) -> DigitalTwins {
    let instance = DigitalTwins::new(Clock::manual(datetime!(2025-05-02 14:57:59 UTC)));
    instance.set_blob_directory(folder);
    instance
}

fn send(instance: &DigitalTwins, method: Method, path: &str, body: &Value) -> Value {
    let request = ServiceRequest::new(method, &format!("{path}?api-version=2023-10-31")).unwrap();
    let response = block_on(instance.handle(request.with_json(body)));
    assert!(response.status.is_success(), "{path}: {:?}", response.body);
    response.body_json().unwrap()
}

fn status(instance: &DigitalTwins, job: &str) -> String {
    let job = send(instance, Method::GET, job, &Value::Null);
    job["status"].as_str().unwrap().to_owned()
}

fn is_over(status: &str) -> bool {
    ["failed", "succeeded", "cancelled"].contains(&status)
}

/// Returns the states after each line of the journal until the job finishes; `first` is the state before the job.
fn journal_states(instance: &DigitalTwins, first: Value) -> Vec<Value> {
    let is_end = |change: &StateChange| {
        let job = change.path.first().is_some_and(|part| part == "jobs");
        let status = change.value.as_ref().and_then(|job| job["status"].as_str());
        job && status.is_some_and(is_over)
    };
    // Takes changes in a tight loop, so that the journal has as many lines as possible between two steps of the
    // job.
    let mut lines = vec![instance.take_changes()];
    while !lines.last().unwrap().iter().any(is_end) {
        let changes = instance.take_changes();
        if !changes.is_empty() {
            lines.push(changes);
        }
    }
    let mut states = vec![first];
    for changes in lines {
        let mut state = states.last().cloned().unwrap();
        changes.into_iter().for_each(|change| change.apply_to(&mut state));
        states.push(state);
    }
    states.split_off(1)
}

/// Returns the final state of an instance that loads `state` and finishes the job in it.
fn resumed(folder: &Path, state: &Value, job: &str) -> Value {
    let later = instance(folder);
    later.load(state).unwrap();
    while !is_over(&status(&later, job)) {
        std::thread::yield_now();
    }
    later.dump()
}

fn without_etags(mut state: Value) -> Value {
    let relationships = state["relationships"].as_object_mut().unwrap().values_mut();
    let relationships = relationships.flat_map(|of_source| of_source.as_object_mut().unwrap().values_mut());
    for relationship in relationships {
        relationship["$etag"] = Value::Null;
    }
    for twin in state["twins"].as_object_mut().unwrap().values_mut() {
        twin["$etag"] = Value::Null;
    }
    state
}

#[test]
fn import_resumes_from_every_journal_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = vec![
        json!({"Section": "Header"}),
        json!({"fileVersion": "1.0.0"}),
        json!({"Section": "Models"}),
        json!({"@id": "dtmi:a:T;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
            "contents": [{"@type": "Relationship", "name": "r"}]}),
        json!({"Section": "Twins"}),
    ];
    let metadata = json!({"$model": "dtmi:a:T;1"});
    lines.extend((0..TWINS).map(|n| json!({"$dtId": format!("t{n}"), "$metadata": metadata})));
    lines.push(json!({"Section": "Relationships"}));
    lines.extend((1..TWINS).map(|n| {
        json!({"$dtId": format!("t{n}"), "$relationshipId": "r", "$relationshipName": "r", "$targetId": "t0"})
    }));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::create_dir(folder.path().join("c")).unwrap();
    std::fs::write(folder.path().join("c/in"), text).unwrap();

    let one = instance(folder.path());
    one.record_changes();
    let empty = one.dump();
    let body = json!({"inputBlobUri": "https://h/c/in", "outputBlobUri": "https://h/c/out"});
    send(&one, Method::PUT, "/jobs/imports/j", &body);
    let states = journal_states(&one, empty);
    let end = one.dump();
    assert_eq!(states.last(), Some(&end));
    assert_eq!(end["jobs"]["imports"]["j"]["status"], "succeeded");
    assert_eq!(end["twins"].as_object().unwrap().len(), TWINS);
    assert!(states.len() > 2, "no line was taken while the job ran");
    for state in states {
        let later = resumed(folder.path(), &state, "/jobs/imports/j");
        // Stored rows are not stored again, so they keep their ETags.
        for (id, twin) in state["twins"].as_object().unwrap() {
            assert_eq!(later["twins"][id], *twin);
        }
        assert_eq!(without_etags(later), without_etags(end.clone()));
    }
}

/// An invalid row fails the job. The rows before it were stored, and requests may have changed them before the log is
/// written.
#[test]
fn failed_import_changes_nothing_when_it_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let model = json!([{"@id": "dtmi:a:T;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
        "contents": [{"@type": "Relationship", "name": "r"}]}]);
    let twin = |id: &str| json!({"$dtId": id, "$metadata": {"$model": "dtmi:a:T;1"}});
    let relationship = |id: &str, target: &str| json!({"$dtId": "t0", "$relationshipId": id, "$relationshipName": "r", "$targetId": target});
    let mut twins = vec![
        json!({"Section": "Header"}),
        json!({"fileVersion": "1.0.0"}),
        json!({"Section": "Twins"}),
    ];
    twins.extend((0..150).map(|n| twin(&format!("t{n}"))));
    let mut relationships = twins.clone();
    twins.push(json!({"$dtId": "bad"}));
    twins.push(twin("later"));
    relationships.push(json!({"Section": "Relationships"}));
    relationships.extend((0..50).map(|n| relationship(&format!("r{n}"), "t1")));
    relationships.push(relationship("bad", "none"));
    relationships.push(relationship("later", "t2"));
    std::fs::create_dir(folder.path().join("c")).unwrap();
    for (lines, bad) in [(twins, 154), (relationships, 205)] {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.path().join("c/in"), text).unwrap();
        let one = instance(folder.path());
        send(&one, Method::POST, "/models", &model);
        one.record_changes();
        let empty = one.dump();
        let body = json!({"inputBlobUri": "https://h/c/in", "outputBlobUri": "https://h/c/out"});
        send(&one, Method::PUT, "/jobs/imports/j", &body);
        let states = journal_states(&one, empty);
        let end = one.dump();
        let job = &end["jobs"]["imports"]["j"];
        assert_eq!(
            (&job["status"], &job["linesDone"]),
            (&json!("failed"), &json!(bad - 1))
        );
        for state in states {
            let later = resumed(folder.path(), &state, "/jobs/imports/j");
            assert_eq!(later["jobs"]["imports"]["j"]["error"], job["error"]);
            assert_eq!(without_etags(later), without_etags(end.clone()));
        }
        // The state while the log is written, after requests that deleted a twin and a relationship.
        let mut state = end.clone();
        let open = &mut state["jobs"]["imports"]["j"];
        (open["status"], open["error"], open["finished"]) = (json!("running"), Value::Null, Value::Null);
        state["twins"].as_object_mut().unwrap().shift_remove("t149");
        if let Some(of_source) = state.pointer_mut("/relationships/t0") {
            of_source.as_object_mut().unwrap().shift_remove("r49");
        }
        let later = resumed(folder.path(), &state, "/jobs/imports/j");
        assert_eq!(later["jobs"], end["jobs"]);
        for part in ["twins", "relationships"] {
            assert_eq!(later[part], state[part]);
        }
    }
}

/// The file that was checked is imported, even if another one takes its name after the check.
#[test]
fn import_reads_the_file_that_it_has_checked() {
    let folder = tempfile::tempdir().unwrap();
    let one = instance(folder.path());
    let model = json!([{"@id": "dtmi:a:T;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2"}]);
    send(&one, Method::POST, "/models", &model);
    let file = |count: usize| -> String {
        let head = [
            "{\"Section\": \"Header\"}",
            "{\"fileVersion\": \"1.0.0\"}",
            "{\"Section\": \"Twins\"}",
        ];
        let twins = (0..count)
            .map(|n| format!("{{\"$dtId\": \"t{n}\", \"$metadata\": {{\"$model\": \"dtmi:a:T;1\"}}}}"));
        head.map(str::to_owned)
            .into_iter()
            .chain(twins)
            .map(|line| line + "\n")
            .collect()
    };
    let (path, other) = (folder.path().join("c/in"), folder.path().join("c/other"));
    std::fs::create_dir(folder.path().join("c")).unwrap();
    let body = json!({"inputBlobUri": "https://h/c/in", "outputBlobUri": "https://h/c/out"});
    // A file with an invalid last line takes the place of the checked one at some point of the import.
    for round in 0..50_u32 {
        std::fs::write(&path, file(500)).unwrap();
        std::fs::write(&other, file(400) + "{").unwrap();
        let job = format!("/jobs/imports/j{round}");
        send(&one, Method::PUT, &job, &body);
        std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 100));
        std::fs::rename(&other, &path).unwrap();
        while !is_over(&status(&one, &job)) {
            std::thread::yield_now();
        }
        let end = send(&one, Method::GET, &job, &Value::Null);
        let twins = one.dump()["twins"].as_object().unwrap().len();
        match end["status"].as_str() {
            Some("succeeded") => assert_eq!(twins, 500, "{end}"),
            // The other file was opened, and failed its check before anything was stored.
            _ => assert_eq!(twins, 0, "{end}"),
        }
        send(&one, Method::POST, "/jobs/deletions", &Value::Null);
        while !one.instance.jobs.is_idle() {
            std::thread::yield_now();
        }
        send(&one, Method::POST, "/models", &model);
    }
}

/// The worker of a deleted job may stop late, when its output blob already belongs to another job.
#[test]
fn worker_of_a_deleted_job_writes_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let one = instance(folder.path());
    std::fs::create_dir(folder.path().join("c")).unwrap();
    std::fs::write(folder.path().join("c/in"), "{\"Section\":\"Header\"}\n").unwrap();
    let body = json!({"inputBlobUri": "https://h/c/in", "outputBlobUri": "https://h/c/out"});
    let finished = || {
        send(&one, Method::PUT, "/jobs/imports/j", &body);
        while !is_over(&status(&one, "/jobs/imports/j")) {
            std::thread::yield_now();
        }
        one.instance.jobs.import("j", one.instance.now()).unwrap()
    };
    let first = finished();
    send(&one, Method::DELETE, "/jobs/imports/j", &Value::Null);
    let log = || std::fs::read_to_string(folder.path().join("c/out")).unwrap();
    let second = finished();
    assert_ne!(first.record.run, second.record.run);
    assert!(log().contains("Succeeded"), "{}", log());
    let before = (log(), one.dump());
    import::run(&one.instance, &first);
    assert_eq!((log(), one.dump()), before);
}

/// An unfinished job blocks new ones, so a job without a worker must fail.
#[test]
fn job_without_a_worker_fails() {
    let folder = tempfile::tempdir().unwrap();
    let one = instance(folder.path());
    let time = json!("2025-05-02T14:57:59Z");
    let jobs = json!({
        "imports": {"i": {"id": "i", "input": "https://h/c/in", "output": "https://h/c/out", "created": time,
            "lastAction": time, "purge": "2025-06-02T14:57:59Z", "status": "notstarted", "linesDone": 0}},
        "deletions": {"d": {"id": "d", "created": time, "purge": "2025-06-02T14:57:59Z",
            "deadline": "2025-05-03T14:57:59Z", "status": "notstarted"}},
    });
    // Loads only the table, so that no worker starts.
    let open = one.instance.jobs.replace(Jobs::from_state(Some(&jobs)).unwrap());
    assert!(!one.instance.jobs.is_idle());
    worker::fail_import(&one.instance, &open.imports[0], "no thread");
    worker::fail_deletion(&one.instance, &open.deletions[0]);
    let job = send(&one, Method::GET, "/jobs/imports/i", &Value::Null);
    assert_eq!(
        (&job["status"], &job["error"]["message"]),
        (&json!("failed"), &json!("no thread"))
    );
    assert_eq!(job["finishedDateTime"], "2025-05-02T14:57:59.0000000Z");
    assert_eq!(status(&one, "/jobs/deletions/d"), "failed");
    assert!(one.instance.jobs.is_idle());
}

#[test]
fn deletion_resumes_from_every_journal_line() {
    let folder = tempfile::tempdir().unwrap();
    let one = instance(folder.path());
    one.load_building().unwrap();
    let mut state = one.dump();
    // Enough twins for more than one chunk.
    let twin = state["twins"]["floor-1"].clone();
    for number in 0..5000 {
        let mut twin = twin.clone();
        twin["$dtId"] = json!(format!("t{number}"));
        state["twins"][format!("t{number}")] = twin;
    }
    one.load(&state).unwrap();
    one.record_changes();
    let full = one.dump();
    let started = send(&one, Method::POST, "/jobs/deletions", &Value::Null);
    let job = format!("/jobs/deletions/{}", started["id"].as_str().unwrap());
    let states = journal_states(&one, full);
    let end = one.dump();
    for part in ["twins", "relationships", "models"] {
        assert_eq!(end[part], json!({}));
    }
    for state in states {
        assert_eq!(resumed(folder.path(), &state, &job), end);
    }
}
