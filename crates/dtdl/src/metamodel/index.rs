//! An index of all tables by term and identifier.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::extensions;
use super::extensions::extension::{Constraint, Extension, Sibling, Type};
use super::kind::{self, ElementKind as K, NUMERIC};
use super::language::{Property, Target, Value, Version};
use super::quantities::{self, PREFIXES, Quantities};
use super::standard::{Builtin, COMMAND_TYPES, GEOMETRIES, SCALED_DECIMAL, Shape};
use super::versions::VERSIONS;

/// A supplemental type, with all identifiers expanded.
#[derive(Debug)]
pub(crate) struct Supplement {
    pub(crate) id: String,
    pub(crate) term: &'static str,
    pub(crate) is_abstract: bool,
    /// Whether this is a unit type of DTDL version 2. Elements of a model cannot have such a type.
    pub(crate) is_unit: bool,
    pub(crate) cotypes: &'static [K],
    pub(crate) versions: &'static [u8],
    pub(crate) requires: Vec<String>,
    pub(crate) excludes: Vec<String>,
    /// The properties, with their identifiers.
    pub(crate) properties: Vec<(String, &'static Property)>,
    pub(crate) unique: &'static [&'static str],
    pub(crate) constraints: &'static [Constraint],
    pub(crate) siblings: &'static [Sibling],
    /// The template for identifiers of types of the same extension.
    type_id: &'static str,
}

impl Supplement {
    /// Returns the identifier for a term of the same extension. An identifier is returned unchanged.
    pub(crate) fn resolve(&self, term: &str) -> String {
        type_id(self.type_id, term)
    }
}

/// All terms, supplemental types and built-in elements.
#[derive(Debug, Default)]
pub(crate) struct Index {
    terms: HashMap<u8, HashMap<&'static str, String>>,
    extension_terms: HashMap<(&'static str, u32), HashMap<&'static str, String>>,
    builtins: HashMap<String, Builtin>,
    supplements: HashMap<String, Supplement>,
    /// Terms by identifier, for messages.
    names: HashMap<String, &'static str>,
}

/// Returns the index, which is built on first use.
pub(crate) fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(Index::build)
}

impl Index {
    /// Returns the identifier of a term in a DTDL version.
    pub(crate) fn term(&self, version: u8, term: &str) -> Option<&str> {
        self.terms.get(&version)?.get(term).map(String::as_str)
    }

    /// Returns the identifier of a term in an extension.
    pub(crate) fn extension_term(&self, extension: &Extension, term: &str) -> Option<&str> {
        self.extension_terms
            .get(&(extension.context, extension.version))?
            .get(term)
            .map(String::as_str)
    }

    pub(crate) fn builtin(&self, id: &str) -> Option<&Builtin> {
        self.builtins.get(id)
    }

    pub(crate) fn supplement(&self, id: &str) -> Option<&Supplement> {
        self.supplements.get(id)
    }

