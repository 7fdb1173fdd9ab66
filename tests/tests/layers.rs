//! The layers inside the crates, checked against their source: see "Inside the emulator" in ARCHITECTURE.md.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use integration_tests::imports::Imports;

/// Returns the root file of each crate in the workspace.
fn roots() -> Vec<PathBuf> {
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut folders: Vec<PathBuf> = workspace
        .join("crates")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.extend(["xtask", "tests"].map(|name| workspace.join(name)));
    let sources = folders.iter().map(|folder| folder.join("src"));
    sources
        .flat_map(|source| ["lib.rs", "main.rs"].map(|root| source.join(root)))
        .filter(|root| root.is_file())
        .collect()
}

/// The imports of the emulator, parsed once for all tests.
static EMULATOR: LazyLock<Imports> = LazyLock::new(|| {
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/azure-iot-emulator/src/lib.rs"
    );
    Imports::read(Path::new(source)).unwrap()
});

#[test]
fn import_cycles_have_at_most_two_files() {
    let mut cycles = Vec::new();
    for root in roots() {
        let imports = Imports::read(&root).unwrap();
        for cycle in imports.cycles() {
            let files: Vec<_> = cycle.iter().map(|file| file.display().to_string()).collect();
            cycles.push(format!("{}: {}", root.display(), files.join(" → ")));
        }
    }
    assert!(cycles.is_empty(), "{}", cycles.join("\n"));
}

/// The layers of a service of the emulator, from the bottom up. A file may import its own layer and those below it.
///
/// An entry is a file or a folder, without `.rs`; a folder's entry does not include the file that declares it. Files
/// without an entry are operations.
struct Layers {
    service: &'static str,
    layers: &'static [(&'static str, &'static [&'static str])],
    /// Files that dispatch to the operations, and the root module of the service.
    dispatch: &'static [&'static str],
}

const DIGITALTWINS: Layers = Layers {
    service: "digitaltwins",
    layers: &[
        ("store", &["store", "store/"]),
        ("rules", &["errors", "errors/", "rules", "rules/"]),
        (
            "events and job records",
            &[
                "events",
                "events/",
                "jobs/record",
                "jobs/table",
                "jobs/blob_reader",
                "jobs/blobs",
                "jobs/section",
            ],
        ),
        ("instance", &["instance", "instance/"]),
        (
            "engines",
            &["jobs", "jobs/", "query", "query/", "state", "state/"],
        ),
        ("calls", &["call", "paging"]),
    ],
    dispatch: &["service", "router", "manage", "preset", "in_process"],
};

const IOTHUB: Layers = Layers {
    service: "iothub",
    layers: &[
        ("store", &["store", "store/"]),
        ("errors", &["errors", "codes"]),
        ("rules", &["rules", "rules/"]),
        (
            "hub",
            &[
                "hub",
                "router",
                "throttle",
                "tier",
                "models",
                "jobs/runner",
                "messaging/signal",
                "device/scripts",
            ],
        ),
        (
            "engines",
            &[
                "registry",
                "registry/",
                "query/",
                "configurations/",
                "device",
                "device/",
                "messaging/",
                "jobs/",
                "transfers/",
                "digital_twins/",
            ],
        ),
    ],
    dispatch: &["service", "manage", "in_process"],
};

const PROVISIONING: Layers = Layers {
    service: "provisioning",
    layers: &[
        ("store", &["store", "store/"]),
        ("errors", &["errors"]),
        ("rules", &["rules", "rules/"]),
        ("instance", &["instance", "rates", "router"]),
        ("engines", &["devices/"]),
    ],
    dispatch: &["service", "manage", "in_process"],
};

impl Layers {
    /// Returns the rank of a file's layer; operations are above all layers.
    fn rank(&self, file: &Path) -> usize {
        let name = file.with_extension("");
        let is = |entry: &&str| match entry.strip_suffix('/') {
            Some(folder) => name.starts_with(folder) && name != Path::new(folder),
            None => name == Path::new(entry),
        };
        // An entry for the file itself takes precedence over one for its folder.
        let layers = || self.layers.iter().map(|(_, entries)| entries).enumerate();
        let named =
            layers().find(|(_, entries)| entries.iter().any(|entry| !entry.ends_with('/') && is(entry)));
        let found = named.or_else(|| layers().find(|(_, entries)| entries.iter().any(is)));
        found.map_or(self.layers.len(), |(rank, _)| rank)
    }

    fn is_dispatch(&self, file: &Path) -> bool {
        self.dispatch
            .iter()
            .any(|name| file.with_extension("") == Path::new(name))
    }

