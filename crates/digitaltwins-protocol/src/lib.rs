//! The Azure Digital Twins data plane, operation by operation, generated from its API description.
