//! Corrects the methods that send requests.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::visit_mut::{VisitMut, visit_block_mut, visit_expr_method_call_mut, visit_expr_mut};
use syn::{
    Block, Expr, ExprMethodCall, ExprStruct, FnArg, ImplItem, ImplItemFn, ItemImpl, Lit, LitStr, Macro,
    Member, Pat, Stmt, Token, Type, parse_quote,
};

use super::bodies;
use super::counter::Counter;
use crate::check::placeholders;
use crate::error::Located;
use crate::lower::Operation;

/// Corrects the methods and returns their names. Methods are in the order of the operations; each is compared with its
/// operation, so that every row of the operations table describes the right method.
pub(super) fn correct(
    client: &mut ItemImpl,
    operations: &[Operation],
    count: &Counter,
) -> Result<Vec<String>, Located> {
    let methods: Vec<&mut ImplItemFn> = client
        .items
        .iter_mut()
        .filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method),
            _ => None,
        })
        .collect();
    count.check("methods", operations.len(), methods.len())?;

    let mut names = Vec::new();
    for (method, operation) in methods.into_iter().zip(operations) {
        let count = Counter::operation(operation);
        bodies::optional(method, operation, &count)?;
        let mut pass = Method::new(operation, &method.sig);
        pass.visit_block_mut(&mut method.block);
        let guards = std::mem::take(&mut pass.guards);
        method.block.stmts.splice(0..0, guards);
        let expected = format!("{} {}", operation.method, pass.expected_template);
        let found = format!(
            "{} {}",
            pass.verb.unwrap_or_default().to_uppercase(),
            pass.template.unwrap_or_default()
        );
        if expected != found {
            return Err(count.fail("order of methods", expected, found));
        }
        count.check("api-version header", 1, pass.version_headers)?;
        count.check("path segments", operation.path_parameters().len(), pass.guarded)?;
        let typed = usize::from(other_content_type(operation).is_some());
        count.check("content type", typed, pass.typed)?;
        if pass.other_headers == 0 {
            NoHeaders.visit_block_mut(&mut method.block);
        }
        let name = method.sig.ident.to_string();
        if pass.id.as_deref() != Some(name.as_str()) {
            return Err(count.fail("operation id", name, format!("{:?}", pass.id)));
        }
        names.push(name);
    }
    Ok(names)
}

/// Returns the content type of the body, unless it is one that the generator sets correctly.
fn other_content_type(operation: &Operation) -> Option<&str> {
    let known = [
        "application/json",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "text/plain",
    ];
    operation.content_type.as_deref().filter(|t| !known.contains(t))
}

struct Method<'a> {
    operation: &'a Operation,
    /// The parameters that are `&str`.
    strings: Vec<String>,
    expected_template: String,
    template: Option<String>,
    verb: Option<String>,
    id: Option<String>,
    version_headers: usize,
    other_headers: usize,
    /// Statements to insert at the start of the method.
    guards: Vec<Stmt>,
    guarded: usize,
    typed: usize,
}

