//! The public methods of the clients, and those that a source file calls.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::Failure;
use crate::public_api::list;
use crate::scenarios::Client;

impl Client {
    /// Returns the name of the client's type.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Hub => "IotHubRegistryManager",
            Self::Twins => "DigitalTwinsClient",
            Self::Provisioning => "ProvisioningServiceClient",
            Self::ProvisioningDevice => "ProvisioningDeviceClient",
        }
    }

    fn crate_name(self) -> &'static str {
        match self {
            Self::Hub => "iothub-convenience",
            Self::Twins => "digitaltwins-convenience",
            Self::Provisioning | Self::ProvisioningDevice => "provisioning-convenience",
        }
    }

    /// Reads the names of the public methods from the source of the crate.
    ///
    /// # Errors
    ///
    /// If the source cannot be read.
    pub fn public_methods(self) -> Result<BTreeSet<String>, Failure> {
        let root = format!("../crates/{}/src/lib.rs", self.crate_name());
        let listing = list(self.crate_name(), &here().join(root))?;
        let prefix = format!(
            " fn {}::{}::",
            self.crate_name().replace('-', "_"),
            self.type_name()
        );
        Ok(listing
            .lines()
            .filter_map(|line| line.split_once(&prefix))
            .map(|(_, signature)| {
                signature
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect()
            })
            .collect())
    }

    /// Returns the names that the scenarios of a noun call: as methods of any type, or as functions of the client.
    ///
    /// # Errors
    ///
    /// If the source cannot be read.
    pub fn calls_in(self, noun: &str) -> Result<BTreeSet<String>, Failure> {
        let source = std::fs::read_to_string(here().join(format!("src/scenarios/{noun}.rs")))?;
        Ok(self.calls(source.parse().map_err(|error| format!("{noun}.rs: {error}"))?))
    }

    /// Returns the names that the source calls: as methods of any type, or as functions of the client.
    #[must_use]
    pub fn calls(self, source: TokenStream) -> BTreeSet<String> {
        let mut calls = BTreeSet::new();
        self.collect(source, &mut calls);
        calls
    }

    fn collect(self, source: TokenStream, calls: &mut BTreeSet<String>) {
        let tokens: Vec<_> = source.into_iter().collect();
        for (position, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.collect(group.stream(), calls),
                TokenTree::Ident(name)
                    if self.is_callee(&tokens[..position]) && is_call(&tokens[position + 1..]) =>
                {
                    calls.insert(name.to_string());
                }
                _ => {}
            }
        }
    }

    /// Returns whether the tokens before a name end with a `.` or with the client's type and `::`.
    fn is_callee(self, before: &[TokenTree]) -> bool {
        match before {
            [.., TokenTree::Ident(ty), first, second] if is(first, ':') && is(second, ':') => {
                ty == self.type_name()
            }
            [.., dot] => is(dot, '.'),
            [] => false,
        }
    }
}

/// Returns whether the tokens after a name start with arguments, which may have type arguments before them.
fn is_call(after: &[TokenTree]) -> bool {
    match after {
        [TokenTree::Group(arguments), ..] => arguments.delimiter() == Delimiter::Parenthesis,
        [first, second, third, ..] => is(first, ':') && is(second, ':') && is(third, '<'),
        _ => false,
    }
}

fn is(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
