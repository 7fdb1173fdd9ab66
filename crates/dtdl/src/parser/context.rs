//! `@context`: the DTDL version, extensions and limits that apply to an element.

use super::report::{Position, Reported, Reporter};
use crate::Code;
use crate::dtmi::{self, Syntax};
use crate::json::{Data, Node};
use crate::metamodel::{Extension, Index, Limits, Version, extensions, index, version};
use crate::options::{Options, UnknownExtensions};

const LANGUAGE: &str = "dtmi:dtdl:context;";

/// The context of an element.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) version: &'static Version,
    pub(super) limits: Limits,
    pub(super) extensions: Vec<&'static Extension>,
    /// Whether the context names an unknown extension.
    pub(super) has_unknown: bool,
}

impl Context {
    /// Returns the identifier that a term stands for, or the DTMI itself. `None` if the term is unknown or the DTMI
    /// is malformed.
    pub(super) fn expand(&self, term: &str) -> Option<String> {
        if term.starts_with("dtmi:") {
            let version = self.version.number;
            return (term.len() <= 4096 && dtmi::is_valid(term, Syntax::Any, version))
                .then(|| term.to_owned());
        }
        let index = index();
        index
            .term(self.version.number, term)
            .or_else(|| {
                self.extensions
                    .iter()
                    .find_map(|extension| index.extension_term(extension, term))
            })
            .map(str::to_owned)
    }

    /// Reads the context of a top-level element.
    pub(super) fn root(
        element: &Node,
        doc: usize,
        options: &Options,
        reporter: &mut Reporter,
    ) -> Result<Self, Reported> {
        let Some(member) = element.member("@context") else {
            return Err(reporter.reject(
                Code::MissingContext,
                Position::start(doc, element),
                "This top-level element has no `@context`.",
                "Add `\"@context\": \"dtmi:dtdl:context;3\"`, or the DTDL version that the model is written in.",
            ));
        };
        let entries = Entries::read(&member.value, doc, reporter)?;
        if entries.0.is_empty() {
            return Err(reporter.reject(
                Code::EmptyContext,
                Position::node(doc, &member.value),
                "The `@context` of this top-level element is empty.",
                "Add a DTDL context such as \"dtmi:dtdl:context;3\".",
            ));
        }
        entries.apply(None, doc, options, reporter)
    }

    /// Reads the context of a nested element. Returns `None` if the element inherits its parent's context.
    pub(super) fn child(
        &self,
        element: &Node,
        doc: usize,
        options: &Options,
        reporter: &mut Reporter,
    ) -> Result<Option<Self>, Reported> {
        let Some(member) = element.member("@context") else {
            return Ok(None);
        };
        let entries = Entries::read(&member.value, doc, reporter)?;
        if entries.0.is_empty() {
            return Ok(None);
        }
        entries.apply(Some(self), doc, options, reporter).map(Some)
    }
}

/// The entries of a context, each a string and its node. The string is `None` for a local context, which no DTDL
/// version allows.
struct Entries<'n>(Vec<(Option<&'n str>, &'n Node)>);

