//! Splits each operation into a function that builds its request and the method that sends it.

use quote::format_ident;
use syn::punctuated::Punctuated;
use syn::visit_mut::{VisitMut, visit_type_reference_mut};
use syn::{
    Block, Expr, ExprLit, FnArg, GenericArgument, GenericParam, Ident, ImplItem, ImplItemFn, ItemImpl, Lit,
    Pat, PathArguments, ReturnType, Signature, Stmt, Token, Type, TypeReference, parse_quote,
};

use super::counter::Counter;
use crate::error::Located;
use crate::lower::{ApiVersion, Operation};
use crate::split::constant;

/// The statements between `let request = …` and `let response = …`: the operation's id and three hooks.
const HOOKS: usize = 4;

/// Adds `<operation>_request` before each operation, and calls it from there.
pub(super) fn split(client: &mut ItemImpl, operations: &[Operation]) -> Result<(), Located> {
    let mut next = operations.iter();
    for item in std::mem::take(&mut client.items) {
        if let ImplItem::Fn(method) = &item
            && let Some(described) = next.next()
        {
            let (request, operation) = split_method(method, described)
                .ok_or_else(|| Counter::operation(described).fail("requests", 1, 0))?;
            client.items.extend([request, operation].map(ImplItem::Fn));
        } else {
            client.items.push(item);
        }
    }
    let left = next.count();
    Counter::whole().check("requests", operations.len(), operations.len() - left)
}

/// Returns `None` if the method does not have the expected form.
fn split_method(method: &ImplItemFn, described: &Operation) -> Option<(ImplItemFn, ImplItemFn)> {
    let statements = &method.block.stmts;
    let built = statements.iter().position(|s| is_local(s, "request"))?;
    let sent = built + 1 + HOOKS;
    if !is_local(statements.get(sent)?, "response") {
        return None;
    }
    let (before, after) = (&statements[..built], &statements[sent + 1..]);
    let join = |statement| join_base_url(statement, described.fixed_query.as_deref());
    let before = before.iter().map(join).collect::<Option<Vec<_>>>()?;
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
    let wrapped = wrap(described, &operation);
    let block: Block = parse_quote!({
        #(#before)*
        let request = #request;
        #wrapped
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

/// Sends the API version where the operation declares it.
fn wrap(described: &Operation, operation: &Ident) -> Expr {
    let value = |value: &Option<String>| -> Expr {
        match value {
            Some(value) => parse_quote!(#value),
            None => parse_quote!(&self.api_version),
        }
    };
    match &described.api_version {
        ApiVersion::Query(version) => {
            let version = value(version);
            parse_quote!(TypedRequest::new(&operations::#operation, request, #version))
        }
        ApiVersion::Header(version) => {
            let version = value(version);
            parse_quote!(TypedRequest::with_version_header(&operations::#operation, request, #version))
        }
        ApiVersion::None => parse_quote!(TypedRequest::unversioned(&operations::#operation, request)),
    }
}

/// Joins the path to the `BaseUrl`: turns `format!("{}/kilns/{}", self.baseurl, …)` into
/// `self.baseurl.join(&format!("/kilns/{}", …))?`.
fn join_base_url(statement: &Stmt, query: Option<&str>) -> Option<Stmt> {
    if !is_local(statement, "url") {
        return Some(statement.clone());
    }
    let Stmt::Local(local) = statement else {
        return None;
    };
    let Expr::Macro(format) = &*local.init.as_ref()?.expr else {
        return None;
    };
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    let arguments = format.mac.parse_body_with(parser).ok()?;
    let mut arguments = arguments.iter();
    let Expr::Lit(ExprLit {
        lit: Lit::Str(template),
        ..
    }) = arguments.next()?
    else {
        return None;
    };
    let (template, base) = (template.value(), arguments.next()?);
    // A query in the template only distinguishes it from other templates.
    let path = template.strip_prefix("{}")?.split('?').next()?;
    let path: Expr = if arguments.len() == 0 {
        parse_quote!(#path)
    } else {
        parse_quote!(&format!(#path, #(#arguments),*))
    };
    Some(match query {
        None => parse_quote!(let url = #base.join(#path)?;),
        Some(query) => parse_quote!(let url = #base.join_with_query(#path, #query)?;),
    })
}

fn is_local(statement: &Stmt, name: &str) -> bool {
    matches!(statement, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(p) if p.ident == name))
}

/// Returns the signature `fn get_request(&self, …) -> Result<TypedRequest<T>, E>` for `async fn get<'a>(&'a self, …) ->
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

/// A visitor that elides all lifetimes, which only an async function needs.
struct NoLifetimes;

impl VisitMut for NoLifetimes {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime = None;
        visit_type_reference_mut(self, reference);
    }
}
