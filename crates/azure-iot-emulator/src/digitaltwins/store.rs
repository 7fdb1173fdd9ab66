//! What an instance stores and how it is found: records, indexes and history. Nothing here knows the service's rules,
//! its requests or its background work, and nothing is imported from above this folder.
//!
//! | where | what |
//! |---|---|
//! | [`twin`], [`relationship`], [`interface`], [`model_store`] | records |
//! | [`etag`], [`timestamp`], [`value`] | the values in them |
//! | [`graph`], [`slab`], [`property_index`] | records and the indexes by which they are found |
//! | [`changed`], [`history`], [`lagging`] | what has changed, for the journal and for lagging queries |
//! | [`shared_graph`] | the graph behind its locks |

pub(crate) mod changed;
pub(crate) mod etag;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod interface;
pub(crate) mod lagging;
pub(crate) mod model_store;
pub(crate) mod property_index;
pub(crate) mod relationship;
pub(crate) mod shared_graph;
pub(crate) mod slab;
pub(crate) mod timestamp;
pub(crate) mod twin;
pub(crate) mod value;
