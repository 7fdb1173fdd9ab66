//! The property that contains a nested element.

use crate::Dtmi;
use crate::metamodel::Target;
use crate::model::ElementIndex;

/// A property of a parent element, one of whose values is being read.
pub(super) struct Slot<'a> {
    pub(super) parent: ElementIndex,
    pub(super) parent_id: &'a Dtmi,
    pub(super) property: &'static str,
    pub(super) target: &'static Target,
}
