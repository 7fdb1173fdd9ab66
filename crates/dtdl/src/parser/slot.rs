//! Where an element stands inside another.

use crate::Dtmi;
use crate::metamodel::Target;
use crate::model::ElementIndex;

/// The property of another element that an element is a value of.
pub(super) struct Slot<'a> {
    pub(super) parent: ElementIndex,
    pub(super) parent_id: &'a Dtmi,
    pub(super) property: &'static str,
    pub(super) target: &'static Target,
}
