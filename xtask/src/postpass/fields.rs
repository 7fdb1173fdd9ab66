//! Optional fields that hold any JSON.

use syn::{Field, Fields, Item, parse_quote};

/// Lets `null` in such a field be something else than its absence: serde alone reads both as `None`, although the
/// answer of a device may well be `null`.
pub(super) fn explicit_nulls(types: &mut [Item]) {
    for item in types {
        if let Item::Struct(item) = item
            && let Fields::Named(fields) = &mut item.fields
        {
            fields
                .named
                .iter_mut()
                .filter(|f| is_optional_json(f))
                .for_each(keep_null);
        }
    }
}

fn is_optional_json(field: &Field) -> bool {
    let ty = &field.ty;
    quote::quote!(#ty).to_string().replace(' ', "") == "::std::option::Option<::serde_json::Value>"
}

fn keep_null(field: &mut Field) {
    field.attrs.push(parse_quote! {
        #[serde(default, deserialize_with = "::protocol_runtime::explicit_null::deserialize")]
    });
}
