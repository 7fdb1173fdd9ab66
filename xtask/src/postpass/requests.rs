//! Splits each operation into a function that builds its request and the method that sends it.

use quote::format_ident;
use syn::visit_mut::{VisitMut, visit_type_reference_mut};
use syn::{
    Block, FnArg, GenericArgument, GenericParam, Ident, ImplItem, ImplItemFn, ItemImpl, Pat, PathArguments,
    ReturnType, Signature, Stmt, Type, TypeReference, parse_quote,
};

use super::Counter;
use crate::error::Error;
use crate::split::constant;

/// The statements between `let request = …` and `let response = …`: the operation's id and three hooks.
const HOOKS: usize = 4;

/// Adds `<operation>_request` before each operation, and calls it from there.
pub(super) fn split(client: &mut ItemImpl, operations: usize, count: &Counter<'_>) -> Result<(), Error> {
    let mut requests = 0;
    for item in std::mem::take(&mut client.items) {
        if let ImplItem::Fn(method) = &item
            && let Some((request, operation)) = halves(method)
        {
            client.items.extend([request, operation].map(ImplItem::Fn));
            requests += 1;
        } else {
            client.items.push(item);
        }
    }
    count.check("requests", operations, requests)
}

/// Returns `None` if the method does not have the expected form.
fn halves(method: &ImplItemFn) -> Option<(ImplItemFn, ImplItemFn)> {
    let statements = &method.block.stmts;
    let built = statements.iter().position(|s| is_local(s, "request"))?;
    let sent = built + 1 + HOOKS;
    if !is_local(statements.get(sent)?, "response") {
        return None;
    }
    let (before, after) = (&statements[..built], &statements[sent + 1..]);
    let Stmt::Local(request) = &statements[built] else {
        return None;
    };
    let request = &request.init.as_ref()?.expr;
    let operation = constant(&method.sig.ident.to_string());
    let signature = request_signature(&method.sig)?;
    let doc = format!(
        " Builds the request of [`{0}`](Self::{0}) without sending it.",
        method.sig.ident
    );
    let block: Block = parse_quote!({
        #(#before)*
        let request = #request;
        TypedRequest::new(&operations::#operation, request, operations::API_VERSION)
    });
    let build: ImplItemFn = parse_quote! {
        #[doc = #doc]
        pub #signature #block
    };

    let (name, arguments) = (&signature.ident, arguments(&method.sig));
    let mut send = method.clone();
    send.block = parse_quote!({
        let request = self.#name(#(#arguments),*)?;
        let response = azure_protocol_runtime::send(&self.inner, &self.client, request).await?;
        #(#after)*
    });
    Some((build, send))
}

fn is_local(statement: &Stmt, name: &str) -> bool {
    matches!(statement, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(p) if p.ident == name))
}

/// `fn get_request(&self, …) -> Result<TypedRequest<T>, E>` for `async fn get<'a>(&'a self, …) ->
/// Result<ResponseValue<T>, E>`.
fn request_signature(operation: &Signature) -> Option<Signature> {
    let (response, error) = match &operation.output {
        ReturnType::Type(_, output) => match generic_arguments(output)?.as_slice() {
            [value, error] => (generic_arguments(value)?.first().copied()?, *error),
            _ => return None,
        },
        ReturnType::Default => return None,
    };
    let mut signature = operation.clone();
    signature.ident = format_ident!("{}_request", operation.ident);
    signature.asyncness = None;
    signature.output = parse_quote!(-> Result<TypedRequest<#response>, #error>);
    let parameters = std::mem::take(&mut signature.generics.params);
    signature.generics.params.extend(
        parameters
            .into_iter()
            .filter(|p| !matches!(p, GenericParam::Lifetime(_))),
    );
    if let Some(receiver) = signature.inputs.first_mut() {
        *receiver = parse_quote!(&self);
    }
    NoLifetimes.visit_signature_mut(&mut signature);
    Some(signature)
}

/// Returns the generic type arguments of a path.
fn generic_arguments(ty: &Type) -> Option<Vec<&Type>> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments
        .args
        .iter()
        .map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

fn arguments(operation: &Signature) -> Vec<&Ident> {
    let inputs = operation.inputs.iter();
    inputs
        .filter_map(|input| match input {
            FnArg::Typed(input) => match &*input.pat {
                Pat::Ident(name) => Some(&name.ident),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        })
        .collect()
}

/// Elides all lifetimes, which only an async function needs.
struct NoLifetimes;

impl VisitMut for NoLifetimes {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime = None;
        visit_type_reference_mut(self, reference);
    }
}
