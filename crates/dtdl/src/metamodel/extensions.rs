//! The extensions of DTDL, one table each.

mod annotation;
pub(crate) mod extension;
mod historization;
mod initialization;
mod iotcentral;
mod iotoperations;
mod limits;
mod mqtt;
mod overriding;
mod quantitative_types;
mod requirement;

use extension::Extension;

/// Returns all versions of all extensions.
pub(crate) fn all() -> impl Iterator<Item = &'static Extension> {
    [
        annotation::ALL,
        historization::ALL,
        initialization::ALL,
        iotcentral::ALL,
        iotoperations::ALL,
        limits::ALL,
        mqtt::ALL,
        overriding::ALL,
        quantitative_types::ALL,
        requirement::ALL,
    ]
    .into_iter()
    .flatten()
}
