//! Maintenance commands of this workspace, as a library so that every stage can be tested.
//!
//! The stages from an API description to a protocol crate:
//!
//! 1. [`description`] loads, [`bundle`] copies definitions from other files, [`convert`] converts Swagger 2.0 to OpenAPI 3.0, [`check`] rejects unsupported constructs;
//! 2. [`overlay`] corrects the description where the service differs;
//! 3. [`lower`] reduces it to what the code generator supports;
//! 4. [`codegen`] generates code, [`postpass`] corrects it, [`split`] divides it into files;
//! 5. [`output`] writes the files or compares them. [`generate`] runs all stages.
//!
//! [`facts`] and [`diff`] compare descriptions, [`import`] imports a new version, [`new_service`] adds a
//! service, [`coverage`] compares the operations with the convenience crates, [`corpus`] runs all stages on
//! a folder of published descriptions, [`fuzz`] runs the fuzz targets, [`soak`] the soak tests, and [`ci`] runs every check.

pub mod bundle;
pub mod check;
pub mod ci;
pub mod codegen;
pub mod convert;
pub mod corpus;
pub mod coverage;
pub mod description;
pub mod diff;
pub mod document;
pub mod error;
pub mod facts;
pub mod fuzz;
pub mod generate;
pub mod import;
pub mod json;
pub mod lower;
pub mod metadata;
pub mod msrv;
mod names;
pub mod new_service;
pub mod output;
pub mod overlay;
pub mod postpass;
pub mod readme;
pub mod soak;
pub mod split;
pub mod texts;
pub mod workspace;
