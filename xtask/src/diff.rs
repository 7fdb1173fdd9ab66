//! Finds the changes between two API descriptions, and which of them break callers.
//!
//! A change is breaking if a client written for the old description can fail with a service that follows the new one:
//! its request is rejected, or it cannot decode the response.

mod report;

use std::collections::{BTreeMap, BTreeSet};

pub use report::{Change, Delta, Element, Report};

use crate::facts::{Facts, Member, Operation, Response, SchemaFacts};

/// Compares two descriptions.
pub fn diff(old: &Facts, new: &Facts) -> Report {
    let mut differ = Differ { changes: Vec::new() };
    differ.each(
        &old.operations,
        &new.operations,
        |differ, location, pair| match pair {
            Pair::Both(old, new) => differ.operation(location, old, new),
            Pair::Old(old) => differ.push(
                Element::Operation,
                format!("{location} ({})", old.id),
                Delta::Removed,
                true,
            ),
            Pair::New(new) => differ.push(
                Element::Operation,
                format!("{location} ({})", new.id),
                Delta::Added,
                false,
            ),
        },
    );
    let (old_sent, old_received) = old.sent_and_received();
    let (new_sent, new_received) = new.sent_and_received();
    differ.each(&old.types, &new.types, |differ, location, pair| {
        let direction = Direction {
            sent: old_sent.contains(location) || new_sent.contains(location),
            received: old_received.contains(location) || new_received.contains(location),
        };
        match pair {
            Pair::Both(old, new) => differ.schema(location, old, new, direction),
            // Not breaking: a change in the references to the type is reported separately.
            Pair::Old(_) => differ.push(Element::Type, location.to_owned(), Delta::Removed, false),
            Pair::New(_) => differ.push(Element::Type, location.to_owned(), Delta::Added, false),
        }
    });
    Report {
        old: old.version.clone(),
        new: new.version.clone(),
        changes: differ.changes,
    }
}

/// The directions of a value: sent to the service, received from it, or both.
#[derive(Clone, Copy)]
struct Direction {
    sent: bool,
    received: bool,
}

const SENT: Direction = Direction {
    sent: true,
    received: false,
};
const RECEIVED: Direction = Direction {
    sent: false,
    received: true,
};

