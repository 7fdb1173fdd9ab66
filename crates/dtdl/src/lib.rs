//! Parser and validator for the Digital Twins Definition Language, versions 2, 3 and 4.
