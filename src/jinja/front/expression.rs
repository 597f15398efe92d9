//! Lowers expressions.

use std::sync::Arc;

use minijinja::machinery::{Span as AstSpan, ast};

use super::analyze::plain;
use super::lower::Lowerer;
use super::prepare::INTEGER;
use crate::jinja::error::Error;
use crate::jinja::filters::integer_literal;
use crate::jinja::ir::{Arg, CallExpr, CompareOp, Expr, ExprKind, FilterExpr, Place};
use crate::jinja::value::{BinaryOp, UnaryOp, Value, as_int, int};
use crate::jinja::{filters, tests};

/// Lowers an expression of a scope.
pub(super) fn lower_expr(low: &mut Lowerer<'_>, expr: &ast::Expr<'_>, scope: usize) -> Result<Expr, Error> {
    let place = low.place(expr.span());
    let mut go = |e: &ast::Expr<'_>| lower_expr(low, e, scope);
    let kind = match expr {
        ast::Expr::Var(var) => {
            let name = plain(var.id);
            match low.symbols.resolve(scope, &name) {
                Some(local) => ExprKind::Local(local),
                None => ExprKind::Global(name),
            }
        }
        ast::Expr::Const(node) if node.value.is_integer() => {
            ExprKind::Const(as_int(&node.value).map_or_else(|| node.value.clone(), int))
        }
        ast::Expr::Const(node) => ExprKind::Const(node.value.clone()),
        ast::Expr::Slice(node) => {
            let mut part = |e: &Option<ast::Expr<'_>>| e.as_ref().map(&mut go).transpose();
            let parts = [part(&node.start)?, part(&node.stop)?, part(&node.step)?];
            ExprKind::Slice(Box::new((go(&node.expr)?, parts)))
        }
        ast::Expr::UnaryOp(node) => lower_unary(node, &mut go)?,
        ast::Expr::BinOp(_) => return lower_binary(low, expr, scope),
        ast::Expr::Compare(node) => {
            let first = go(&node.expr)?;
            let rest = node.ops.iter().map(|op| Ok((compare_op(op.op), go(&op.expr)?)));
            ExprKind::Compare(Box::new((first, rest.collect::<Result<_, Error>>()?)))
        }
        ast::Expr::IfExpr(node) => lower_if(low, node, scope)?,
        ast::Expr::Filter(node) => return lower_filter(low, node, expr.span(), scope),
        ast::Expr::Test(node) => return lower_test(low, node, expr.span(), scope),
        ast::Expr::GetAttr(node) => ExprKind::Attr(Box::new(go(&node.expr)?), plain(node.name)),
        ast::Expr::GetItem(node) => ExprKind::Item(Box::new((go(&node.expr)?, go(&node.subscript_expr)?))),
        ast::Expr::Call(node) => return lower_call(low, node, expr.span(), scope),
        ast::Expr::List(node) => ExprKind::List(node.items.iter().map(go).collect::<Result<_, _>>()?),
        ast::Expr::Tuple(node) => ExprKind::Tuple(node.items.iter().map(go).collect::<Result<_, _>>()?),
        ast::Expr::Map(node) => {
            let pairs = node.keys.iter().zip(&node.values).map(|(k, v)| Ok((go(k)?, go(v)?)));
            ExprKind::Dict(pairs.collect::<Result<_, Error>>()?)
        }
    };
    Ok(Expr { place: starting_at_operand(place, &kind), kind })
}

/// The parser's places of postfixes begin at the postfix: extend them to what it applies to.
fn starting_at_operand(place: Place, kind: &ExprKind) -> Place {
    let operand = match kind {
        ExprKind::Attr(operand, _) => operand,
        ExprKind::Item(parts) => &parts.0,
        ExprKind::Slice(parts) => &parts.0,
        ExprKind::Call(call) => &call.callee,
        _ => return place,
    };
    Place { start: operand.place.start.min(place.start), end: place.end }
}

fn lower_if(low: &mut Lowerer<'_>, node: &ast::IfExpr<'_>, scope: usize) -> Result<ExprKind, Error> {
    let soft = std::mem::replace(&mut low.soft, true);
    let condition = lower_expr(low, &node.test_expr, scope)?;
    let then = lower_expr(low, &node.true_expr, scope)?;
    let otherwise = node.false_expr.as_ref().map(|e| lower_expr(low, e, scope)).transpose()?;
    low.soft = soft;
    Ok(ExprKind::If(Box::new((condition, then, otherwise))))
}

