//! Maintenance of this workspace, as a library so that every step can be tested.
//!
//! From an API description to a protocol crate, in this order:
//!
//! 1. [`description`] loads, [`convert`] turns Swagger 2.0 into OpenAPI 3.0, [`check`] refuses what cannot be handled;
//! 2. [`overlay`] corrects what the service does differently;
//! 3. [`lower`] brings it into the form that the code generator understands;
//! 4. [`codegen`] generates, [`postpass`] corrects the result, [`split`] makes files of it;
//! 5. [`output`] writes or compares them. [`generate`] does all of this.
//!
//! Beside that: [`facts`] and [`diff`] compare descriptions, [`import`] takes a new one over, [`coverage`] compares the
//! operations with the convenience crates, and [`ci`] runs every check there is.

pub mod check;
pub mod ci;
pub mod codegen;
pub mod convert;
pub mod coverage;
pub mod description;
pub mod diff;
pub mod document;
pub mod error;
pub mod facts;
pub mod generate;
pub mod import;
pub mod lower;
pub mod msrv;
pub mod output;
pub mod overlay;
pub mod postpass;
pub mod readme;
pub mod split;
pub mod workspace;
