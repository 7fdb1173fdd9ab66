//! The rules of the service: pure functions without access to requests or locks. They import only the store and the
//! errors.
//!
//! | module | content |
//! |---|---|
//! | [`lookup`] | validity of ids, and lookups |
//! | [`model_check`], [`twin_check`], [`relationship_check`], [`value_check`] | validation of models, twins, relationships and values |
//! | [`patch`], [`twin_patch`] | JSON Patch |
//! | [`precondition`] | `If-Match` and `If-None-Match` |
//! | [`limits`], [`rates`] | maximum counts and sizes, and request rates |

pub(crate) mod limits;
pub(crate) mod lookup;
pub(crate) mod model_check;
pub(crate) mod patch;
pub(crate) mod precondition;
pub(crate) mod rates;
pub(crate) mod relationship_check;
pub(crate) mod twin_check;
pub(crate) mod twin_patch;
pub(crate) mod value_check;