impl<'a> Method<'a> {
    fn new(operation: &'a Operation, signature: &syn::Signature) -> Self {
        let strings = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => match (&*input.pat, &*input.ty) {
                (Pat::Ident(name), Type::Reference(ty)) if matches!(&*ty.elem, Type::Path(p) if p.path.is_ident("str")) => {
                    Some(name.ident.to_string())
                }
                _ => None,
            },
            _ => None,
        });
        let names = placeholders(&operation.template).unwrap_or_default();
        let mut expected_template = format!("{{}}{}", operation.template);
        for name in names {
            expected_template = expected_template.replace(&format!("{{{name}}}"), "{}");
        }
        Self {
            operation,
            strings: strings.collect(),
            expected_template,
            template: None,
            verb: None,
            id: None,
            version_headers: 0,
            other_headers: 0,
            guards: Vec::new(),
            guarded: 0,
            typed: 0,
        }
    }

    /// Replaces `encode_path(&id.to_string())` with a variable, set by a guard to `path_segment("id", id)?`.
    fn guard(&mut self, argument: &mut Expr, name: &str) {
        let Expr::Call(call) = argument else { return };
        if !matches!(&*call.func, Expr::Path(p) if p.path.is_ident("encode_path")) {
            return;
        }
        let Some(Expr::Reference(converted)) = call.args.first() else {
            return;
        };
        let Expr::MethodCall(to_string) = &*converted.expr else {
            return;
        };
        let receiver = &to_string.receiver;
        let is_string = matches!(&**receiver, Expr::Path(p) if p.path.get_ident().is_some_and(|i| self.strings.contains(&i.to_string())));
        let value: Expr = if is_string {
            parse_quote!(#receiver)
        } else {
            parse_quote!(&#receiver.to_string())
        };
        let name = LitStr::new(name, Span::call_site());
        self.guarded += 1;
        let variable = quote::format_ident!("segment_{}", self.guarded);
        let function = match self.operation.unencoded.contains(&name.value()) {
            true => quote::format_ident!("path_segments"),
            false => quote::format_ident!("path_segment"),
        };
        self.guards.push(parse_quote! {
            let #variable = ::azure_protocol_runtime::#function::<()>(#name, #value)?;
        });
        *argument = parse_quote!(#variable);
    }
}

impl VisitMut for Method<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain(|statement| {
            let is_version = is_header_append(statement) == Some(true);
            self.version_headers += usize::from(is_version);
            !is_version
        });
        self.other_headers += block
            .stmts
            .iter()
            .filter(|s| is_header_append(s) == Some(false))
            .count();
        visit_block_mut(self, block);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if !call.path.is_ident("format") {
            return;
        }
        let Ok(mut arguments) = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) else {
            return;
        };
        if let Some(Expr::Lit(first)) = arguments.first()
            && let Lit::Str(template) = &first.lit
        {
            self.template = Some(template.value());
        }
        let names = self.operation.path_parameters();
        // The first two arguments are the template and the base URL.
        for (argument, name) in arguments.iter_mut().skip(2).zip(names) {
            self.guard(argument, name);
        }
        arguments.pop_punct();
        call.tokens = quote::quote!(#arguments);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_expr_method_call_mut(self, call);
        if matches!(&*call.receiver, Expr::Field(f) if matches!(&f.member, Member::Named(n) if n == "client"))
        {
            self.verb = Some(call.method.to_string());
        }
        if call.method == "json"
            && let Some(content_type) = other_content_type(self.operation)
        {
            let receiver = &call.receiver;
            // `.json(…)` keeps a content type that is already set.
            call.receiver = parse_quote! {
                #receiver.header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static(#content_type),
                )
            };
            self.typed += 1;
        }
    }

    /// Sets the content type of a body that is not JSON.
    fn visit_lit_str_mut(&mut self, literal: &mut LitStr) {
        let is_generic = ["application/octet-stream", "text/plain"].contains(&literal.value().as_str());
        if let (true, Some(content_type)) = (is_generic, other_content_type(self.operation)) {
            *literal = LitStr::new(content_type, literal.span());
            self.typed += 1;
        }
    }

    fn visit_expr_struct_mut(&mut self, literal: &mut ExprStruct) {
        if literal.path.is_ident("OperationInfo")
            && let Some(field) = literal.fields.first()
            && let Expr::Lit(id) = &field.expr
            && let Lit::Str(id) = &id.lit
        {
            self.id = Some(id.value());
        }
    }
}

/// Returns whether the name in `header_map.append(name, …)` is `api-version`; `None` for other statements.
fn is_header_append(statement: &Stmt) -> Option<bool> {
    let calls = |expression: &Expr| match expression {
        Expr::MethodCall(call) if call.method == "append" => call.args.first().map(|name| match name {
            Expr::Call(name) => matches!(
                name.args.first(),
                Some(Expr::Lit(l)) if matches!(&l.lit, Lit::Str(s) if s.value() == "api-version")
            ),
            _ => false,
        }),
        _ => None,
    };
    match statement {
        Stmt::Expr(Expr::If(optional), _) => match optional.then_branch.stmts.as_slice() {
            [Stmt::Expr(inner, _)] => calls(inner),
            _ => None,
        },
        Stmt::Expr(expression, _) => calls(expression),
        _ => None,
    }
}

/// A visitor that removes the header map of a method without headers.
struct NoHeaders;

impl VisitMut for NoHeaders {
    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain(|statement| {
            !matches!(statement, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(p) if p.ident == "header_map"))
        });
        visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_expr_mut(self, expression);
        if let Expr::MethodCall(call) = expression
            && call.method == "headers"
        {
            *expression = (*call.receiver).clone();
        }
    }
}