    /// Returns the term for an identifier, or the identifier itself if it has no term.
    pub(crate) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).copied().unwrap_or(id)
    }

    /// Returns the known versions of an extension, by its context without version.
    pub(crate) fn versions_of(context: &str) -> impl Iterator<Item = u32> {
        extensions::all()
            .filter(move |extension| extension.context == context)
            .map(|extension| extension.version)
    }

    fn build() -> Self {
        let mut index = Self::default();
        for version in VERSIONS {
            index.add_version(version);
        }
        index.add_quantities_of_version_two();
        for extension in extensions::all() {
            index.add_extension(extension);
        }
        for builtin in index.builtins.values() {
            index.names.insert(builtin.id.clone(), builtin.term);
        }
        for supplement in index.supplements.values() {
            index.names.insert(supplement.id.clone(), supplement.term);
        }
        index
    }

    fn add_term(&mut self, version: u8, term: &'static str, id: String) {
        self.names.insert(id.clone(), term);
        self.terms.entry(version).or_default().insert(term, id);
    }

    fn add_builtin(&mut self, version: u8, term: &'static str, id: String, shape: Shape) {
        self.builtins.insert(
            id.clone(),
            Builtin {
                id,
                term,
                version,
                shape,
            },
        );
    }

    fn add_version(&mut self, version: &Version) {
        let number = version.number;
        for class in version.classes {
            self.add_term(
                number,
                class.kind.name(),
                format!("dtmi:dtdl:class:{};{number}", class.kind),
            );
            for property in class.properties() {
                let id = format!("dtmi:dtdl:property:{};{number}", property.name);
                self.add_term(number, property.name, id);
            }
        }
        for name in kind::ABSTRACT {
            self.add_term(number, name, format!("dtmi:dtdl:class:{name};{number}"));
        }
        for (term, kind) in version.primitives.iter().copied().flatten() {
            let id = format!("dtmi:dtdl:instance:Schema:{term};{number}");
            self.add_term(number, kind.name(), format!("dtmi:dtdl:class:{kind};{number}"));
            self.add_term(number, term, id.clone());
            self.add_builtin(number, term, id, Shape::Plain(*kind));
        }
        for (term, name, arrays) in GEOMETRIES {
            let id = format!("dtmi:standard:schema:geospatial:{term};{number}");
            self.add_term(number, term, id.clone());
            self.add_builtin(
                number,
                term,
                id,
                Shape::Geometry {
                    name,
                    arrays: *arrays,
                },
            );
        }
        for term in COMMAND_TYPES {
            let id = format!("dtmi:dtdl:instance:CommandType:{term};{number}");
            self.add_term(number, term, id.clone());
            self.add_builtin(number, term, id, Shape::Plain(K::CommandType));
        }
        if number >= 4 {
            let id = format!("dtmi:standard:schema:scaledDecimal;{number}");
            self.add_term(number, "scaledDecimal", id.clone());
            self.add_builtin(number, "scaledDecimal", id, Shape::Record(SCALED_DECIMAL));
        }
        for (term, id) in version.other_terms {
            self.add_term(number, term, format!("{id};{number}"));
        }
    }

    fn add_quantities_of_version_two(&mut self) {
        let Quantities { types, units } = &quantities::V2;
        let type_id = "dtmi:standard:class:{};2";
        self.add_quantity(
            type_id,
            "QuantitativeType",
            true,
            &[K::Property, K::Telemetry],
            &[2],
            Vec::new(),
        );
        for (term, kind_of_unit) in *types {
            let unit = leak_unit(Target {
                supplement: Some(leak(type_id.replace("{}", kind_of_unit))),
                ..Target::one("Unit", &[], &[K::Unit])
            });
            let properties = vec![("dtmi:dtdl:property:unit;2".to_owned(), unit)];
            self.add_term(2, term, type_id.replace("{}", term));
            self.add_quantity(
                type_id,
                term,
                false,
                &[K::Property, K::Telemetry],
                &[2],
                properties,
            );
        }
        for (kind_of_unit, units) in *units {
            let unit_type = type_id.replace("{}", kind_of_unit);
            self.add_term(2, kind_of_unit, unit_type.clone());
            self.add_quantity(type_id, kind_of_unit, false, &[], &[], Vec::new());
            if let Some(supplement) = self.supplements.get_mut(&unit_type) {
                supplement.is_unit = true;
            }
            for unit in *units {
                let id = format!("dtmi:standard:unit:{unit};2");
                self.add_term(2, unit, id.clone());
                self.add_builtin(
                    2,
                    unit,
                    id,
                    Shape::Unit {
                        kind_of_unit: unit_type.clone(),
                    },
                );
            }
        }
        for prefix in PREFIXES {
            self.add_term(2, prefix, format!("dtmi:standard:unitprefix:{prefix};2"));
        }
    }

    fn add_quantity(
        &mut self,
        id: &'static str,
        term: &'static str,
        is_abstract: bool,
        cotypes: &'static [K],
        versions: &'static [u8],
        properties: Vec<(String, &'static Property)>,
    ) {
        let supplement = Supplement {
            id: type_id(id, term),
            term,
            is_abstract,
            is_unit: false,
            cotypes,
            versions,
            requires: Vec::new(),
            excludes: Vec::new(),
            constraints: if properties.is_empty() {
                &[]
            } else {
                NUMERIC_SCHEMA
            },
            properties,
            unique: &[],
            siblings: &[],
            type_id: id,
        };
        self.supplements.insert(supplement.id.clone(), supplement);
    }

    fn add_extension(&mut self, extension: &'static Extension) {
        let mut terms = HashMap::new();
        for entry in extension.types {
            self.add_type(extension, entry, &mut terms);
        }
        let newest = extension.dtdl.first().copied().unwrap_or(2);
        for (term, id, fields) in extension.records {
            terms.insert(*term, (*id).to_owned());
            self.add_builtin(newest, term, (*id).to_owned(), Shape::Record(fields));
        }
        if let Some(quantities) = extension.quantities {
            self.add_extension_quantities(extension, newest, quantities, &mut terms);
        }
        self.extension_terms
            .insert((extension.context, extension.version), terms);
    }

    fn add_type(
        &mut self,
        extension: &'static Extension,
        entry: &'static Type,
        terms: &mut HashMap<&'static str, String>,
    ) {
        let id = type_id(extension.type_id, entry.term);
        let properties: Vec<_> = entry
            .properties
            .iter()
            .map(|property| {
                let id = extension
                    .property_id
                    .replace("{type}", entry.term)
                    .replace("{}", property.name);
                (id, property)
            })
            .collect();
        terms.insert(entry.term, id.clone());
        for (id, property) in &properties {
            self.names.insert(id.clone(), property.name);
            terms.insert(property.name, id.clone());
        }
        let ids = |terms: &[&str]| {
            terms
                .iter()
                .map(|term| type_id(extension.type_id, term))
                .collect()
        };
        let supplement = Supplement {
            id: id.clone(),
            term: entry.term,
            is_abstract: false,
            is_unit: false,
            cotypes: entry.cotypes,
            versions: extension.dtdl,
            requires: ids(entry.requires),
            excludes: ids(entry.excludes),
            properties,
            unique: entry.unique,
            constraints: entry.constraints,
            siblings: entry.siblings,
            type_id: extension.type_id,
        };
        self.supplements.insert(id, supplement);
    }

    fn add_extension_quantities(
        &mut self,
        extension: &'static Extension,
        dtdl: u8,
        quantities: &'static Quantities,
        terms: &mut HashMap<&'static str, String>,
    ) {
        let prefix = extension.type_id.trim_end_matches("class:{}");
        let unit_property = extension.property_id.replace("{}", "unit");
        terms.insert("unit", unit_property.clone());
        self.names.insert(unit_property.clone(), "unit");
        terms.insert("QuantitativeType", type_id(extension.type_id, "QuantitativeType"));
        self.add_quantity(
            extension.type_id,
            "QuantitativeType",
            true,
            DATA,
            extension.dtdl,
            Vec::new(),
        );
        for (term, kind_of_unit) in quantities.types {
            let unit = leak_unit(Target {
                child_of: Some(leak(format!("{prefix}enum:{kind_of_unit}"))),
                ..Target::one("EnumValue", &[], &[K::EnumValue])
            });
            terms.insert(term, type_id(extension.type_id, term));
            let properties = vec![(unit_property.clone(), unit)];
            self.add_quantity(extension.type_id, term, false, DATA, extension.dtdl, properties);
        }
        for (kind_of_unit, units) in quantities.units {
            let enum_id = format!("{prefix}enum:{kind_of_unit}");
            let unit_id = format!("{prefix}unit:");
            terms.insert(kind_of_unit, enum_id.clone());
            for unit in *units {
                let id = format!("{unit_id}{unit}");
                terms.insert(unit, id.clone());
                self.add_builtin(
                    dtdl,
                    unit,
                    id,
                    Shape::UnitValue {
                        enum_id: enum_id.clone(),
                    },
                );
            }
            self.add_builtin(dtdl, kind_of_unit, enum_id, Shape::UnitEnum { units, unit_id });
        }
        // An alias for the Enum of power units.
        terms.insert("EnergyRateUnit", format!("{prefix}enum:PowerUnit"));
        for unit_prefix in PREFIXES {
            terms.insert(unit_prefix, format!("{prefix}unitprefix:{unit_prefix}"));
        }
    }
}

