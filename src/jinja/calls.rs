//! Which functions a template calls by name, found without running it. dbt records the macros that a macro
//! depends on in this way.

use std::sync::Arc;

use super::engine::Template;
use super::ir::{Arg, CallExpr, Code, Expr, ExprKind, Stmt};
use super::value::{Value, is_int};

/// A call of `name(...)` or `package.name(...)`.
#[derive(Clone, Debug)]
pub struct StaticCall {
    /// What stands before the dot.
    pub package: Option<Arc<str>>,
    /// The function.
    pub name: Arc<str>,
    /// The positional arguments; `None` for one that is no constant.
    pub args: Vec<Option<Value>>,
    /// The named arguments.
    pub named: Vec<(Arc<str>, Option<Value>)>,
}

impl Template {
    /// Returns the calls of the template and of all macros in it, outer calls before those in their
    /// arguments.
    pub fn static_calls(&self) -> Vec<StaticCall> {
        let mut calls = Vec::new();
        code(&self.0.code, &mut calls);
        calls
    }
}

impl Template {
    /// Tells whether the template is text with calls of some functions, all with literal arguments: texts,
    /// `True` and `False`, lists of texts, mappings of those.
    pub fn only_calls(&self, functions: &[&str]) -> bool {
        self.0.code.body.iter().all(|stmt| match stmt {
            Stmt::Text { .. } => true,
            Stmt::Emit { expr, .. } => is_plain_call(expr, functions),
            _ => false,
        })
    }
}

fn is_plain_call(node: &Expr, functions: &[&str]) -> bool {
    let ExprKind::Call(call) = &node.kind else { return false };
    let ExprKind::Global(name) = &call.callee.kind else { return false };
    let plain = |arg: &Arg| match arg {
        Arg::Positional(value) => matches!(&value.kind, ExprKind::Const(value) if value.as_str().is_some()),
        Arg::Named(_, value) => is_plain(value),
        Arg::Spread(_) | Arg::SpreadNamed(_) => false,
    };
    functions.contains(&&**name) && !call.args.is_empty() && call.args.iter().all(plain)
}

fn is_plain(node: &Expr) -> bool {
    match &node.kind {
        ExprKind::Const(value) => !value.is_number() && !is_int(value) && !value.is_none(),
        ExprKind::List(items) => items.iter().all(is_plain),
        ExprKind::Dict(pairs) => pairs.iter().all(|(key, value)| is_plain(key) && is_plain(value)),
        _ => false,
    }
}

fn code(code: &Code, calls: &mut Vec<StaticCall>) {
    code.params.iter().filter_map(|param| param.default.as_ref()).for_each(|default| expr(default, calls));
    body(&code.body, calls);
}

fn body(stmts: &[Stmt], calls: &mut Vec<StaticCall>) {
    for stmt in stmts {
        match stmt {
            Stmt::Text { .. } | Stmt::Break | Stmt::Continue => {}
            Stmt::Emit { expr: value, .. } | Stmt::Do(value) | Stmt::Set { value, .. } => expr(value, calls),
            Stmt::If { arms, otherwise } => {
                for (condition, arm) in arms {
                    expr(condition, calls);
                    body(arm, calls);
                }
                body(otherwise, calls);
            }
            Stmt::For(node) => {
                expr(&node.iter, calls);
                body(&node.body, calls);
                body(&node.else_body, calls);
                if let Some(filter) = &node.filter {
                    expr(&filter.condition, calls);
                }
            }
            Stmt::With { bindings, body: inner, .. } => {
                for (_, value) in bindings {
                    expr(value, calls);
                }
                body(inner, calls);
            }
            Stmt::SetBlock { filter, body: inner, .. } => {
                if let Some(filter) = filter {
                    expr(filter, calls);
                }
                body(inner, calls);
            }
            Stmt::Filter { filter, body: inner, .. } => {
                body(inner, calls);
                expr(filter, calls);
            }
            Stmt::Macro { code: inner, .. } => code(inner, calls),
            Stmt::CallBlock { call, caller } => {
                expr(call, calls);
                code(caller, calls);
            }
            Stmt::Block { body: inner, .. } => body(inner, calls),
        }
    }
}

