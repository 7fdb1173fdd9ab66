//! The rules of the service that several operations share. Nothing here knows requests or the locks of an instance;
//! only the store and the errors are imported.
//!
//! | where | what |
//! |---|---|
//! | [`lookup`] | valid ids, and what they address |
//! | [`model_check`], [`twin_check`], [`relationship_check`], [`value_check`] | what may be stored |
//! | [`patch`], [`twin_patch`] | JSON Patch |
//! | [`precondition`] | `If-Match` and `If-None-Match` |
//! | [`limits`], [`rates`] | how much, and how often |

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
