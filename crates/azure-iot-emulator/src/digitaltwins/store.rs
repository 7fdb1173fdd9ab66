//! What an instance holds, and how it is found. Nothing here knows the service's rules, its requests or its background
//! work.

pub(crate) mod graph;
pub(crate) mod interface;
pub(crate) mod lagging;
pub(crate) mod model_store;
pub(crate) mod property_index;
pub(crate) mod slab;
pub(crate) mod timestamp;
pub(crate) mod twin;
pub(crate) mod value;