impl<'n> Entries<'n> {
    fn read(value: &'n Node, doc: usize, reporter: &mut Reporter) -> Result<Self, Reported> {
        let items = match &value.data {
            Data::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut entries = Vec::new();
        for item in items {
            match &item.data {
                Data::String(text) => entries.push((Some(&**text), item)),
                Data::Object(_) => entries.push((None, item)),
                _ => {
                    return Err(reporter.reject(
                        Code::InvalidContext,
                        Position::node(doc, item),
                        format!(
                            "This `@context` entry is {}; it must be a string.",
                            item.excerpt()
                        ),
                        "Write the context as a DTMI such as \"dtmi:dtdl:context;3\".",
                    ));
                }
            }
        }
        Ok(Self(entries))
    }

    fn apply(
        &self,
        parent: Option<&Context>,
        doc: usize,
        options: &Options,
        reporter: &mut Reporter,
    ) -> Result<Context, Reported> {
        let mut entries = self.0.iter().copied().peekable();
        let mut extensions: Vec<&'static Extension> =
            parent.map(|parent| parent.extensions.clone()).unwrap_or_default();
        let mut language = parent.map(|parent| (parent.version, parent.limits));

        // IoT Central models put the IoT Central context before the DTDL context.
        while let Some((Some(text @ "dtmi:iotcentral:context;2"), node)) = entries.peek().copied() {
            entries.next();
            check_accepted(text, Position::node(doc, node), options, reporter)?;
            extensions.extend(find_extension("dtmi:iotcentral:context", 2));
        }

        while let Some((Some(text), node)) = entries.peek().copied()
            && text.starts_with(LANGUAGE)
        {
            entries.next();
            let at = Position::node(doc, node);
            let (version, fragment) = language_version(text, at, options, reporter)?;
            let limits = if fragment == "#limitless" {
                let Some((Some(next), next_node)) = entries.next() else {
                    return Err(missing_limits(reporter, at));
                };
                limits_of(
                    next,
                    version,
                    Position::node(doc, next_node),
                    at,
                    options,
                    reporter,
                )?
            } else {
                Limits::Core
            };
            language = Some((version, limits));
        }

        let Some((version, limits)) = language else {
            let first = self
                .0
                .first()
                .map_or(Position::document(doc), |(_, node)| Position::node(doc, node));
            return Err(reporter.reject(
                Code::MissingDtdlContext,
                first,
                "The first entry of `@context` is not a DTDL context.",
                "Start with a DTDL version, such as \"dtmi:dtdl:context;3\".",
            ));
        };
        let mut context = Context {
            version,
            limits,
            extensions,
            has_unknown: parent.is_some_and(|parent| parent.has_unknown),
        };
        while let Some((text, node)) = entries.next() {
            let at = Position::node(doc, node);
            let Some(text) = text else {
                let (code, message) = if entries.peek().is_none() {
                    (
                        Code::DisallowedLocalContext,
                        "This `@context` entry defines its own terms; DTDL does not allow local contexts.",
                    )
                } else {
                    (
                        Code::LocalContextNotLast,
                        "This `@context` entry defines its own terms and is followed by another entry; DTDL does not allow local contexts.",
                    )
                };
                return Err(reporter.reject(
                    code,
                    at,
                    message,
                    "Remove the object, and write full identifiers instead of its terms.",
                ));
            };
            context.add_extension(text, at, options, reporter)?;
        }
        Ok(context)
    }
}

/// Returns an error if the options restrict the accepted extensions and do not list this one.
fn check_accepted(
    text: &str,
    at: Position,
    options: &Options,
    reporter: &mut Reporter,
) -> Result<(), Reported> {
    let Some(accepted) = &options.extensions else {
        return Ok(());
    };
    if accepted.iter().any(|context| context == text) {
        return Ok(());
    }
    let of_other_version = accepted.iter().any(|context| path_of(context) == path_of(text));
    let (code, what) = if of_other_version {
        (Code::UnresolvableContextVersion, "a version of an extension")
    } else {
        (Code::UnresolvableContextSpecifier, "an extension")
    };
    let help = if accepted.is_empty() {
        "Remove it.".to_owned()
    } else {
        format!("Remove it, or use an accepted one: {}.", accepted.join(", "))
    };
    let message = format!("The context `{text}` names {what} that is not accepted.");
    Err(reporter.reject(code, at, message, help))
}

/// Returns a context without its version.
fn path_of(context: &str) -> &str {
    context.split_once(';').map_or(context, |(path, _)| path)
}

fn find_extension(context: &str, version: u32) -> Option<&'static Extension> {
    extensions::all().find(|extension| extension.context == context && extension.version == version)
}

