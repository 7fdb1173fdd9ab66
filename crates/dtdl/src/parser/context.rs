//! `@context`: which version of the language, which extensions and which limits are in force.

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
    extensions: Vec<&'static Extension>,
    /// Whether an extension is in use that the parser does not know.
    pub(super) has_unknown: bool,
}

impl Context {
    /// What a term or DTMI stands for.
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

    /// The context of a top-level element.
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
                "Add `\"@context\": \"dtmi:dtdl:context;3\"`, or the version the model is written in.",
            ));
        };
        let parts = Parts::read(&member.value, doc, reporter)?;
        if parts.0.is_empty() {
            return Err(reporter.reject(
                Code::EmptyContext,
                Position::node(doc, &member.value),
                "The `@context` of this top-level element is empty.",
                "Put a DTDL context such as \"dtmi:dtdl:context;3\" in it.",
            ));
        }
        parts.apply(None, doc, options, reporter)
    }

    /// The context of an element inside another: the same, unless it has an `@context`.
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
        let parts = Parts::read(&member.value, doc, reporter)?;
        if parts.0.is_empty() {
            return Ok(None);
        }
        parts.apply(Some(self), doc, options, reporter).map(Some)
    }
}

/// The strings of a context; nothing for a local definition, which no version allows.
struct Parts<'n>(Vec<(Option<&'n str>, &'n Node)>);

impl<'n> Parts<'n> {
    fn read(value: &'n Node, doc: usize, reporter: &mut Reporter) -> Result<Self, Reported> {
        let items = match &value.data {
            Data::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut parts = Vec::new();
        for item in items {
            match &item.data {
                Data::String(text) => parts.push((Some(&**text), item)),
                Data::Object(_) => parts.push((None, item)),
                _ => {
                    return Err(reporter.reject(
                        Code::InvalidContextSpecifier,
                        Position::node(doc, item),
                        "This part of `@context` is not a string.",
                        "Write a context as text, such as \"dtmi:dtdl:context;3\".",
                    ));
                }
            }
        }
        Ok(Self(parts))
    }

    fn apply(
        &self,
        parent: Option<&Context>,
        doc: usize,
        options: &Options,
        reporter: &mut Reporter,
    ) -> Result<Context, Reported> {
        let mut parts = self.0.iter().copied().peekable();
        let mut extensions: Vec<&'static Extension> =
            parent.map(|parent| parent.extensions.clone()).unwrap_or_default();
        let mut language = parent.map(|parent| (parent.version, parent.limits));

        // One extension is so old that it may stand before the language.
        while let Some((Some("dtmi:iotcentral:context;2"), _)) = parts.peek() {
            parts.next();
            extensions.extend(find_extension("dtmi:iotcentral:context", 2));
        }

        while let Some((Some(text), node)) = parts.peek().copied()
            && text.starts_with(LANGUAGE)
        {
            parts.next();
            let at = Position::node(doc, node);
            let (version, fragment) = language_version(text, at, options, reporter)?;
            let limits = if fragment == "#limitless" {
                let Some((Some(next), next_node)) = parts.next() else {
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
                "The first part of `@context` is not a DTDL context.",
                "Begin with the version of the language, such as \"dtmi:dtdl:context;3\".",
            ));
        };
        let mut context = Context {
            version,
            limits,
            extensions,
            has_unknown: parent.is_some_and(|parent| parent.has_unknown),
        };
        while let Some((text, node)) = parts.next() {
            let at = Position::node(doc, node);
            let Some(text) = text else {
                let (code, message) = if parts.peek().is_none() {
                    (
                        Code::DisallowedLocalContext,
                        "This part of `@context` defines terms of its own, which DTDL does not allow.",
                    )
                } else {
                    (
                        Code::LocalContextNotLast,
                        "This part of `@context` defines terms, and is not even the last part.",
                    )
                };
                return Err(reporter.reject(
                    code,
                    at,
                    message,
                    "Remove the object; use full identifiers instead of own terms.",
                ));
            };
            context.add_extension(text, at, options, reporter)?;
        }
        Ok(context)
    }
}

fn find_extension(context: &str, version: u32) -> Option<&'static Extension> {
    extensions::all().find(|extension| extension.context == context && extension.version == version)
}

