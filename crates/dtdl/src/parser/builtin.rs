//! Adds built-in elements, such as primitive schemas and units, to models that refer to them.

use super::session::Session;
use crate::Dtmi;
use crate::metamodel::{Builtin, ElementKind as K, Limits, Shape, index};
use crate::model::{ElementData, ElementIndex, Literal};

impl Session<'_> {
    /// Returns the built-in element with this identifier, and adds it to the model on first use.
    pub(super) fn builtin(&mut self, id: &str) -> Option<ElementIndex> {
        if let Some(&known) = self.ids.get(id) {
            return Some(known);
        }
        let builtin = index().builtin(id)?;
        let version = builtin.version;
        let dtmi = Dtmi::unchecked(id);
        match &builtin.shape {
            Shape::Plain(kind) => Some(self.add_builtin(dtmi, *kind, version, None)),
            Shape::Unit { kind_of_unit } => {
                let unit = self.add_builtin(dtmi, K::Unit, version, None);
                let supplement = index().supplement(kind_of_unit);
                self.elements[unit].supplements.extend(supplement);
                Some(unit)
            }
            Shape::Geometry { name, arrays } => Some(self.geometry(&dtmi, builtin, name, *arrays)),
            Shape::Record(fields) => {
                let object = self.add_builtin(dtmi.clone(), K::Object, version, None);
                for (name, kind) in *fields {
                    let schema = self.primitive(*kind, version);
                    self.field(object, &dtmi, name, schema, version);
                }
                Some(object)
            }
            Shape::UnitEnum { units, unit_id } => Some(self.unit_enum(&dtmi, builtin, units, unit_id)),
            Shape::UnitValue { enum_id } => {
                self.builtin(enum_id)?;
                self.ids.get(id).copied()
            }
        }
    }

    fn add_builtin(&mut self, id: Dtmi, kind: K, version: u8, parent: Option<ElementIndex>) -> ElementIndex {
        let index = self.elements.push(ElementData {
            id: id.clone(),
            kind,
            version,
            limits: Limits::Core,
            parent,
            partition: None,
            supplements: Vec::new(),
            undefined_types: Vec::new(),
            literals: Vec::new(),
            references: Vec::new(),
            undefined_properties: Vec::new(),
            span: None,
        });
        self.ids.insert(id, index);
        index
    }

    fn primitive(&mut self, kind: K, version: u8) -> ElementIndex {
        let mut term = kind.name().to_owned();
        term[..1].make_ascii_lowercase();
        let id = format!("dtmi:dtdl:instance:Schema:{term};{version}");
        match self.ids.get(id.as_str()) {
            Some(&known) => known,
            None => self.add_builtin(Dtmi::unchecked(&id), kind, version, None),
        }
    }

    fn field(
        &mut self,
        object: ElementIndex,
        object_id: &Dtmi,
        name: &str,
        schema: ElementIndex,
        version: u8,
    ) {
        let field = self.add_builtin(
            object_id.child("fields", Some(name)),
            K::Field,
            version,
            Some(object),
        );
        self.set(field, "name", Literal::String(name.into()));
        self.add_reference(field, "schema", Some(schema));
        self.add_reference(object, "fields", Some(field));
    }

    fn geometry(&mut self, id: &Dtmi, builtin: &Builtin, name: &'static str, arrays: usize) -> ElementIndex {
        let version = builtin.version;
        let object = self.add_builtin(id.clone(), K::Object, version, None);
        let string = self.primitive(K::String, version);
        let type_id = id.child("fields", Some("type")).child("schema", None);
        let kind = self.add_builtin(type_id.clone(), K::Enum, version, None);
        self.add_reference(kind, "valueSchema", Some(string));
        let value = self.add_builtin(
            type_id.child("enumValues", Some(name)),
            K::EnumValue,
            version,
            Some(kind),
        );
        self.set(value, "name", Literal::String(name.into()));
        self.set(value, "enumValue", Literal::String(name.into()));
        self.add_reference(kind, "enumValues", Some(value));
        self.field(object, id, "type", kind, version);
        let mut inner = self.primitive(K::Double, version);
        for level in (0..arrays).rev() {
            let mut array_id = id.child("fields", Some("coordinates")).child("schema", None);
            for _ in 0..level {
                array_id = array_id.child("elementSchema", None);
            }
            let array = self.add_builtin(array_id, K::Array, version, None);
            self.add_reference(array, "elementSchema", Some(inner));
            inner = array;
        }
        self.field(object, id, "coordinates", inner, version);
        object
    }

    fn unit_enum(
        &mut self,
        id: &Dtmi,
        builtin: &Builtin,
        units: &[&'static str],
        unit_id: &str,
    ) -> ElementIndex {
        let version = builtin.version;
        let kind = self.add_builtin(id.clone(), K::Enum, version, None);
        let string = self.primitive(K::String, version);
        self.add_reference(kind, "valueSchema", Some(string));
        for unit in units {
            let value = self.add_builtin(
                Dtmi::unchecked(&format!("{unit_id}{unit}")),
                K::EnumValue,
                version,
                Some(kind),
            );
            self.set(value, "name", Literal::String((*unit).into()));
            self.set(value, "enumValue", Literal::String((*unit).into()));
            self.add_reference(kind, "enumValues", Some(value));
        }
        kind
    }
}
