//! Import jobs.

use std::fs;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Instance, Reply, building};

struct World {
    instance: Instance,
    folder: TempDir,
}

fn uri(blob: &str) -> String {
    format!("https://account.blob.core.windows.net/c/{blob}")
}

fn lines(models: &Value, twins: usize) -> String {
    let mut text = vec![
        json!({"Section": "Header"}),
        json!({"fileVersion": "1.0.0", "author": "a", "organization": "o"}),
        json!({"Section": "Models"}),
    ];
    text.extend(models.as_array().expect("models").iter().cloned());
    text.push(json!({"Section": "Twins"}));
    let model = json!({"$model": "dtmi:test:Floor;1"});
    text.extend((0..twins).map(|n| json!({"$dtId": format!("t{n}"), "$metadata": model, "level": n})));
    text.push(json!({"Section": "Relationships"}));
    text.extend((1..twins).map(|n| {
        json!({"$dtId": "t0", "$relationshipId": format!("r{n}"), "$targetId": format!("t{n}"),
            "$relationshipName": "contains"})
    }));
    text.iter().map(|line| format!("{line}\n")).collect()
}

impl World {
    fn new(input: &str) -> Self {
        let world = World {
            instance: Instance::new(),
            folder: TempDir::new().expect("a folder"),
        };
        world.instance.service.set_blob_directory(world.folder.path());
        fs::create_dir(world.folder.path().join("c")).expect("a container");
        fs::write(world.folder.path().join("c/in.ndjson"), input).expect("a blob");
        world
    }

    fn put(&self, id: &str) -> Reply {
        let body = json!({"inputBlobUri": uri("in.ndjson"), "outputBlobUri": uri("out.ndjson")});
        self.instance.put(&format!("/jobs/imports/{id}"), &body)
    }

    fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("c/out.ndjson")).expect("a log");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    fn details(&self) -> Vec<Value> {
        self.log().iter().map(|line| line["details"].clone()).collect()
    }

    /// Returns the job once it has ended.
    fn finished(&self, id: &str) -> Value {
        finished(&self.instance, &format!("/jobs/imports/{id}"))
    }

    fn failed(input: &str) -> (Value, Value) {
        let world = World::new(input);
        world.put("j").ok();
        let job = world.finished("j");
        assert_eq!(job["status"], "failed");
        let log = world.log();
        let error = log.iter().find(|line| line["logType"] == "Error");
        (job["error"].clone(), error.expect("an error")["details"].clone())
    }
}

/// Polls a job until it has ended.
pub(crate) fn finished(instance: &Instance, path: &str) -> Value {
    wait_for(|| {
        let job = instance.get(path).ok().body;
        let status = job["status"].as_str().expect("a status");
        ["failed", "succeeded", "cancelled"]
            .contains(&status)
            .then_some(job)
    })
}

/// Polls until `poll` returns a value. The timeout only keeps a failing test from running forever.
fn wait_for<T>(mut poll: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = poll() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "timed out");
        std::thread::yield_now();
    }
}

