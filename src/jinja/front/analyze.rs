//! Walks over parsed statements to tell [`Symbols`] which names a scope reads and stores, in order.
//!
//! Does not descend into inner scopes: those are analyzed when they are lowered, after their parent.

use std::sync::Arc;

use minijinja::machinery::ast::{CallArg, Expr, Stmt};

use super::prepare::RESERVED_MARK;
use super::symbols::Symbols;

/// Returns the name as the template has it.
pub(super) fn plain(name: &str) -> Arc<str> {
    name.strip_suffix(RESERVED_MARK).unwrap_or(name).into()
}

/// Notes the names of statements in `scope`.
pub(super) fn statements(symbols: &mut Symbols, scope: usize, body: &[Stmt<'_>], in_branch: bool) {
    for stmt in body {
        statement(symbols, scope, stmt, in_branch);
    }
}

fn statement(symbols: &mut Symbols, scope: usize, stmt: &Stmt<'_>, in_branch: bool) {
    match stmt {
        Stmt::Template(template) => statements(symbols, scope, &template.children, in_branch),
        Stmt::EmitExpr(emit) => expression(symbols, scope, &emit.expr),
        Stmt::ForLoop(node) => expression(symbols, scope, &node.iter),
        Stmt::IfCond(node) => {
            expression(symbols, scope, &node.expr);
            statements(symbols, scope, &node.true_body, true);
            statements(symbols, scope, &node.false_body, true);
        }
        Stmt::WithBlock(node) => {
            for (_, value) in &node.assignments {
                expression(symbols, scope, value);
            }
        }
        Stmt::Set(node) => {
            expression(symbols, scope, &node.expr);
            target(symbols, scope, &node.target, in_branch);
        }
        Stmt::SetBlock(node) => target(symbols, scope, &node.target, in_branch),
        Stmt::AutoEscape(node) => statements(symbols, scope, &node.body, in_branch),
        Stmt::FilterBlock(node) => expression(symbols, scope, &node.filter),
        Stmt::Macro(node) => symbols.store(scope, &plain(node.name), in_branch),
        Stmt::CallBlock(node) => {
            expression(symbols, scope, &node.call.expr);
            arguments(symbols, scope, &node.call.args);
        }
        Stmt::Do(node) => arguments(symbols, scope, &node.call.args),
        Stmt::EmitRaw(_)
        | Stmt::Block(_)
        | Stmt::Import(_)
        | Stmt::FromImport(_)
        | Stmt::Extends(_)
        | Stmt::Include(_)
        | Stmt::Continue(_)
        | Stmt::Break(_) => {}
    }
}

/// Notes the names an assignment stores.
pub(super) fn target(symbols: &mut Symbols, scope: usize, node: &Expr<'_>, in_branch: bool) {
    for_each_target(node, &mut |name, is_attribute| {
        if is_attribute {
            symbols.load(scope, &name);
        } else {
            symbols.store(scope, &name, in_branch);
        }
    });
}

/// Declares the names of an assignment as what the scope is entered with.
pub(super) fn declare_target(symbols: &mut Symbols, scope: usize, node: &Expr<'_>) {
    for_each_target(node, &mut |name, _| {
        symbols.declare(scope, &name);
    });
}

fn for_each_target(node: &Expr<'_>, visit: &mut dyn FnMut(Arc<str>, bool)) {
    match node {
        Expr::Var(var) => visit(plain(var.id), false),
        Expr::GetAttr(attr) => {
            if let Expr::Var(var) = &attr.expr {
                visit(plain(var.id), true);
            }
        }
        Expr::List(list) => list.items.iter().for_each(|item| for_each_target(item, visit)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| for_each_target(item, visit)),
        _ => {}
    }
}

fn arguments(symbols: &mut Symbols, scope: usize, args: &[CallArg<'_>]) {
    for arg in args {
        expression(symbols, scope, argument(arg));
    }
}

fn argument<'e, 'a>(arg: &'e CallArg<'a>) -> &'e Expr<'a> {
    match arg {
        CallArg::Pos(e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) | CallArg::Kwarg(_, e) => e,
    }
}

/// Notes the names an expression reads.
pub(super) fn expression(symbols: &mut Symbols, scope: usize, expr: &Expr<'_>) {
    for_each_name(expr, &mut |name| symbols.load(scope, &plain(name)));
}

fn for_each_name(expr: &Expr<'_>, visit: &mut dyn FnMut(&str)) {
    match expr {
        Expr::Var(var) => visit(var.id),
        Expr::Const(_) => {}
        Expr::Slice(node) => {
            for_each_name(&node.expr, visit);
            for part in [&node.start, &node.stop, &node.step].into_iter().flatten() {
                for_each_name(part, visit);
            }
        }
        Expr::UnaryOp(node) => for_each_name(&node.expr, visit),
        Expr::BinOp(_) => {
            let (mut left, mut right) = (expr, Vec::new());
            while let Expr::BinOp(node) = left {
                right.push(&node.right);
                left = &node.left;
            }
            for_each_name(left, visit);
            right.iter().rev().for_each(|side| for_each_name(side, visit));
        }
        Expr::Compare(node) => {
            for_each_name(&node.expr, visit);
            node.ops.iter().for_each(|op| for_each_name(&op.expr, visit));
        }
        Expr::IfExpr(node) => {
            for_each_name(&node.test_expr, visit);
            for_each_name(&node.true_expr, visit);
            node.false_expr.iter().for_each(|e| for_each_name(e, visit));
        }
        Expr::Filter(node) => {
            node.expr.iter().for_each(|e| for_each_name(e, visit));
            node.args.iter().for_each(|a| for_each_name(argument(a), visit));
        }
        Expr::Test(node) => {
            for_each_name(&node.expr, visit);
            node.args.iter().for_each(|a| for_each_name(argument(a), visit));
        }
        Expr::GetAttr(node) => for_each_name(&node.expr, visit),
        Expr::GetItem(node) => {
            for_each_name(&node.expr, visit);
            for_each_name(&node.subscript_expr, visit);
        }
        Expr::Call(node) => {
            for_each_name(&node.expr, visit);
            node.args.iter().for_each(|a| for_each_name(argument(a), visit));
        }
        Expr::List(node) => node.items.iter().for_each(|e| for_each_name(e, visit)),
        Expr::Tuple(node) => node.items.iter().for_each(|e| for_each_name(e, visit)),
        Expr::Map(node) => {
            for (key, value) in node.keys.iter().zip(&node.values) {
                for_each_name(key, visit);
                for_each_name(value, visit);
            }
        }
    }
}

/// Tells which of some special names a body reads before it stores them, in inner scopes too.
pub(super) struct Mentions<'n> {
    wanted: Vec<&'n str>,
    found: Vec<&'n str>,
}

impl<'n> Mentions<'n> {
    /// Looks through a body.
    pub(super) fn of(body: &[Stmt<'_>], names: &[&'n str]) -> Vec<&'n str> {
        let mut mentions = Mentions { wanted: names.to_vec(), found: Vec::new() };
        mentions.body(body);
        mentions.found
    }

    fn read(&mut self, expr: &Expr<'_>) {
        for_each_name(expr, &mut |name| {
            if let Some(wanted) = self.wanted.iter().find(|w| **w == name)
                && !self.found.contains(wanted)
            {
                self.found.push(wanted);
            }
        });
    }

    fn stored(&mut self, target: &Expr<'_>) {
        for_each_target(target, &mut |name, is_attribute| {
            if !is_attribute {
                self.wanted.retain(|wanted| *wanted != &*name);
            }
        });
    }

    fn signature(&mut self, args: &[Expr<'_>], defaults: &[Expr<'_>], body: &[Stmt<'_>]) {
        for arg in args {
            self.stored(arg);
        }
        for default in defaults {
            self.read(default);
        }
        self.body(body);
    }

    fn body(&mut self, body: &[Stmt<'_>]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::Template(node) => self.body(&node.children),
            Stmt::EmitExpr(node) => self.read(&node.expr),
            Stmt::ForLoop(node) => {
                self.stored(&node.target);
                self.read(&node.iter);
                node.filter_expr.iter().for_each(|e| self.read(e));
                self.body(&node.body);
                self.body(&node.else_body);
            }
            Stmt::IfCond(node) => {
                self.read(&node.expr);
                self.body(&node.true_body);
                self.body(&node.false_body);
            }
            Stmt::WithBlock(node) => {
                for (target, value) in &node.assignments {
                    self.stored(target);
                    self.read(value);
                }
                self.body(&node.body);
            }
            Stmt::Set(node) => {
                self.read(&node.expr);
                self.stored(&node.target);
            }
            Stmt::SetBlock(node) => {
                self.stored(&node.target);
                node.filter.iter().for_each(|e| self.read(e));
                self.body(&node.body);
            }
            Stmt::AutoEscape(node) => self.body(&node.body),
            Stmt::FilterBlock(node) => {
                self.body(&node.body);
                self.read(&node.filter);
            }
            Stmt::Macro(node) => self.signature(&node.args, &node.defaults, &node.body),
            Stmt::CallBlock(node) => {
                self.read(&node.call.expr);
                node.call.args.iter().for_each(|arg| self.read(argument(arg)));
                self.signature(&node.macro_decl.args, &node.macro_decl.defaults, &node.macro_decl.body);
            }
            Stmt::Do(node) => node.call.args.iter().for_each(|arg| self.read(argument(arg))),
            _ => {}
        }
    }
}