/// Returns the version of a DTDL context, and its fragment including the `#`.
fn language_version<'t>(
    text: &'t str,
    at: Position,
    options: &Options,
    reporter: &mut Reporter,
) -> Result<(&'static Version, &'t str), Reported> {
    let (plain, fragment) = match text.find('#') {
        Some(hash) => text.split_at(hash),
        None => (text, ""),
    };
    let number = plain.strip_prefix(LANGUAGE).unwrap_or_default();
    if !dtmi::is_valid(plain, Syntax::Any, 4) {
        return Err(reporter.reject(
            Code::InvalidContextSpecifier,
            at,
            format!("The context `{text}` is not a valid DTMI."),
            "End it with a DTDL version, as in \"dtmi:dtdl:context;3\".",
        ));
    }
    if !["", "#limitless", "#limits"].contains(&fragment) {
        return Err(reporter.reject(
            Code::InvalidContextFragment,
            at,
            format!("The context `{text}` has an unknown fragment; DTDL defines `#limitless` and `#limits`."),
            "Remove the fragment, or use `#limitless` followed by a context that sets limits.",
        ));
    }
    let known = number.parse::<u8>().ok().and_then(version);
    if !fragment.is_empty() && !known.is_some_and(|version| version.has_limit_contexts) {
        return Err(reporter.reject(
            Code::DisallowedContextFragment,
            at,
            format!("The context `{text}` has a fragment; only DTDL version 4 allows fragments."),
            "Remove the fragment, or use DTDL version 4.",
        ));
    }
    if fragment == "#limits" {
        return Err(reporter.reject(
            Code::MisplacedLimitContext,
            at,
            format!("The context `{text}` does not directly follow a `#limitless` context."),
            "Put \"dtmi:dtdl:context;4#limitless\" before it, or remove the fragment.",
        ));
    }
    let Some(version) = known else {
        return Err(reporter.reject(
            Code::UnrecognizedContextVersion,
            at,
            format!("The context `{text}` names an unknown DTDL version."),
            "Use version 2, 3 or 4.",
        ));
    };
    if !options.versions.contains(&version.number) {
        return Err(reporter.reject(
            Code::DisallowedContextVersion,
            at,
            format!(
                "This parser does not accept DTDL version {}; it accepts {}.",
                version.number,
                accepted_versions(options)
            ),
            "Write the model in an accepted version, or accept this version in the options of the parser.",
        ));
    }
    Ok((version, fragment))
}

fn accepted_versions(options: &Options) -> String {
    let versions: Vec<String> = options.versions.iter().map(ToString::to_string).collect();
    if versions.is_empty() {
        "none".to_owned()
    } else {
        versions.join(", ")
    }
}

fn missing_limits(reporter: &mut Reporter, at: Position) -> Reported {
    reporter.reject(
        Code::MissingLimitContext,
        at,
        "The `#limitless` context is not followed by a context that sets limits.",
        "Add \"dtmi:dtdl:context;4#limits\" or the context of a limit extension directly after it.",
    )
}

/// Returns the limits set by the context that follows a `#limitless` context.
fn limits_of(
    text: &str,
    version: &Version,
    at: Position,
    limitless: Position,
    options: &Options,
    reporter: &mut Reporter,
) -> Result<Limits, Reported> {
    let language = format!("{LANGUAGE}{}", version.number);
    if text == language || text.strip_prefix(&language) == Some("#limits") {
        return Ok(Limits::Core);
    }
    let Some((path, number)) = text.split_once(';') else {
        return Err(missing_limits(reporter, limitless));
    };
    let extension = number
        .parse()
        .ok()
        .and_then(|number| find_extension(path, number));
    match extension.and_then(|extension| extension.limits) {
        Some((limits, for_version)) if for_version == version.number => {
            if options.accepts_limits(text) {
                Ok(limits)
            } else {
                Err(reporter.reject(
                    Code::DisallowedLimitContext,
                    at,
                    format!("This parser does not accept the limits of `{text}`."),
                    "Accept them in the options of the parser, or use the standard limits of \"dtmi:dtdl:context;4#limits\".",
                ))
            }
        }
        _ => Err(missing_limits(reporter, limitless)),
    }
}