/// ADT-IMPORT-1, ADT-IMPORT-2, ADT-IMPORT-3, ADT-IMPORT-7, ADT-IMPORT-16, ADT-IMPORT-17, ADT-IMPORT-18, ADT-IMPORT-19:
/// `finishedDateTime` is absent until the job has ended.
#[test]
fn import_job_reads_the_file_and_writes_a_log() {
    // The order of models in the section does not matter.
    let world = World::new(&lines(&building(), 250));
    let time = "2025-05-02T14:57:59.4944153Z";
    let made = world.put("j");
    assert_eq!(made.status, 201);
    assert_eq!(
        made.body,
        json!({"id": "j", "inputBlobUri": uri("in.ndjson"), "outputBlobUri": uri("out.ndjson"),
            "createdDateTime": time, "lastActionDateTime": time,
            "purgeDateTime": "2025-06-01T14:57:59.4944153Z", "status": "notstarted"})
    );
    let job = world.finished("j");
    assert_eq!(
        (&job["status"], &job["finishedDateTime"]),
        (&json!("succeeded"), &json!(time))
    );
    assert_eq!(job.get("error"), None);
    assert_eq!(
        world.instance.query("SELECT COUNT() FROM DIGITALTWINS"),
        [json!({"COUNT": 250})]
    );
    assert_eq!(
        world
            .instance
            .query("SELECT COUNT() FROM RELATIONSHIPS WHERE $sourceId = 't0'"),
        [json!({"COUNT": 249})]
    );
    assert_eq!(world.instance.get("/digitaltwins/t7").body["level"], 7);
    let status = |section: &str, status: &str| json!({"section": section, "status": status});
    let expected = [
        json!({"status": "Started"}),
        status("Models", "Started"),
        status("Models", "Succeeded"),
        status("Twins", "Started"),
        status("Twins", "Succeeded"),
        status("Relationships", "Started"),
        status("Relationships", "Succeeded"),
        json!({"status": "Succeeded"}),
    ];
    assert_eq!(world.details(), expected);
    let first = world.log()[0].clone();
    assert_eq!(
        first,
        json!({"timestamp": time, "jobId": "j", "jobType": "Import", "logType": "Info",
            "details": {"status": "Started"}})
    );
    assert_eq!(
        world.instance.get("/jobs/imports").body,
        json!({"nextLink": null, "value": [job]})
    );
}

/// ADT-IMPORT-10, ADT-IMPORT-11, ADT-ERROR-2.
#[test]
fn invalid_or_missing_blob_uris_are_refused() {
    let world = World::new("");
    for bad in ["nowhere", "https://h/c", "file:///c/b"] {
        let body = json!({"inputBlobUri": bad, "outputBlobUri": uri("o")});
        let reply = world.instance.put("/jobs/imports/j", &body);
        assert_eq!((reply.status, reply.code()), (400, "InvalidArgument"));
        let text = format!("Azure Storage Blob URI '{bad}' failed validation.");
        assert!(reply.message().contains(&text), "{}", reply.message());
        assert_eq!(
            reply.header("x-ms-error-code"),
            Some("InvalidArgument"),
            "ADT-ERROR-2"
        );
    }
    let reply = world
        .instance
        .put("/jobs/imports/j", &json!({"inputBlobUri": uri("i")}));
    assert_eq!((reply.status, reply.code()), (400, "ValidationFailed"));
}

/// ADT-IMPORT-6, ADT-IMPORT-8, ADT-IMPORT-9, ADT-IMPORT-21, ADT-ERROR-3.
#[test]
fn job_ids_are_unique_until_the_job_is_deleted() {
    let world = World::new(&lines(&building(), 1));
    for reply in [
        world.instance.get("/jobs/imports/j"),
        world.instance.delete("/jobs/imports/j"),
        world.instance.post("/jobs/imports/j/cancel", &json!({})),
    ] {
        assert_eq!((reply.status, reply.code()), (404, "JobNotFound"));
        assert!(reply.message().contains("provided id j."), "{}", reply.message());
        assert_eq!(reply.header("x-ms-error-code"), None);
    }
    world.put("j").ok();
    let reply = world.put("j");
    assert_eq!((reply.status, reply.code()), (409, "JobIdAlreadyExists"));
    assert!(reply.message().contains("Provided Job ID already exists: j."));
    let job = world.finished("j");
    // ADT-IMPORT-21: canceling an ended job changes nothing.
    let reply = world.instance.post("/jobs/imports/j/cancel", &json!({}));
    assert_eq!((reply.status, &reply.body), (200, &job));
    assert_eq!(world.instance.delete("/jobs/imports/j").status, 204);
    assert_eq!(world.put("j").status, 201);
    world.finished("j");
}

