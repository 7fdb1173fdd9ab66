//! Optional request bodies, and response bodies that some successful responses lack.

use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{
    Arm, Expr, ExprMethodCall, FnArg, GenericArgument, ImplItemFn, Lit, Pat, PathArguments, ReturnType, Type,
    parse_quote,
};

use super::counter::Counter;
use crate::error::Located;
use crate::lower::Operation;

/// Makes the body parameter and the body of the result optional if they are optional in the description.
pub(super) fn optional(
    method: &mut ImplItemFn,
    operation: &Operation,
    count: &Counter,
) -> Result<(), Located> {
    if operation.optional_body {
        let mut body = RequestBody(0);
        for input in &mut method.sig.inputs {
            if let FnArg::Typed(input) = input
                && matches!(&*input.pat, Pat::Ident(name) if name.ident == "body")
            {
                let ty = &input.ty;
                input.ty = parse_quote!(Option<#ty>);
                body.0 += 1;
            }
        }
        body.visit_block_mut(&mut method.block);
        count.check("optional body", 2, body.0)?;
    }
    if !operation.without_body.is_empty() {
        let mut arms = WithoutBody {
            codes: &operation.without_body,
            found: 0,
        };
        arms.visit_block_mut(&mut method.block);
        let value = value_type(&mut method.sig.output)
            .ok_or_else(|| count.fail("responses without body", "a response value", "none"))?;
        *value = parse_quote!(Option<#value>);
        count.check("responses without body", operation.without_body.len(), arms.found)?;
    }
    Ok(())
}

/// A visitor that sets the body and its content type only if there is a body.
struct RequestBody(usize);

impl VisitMut for RequestBody {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_expr_mut(self, expression);
        let Expr::MethodCall(call) = expression else {
            return;
        };
        let method = call.method.to_string();
        if !matches!(method.as_str(), "json" | "form_urlencoded" | "body") {
            return;
        }
        let ExprMethodCall { method, args, .. } = &*call;
        let none: Expr = match method == "form_urlencoded" {
            true => parse_quote!(Ok(builder)),
            false => parse_quote!(builder),
        };
        let (receiver, some): (&Expr, Expr) = match &*call.receiver {
            // The content type of a body that is not JSON.
            Expr::MethodCall(header) if method == "body" && header.method == "header" => {
                let content_type = &header.args;
                (
                    &*header.receiver,
                    parse_quote!(builder.header(#content_type).body(#args)),
                )
            }
            receiver => (receiver, parse_quote!(builder.#method(#args))),
        };
        self.0 += 1;
        *expression = parse_quote! {
            ({
                let builder = #receiver;
                match body {
                    Some(body) => #some,
                    None => #none,
                }
            })
        };
    }
}

/// A visitor that makes the results of responses without a body `None`.
struct WithoutBody<'a> {
    codes: &'a [u16],
    found: usize,
}

impl VisitMut for WithoutBody<'_> {
    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        if let Pat::Lit(code) = &arm.pat
            && let Lit::Int(code) = &code.lit
            && code
                .base10_parse()
                .is_ok_and(|code: u16| self.codes.contains(&code))
        {
            *arm.body = parse_quote!(ResponseValue::empty(response).map(|()| None));
            self.found += 1;
        }
    }
}

/// Returns the `T` of `Result<ResponseValue<T>, E>`.
fn value_type(output: &mut ReturnType) -> Option<&mut Type> {
    let ReturnType::Type(_, output) = output else {
        return None;
    };
    first_argument(first_argument(output)?)
}

fn first_argument(ty: &mut Type) -> Option<&mut Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &mut path.path.segments.last_mut()?.arguments else {
        return None;
    };
    match arguments.args.first_mut()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}