const DATA: &[K] = &[
    K::CommandRequest,
    K::CommandResponse,
    K::Field,
    K::MapValue,
    K::Property,
    K::Telemetry,
];

const NUMERIC_SCHEMA: &[Constraint] = &[Constraint::Kinds {
    property: "schema",
    kinds: NUMERIC,
    noun: "a numeric schema",
}];

fn type_id(template: &str, term: &str) -> String {
    if term.starts_with("dtmi:") {
        term.to_owned()
    } else {
        template.replace("{}", term)
    }
}

/// Leaks a string of the index, which is built once and kept for the lifetime of the process.
fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn leak_unit(target: Target) -> &'static Property {
    Box::leak(Box::new(Property {
        name: "unit",
        required: true,
        value: Value::Element(target),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_each_table_are_found() {
        let index = index();
        assert_eq!(
            index.term(2, "degreeCelsius"),
            Some("dtmi:standard:unit:degreeCelsius;2")
        );
        assert_eq!(index.term(3, "degreeCelsius"), None);
        assert_eq!(index.term(4, "uuid"), Some("dtmi:dtdl:instance:Schema:uuid;4"));
        assert_eq!(
            index.term(3, "CommandRequest"),
            Some("dtmi:dtdl:class:CommandRequest;3")
        );
        assert!(
            index
                .builtin("dtmi:dtdl:extension:quantitativeTypes:v1:unit:lux")
                .is_some()
        );
        let speed = index
            .supplement("dtmi:dtdl:extension:quantitativeTypes:v2:class:Velocity")
            .unwrap();
        assert_eq!((speed.versions, speed.properties.len()), (&[4][..], 1));
        let cached = index.supplement("dtmi:dtdl:extension:mqtt:v3:Cacheable").unwrap();
        assert_eq!(cached.requires, ["dtmi:dtdl:extension:mqtt:v3:Idempotent"]);
        assert!(index.supplement(&cached.requires[0]).is_some());
    }

    #[test]
    fn every_quantity_has_units() {
        for quantities in [&quantities::V2, &quantities::EXTENSION] {
            for (quantity, kind_of_unit) in quantities.types {
                assert!(
                    quantities
                        .units
                        .iter()
                        .any(|(kind, units)| kind == kind_of_unit && !units.is_empty()),
                    "{quantity} is measured in {kind_of_unit}"
                );
            }
        }
    }

    #[test]
    fn required_types_exist() {
        let index = index();
        for supplement in index.supplements.values() {
            for required in &supplement.requires {
                assert!(
                    index.supplement(required).is_some(),
                    "{} requires {required}",
                    supplement.id
                );
            }
        }
    }
}