enum Pair<'a, T> {
    Both(&'a T, &'a T),
    Old(&'a T),
    New(&'a T),
}

struct Differ {
    changes: Vec<Change>,
}

impl Differ {
    fn push(&mut self, element: Element, location: String, delta: Delta, breaking: bool) {
        self.changes.push(Change {
            element,
            location,
            delta,
            breaking,
        });
    }

    fn each<T>(
        &mut self,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        mut compare: impl FnMut(&mut Self, &str, Pair<'_, T>),
    ) {
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys {
            match (old.get(key), new.get(key)) {
                (Some(old), Some(new)) => compare(self, key, Pair::Both(old, new)),
                (Some(old), None) => compare(self, key, Pair::Old(old)),
                (None, Some(new)) => compare(self, key, Pair::New(new)),
                (None, None) => {}
            }
        }
    }

    fn operation(&mut self, location: &str, old: &Operation, new: &Operation) {
        if old.id != new.id {
            // The id determines the name of the generated method.
            let delta = Delta::Changed(old.id.clone(), new.id.clone());
            self.push(Element::Operation, location.to_owned(), delta, true);
        }
        self.members(
            Element::Parameter,
            location,
            &old.parameters,
            &new.parameters,
            SENT,
        );
        match (&old.body, &new.body) {
            (Some((old, was_required)), Some((new, is_required))) => {
                if was_required != is_required {
                    let delta = Delta::Changed(requiredness(*was_required), requiredness(*is_required));
                    self.push(Element::Body, location.to_owned(), delta, *is_required);
                }
                self.content(location, old, new, SENT);
            }
            (Some(_), None) => self.push(Element::Body, location.to_owned(), Delta::Removed, true),
            (None, Some((_, required))) => {
                self.push(Element::Body, location.to_owned(), Delta::Added, *required)
            }
            (None, None) => {}
        }
        self.each(&old.responses, &new.responses, |differ, code, pair| {
            let success = code.starts_with('2');
            let element = if success {
                Element::SuccessCode
            } else {
                Element::ErrorResponse
            };
            let here = format!("{location} {code}");
            match pair {
                Pair::Both(old, new) => differ.response(&here, old, new, success),
                Pair::Old(_) => differ.push(element, here, Delta::Removed, false),
                // A client treats an unknown success code as an error.
                Pair::New(_) => differ.push(element, here, Delta::Added, success),
            }
        });
        self.each(&old.extensions, &new.extensions, |differ, name, pair| {
            let here = format!("{location} {name}");
            match pair {
                Pair::Both(old, new) if old != new => {
                    differ.push(
                        Element::Extension,
                        here,
                        Delta::Changed(old.clone(), new.clone()),
                        true,
                    );
                }
                Pair::Both(..) => {}
                Pair::Old(_) => differ.push(Element::Extension, here, Delta::Removed, true),
                Pair::New(_) => differ.push(Element::Extension, here, Delta::Added, true),
            }
        });
    }

    fn response(&mut self, location: &str, old: &Response, new: &Response, success: bool) {
        self.content(location, &old.content, &new.content, RECEIVED);
        self.each(&old.headers, &new.headers, |differ, name, pair| {
            let here = format!("{location} {name}");
            match pair {
                Pair::Both(old, new) => differ.schema(&here, old, new, RECEIVED),
                // Error responses are decoded without their headers.
                Pair::Old(_) => differ.push(Element::Header, here, Delta::Removed, success),
                Pair::New(_) => differ.push(Element::Header, here, Delta::Added, false),
            }
        });
    }

    fn content(
        &mut self,
        location: &str,
        old: &BTreeMap<String, SchemaFacts>,
        new: &BTreeMap<String, SchemaFacts>,
        direction: Direction,
    ) {
        self.each(old, new, |differ, media, pair| {
            let here = format!("{location} {media}");
            match pair {
                Pair::Both(old, new) => differ.schema(&here, old, new, direction),
                Pair::Old(_) => differ.push(Element::ContentType, here, Delta::Removed, true),
                Pair::New(_) => differ.push(Element::ContentType, here, Delta::Added, false),
            }
        });
    }

    /// Compares parameters or properties.
    fn members(
        &mut self,
        element: Element,
        location: &str,
        old: &BTreeMap<String, Member>,
        new: &BTreeMap<String, Member>,
        direction: Direction,
    ) {
        let separator = if element == Element::Property { '.' } else { ' ' };
        self.each(old, new, |differ, name, pair| {
            let here = format!("{location}{separator}{name}");
            match pair {
                Pair::Both(old, new) => {
                    if old.required != new.required {
                        // If a sent member becomes required, existing callers do not send it. If a received member
                        // becomes required or optional, its generated type changes.
                        let breaking = direction.received || new.required && direction.sent;
                        let delta = Delta::Changed(requiredness(old.required), requiredness(new.required));
                        differ.push(element, here.clone(), delta, breaking);
                    }
                    differ.schema(&here, &old.schema, &new.schema, direction);
                }
                Pair::Old(_) => differ.push(element, here, Delta::Removed, true),
                Pair::New(new) => differ.push(element, here, Delta::Added, new.required && direction.sent),
            }
        });
    }

    fn schema(&mut self, location: &str, old: &SchemaFacts, new: &SchemaFacts, direction: Direction) {
        if old.type_name != new.type_name {
            let delta = Delta::Changed(old.type_name.clone(), new.type_name.clone());
            self.push(Element::Schema, location.to_owned(), delta, true);
            return;
        }
        self.enum_values(location, old, new, direction);
        self.constraints(location, old, new, direction);
        self.members(
            Element::Property,
            location,
            &old.properties,
            &new.properties,
            direction,
        );
        self.parts(location, old, new, direction);
    }

    fn enum_values(&mut self, location: &str, old: &SchemaFacts, new: &SchemaFacts, direction: Direction) {
        // Enums are open, so a new value does not break callers; a new enum restricts the values that they may send.
        let closed = old.enum_values.is_empty() && !new.enum_values.is_empty() && direction.sent;
        for value in new.enum_values.difference(&old.enum_values) {
            self.push(
                Element::EnumValue,
                format!("{location} `{value}`"),
                Delta::Added,
                closed,
            );
        }
        for value in old.enum_values.difference(&new.enum_values) {
            let breaking = !new.enum_values.is_empty();
            self.push(
                Element::EnumValue,
                format!("{location} `{value}`"),
                Delta::Removed,
                breaking,
            );
        }
    }

    fn constraints(&mut self, location: &str, old: &SchemaFacts, new: &SchemaFacts, direction: Direction) {
        self.each(&old.constraints, &new.constraints, |differ, name, pair| {
            let here = format!("{location} {name}");
            let harmless = matches!(name, "default" | "readOnly") || name.starts_with("x-");
            match pair {
                Pair::Both(old, new) if old != new => {
                    differ.push(
                        Element::Constraint,
                        here,
                        Delta::Changed(old.clone(), new.clone()),
                        !harmless,
                    );
                }
                Pair::Both(..) => {}
                // A value that becomes nullable breaks receivers; a value that is no longer nullable breaks senders.
                Pair::New(_) if name == "nullable" => {
                    differ.push(Element::Constraint, here, Delta::Added, direction.received)
                }
                Pair::Old(_) if name == "nullable" => {
                    differ.push(Element::Constraint, here, Delta::Removed, direction.sent)
                }
                Pair::Old(_) => differ.push(Element::Constraint, here, Delta::Removed, false),
                Pair::New(_) => differ.push(
                    Element::Constraint,
                    here,
                    Delta::Added,
                    direction.sent && !harmless,
                ),
            }
        });
    }

    /// Compares the schemas of array items, map values and composed types.
    fn parts(&mut self, location: &str, old: &SchemaFacts, new: &SchemaFacts, direction: Direction) {
        let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (
            old.parts.iter().cloned().collect(),
            new.parts.iter().cloned().collect(),
        );
        self.each(&old, &new, |differ, part, pair| {
            let here = match part {
                "items" => format!("{location}[]"),
                "additionalProperties" => format!("{location}{{}}"),
                part => format!("{location} {part}"),
            };
            match pair {
                Pair::Both(old, new) => differ.schema(&here, old, new, direction),
                Pair::Old(old) => differ.push(
                    Element::Schema,
                    here,
                    Delta::Changed(old.type_name.clone(), "none".into()),
                    true,
                ),
                Pair::New(new) => differ.push(
                    Element::Schema,
                    here,
                    Delta::Changed("none".into(), new.type_name.clone()),
                    true,
                ),
            }
        });
    }
}

fn requiredness(required: bool) -> String {
    if required {
        "required".to_owned()
    } else {
        "optional".to_owned()
    }
}
