//! The listing of facts that stands next to each description, one fact per line.

use std::fmt;

use crate::facts::{Facts, Member, Operation, SchemaFacts};

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version {}", self.version)?;
        for (name, operation) in &self.operations {
            writeln!(f, "\noperation {name}: {}", operation.id)?;
            write_operation(f, operation)?;
        }
        for (name, schema) in &self.types {
            write!(f, "\ntype {name}")?;
            write_schema(f, schema, 1)?;
        }
        Ok(())
    }
}

fn write_operation(f: &mut fmt::Formatter<'_>, operation: &Operation) -> fmt::Result {
    for (name, member) in &operation.parameters {
        write!(f, "  {name}")?;
        write_member(f, member, 2)?;
    }
    if let Some((content, required)) = &operation.body {
        for (media, schema) in content {
            let required = if *required { ", required" } else { "" };
            write!(f, "  body {media}{required}")?;
            write_schema(f, schema, 2)?;
        }
    }
    for (status, response) in &operation.responses {
        writeln!(f, "  response {status}")?;
        for (media, schema) in &response.content {
            write!(f, "    {media}")?;
            write_schema(f, schema, 3)?;
        }
        for (name, schema) in &response.headers {
            write!(f, "    header {name}")?;
            write_schema(f, schema, 3)?;
        }
    }
    for (key, value) in &operation.extensions {
        writeln!(f, "  {key} {value}")?;
    }
    Ok(())
}

fn write_member(f: &mut fmt::Formatter<'_>, member: &Member, depth: usize) -> fmt::Result {
    if member.required {
        f.write_str(", required")?;
    }
    write_schema(f, &member.schema, depth)
}

/// Completes the line with the type and its constraints, and writes properties and parts on lines of their own.
fn write_schema(f: &mut fmt::Formatter<'_>, schema: &SchemaFacts, depth: usize) -> fmt::Result {
    write!(f, ": {}", schema.type_name)?;
    for (key, value) in &schema.constraints {
        write!(f, ", {key} {value}")?;
    }
    if !schema.enum_values.is_empty() {
        let values: Vec<_> = schema.enum_values.iter().map(String::as_str).collect();
        write!(f, ", one of {}", values.join(" | "))?;
    }
    writeln!(f)?;
    let indent = "  ".repeat(depth);
    for (name, member) in &schema.properties {
        write!(f, "{indent}{name}")?;
        write_member(f, member, depth + 1)?;
    }
    for (name, part) in &schema.parts {
        write!(f, "{indent}({name})")?;
        write_schema(f, part, depth + 1)?;
    }
    Ok(())
}
