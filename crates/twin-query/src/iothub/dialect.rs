//! The lexical rules of the Azure IoT Hub query language.

use crate::syntax::dialect::Dialect;

pub(super) static DIALECT: Dialect = Dialect {
    reserved_words: &[
        "AND",
        "AS",
        "FALSE",
        "FROM",
        "GROUP",
        "IN",
        "NIN",
        "NOT",
        "NULL",
        "OR",
        "SELECT",
        "TRUE",
        "UNDEFINED",
        "WHERE",
    ],
    clause_keywords: &[],
    json_strings: true,
    hexadecimal: true,
};