/// ADT-IMPORT-5, ADT-IMPORT-13, ADT-IMPORT-15, ADT-DELETE-6: one job at a time; imported rows stay after a cancel.
#[test]
fn running_job_is_canceled_and_excludes_other_jobs() {
    let world = World::new(&lines(&building(), 20_000));
    world.put("j").ok();
    let reply = world.put("k");
    assert_eq!((reply.status, reply.code()), (400, "JobLimitReached"));
    let reply = world.instance.post("/jobs/deletions", &json!({}));
    assert_eq!((reply.status, reply.code()), (400, "JobLimitReached"));
    wait_for(|| (world.instance.get("/digitaltwins/t0").status == 200).then_some(()));
    let reply = world.instance.post("/jobs/imports/j/cancel", &json!({})).ok();
    assert_eq!(reply.body["status"], "cancelling");
    let job = world.finished("j");
    assert_eq!(job["status"], "cancelled");
    assert_eq!(world.instance.get("/digitaltwins/t0").status, 200);
    let count = world.instance.query("SELECT COUNT() FROM DIGITALTWINS")[0]["COUNT"].as_u64();
    assert!(count < Some(20_000), "{count:?}");
    assert_eq!(world.details().last(), Some(&json!({"status": "Cancelled"})));
}

/// ADT-IMPORT-13, ADT-RATE-10: the request rate is checked before the number of running jobs.
#[test]
fn another_job_gets_429_within_a_second_and_400_after_it() {
    let world = World::new(&lines(&building(), 20_000));
    world.instance.service.set_rate_limits(true);
    world.put("j").ok();
    let reply = world.put("k");
    assert_eq!(reply.status, 429);
    assert!(reply.header("retry-after").is_some());
    world.instance.clock.advance(Duration::from_secs(1));
    let reply = world.put("k");
    assert_eq!((reply.status, reply.code()), (400, "JobLimitReached"));
    world.instance.service.set_rate_limits(false);
    world.instance.post("/jobs/imports/j/cancel", &json!({})).ok();
    assert_eq!(world.finished("j")["status"], "cancelled");
}

