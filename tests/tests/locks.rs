//! Lock-order rules that types cannot express; see "Lock order" in ARCHITECTURE.md.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use syn::visit::Visit;
use syn::{Expr, ExprClosure, ExprMethodCall, ExprPath, Macro};

const EMULATOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/azure-iot-emulator/src");

/// Returns the sources of a service without its unit tests, by path below `src`.
fn sources(service: &str) -> Vec<(String, syn::File)> {
    let root = Path::new(EMULATOR);
    let mut open = vec![root.join(service), root.join(service).with_extension("rs")];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = path.read_dir().expect("a folder can be read");
            open.extend(entries.map(|entry| entry.expect("an entry can be read").path()));
            continue;
        }
        let name = path.strip_prefix(root).expect("the path is below the root");
        let is_unit_test = name.ends_with("tests.rs") || name.iter().any(|part| part == "tests");
        if !is_unit_test {
            let text = std::fs::read_to_string(&path).expect("a source can be read");
            let source = syn::parse_file(&text).expect("a source can be parsed");
            found.push((name.display().to_string(), source));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

/// Finds uses of `self` in the closures of `read` and `write`, other than the allowed methods.
#[derive(Default)]
struct StoreClosures {
    depth: usize,
    count: usize,
    found: Vec<String>,
}

/// Methods of the hub that take locks which come after the store's lock in the lock order.
const AFTER_THE_STORE: [&str; 2] = ["runner", "scripts"];

impl<'ast> Visit<'ast> for StoreClosures {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let on_self = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident("self"));
        if self.depth > 0 && on_self && AFTER_THE_STORE.iter().any(|name| call.method == name) {
            return;
        }
        let locks = on_self && (call.method == "read" || call.method == "write");
        let mut arguments = call.args.iter();
        match (arguments.next(), arguments.next()) {
            (Some(Expr::Closure(ExprClosure { body, .. })), None) if locks && self.depth == 0 => {
                self.count += 1;
                self.depth += 1;
                self.visit_expr(body);
                self.depth -= 1;
            }
            _ => syn::visit::visit_expr_method_call(self, call),
        }
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if self.depth > 0 && path.path.is_ident("self") {
            self.found.push("self".to_owned());
        }
    }

    fn visit_macro(&mut self, found: &'ast Macro) {
        let tokens = found.tokens.to_string();
        if self.depth > 0
            && tokens
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| word == "self")
        {
            self.found.push(tokens);
        }
    }
}

fn uses_of_self(source: &syn::File) -> StoreClosures {
    let mut closures = StoreClosures::default();
    closures.visit_file(source);
    closures
}

/// A closure that calls the hub or the provisioning service may lock the store again, which deadlocks.
#[test]
fn closures_of_a_store_do_not_use_its_service() {
    let mut count = 0;
    let sources = ["iothub", "provisioning"].map(sources);
    for (name, source) in sources.into_iter().flatten() {
        let closures = uses_of_self(&source);
        assert!(closures.found.is_empty(), "{name}: {:?}", closures.found);
        count += closures.count;
    }
    assert!(count > 55, "only {count} closures were found");
}

#[test]
fn a_closure_that_uses_the_hub_is_found() {
    let found = |body: &str| {
        let text = format!("impl IotHub {{ fn f(&self) {{ self.write(|store| {{ {body} }}); }} }}");
        uses_of_self(&syn::parse_file(&text).expect("the source can be parsed"))
            .found
            .len()
    };
    assert_eq!(found("store.a(); self.runner().claim(id);"), 0);
    assert_eq!(found("self.read(|store| store.a())"), 1);
    assert_eq!(found("call(self)"), 1);
    assert_eq!(found("format!(\"{}\", self.now())"), 1);
}

/// The files that start a session, and how many: each session belongs to a request, a job or a call of the management
/// API. A session started elsewhere may be the second one in its call chain, and the compiler does not check the lock
/// order across two sessions.
const SESSIONS: &[(&str, usize)] = &[
    ("digitaltwins.rs", 1),
    ("digitaltwins/jobs/deletion.rs", 1),
    ("digitaltwins/jobs/import.rs", 1),
    ("digitaltwins/manage.rs", 1),
    ("digitaltwins/preset.rs", 2),
    ("digitaltwins/router.rs", 1),
    ("digitaltwins/service.rs", 5),
    ("digitaltwins/state/load.rs", 1),
];

#[derive(Default)]
struct Sessions(usize);

impl<'ast> Visit<'ast> for Sessions {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.0 += usize::from(call.method == "session" && call.args.is_empty());
        syn::visit::visit_expr_method_call(self, call);
    }
}

#[test]
fn sessions_begin_where_requests_and_jobs_do() {
    let found: Vec<(String, usize)> = sources("digitaltwins")
        .into_iter()
        .map(|(name, source)| {
            let mut sessions = Sessions::default();
            sessions.visit_file(&source);
            (name, sessions.0)
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    let found: Vec<(&str, usize)> = found
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(found, SESSIONS);
}
