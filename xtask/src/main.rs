//! Maintenance of this workspace.
fn main() {}
