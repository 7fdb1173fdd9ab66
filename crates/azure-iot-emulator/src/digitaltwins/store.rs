//! Records, indexes and history of an instance. The store is independent of rules, requests and jobs, and imports
//! nothing from the layers above.
//!
//! | module | content |
//! |---|---|
//! | [`twin`], [`relationship`], [`interface`], [`model_store`] | records |
//! | [`etag`], [`timestamp`], [`value`] | values in records |
//! | [`graph`], [`slab`], [`property_index`] | the graph of records and its indexes |
//! | [`changed`], [`history`], [`lagging`] | recorded changes, for the journal and for lagging queries |
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
