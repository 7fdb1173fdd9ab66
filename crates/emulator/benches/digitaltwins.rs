//! The engine with a large graph, without HTTP: `cargo bench -p emulator --bench digitaltwins`.
//!
//! `TWINS` says how many twins the graph has (20,000 by default), twice as many relationships come on top. The numbers
//! of the documentation are those of `TWINS=1000000`.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "it is there to print")]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use emulator::{Clock, DigitalTwins, Service, ServiceRequest};
use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};

/// How long each measurement goes on.
const MEASURED: Duration = Duration::from_secs(2);

fn send(service: &DigitalTwins, method: Method, path: &str, body: Option<&Value>) -> Value {
    let path = format!("{path}?api-version=2023-10-31");
    let request = ServiceRequest::new(method, &path).expect("a path");
    let request = match body {
        Some(body) => request.with_json(body),
        None => request,
    };
    let response = block_on(service.handle(request));
    assert!(response.status.is_success(), "{path}: {}", response.status);
    response.body_json().expect("JSON or nothing")
}

/// Every row of a query, counted.
fn query(service: &DigitalTwins, query: &str) -> usize {
    let mut body = json!({ "query": query });
    let mut rows = 0;
    loop {
        let answer = send(service, Method::POST, "/query", Some(&body));
        rows += answer["value"].as_array().map_or(0, Vec::len);
        match &answer["continuationToken"] {
            Value::Null => return rows,
            token => body = json!({ "continuationToken": token }),
        }
    }
}

/// Bytes that the process has in memory; nothing where there is no `/proc`.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn models() -> Value {
    let property = |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    json!({
        "@id": "dtmi:bench:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2",
        "contents": [
            property("number", "integer"), property("name", "string"), property("temperature", "double"),
            {"@type": "Relationship", "name": "next"}, {"@type": "Relationship", "name": "above"},
        ]
    })
}

fn twin(number: usize) -> Value {
    json!({
        "$dtId": format!("room-{number}"), "$metadata": {"$model": "dtmi:bench:Room;1"},
        "number": number, "name": format!("Room number {number}"), "temperature": 20.5,
    })
}

/// Writes the file to import: each twin leads to the next one and to another far away.
fn write_input(path: &std::path::Path, twins: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for line in [
        json!({"Section": "Header"}),
        json!({"fileVersion": "1.0.0"}),
        json!({"Section": "Models"}),
        models(),
        json!({"Section": "Twins"}),
    ] {
        writeln!(file, "{line}")?;
    }
    for number in 0..twins {
        writeln!(file, "{}", twin(number))?;
    }
    writeln!(file, "{}", json!({"Section": "Relationships"}))?;
    for number in 0..twins {
        for (name, target) in [("next", number + 1), ("above", number + 1 + twins / 3)] {
            let line = json!({
                "$dtId": format!("room-{number}"), "$relationshipId": name,
                "$relationshipName": name, "$targetId": format!("room-{}", target % twins),
            });
            writeln!(file, "{line}")?;
        }
    }
    file.flush()
}

/// Calls it again and again; gives the time that one call takes.
fn measured(mut call: impl FnMut(usize)) -> Duration {
    let start = Instant::now();
    let mut calls: u32 = 0;
    while start.elapsed() < MEASURED {
        call(calls as usize);
        calls += 1;
    }
    start.elapsed() / calls.max(1)
}

#[expect(clippy::cast_precision_loss, reason = "numbers to be read by people")]
fn main() {
    let twins: usize = std::env::var("TWINS").map_or(20_000, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("c")).expect("a container");
    write_input(&folder.path().join("c/in"), twins).expect("an input");
    let service = DigitalTwins::new(Clock::new());
    service.set_blob_directory(folder.path());

    let before = memory();
    let start = Instant::now();
    let job = json!({"inputBlobUri": "https://host/c/in", "outputBlobUri": "https://host/c/out"});
    send(&service, Method::PUT, "/jobs/imports/load", Some(&job));
    let status = loop {
        let job = send(&service, Method::GET, "/jobs/imports/load", None);
        let status = job["status"].as_str().unwrap_or_default().to_owned();
        if !matches!(status.as_str(), "notstarted" | "running") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status, "succeeded");
    println!("{twins} twins, {} relationships", 2 * twins);
    println!("import                         {:>12.2?}", start.elapsed());
    let json_bytes = send(&service, Method::GET, "/digitaltwins/room-1", None)
        .to_string()
        .len();
    if let (Some(before), Some(after)) = (before, memory()) {
        let each = (after.saturating_sub(before)) as f64 / twins as f64;
        println!("memory per twin and its two    {each:>10.0} B ({json_bytes} B are the twin as JSON)");
    }

    let id = |call: usize| call.wrapping_mul(7919) % twins;
    let read = measured(|call| {
        black_box(send(
            &service,
            Method::GET,
            &format!("/digitaltwins/room-{}", id(call)),
            None,
        ));
    });
    println!(
        "point reads per second         {:>12.0}",
        1.0 / read.as_secs_f64()
    );

    let equality = |number: usize| format!("SELECT * FROM DIGITALTWINS T WHERE T.number = {number}");
    let start = Instant::now();
    assert_eq!(query(&service, &equality(1)), 1);
    println!("first query by a property      {:>12.2?}", start.elapsed());
    let time = measured(|call| assert_eq!(query(&service, &equality(id(call))), 1));
    println!("query by a property            {time:>12.2?}");
    if let (Some(before), Some(after)) = (before, memory()) {
        let each = (after.saturating_sub(before)) as f64 / twins as f64;
        println!("memory with the index          {each:>10.0} B");
    }

    let time = measured(|call| {
        let rows = query(
            &service,
            &format!(
                "SELECT E.$dtId FROM DIGITALTWINS MATCH (S)-[]->(A)-[]->(B)-[]->(E) WHERE S.$dtId = 'room-{}'",
                id(call)
            ),
        );
        assert!(rows > 0);
    });
    println!("three hops from one twin       {time:>12.2?}");

    let start = Instant::now();
    let counted = query(
        &service,
        "SELECT COUNT() FROM DIGITALTWINS WHERE CONTAINS(name, '99')",
    );
    assert_eq!(counted, 1);
    println!("scan with a filter             {:>12.2?}", start.elapsed());
}
