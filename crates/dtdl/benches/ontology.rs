//! Benchmarks of parsing a generated ontology and of using its model.
//!
//! `cargo bench -p dtdl`

#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/support/ontology.rs"]
mod ontology;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dtdl::{Parser, validate_twin};
use serde_json::json;

fn parse(c: &mut Criterion) {
    let parser = Parser::new();
    for count in [100, 1000, 10_000] {
        let documents = ontology::documents(count);
        c.bench_function(&format!("parse {count} interfaces"), |b| {
            b.iter(|| {
                parser
                    .parse(black_box(&documents))
                    .expect("the ontology is valid")
            });
        });
    }
}

fn use_model(c: &mut Criterion) {
    let model = Parser::new()
        .parse(ontology::documents(1000))
        .expect("the ontology is valid");
    let leaf = model.interface(&ontology::id(999)).expect("it was parsed");
    let root = ontology::id(199);
    c.bench_function("is_subtype_of over five levels", |b| {
        b.iter(|| assert!(model.is_subtype_of(black_box(&ontology::id(999)), black_box(&root))));
    });
    c.bench_function("all contents of an Interface over five levels", |b| {
        b.iter(|| assert_eq!(black_box(&leaf).contents().count(), 30));
    });
    c.bench_function("dependency order of 1000 interfaces", |b| {
        b.iter(|| assert_eq!(black_box(&model).in_dependency_order().len(), 1000));
    });
    let twin = json!({
        "$dtId": "part", "$metadata": { "$model": ontology::id(999) },
        "label0": "a", "label4": "b", "limit2": 20.5, "state1": 1
    });
    c.bench_function("validate a twin", |b| {
        b.iter(|| assert!(validate_twin(black_box(&twin), &leaf).is_empty()));
    });
}

criterion_group!(benches, parse, use_model);
criterion_main!(benches);
