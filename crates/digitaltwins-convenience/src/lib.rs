//! A client for the Azure Digital Twins data plane.
