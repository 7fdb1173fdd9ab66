//! Enums that accept values added by later service versions.

/// Declares an enum of strings with the additional variant `UnknownValue` for unknown strings.
///
/// Serde, `From<&str>`, `as_str` and `Display` use the strings. Deserialization ignores ASCII case, because the
/// services vary it; serialization uses the declared string. Unknown strings are kept as they are.
///
/// # Example
///
/// ```
/// azure_service_core::open_enum! {
///     /// The state of a door.
///     pub enum DoorState {
///         /// The door is closed.
///         Closed = "closed",
///         /// The door is open.
///         Open = "open",
///     }
/// }
///
/// let read: Vec<DoorState> = serde_json::from_str(r#"["open", "Closed", "Ajar"]"#)?;
/// assert_eq!(read, [DoorState::Open, DoorState::Closed, DoorState::UnknownValue("Ajar".to_owned())]);
/// assert_eq!(serde_json::to_string(&read)?, r#"["open","closed","Ajar"]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $visibility enum $name {
            $( $(#[$variant_meta])* $variant, )+
            /// A value that this version does not define, unchanged.
            UnknownValue(::std::string::String),
        }

        impl $name {
            /// Returns the string on the wire.
            #[must_use]
            $visibility fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::UnknownValue(text) => text,
                }
            }
        }

        impl ::std::convert::From<&str> for $name {
            /// Converts a string, ignoring ASCII case.
            fn from(text: &str) -> Self {
                $( if text.eq_ignore_ascii_case($text) {
                    return Self::$variant;
                } )+
                Self::UnknownValue(text.to_owned())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::string::String as $crate::__serde::Deserialize>::deserialize(deserializer)?;
                ::std::result::Result::Ok(Self::from(text.as_str()))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    open_enum! {
        /// Colors.
        enum Color {
            /// Red.
            Red = "red",
            /// Dark green.
            DarkGreen = "darkGreen",
        }
    }

    #[test]
    fn case_is_ignored_and_unknown_values_round_trip() {
        let read: Vec<Color> =
            serde_json::from_str(r#"["red","infra\u0072ed","DARKgreen","InfraRed",""]"#).unwrap();
        let unknown = |text: &str| Color::UnknownValue(text.to_owned());
        assert_eq!(
            read,
            [
                Color::Red,
                unknown("infrared"),
                Color::DarkGreen,
                unknown("InfraRed"),
                unknown("")
            ]
        );
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"["red","infrared","darkGreen","InfraRed",""]"#
        );
        assert_eq!(Color::DarkGreen.to_string(), "darkGreen");
    }

    #[test]
    fn other_json_types_are_refused() {
        for text in ["1", "null", "[]", "{\"red\": 1}"] {
            assert!(serde_json::from_str::<Color>(text).is_err(), "{text}");
        }
    }
}
