//! The rules of the service that several operations share: checks, limits, patches and preconditions.

pub(crate) mod limits;
pub(crate) mod model_check;
pub(crate) mod patch;
pub(crate) mod precondition;
pub(crate) mod rates;
pub(crate) mod twin_check;
pub(crate) mod twin_patch;
pub(crate) mod value_check;