impl Context {
    fn add_extension(
        &mut self,
        text: &str,
        at: Position,
        options: &Options,
        reporter: &mut Reporter,
    ) -> Result<(), Reported> {
        let (path, number) = self.extension_parts(text, at, reporter)?;
        check_accepted(text, at, options, reporter)?;
        let major = number
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or(0);
        match find_extension(path, major) {
            Some(extension) if extension.limits.is_some() => Err(reporter.reject(
                Code::MisplacedLimitContext,
                at,
                format!(
                    "The context `{text}` sets limits, but does not directly follow a `#limitless` context."
                ),
                "Move it directly after \"dtmi:dtdl:context;4#limitless\".",
            )),
            Some(extension) => {
                self.extensions.retain(|known| known.context != extension.context);
                self.extensions.push(extension);
                Ok(())
            }
            None if self.allows_unknown(options) => {
                self.has_unknown = true;
                Ok(())
            }
            None => Err(unknown_extension(text, path, at, reporter)),
        }
    }

    /// Returns the context of an extension without its version, and the version.
    fn extension_parts<'t>(
        &self,
        text: &'t str,
        at: Position,
        reporter: &mut Reporter,
    ) -> Result<(&'t str, &'t str), Reported> {
        if text.starts_with(LANGUAGE) {
            return Err(reporter.reject(
                Code::DtdlContextFollowsAffiliate,
                at,
                format!("The DTDL context `{text}` follows the context of an extension."),
                "Put the DTDL context first.",
            ));
        }
        if !text.starts_with("dtmi:") {
            return Err(reporter.reject(
                Code::NonDtmiContextSpecifier,
                at,
                format!("The context `{text}` is not a DTMI."),
                "Remove it, or replace it with the DTMI of an extension.",
            ));
        }
        if !dtmi::is_valid(text, Syntax::Any, 4) {
            return Err(reporter.reject(
                Code::InvalidContextSpecifier,
                at,
                format!("The context `{text}` is not a well-formed DTMI."),
                "Correct it: `dtmi:`, segments separated by colons, a semicolon and a version.",
            ));
        }
        let Some(parts) = text.split_once(';') else {
            let (code, message) = if self.version.number == 2 {
                (
                    Code::InvalidContextSpecifierForVersion,
                    format!("The context `{text}` has no version; DTDL version 2 requires one."),
                )
            } else {
                (
                    Code::MissingContextVersion,
                    format!("The context `{text}` has no version."),
                )
            };
            return Err(reporter.reject(
                code,
                at,
                message,
                "Add a semicolon and the version of the extension.",
            ));
        };
        if !dtmi::is_valid(text, Syntax::Any, self.version.number) {
            return Err(reporter.reject(
                Code::InvalidContextSpecifierForVersion,
                at,
                format!(
                    "The context `{text}` is not a valid DTMI in DTDL version {}, where versions are whole numbers.",
                    self.version.number
                ),
                "Write a whole number after the semicolon.",
            ));
        }
        Ok(parts)
    }

    fn allows_unknown(&self, options: &Options) -> bool {
        match options.unknown_extensions {
            UnknownExtensions::Allow => true,
            UnknownExtensions::Refuse => false,
            UnknownExtensions::ByVersion => self.version.allows_unknown_extensions,
        }
    }
}

fn unknown_extension(text: &str, path: &str, at: Position, reporter: &mut Reporter) -> Reported {
    let known: Vec<String> = Index::versions_of(path)
        .map(|version| version.to_string())
        .collect();
    if known.is_empty() {
        reporter.reject(
            Code::UnresolvableContextSpecifier,
            at,
            format!("The context `{text}` names an unknown extension."),
            "Correct or remove it, or allow unknown extensions in the options of the parser.",
        )
    } else {
        reporter.reject(
            Code::UnresolvableContextVersion,
            at,
            format!("The context `{text}` names an unknown version of this extension."),
            format!("Use one of the known versions: {}.", known.join(", ")),
        )
    }
}