type Go<'g> = &'g mut dyn FnMut(&ast::Expr<'_>) -> Result<Expr, Error>;

fn lower_unary(node: &ast::UnaryOp<'_>, go: Go<'_>) -> Result<ExprKind, Error> {
    let operand = go(&node.expr)?;
    Ok(match node.op {
        ast::UnaryOpKind::Not => ExprKind::Unary(UnaryOp::Not, Box::new(operand)),
        ast::UnaryOpKind::Neg => ExprKind::Unary(UnaryOp::Neg, Box::new(operand)),
    })
}

/// Lowers a chain of operators from its innermost left side on, so that long chains need no recursion.
fn lower_binary(low: &mut Lowerer<'_>, expr: &ast::Expr<'_>, scope: usize) -> Result<Expr, Error> {
    let mut spine = Vec::new();
    let mut left = expr;
    while let ast::Expr::BinOp(node) = left {
        spine.push((node, low.place(left.span())));
        left = &node.left;
    }
    let mut made = lower_expr(low, left, scope)?;
    for (node, place) in spine.into_iter().rev() {
        let right = lower_expr(low, &node.right, scope)?;
        made = Expr { place, kind: apply(node.op, made, right, place) };
    }
    Ok(made)
}

fn apply(op: ast::BinOpKind, left: Expr, right: Expr, place: Place) -> ExprKind {
    use ast::BinOpKind as Op;
    let compare = |op, left, right| ExprKind::Compare(Box::new((left, vec![(op, right)])));
    match op {
        Op::Add => chain(BinaryOp::Add, left, right, place),
        Op::Sub => chain(BinaryOp::Sub, left, right, place),
        Op::Mul => chain(BinaryOp::Mul, left, right, place),
        Op::Div => chain(BinaryOp::Div, left, right, place),
        Op::FloorDiv => chain(BinaryOp::FloorDiv, left, right, place),
        Op::Rem => chain(BinaryOp::Mod, left, right, place),
        Op::Pow => chain(BinaryOp::Pow, left, right, place),
        Op::ScAnd => ExprKind::And(match left.kind {
            ExprKind::And(parts) => joined(parts, right),
            kind => vec![Expr { kind, ..left }, right],
        }),
        Op::ScOr => ExprKind::Or(match left.kind {
            ExprKind::Or(parts) => joined(parts, right),
            kind => vec![Expr { kind, ..left }, right],
        }),
        Op::Concat => ExprKind::Concat(match left.kind {
            ExprKind::Concat(parts) => joined(parts, right),
            kind => vec![Expr { kind, ..left }, right],
        }),
        Op::Eq => compare(CompareOp::Eq, left, right),
        Op::Ne => compare(CompareOp::Ne, left, right),
        Op::Lt => compare(CompareOp::Lt, left, right),
        Op::Lte => compare(CompareOp::Le, left, right),
        Op::Gt => compare(CompareOp::Gt, left, right),
        Op::Gte => compare(CompareOp::Ge, left, right),
        Op::In => compare(CompareOp::In, left, right),
    }
}

fn chain(op: BinaryOp, left: Expr, right: Expr, place: Place) -> ExprKind {
    match left.kind {
        ExprKind::Chain(first, mut rest) => {
            rest.push((op, right, place));
            ExprKind::Chain(first, rest)
        }
        kind => ExprKind::Chain(Box::new(Expr { kind, ..left }), vec![(op, right, place)]),
    }
}

fn joined(mut parts: Vec<Expr>, last: Expr) -> Vec<Expr> {
    parts.push(last);
    parts
}

fn compare_op(op: ast::CompareOpKind) -> CompareOp {
    match op {
        ast::CompareOpKind::Eq => CompareOp::Eq,
        ast::CompareOpKind::Ne => CompareOp::Ne,
        ast::CompareOpKind::Lt => CompareOp::Lt,
        ast::CompareOpKind::Lte => CompareOp::Le,
        ast::CompareOpKind::Gt => CompareOp::Gt,
        ast::CompareOpKind::Gte => CompareOp::Ge,
        ast::CompareOpKind::In => CompareOp::In,
        ast::CompareOpKind::NotIn => CompareOp::NotIn,
    }
}

fn lower_args(low: &mut Lowerer<'_>, args: &[ast::CallArg<'_>], scope: usize) -> Result<Vec<Arg>, Error> {
    args.iter()
        .map(|arg| {
            Ok(match arg {
                ast::CallArg::Pos(e) => Arg::Positional(lower_expr(low, e, scope)?),
                ast::CallArg::Kwarg(name, e) => Arg::Named(plain(name), lower_expr(low, e, scope)?),
                ast::CallArg::PosSplat(e) => Arg::Spread(lower_expr(low, e, scope)?),
                ast::CallArg::KwargSplat(e) => Arg::SpreadNamed(lower_expr(low, e, scope)?),
            })
        })
        .collect()
}

/// The integer that a call stands for which `prepare` made.
fn large_integer(node: &ast::Call<'_>) -> Option<Value> {
    let (ast::Expr::Var(callee), [ast::CallArg::Pos(ast::Expr::Const(digits))]) = (&node.expr, &*node.args)
    else {
        return None;
    };
    integer_literal(digits.value.as_str().filter(|_| callee.id == INTEGER)?)
}

/// Lowers a call.
pub(super) fn lower_call(
    low: &mut Lowerer<'_>,
    node: &ast::Call<'_>,
    span: AstSpan,
    scope: usize,
) -> Result<Expr, Error> {
    if let Some(value) = large_integer(node) {
        return Ok(Expr { place: low.place(span), kind: ExprKind::Const(value) });
    }
    let callee = lower_expr(low, &node.expr, scope)?;
    let args = lower_args(low, &node.args, scope)?;
    let kind = ExprKind::Call(Box::new(CallExpr { callee, args }));
    Ok(Expr { place: starting_at_operand(low.place(span), &kind), kind })
}

