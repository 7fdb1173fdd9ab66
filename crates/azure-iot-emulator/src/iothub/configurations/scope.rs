//! The scope of a reconciliation.

#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    All,
    Device(&'a str),
}
