//! Enums that survive values which the service adds later.

/// Declares an enum of texts with one more variant, `UnknownValue`, for texts that are not known.
///
/// It is read and written as a string, as it is by `From<&str>`, `as_str` and `Display`. The services write the same
/// value in different cases in different places, so that reading ignores the case of ASCII letters; what is written is
/// the text of the declaration. A text that is not known stays as it is.
///
/// # Example
///
/// ```
/// azure_service_core::open_enum! {
///     /// Where a door stands.
///     pub enum DoorState {
///         /// Nobody gets through.
///         Closed = "closed",
///         /// Everybody does.
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
            /// A value that this version does not know, as the service wrote it.
            UnknownValue(::std::string::String),
        }

        impl $name {
            /// The value as it stands on the wire.
            #[must_use]
            $visibility fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::UnknownValue(text) => text,
                }
            }
        }

        impl ::std::convert::From<&str> for $name {
            /// Upper and lower case count as the same.
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
        /// Colours.
        enum Colour {
            /// Red.
            Red = "red",
            /// Dark green.
            DarkGreen = "darkGreen",
        }
    }

    #[test]
    fn case_does_not_matter_and_an_unknown_value_survives_the_round_trip() {
        let read: Vec<Colour> =
            serde_json::from_str(r#"["red","infra\u0072ed","DARKgreen","InfraRed",""]"#).unwrap();
        let unknown = |text: &str| Colour::UnknownValue(text.to_owned());
        assert_eq!(
            read,
            [
                Colour::Red,
                unknown("infrared"),
                Colour::DarkGreen,
                unknown("InfraRed"),
                unknown("")
            ]
        );
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"["red","infrared","darkGreen","InfraRed",""]"#
        );
        assert_eq!(Colour::DarkGreen.to_string(), "darkGreen");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for text in ["1", "null", "[]", "{\"red\": 1}"] {
            assert!(serde_json::from_str::<Colour>(text).is_err(), "{text}");
        }
    }
}
