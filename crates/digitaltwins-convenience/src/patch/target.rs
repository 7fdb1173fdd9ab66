//! Resource types of patches.

/// The resource type that a [`Patch`](crate::Patch) applies to; it determines the valid paths.
pub trait PatchTarget: sealed::Rules {}

/// A [`Patch`](crate::Patch) of a twin.
#[derive(Debug, Clone, Copy)]
pub enum OfDigitalTwin {}

/// A [`Patch`](crate::Patch) of a component.
#[derive(Debug, Clone, Copy)]
pub enum OfComponent {}

/// A [`Patch`](crate::Patch) of a relationship.
#[derive(Debug, Clone, Copy)]
pub enum OfRelationship {}

impl PatchTarget for OfDigitalTwin {}
impl PatchTarget for OfComponent {}
impl PatchTarget for OfRelationship {}

mod sealed {
    /// The rules of a resource type. Private, which seals [`super::PatchTarget`].
    pub trait Rules {
        /// Members that cannot be patched.
        const FIXED: &'static [&'static str];
        /// Members that identify the resource. Values in which one of them differs are not the same resource.
        const IDENTITY: &'static [&'static str];
        /// Whether `/$metadata/$model` can be replaced.
        const MODEL: bool;
        /// Whether properties have a `sourceTime`.
        const SOURCE_TIME: bool;
        /// Whether the resource has components, which have their own `$metadata`.
        const COMPONENTS: bool;
    }

    impl Rules for super::OfDigitalTwin {
        const FIXED: &'static [&'static str] = &["$dtId", "$etag"];
        const IDENTITY: &'static [&'static str] = &["$dtId"];
        const MODEL: bool = true;
        const SOURCE_TIME: bool = true;
        const COMPONENTS: bool = true;
    }

    impl Rules for super::OfComponent {
        const FIXED: &'static [&'static str] = &[];
        const IDENTITY: &'static [&'static str] = &[];
        const MODEL: bool = false;
        const SOURCE_TIME: bool = true;
        const COMPONENTS: bool = false;
    }

    impl Rules for super::OfRelationship {
        const FIXED: &'static [&'static str] = &[
            "$relationshipId",
            "$etag",
            "$sourceId",
            "$relationshipName",
            "$targetId",
        ];
        const IDENTITY: &'static [&'static str] =
            &["$relationshipId", "$sourceId", "$relationshipName", "$targetId"];
        const MODEL: bool = false;
        const SOURCE_TIME: bool = false;
        const COMPONENTS: bool = false;
    }
}