/// Lowers the expression of a `do` tag, which comes as the arguments of a call.
pub(super) fn lower_do(
    low: &mut Lowerer<'_>,
    call: &ast::Spanned<ast::Call<'_>>,
    scope: usize,
) -> Result<Expr, Error> {
    let place = low.place(call.span());
    let mut items = Vec::new();
    for arg in lower_args(low, &call.args, scope)? {
        let Arg::Positional(expr) = arg else {
            let span = place.in_file(low.prepared.file);
            return Err(Error::syntax(span, "`do` takes an expression, not an assignment"));
        };
        items.push(expr);
    }
    match items.len() {
        1 => Ok(items.remove(0)),
        _ => Ok(Expr { place, kind: ExprKind::Tuple(items) }),
    }
}

fn lower_filter(
    low: &mut Lowerer<'_>,
    node: &ast::Filter<'_>,
    span: AstSpan,
    scope: usize,
) -> Result<Expr, Error> {
    let place = low.place(span);
    let input = match &node.expr {
        Some(input) => lower_expr(low, input, scope)?,
        None => Expr { place, kind: ExprKind::Captured },
    };
    let function = filters::lookup(node.name);
    if function.is_none() && !low.soft {
        let error = Error::syntax(place.in_file(low.prepared.file), no_filter(node.name));
        return Err(error.help::<String>(crate::diag::suggest(node.name, filters::names())));
    }
    let args = lower_args(low, &node.args, scope)?;
    let filter = FilterExpr { name: node.name.into(), function, input, args, is_test: false };
    Ok(Expr { place, kind: ExprKind::Filter(Box::new(filter)) })
}

fn lower_test(
    low: &mut Lowerer<'_>,
    node: &ast::Test<'_>,
    span: AstSpan,
    scope: usize,
) -> Result<Expr, Error> {
    let place = low.place(span);
    let input = lower_expr(low, &node.expr, scope)?;
    let function = tests::lookup(node.name);
    if function.is_none() && !low.soft {
        let error = Error::syntax(place.in_file(low.prepared.file), no_test(node.name));
        return Err(error.help::<String>(crate::diag::suggest(node.name, tests::names())));
    }
    let args = lower_args(low, &node.args, scope)?;
    let name: Arc<str> = node.name.into();
    let test = FilterExpr { name, function, input, args, is_test: true };
    Ok(Expr { place, kind: ExprKind::Filter(Box::new(test)) })
}

/// The message for an unknown filter.
pub(crate) fn no_filter(name: &str) -> String {
    format!("there is no filter `{name}`")
}

/// The message for an unknown test.
pub(crate) fn no_test(name: &str) -> String {
    format!("there is no test `{name}`")
}

/// Tells whether an expression reads no name and calls nothing: native rendering prints its value.
pub(super) fn is_constant(expr: &ast::Expr<'_>) -> bool {
    let all = |items: &[ast::Expr<'_>]| items.iter().all(is_constant);
    let args = |args: &[ast::CallArg<'_>]| {
        args.iter().all(|arg| match arg {
            ast::CallArg::Pos(e) | ast::CallArg::Kwarg(_, e) => is_constant(e),
            ast::CallArg::PosSplat(_) | ast::CallArg::KwargSplat(_) => false,
        })
    };
    match expr {
        ast::Expr::Var(_) | ast::Expr::Call(_) => false,
        ast::Expr::Const(_) => true,
        ast::Expr::Slice(node) => {
            is_constant(&node.expr)
                && [&node.start, &node.stop, &node.step].into_iter().flatten().all(is_constant)
        }
        ast::Expr::UnaryOp(node) => is_constant(&node.expr),
        ast::Expr::BinOp(_) => {
            let mut left = expr;
            while let ast::Expr::BinOp(node) = left {
                if !is_constant(&node.right) {
                    return false;
                }
                left = &node.left;
            }
            is_constant(left)
        }
        ast::Expr::Compare(node) => {
            is_constant(&node.expr) && node.ops.iter().all(|op| is_constant(&op.expr))
        }
        ast::Expr::IfExpr(node) => {
            is_constant(&node.test_expr)
                && is_constant(&node.true_expr)
                && node.false_expr.as_ref().is_some_and(is_constant)
        }
        ast::Expr::Filter(node) => {
            !node.name.starts_with("as_") && node.expr.as_ref().is_some_and(is_constant) && args(&node.args)
        }
        ast::Expr::Test(node) => is_constant(&node.expr) && args(&node.args),
        ast::Expr::GetAttr(node) => is_constant(&node.expr),
        ast::Expr::GetItem(node) => is_constant(&node.expr) && is_constant(&node.subscript_expr),
        ast::Expr::List(node) => all(&node.items),
        ast::Expr::Tuple(node) => all(&node.items),
        ast::Expr::Map(node) => all(&node.keys) && all(&node.values),
    }
}