/// ADT-IMPORT-12, ADT-IMPORT-17, ADT-IMPORT-18, ADT-IMPORT-20.
#[test]
fn invalid_rows_and_files_fail_the_job() {
    let good = lines(&building(), 3);
    let (error, details) = World::failed(&good.replace(
        r#"{"$dtId":"t0","$relationshipId":"r2""#,
        r#"{"$relationshipId":"r2""#,
    ));
    assert_eq!(error["code"], "UnsupportedFileFormat");
    assert_eq!(
        details,
        json!({"section": "Models", "line": 14, "exceptionType": "UnsupportedFileFormat",
            "message": "Relationship must have property $dtId representing the ID of the source twin."})
    );
    let (error, details) = World::failed(&good.replace(r#""level":1"#, r#""level":"x""#));
    assert_eq!(
        (&error["code"], &details["line"]),
        (&json!("ValidationFailed"), &json!(10))
    );
    let (error, details) = World::failed(&good.replace(
        "\"extends\":\"dtmi:test:Space;1\"",
        "\"extends\":\"dtmi:test:Gone;1\"",
    ));
    assert_eq!(error["code"], "DTDLParsingError", "{details}");
    assert_eq!(details["section"], "Models");
    for (bad, text) in [
        (good.replacen("{\"Section\":\"Header\"}", "", 1), "must begin"),
        (good.replacen("1.0.0", "2.0.0", 1), "fileVersion"),
        (good.replacen("\"Twins\"", "\"Planes\"", 1), "Unknown section"),
        (good.replacen("\"Twins\"", "\"Relationships\"", 1), "Relationship"),
        (
            good.replacen("{\"Section\":\"Models\"}", "nonsense", 1),
            "not a JSON object",
        ),
        (String::new(), "no Header"),
    ] {
        let (error, _) = World::failed(&bad);
        assert_eq!(error["code"], "UnsupportedFileFormat", "{error}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|found| found.contains(text)),
            "{error}"
        );
    }
}

/// The log entry contains the line number, so its message contains only the column.
#[test]
fn line_that_is_not_an_object_is_described_by_its_column() {
    let good = lines(&building(), 1);
    for (bad, says) in [
        ("nonsense", "it is not valid JSON at column 2."),
        ("  {\"a\" 1}", "it is not valid JSON at column 8."),
        ("{\"a\": 1", "it ends too early, after column 7."),
        ("[1]", "it is another JSON value."),
    ] {
        let file = good.replacen("{\"Section\":\"Models\"}", bad, 1);
        let (_, details) = World::failed(&file);
        let message = format!("The line is not a JSON object: {says}");
        assert_eq!(
            (&details["message"], &details["line"]),
            (&json!(message), &json!(3))
        );
    }
}

/// ADT-IMPORT-22, ADT-IMPORT-20: the service reads the complete file before its first write, and attributes every
/// malformed line to the section `Models`.
#[test]
fn malformed_last_line_fails_the_job_before_anything_is_stored() {
    let good = lines(&building(), 3);
    for bad in [
        r#"{"$sourceId":"t0","$relationshipId":"x","$targetId":"t1","$relationshipName":"contains"}"#,
        r#"{"$dtId":"t0","$relationshipId":"a/b","$targetId":"t1","$relationshipName":"contains"}"#,
        "nonsense",
        r#"{"section":"Twins"}"#,
    ] {
        let world = World::new(&format!("{good}{bad}\n"));
        world.put("j").ok();
        let job = world.finished("j");
        assert_eq!(job["status"], "failed");
        assert_eq!(job["error"]["code"], "UnsupportedFileFormat");
        assert_eq!(world.instance.get("/models").body["value"], json!([]));
        assert_eq!(world.instance.get("/digitaltwins/t0").status, 404);
        let log = world.log();
        let types: Vec<_> = log
            .iter()
            .map(|line| line["logType"].as_str().expect("a type"))
            .collect();
        assert_eq!(types, ["Info", "Error", "Error", "Error"]);
        let message = log[1]["details"]["message"].clone();
        assert_eq!(
            world.details(),
            [
                json!({"status": "Started"}),
                json!({"section": "Models", "line": 15, "exceptionType": "UnsupportedFileFormat", "message": message}),
                json!({"section": "Models", "status": "Failed"}),
                json!({"status": "Failed"}),
            ]
        );
    }
}

/// ADT-IMPORT-23.
#[test]
fn byte_order_mark_and_crlf_are_accepted() {
    let text = format!("\u{feff}{}", lines(&building(), 3).replace('\n', "\r\n"));
    let world = World::new(&text);
    world.put("j").ok();
    assert_eq!(
        world.finished("j")["status"],
        "succeeded",
        "{:?}",
        world.details()
    );
    assert_eq!(
        world.instance.ids("SELECT * FROM DIGITALTWINS"),
        ["t0", "t1", "t2"]
    );
    // A byte order mark is allowed only at the start of the file.
    let (error, details) = World::failed(&format!("{}\u{feff}{{}}\n", lines(&building(), 1)));
    assert_eq!(
        (&error["code"], &details["line"]),
        (&json!("UnsupportedFileFormat"), &json!(11))
    );
}

/// ADT-IMPORT-17: the error for a wrong key or an unknown section lists the valid sections.
#[test]
fn error_for_a_wrong_section_key_lists_the_sections() {
    let good = lines(&building(), 1);
    let sections = "Header, Models, Twins, Relationships";
    for (bad, text) in [
        (
            good.replacen("Section\":\"Header", "section\":\"Header", 1),
            "'section'",
        ),
        (
            good.replacen("Section\":\"Twins", "Sections\":\"Twins", 1),
            "'Sections'",
        ),
        (good.replacen("\"Twins\"", "\"twins\"", 1), "\"twins\""),
        (good.replacen("\"Twins\"", "7", 1), "Unknown section 7"),
    ] {
        let (error, _) = World::failed(&bad);
        let message = error["message"].as_str().expect("a text");
        assert!(message.contains(text) && message.contains(sections), "{message}");
    }
    // A property may have the name `Section`.
    let model = r#"{"@id":"dtmi:test:M;1","@type":"Interface","@context":"dtmi:dtdl:context;2","contents":[{"@type":"Property","name":"Section","schema":"string"}]}"#;
    let twin = r#"{"$dtId":"t","$metadata":{"$model":"dtmi:test:M;1"},"Section":"Relationships"}"#;
    let text = [
        r#"{"Section":"Header"}"#,
        r#"{"fileVersion":"1.0.0"}"#,
        r#"{"Section":"Models"}"#,
        model,
        r#"{"Section":"Twins"}"#,
        twin,
    ];
    let world = World::new(&text.join("\n"));
    world.put("j").ok();
    assert_eq!(world.finished("j")["status"], "succeeded");
    assert_eq!(
        world.instance.get("/digitaltwins/t").body["Section"],
        "Relationships"
    );
}

/// ADT-IMPORT-25.
#[test]
fn relationship_properties_may_differ_in_case() {
    let good = lines(&building(), 2);
    let relationship = r#"{"$dtId":"t0","$relationshipId":"a->b","$targetId":"t1","$relationshipName":"adjacent","DOOR":"oak"}"#;
    let world = World::new(&format!("{good}{relationship}\n"));
    world.put("j").ok();
    assert_eq!(
        world.finished("j")["status"],
        "succeeded",
        "{:?}",
        world.details()
    );
    let stored = world.instance.get("/digitaltwins/t0/relationships/a-%3Eb").ok();
    assert_eq!(stored.body["door"], "oak");
}

/// ADT-IMPORT-17: the section `Header` is required, the other sections are optional, and the order of sections is
/// fixed.
#[test]
fn sections_after_the_header_are_optional_and_ordered() {
    let header = "{\"Section\":\"Header\"}\n{\"fileVersion\":\"1.0.0\"}\n";
    let twins =
        "{\"Section\":\"Twins\"}\n{\"$dtId\":\"x\",\"$metadata\":{\"$model\":\"dtmi:test:Floor;1\"}}\n";
    for (input, count) in [(header.to_owned(), 0), (format!("{header}{twins}"), 1)] {
        let world = World::new(&input);
        world.instance.post("/models", &building()).ok();
        world.put("j").ok();
        assert_eq!(world.finished("j")["status"], "succeeded", "{input}");
        assert_eq!(world.instance.ids("SELECT * FROM DIGITALTWINS").len(), count);
    }
    for input in [
        format!("{twins}{header}"),
        format!("{header}{{\"Section\":\"Twins\"}}\n{{\"Section\":\"Models\"}}\n"),
        format!("{header}{{\"Section\":\"Models\"}}\n{{\"Section\":\"Models\"}}\n"),
    ] {
        assert_eq!(
            World::failed(&input).0["code"],
            "UnsupportedFileFormat",
            "{input}"
        );
    }
}

/// ADT-IMPORT-14, ADT-IMPORT-20: at most 10,000 models. The limits of the other sections use the same code.
#[test]
fn rows_of_a_section_are_limited() {
    let mut input =
        "{\"Section\":\"Header\"}\n{\"fileVersion\":\"1.0.0\"}\n{\"Section\":\"Models\"}\n".to_owned();
    for number in 0..=10_000 {
        let line = format!("{{\"@id\":\"dtmi:test:M{number};1\",\"@type\":\"Interface\"}}\n");
        input.push_str(&line);
    }
    let (error, details) = World::failed(&input);
    assert_eq!(error["code"], "UnsupportedFileFormat");
    assert_eq!(
        (&details["section"], &details["line"]),
        (&json!("Models"), &json!(10_004))
    );
    let message = details["message"].as_str().expect("a text");
    assert!(message.contains("10000"), "{message}");
}

/// ADT-IMPORT-4: the oldest job is listed first.
#[test]
fn import_jobs_are_listed_in_pages() {
    let world = World::new(&lines(&building(), 1));
    for id in ["z", "y", "x", "w", "v"] {
        world.put(id).ok();
        world.finished(id);
        world.instance.clock.advance(Duration::from_secs(1));
    }
    let (mut path, mut ids) = ("/jobs/imports".to_owned(), Vec::new());
    loop {
        let page = world
            .instance
            .send(Method::GET, &path, None, &[("max-items-per-page", "2")])
            .ok();
        ids.push(page.column("id"));
        let Some(link) = page.body["nextLink"].as_str() else {
            break;
        };
        let start = "https://twins.test/jobs/imports?continuationToken=";
        assert!(
            link.starts_with(start) && link.ends_with("&api-version=2023-10-31"),
            "{link}"
        );
        path = link.replace("https://twins.test", "");
    }
    assert_eq!(ids, [vec!["z", "y"], vec!["x", "w"], vec!["v"]]);
    let bad = world.instance.get("/jobs/imports?continuationToken=%21");
    assert_eq!((bad.status, bad.code()), (400, "InvalidArgument"));
}

/// ADT-IMPORT-15, ADT-IMPORT-19: there is no rollback.
#[test]
fn rows_before_an_invalid_row_are_kept() {
    let world = World::new(&lines(&building(), 5).replace(r#""level":3"#, r#""level":null"#));
    world.put("j").ok();
    assert_eq!(world.finished("j")["status"], "failed");
    assert_eq!(
        world.instance.ids("SELECT * FROM DIGITALTWINS"),
        ["t0", "t1", "t2"]
    );
    assert_eq!(
        world.details().get(5),
        Some(&json!({"section": "Twins", "status": "Failed"}))
    );
}

/// ADT-IMPORT-12.
#[test]
fn unreadable_input_and_unwritable_output_fail_the_job() {
    let world = World::new(&lines(&building(), 1));
    let body = json!({"inputBlobUri": uri("in.ndjson"), "outputBlobUri": uri("in.ndjson/x")});
    world.instance.put("/jobs/imports/j", &body).ok();
    let job = world.finished("j");
    assert_eq!(
        (&job["status"], &job["error"]["code"]),
        (&json!("failed"), &json!("UnableToWriteToOutputBlob"))
    );
    let body = json!({"inputBlobUri": uri("none"), "outputBlobUri": uri("out.ndjson")});
    world.instance.put("/jobs/imports/k", &body).ok();
    assert_eq!(world.finished("k")["error"]["code"], "UnableToReadInputBlob");
}

/// Starts a job with the given blobs, asserts that it fails, and returns its error.
fn refused(world: &World, input: &str, output: &str) -> Value {
    let body = json!({"inputBlobUri": uri(input), "outputBlobUri": uri(output)});
    world.instance.put("/jobs/imports/j", &body).ok();
    let job = world.finished("j");
    assert_eq!(job["status"], "failed", "{input} {output}");
    assert_eq!(world.instance.delete("/jobs/imports/j").status, 204);
    job["error"].clone()
}

/// Links are refused because they may lead out of the folder, and FIFOs because opening one blocks.
#[cfg(unix)]
#[test]
fn only_regular_files_below_the_folder_are_read_and_written() {
    use std::os::unix::fs::symlink;

    let outside = TempDir::new().expect("a folder");
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret").expect("a file");
    let world = World::new(&lines(&building(), 1));
    let container = world.folder.path().join("c");
    symlink(&secret, container.join("link")).expect("a link");
    symlink("in.ndjson", container.join("inner")).expect("a link");
    symlink(outside.path().join("new"), container.join("dangling")).expect("a link");
    symlink("/dev/zero", container.join("zero")).expect("a link");
    symlink(outside.path(), container.join("folder")).expect("a link");
    fs::create_dir(container.join("directory")).expect("a folder");
    let fifo = std::process::Command::new("mkfifo")
        .arg(container.join("fifo"))
        .status();
    assert!(fifo.expect("mkfifo runs").success());
    for name in [
        "link",
        "inner",
        "dangling",
        "zero",
        "folder/secret",
        "fifo",
        "directory",
    ] {
        let error = refused(&world, name, "out.ndjson");
        assert_eq!(error["code"], "UnableToReadInputBlob", "{name}");
        assert!(
            error["message"].as_str().expect("a message").contains("is not a"),
            "{name}: {error}"
        );
    }
    for name in [
        "link",
        "inner",
        "dangling",
        "zero",
        "folder/secret",
        "folder/new",
        "folder/a/b",
        "fifo",
        "directory",
    ] {
        let error = refused(&world, "in.ndjson", name);
        // The first job has already stored the model, so the next job must start with an empty instance.
        assert_eq!(error["code"], "UnableToWriteToOutputBlob", "{name}");
        world
            .instance
            .service
            .load(&Instance::new().service.dump())
            .expect("an empty state");
    }
    // The blob is replaced by a new file, so the other name of the old file is unaffected.
    fs::hard_link(&secret, container.join("hard")).expect("a link");
    let body = json!({"inputBlobUri": uri("in.ndjson"), "outputBlobUri": uri("hard")});
    world.instance.put("/jobs/imports/j", &body).ok();
    assert_eq!(world.finished("j")["status"], "succeeded");
    assert_eq!(fs::read_to_string(&secret).expect("a file"), "secret");
    let entries = fs::read_dir(outside.path()).expect("a folder").count();
    assert_eq!(entries, 1, "nothing was created outside");
}

#[test]
fn lines_of_an_import_are_limited() {
    let world = World::new("{\"Section\": \"Header\"}\n");
    let path = world.folder.path().join("c/in.ndjson");
    let file = fs::OpenOptions::new().append(true).open(path).expect("a blob");
    // The rest of the file is sparse and forms one line.
    file.set_len(1 << 40).expect("a sparse file");
    let error = refused(&world, "in.ndjson", "out.ndjson");
    assert_eq!(error["code"], "UnableToReadInputBlob");
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.ends_with("line 2 is longer than 4194304 bytes"),
        "{message}"
    );
}

/// ADT-IMPORT-5.
#[test]
fn import_is_canceled_while_it_reads() {
    // Reading all blank lines would take much longer than the test's timeout, and would end in an error.
    let blank = "\n".repeat(50_000_000);
    let world = World::new(&format!("{{\"Section\": \"Header\"}}\n{blank}none"));
    world.put("j").ok();
    wait_for(|| (world.instance.get("/jobs/imports/j").body["status"] == "running").then_some(()));
    world.instance.post("/jobs/imports/j/cancel", &json!({})).ok();
    assert_eq!(world.finished("j")["status"], "cancelled");
}

/// A job that was interrupted by the end of the process continues from its checkpoint.
#[test]
fn interrupted_job_continues_from_its_checkpoint() {
    let world = World::new(&lines(&building(), 300));
    world.put("j").ok();
    world.finished("j");
    let mut state = world.instance.service.dump();
    // This is the state after the line of t199. Eight lines precede the first twin.
    let job = &mut state["jobs"]["imports"]["j"];
    job["status"] = json!("running");
    job["finished"] = Value::Null;
    job["linesDone"] = json!(208);
    let later = Instance::new();
    later.service.set_blob_directory(world.folder.path());
    later.service.load(&state).expect("a dumped state");
    let gone = later.get("/jobs/imports/j").ok();
    assert_eq!(gone.body["id"], "j");
    assert_eq!(finished(&later, "/jobs/imports/j")["status"], "succeeded");
    let etag = |instance: &Instance, id: &str| instance.get(&format!("/digitaltwins/{id}")).etag();
    assert_eq!(
        etag(&later, "t0"),
        etag(&world.instance, "t0"),
        "not imported again"
    );
    assert_ne!(etag(&later, "t299"), etag(&world.instance, "t299"), "taken again");
}

/// ADT-HTTP-13.
#[test]
fn import_jobs_exist_since_2023_06_30() {
    let world = World::new("");
    let get = |version: &str| {
        world
            .instance
            .get(&format!("/jobs/imports?api-version={version}"))
            .status
    };
    assert_eq!(
        [get("2022-05-31"), get("2023-06-30"), get("2023-10-31")],
        [400, 200, 200]
    );
}