fn expr(node: &Expr, calls: &mut Vec<StaticCall>) {
    match &node.kind {
        ExprKind::Const(_) | ExprKind::Local(_) | ExprKind::Global(_) | ExprKind::Captured => {}
        ExprKind::Attr(inner, _) | ExprKind::Unary(_, inner) => expr(inner, calls),
        ExprKind::Item(pair) => {
            expr(&pair.0, calls);
            expr(&pair.1, calls);
        }
        ExprKind::Chain(first, rest) => {
            expr(first, calls);
            for (_, operand, _) in rest {
                expr(operand, calls);
            }
        }
        ExprKind::Slice(parts) => {
            expr(&parts.0, calls);
            parts.1.iter().flatten().for_each(|part| expr(part, calls));
        }
        ExprKind::Call(call) => {
            calls.extend(named(call));
            expr(&call.callee, calls);
            args(&call.args, calls);
        }
        ExprKind::Filter(filter) => {
            expr(&filter.input, calls);
            args(&filter.args, calls);
        }
        ExprKind::And(items)
        | ExprKind::Or(items)
        | ExprKind::Concat(items)
        | ExprKind::List(items)
        | ExprKind::Tuple(items) => {
            for item in items {
                expr(item, calls);
            }
        }
        ExprKind::Compare(parts) => {
            expr(&parts.0, calls);
            parts.1.iter().for_each(|(_, operand)| expr(operand, calls));
        }
        ExprKind::If(parts) => {
            expr(&parts.0, calls);
            expr(&parts.1, calls);
            parts.2.iter().for_each(|otherwise| expr(otherwise, calls));
        }
        ExprKind::Dict(pairs) => {
            for (key, value) in pairs {
                expr(key, calls);
                expr(value, calls);
            }
        }
    }
}

fn args(list: &[Arg], calls: &mut Vec<StaticCall>) {
    for arg in list {
        match arg {
            Arg::Positional(value) | Arg::Named(_, value) | Arg::Spread(value) | Arg::SpreadNamed(value) => {
                expr(value, calls);
            }
        }
    }
}

fn named(call: &CallExpr) -> Option<StaticCall> {
    let (package, name) = match &call.callee.kind {
        ExprKind::Attr(object, name) => (Some(name_of(object)?), Arc::clone(name)),
        _ => (None, name_of(&call.callee)?),
    };
    let mut found = StaticCall { package, name, args: Vec::new(), named: Vec::new() };
    for arg in &call.args {
        match arg {
            Arg::Positional(value) => found.args.push(constant(value)),
            Arg::Named(name, value) => found.named.push((Arc::clone(name), constant(value))),
            Arg::Spread(_) | Arg::SpreadNamed(_) => {}
        }
    }
    Some(found)
}

fn name_of(node: &Expr) -> Option<Arc<str>> {
    match &node.kind {
        ExprKind::Global(name) => Some(Arc::clone(name)),
        ExprKind::Local(local) => Some(Arc::clone(&local.name)),
        _ => None,
    }
}

fn constant(node: &Expr) -> Option<Value> {
    match &node.kind {
        ExprKind::Const(value) => Some(value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Sources;
    use crate::jinja::Engine;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let template = Engine::new().compile(Sources::new().add("m.sql", text), text, 0..text.len()).unwrap();
        let calls: Vec<String> = template
            .static_calls()
            .into_iter()
            .map(|call| {
                call.package.map_or(call.name.to_string(), |package| format!("{package}.{}", call.name))
            })
            .collect();
        assert_eq!(calls, want);
    }

    #[test]
    fn outer_calls_come_before_inner_ones() {
        check("{{ a(b(1), x=p.c(2)) }}{% if d() %}{{ e() }}{% endif %}", &["a", "b", "p.c", "d", "e"]);
        check("{% macro m(x=a()) %}{{ x() }}{% endmacro %}", &["a", "x"]);
        check(
            "{% call s('main') %}{{ b() }}{% endcall %}{% do c(d()) %}{% set x = e() | upper %}",
            &["s", "b", "c", "d", "e"],
        );
        check("{{ x.y.z() }}{{ f()() }}", &["f"]);
    }
}
