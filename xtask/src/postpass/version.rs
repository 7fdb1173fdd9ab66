//! Adds the API version to the generated client, so that callers can choose it.

use syn::visit_mut::{VisitMut, visit_item_impl_mut};
use syn::{Expr, ExprStruct, Fields, File, ImplItem, Item, ItemImpl, ItemStruct, parse_quote};

use super::counter::Counter;
use crate::error::Located;

/// Adds the field to the struct, its default to the constructor, and the method that replaces it.
pub(super) fn store(code: &mut File, count: &Counter) -> Result<(), Located> {
    let mut client = Client::default();
    for item in &mut code.items {
        match item {
            Item::Struct(item) => client.visit_item_struct_mut(item),
            Item::Impl(item) if item.trait_.is_none() => client.visit_item_impl_mut(item),
            _ => {}
        }
    }
    let Client {
        fields,
        defaults,
        methods,
    } = client;
    count.check("API version", 3, fields + defaults + methods)
}

/// Counts what was added.
#[derive(Default)]
struct Client {
    fields: usize,
    defaults: usize,
    methods: usize,
}

impl VisitMut for Client {
    fn visit_item_struct_mut(&mut self, item: &mut ItemStruct) {
        if let (true, Fields::Named(fields)) = (item.ident == "Client", &mut item.fields) {
            fields
                .named
                .push(parse_quote!(pub(crate) api_version: std::borrow::Cow<'static, str>));
            self.fields += 1;
        }
    }

    fn visit_item_impl_mut(&mut self, item: &mut ItemImpl) {
        let constructs =
            |item: &ImplItem| matches!(item, ImplItem::Fn(f) if f.sig.ident == "new_with_client");
        if !item.items.iter().any(constructs) {
            return;
        }
        visit_item_impl_mut(self, item);
        item.items.push(parse_quote! {
            /// Returns a client that sends this API version, which may be one that was published later, in place of
            /// [`API_VERSION`](super::API_VERSION).
            #[must_use]
            pub fn with_api_version(mut self, api_version: impl Into<std::borrow::Cow<'static, str>>) -> Self {
                self.api_version = api_version.into();
                self
            }
        });
        self.methods += 1;
    }

    fn visit_expr_struct_mut(&mut self, value: &mut ExprStruct) {
        if value.path.is_ident("Self") {
            let default: Expr = parse_quote!(std::borrow::Cow::Borrowed(operations::API_VERSION));
            value.fields.push(parse_quote!(api_version: #default));
            self.defaults += 1;
        }
    }
}
