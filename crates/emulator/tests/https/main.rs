//! The emulator as clients meet it: TLS, credentials, faults, the management API, and the program.

mod credentials;
mod faults;
mod lifetime;
mod management;
mod program;
mod support;
