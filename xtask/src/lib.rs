//! Maintenance of this workspace, as a library so that every step can be tested.
//!
//! From an API description to a protocol crate, in this order:
//!
//! 1. [`document`] loads, [`convert`] turns Swagger 2.0 into OpenAPI 3.0, [`check`] refuses what cannot be handled;
//! 2. [`overlay`] corrects what the service does differently;
//! 3. [`lower`] brings it into the form that the code generator understands;
//! 4. [`codegen`] generates, [`postpass`] corrects the result, [`split`] makes files of it;
//! 5. [`output`] writes or compares them. [`generate`] does all of this.

pub mod check;
pub mod codegen;
pub mod convert;
pub mod document;
pub mod error;
pub mod generate;
pub mod lower;
pub mod output;
pub mod overlay;
pub mod postpass;
pub mod split;
pub mod workspace;