    fn violations(&self, imports: &Imports) -> Vec<String> {
        let operation = self.layers.len();
        let mut found = Vec::new();
        let mut counts = vec![0; operation + 1];
        for (file, targets) in imports.files() {
            let Ok(inner) = file.strip_prefix(self.service) else {
                continue;
            };
            // Unit tests may import any layer of the service.
            if self.is_dispatch(inner) || inner.ends_with("tests.rs") {
                continue;
            }
            let rank = self.rank(inner);
            counts[rank] += 1;
            for target in targets {
                // The root module of a service holds its public handle, which only operations may use.
                let is_violation = match target.strip_prefix(self.service) {
                    Ok(target) => self.rank(target) > rank.min(operation - 1) || self.is_dispatch(target),
                    Err(_) => target.with_extension("") == Path::new(self.service) && rank < operation,
                };
                if is_violation {
                    found.push(format!("{} imports {}", file.display(), target.display()));
                }
            }
        }
        assert!(
            counts.iter().all(|count| *count > 0),
            "a layer has no file: {counts:?}"
        );
        found
    }
}

#[test]
fn services_import_downward_and_operations_never_each_other() {
    for service in [DIGITALTWINS, IOTHUB, PROVISIONING] {
        let found = service.violations(&EMULATOR);
        assert!(found.is_empty(), "{}: {found:#?}", service.service);
    }
}

/// The store is the lowest layer: outside of it, it uses only the clock and the journal's records.
#[test]
fn stores_import_no_part_of_the_server() {
    let allowed = [
        "auth/key",
        "clock",
        "durable/state_change",
        "durable/tracked",
        "digitaltwins/store",
        "iothub/store",
        "provisioning/store",
        "timestamp",
    ];
    for (file, targets) in EMULATOR.files() {
        let in_store = ["digitaltwins/store", "iothub/store", "provisioning/store"]
            .iter()
            .any(|store| file.starts_with(store) || file.with_extension("") == Path::new(store));
        for target in targets.iter().filter(|_| in_store) {
            let is_allowed = allowed
                .iter()
                .any(|name| target.starts_with(name) || target.with_extension("") == Path::new(name));
            assert!(is_allowed, "{} imports {}", file.display(), target.display());
        }
    }
}

/// The layers of the whole crate. `lib.rs` has no layer, because it only declares and re-exports modules.
const CRATE: Layers = Layers {
    service: "",
    layers: &[
        (
            "server",
            &[
                "auth",
                "auth/",
                "clock",
                "durable",
                "durable/",
                "error",
                "faults",
                "server",
                "server/",
                "service",
                "service/",
                "socket",
                "text",
                "timestamp",
                "tls",
                "tls/",
            ],
        ),
        (
            "services",
            &[
                "digitaltwins",
                "digitaltwins/",
                "iothub",
                "iothub/",
                "provisioning",
                "provisioning/",
            ],
        ),
        ("AMQP", &["amqp", "amqp/"]),
        ("running", &["management", "management/", "running"]),
        ("start", &["builder", "builder/"]),
    ],
    dispatch: &[],
};

#[test]
fn the_server_imports_no_service_and_services_import_no_transport() {
    let found = CRATE.violations(&EMULATOR);
    assert!(found.is_empty(), "{found:#?}");
}

fn is_of(service: &str, file: &Path) -> bool {
    file.with_extension("").starts_with(service)
}

#[test]
fn the_services_never_import_each_other() {
    for (file, targets) in EMULATOR.files() {
        for target in targets {
            let services = ["digitaltwins", "iothub", "provisioning"];
            let crosses = services.iter().any(|service| {
                is_of(service, file)
                    && services
                        .iter()
                        .any(|other| other != service && is_of(other, target))
            });
            assert!(!crosses, "{} imports {}", file.display(), target.display());
        }
    }
}

/// AMQP uses the engines of the hub, not its HTTP operations.
#[test]
fn amqp_imports_no_operation_of_the_hub() {
    for (file, targets) in EMULATOR.files().filter(|(file, _)| is_of("amqp", file)) {
        for target in targets {
            let Ok(inner) = target.strip_prefix(IOTHUB.service) else {
                continue;
            };
            let is_engine = IOTHUB.rank(inner) < IOTHUB.layers.len() && !IOTHUB.is_dispatch(inner);
            assert!(is_engine, "{} imports {}", file.display(), target.display());
        }
    }
}

/// The check finds a store that imports an operation, and an operation that imports another.
#[test]
fn layer_violations_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod toy;");
    write(
        "toy.rs",
        "mod store; mod rules; mod service; mod things; mod others;",
    );
    write("toy/store.rs", "use crate::toy::things::list; pub struct Store;");
    write(
        "toy/rules.rs",
        "use crate::toy::store::Store; pub fn check(_: &Store) {}",
    );
    write("toy/service.rs", "use crate::toy::things::list;");
    write("toy/things.rs", "use crate::toy::rules::check; pub fn list() {}");
    write("toy/others.rs", "use crate::toy::things::list;");
    let layers = Layers {
        service: "toy",
        layers: &[("store", &["store"]), ("rules", &["rules"])],
        dispatch: &["service"],
    };
    let imports = Imports::read(&folder.path().join("lib.rs")).unwrap();
    assert_eq!(
        layers.violations(&imports),
        [
            "toy/others.rs imports toy/things.rs",
            "toy/store.rs imports toy/things.rs"
        ]
    );
}