/// The version of a language context and its fragment.
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
            format!("The context `{text}` is not a DTMI."),
            "End it with a whole version, as in \"dtmi:dtdl:context;3\".",
        ));
    }
    if !["", "#limitless", "#limits"].contains(&fragment) {
        return Err(reporter.reject(
            Code::InvalidContextFragment,
            at,
            format!("The context `{text}` has a fragment that DTDL does not know."),
            "Remove the fragment, or use `#limitless` together with a context of limits.",
        ));
    }
    let known = number.parse::<u8>().ok().and_then(version);
    if !fragment.is_empty() && !known.is_some_and(|version| version.has_limit_contexts) {
        return Err(reporter.reject(
            Code::DisallowedContextFragment,
            at,
            format!("The context `{text}` has a fragment, which this version of DTDL does not allow."),
            "Remove the fragment, or use version 4 of the language.",
        ));
    }
    if fragment == "#limits" {
        return Err(reporter.reject(
            Code::MisplacedLimitContext,
            at,
            format!("The context `{text}` only has a meaning right after a limitless one."),
            "Put \"dtmi:dtdl:context;4#limitless\" before it, or remove the fragment.",
        ));
    }
    let Some(version) = known else {
        return Err(reporter.reject(
            Code::UnrecognizedContextVersion,
            at,
            format!("The context `{text}` names a version of DTDL that does not exist."),
            "Use version 2, 3 or 4.",
        ));
    };
    if !options.versions.contains(&version.number) {
        return Err(reporter.reject(
            Code::DisallowedContextVersion,
            at,
            format!(
                "The parser was told not to accept version {} of DTDL.",
                version.number
            ),
            "Write the model in an accepted version, or accept this one.",
        ));
    }
    Ok((version, fragment))
}

fn missing_limits(reporter: &mut Reporter, at: Position) -> Reported {
    reporter.reject(
        Code::MissingLimitContext,
        at,
        "A limitless context is not followed by one that sets limits.",
        "Put \"dtmi:dtdl:context;4#limits\" or the context of a limit extension right after it.",
    )
}

/// The limits that the context after a limitless one selects.
fn limits_of(
    text: &str,
    version: &Version,
    at: Position,
    limitless: Position,
    options: &Options,
    reporter: &mut Reporter,
) -> Result<Limits, Reported> {
    let own = format!("{LANGUAGE}{}", version.number);
    if text == own || text.strip_prefix(&own) == Some("#limits") {
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
                    format!("The parser was not told to accept the limits of `{text}`."),
                    "Accept them with `Parser::limits`, or keep to the limits of the language.",
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
        if text.starts_with(LANGUAGE) {
            return Err(reporter.reject(
                Code::DtdlContextFollowsAffiliate,
                at,
                format!("The DTDL context `{text}` comes after that of an extension."),
                "Put the DTDL context first.",
            ));
        }
        if !text.starts_with("dtmi:") {
            return Err(reporter.reject(
                Code::NonDtmiContextSpecifier,
                at,
                format!("The context `{text}` is not a DTMI."),
                "Remove it, or write the DTMI of an extension.",
            ));
        }
        if !dtmi::is_valid(text, Syntax::Any, 4) {
            return Err(reporter.reject(
                Code::InvalidContextSpecifier,
                at,
                format!("The context `{text}` is not a well-formed DTMI."),
                "Correct it: segments separated by colons, a semicolon, a version.",
            ));
        }
        let Some((path, number)) = text.split_once(';') else {
            let (code, message) = if self.version.number == 2 {
                (
                    Code::InvalidContextSpecifierForVersion,
                    format!("The context `{text}` is not a DTMI of DTDL version 2, which needs a version."),
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
                    "The context `{text}` is not a DTMI of DTDL version {}.",
                    self.version.number
                ),
                "Correct its version.",
            ));
        }
        let wanted = number
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or(0);
        match find_extension(path, wanted) {
            Some(extension) if extension.limits.is_some() => Err(reporter.reject(
                Code::MisplacedLimitContext,
                at,
                format!("The context `{text}` sets limits, which only works right after a limitless one."),
                "Put it right after \"dtmi:dtdl:context;4#limitless\".",
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
            None => {
                let known: Vec<String> = Index::versions_of(path)
                    .map(|version| version.to_string())
                    .collect();
                Err(if known.is_empty() {
                    reporter.reject(
                        Code::UnresolvableContextSpecifier,
                        at,
                        format!("The context `{text}` belongs to no extension that the parser knows."),
                        "Correct or remove it, or allow unknown extensions with `Parser::unknown_extensions`.",
                    )
                } else {
                    reporter.reject(
                        Code::UnresolvableContextVersion,
                        at,
                        format!("The context `{text}` names a version of the extension that the parser does not know."),
                        format!("Use one of these versions: {}.", known.join(", ")),
                    )
                })
            }
        }
    }

    fn allows_unknown(&self, options: &Options) -> bool {
        match options.unknown_extensions {
            UnknownExtensions::Allow => true,
            UnknownExtensions::Refuse => false,
            UnknownExtensions::ByVersion => self.version.allows_unknown_extensions,
        }
    }
}
