//! Parses with minijinja and lowers its tree to our own: the only file that builds on its unstable parts.
//!
//! Input: text of a file. Output: a [`Code`] whose names are resolved and whose places are file offsets.

use std::sync::Arc;

use minijinja::machinery::{Span as AstSpan, ast, parse};

use super::analyze::{self, Mentions, plain};
use super::expression::lower_expr;
use super::prepare::{Prepared, prepare};
use super::symbols::Symbols;
use crate::diag::{Code as ErrorCode, FileId, Span};
use crate::jinja::error::Error;
use crate::jinja::ir::{Code, Expr, For, LoopFilter, Param, Place, Stmt, Target};

/// A lowered template.
pub(crate) struct Lowered {
    pub(crate) code: Code,
    /// The names it may look up among the globals, sorted.
    pub(crate) globals: Vec<Arc<str>>,
}

/// Lowers a template that lies at `base` of its file.
pub(crate) fn template(text: &str, file: FileId, base: usize) -> Result<Lowered, Error> {
    at(text, file, i64::try_from(base).unwrap_or(0))
}

fn at(text: &str, file: FileId, base: i64) -> Result<Lowered, Error> {
    let prepared = prepare(text, file, base)?;
    let ast = parse(&prepared.text, "", minijinja::syntax::SyntaxConfig::default())
        .map_err(|e| syntax_error(&e, &prepared))?;
    let ast::Stmt::Template(root) = &ast else { return Err(Error::runtime("not a template")) };
    let mut symbols = Symbols::default();
    let scope = symbols.function(None);
    analyze::statements(&mut symbols, scope, &root.children, false);
    let mut lowerer = Lowerer { symbols, prepared: &prepared, root: scope, soft: false };
    let body = lowerer.body(&root.children, scope)?;
    let span = prepared.span(0..prepared.text.len()).into();
    let mut code = lowerer.code("template".into(), span, scope);
    code.body = body;
    Ok(Lowered { code, globals: lowerer.symbols.globals.into_iter().collect() })
}

/// Lowers an expression that lies at `base` of its file; the code's body emits it.
pub(crate) fn expression(text: &str, file: FileId, base: usize) -> Result<Lowered, Error> {
    // The rewriting works on tags, so the expression gets a tag around it.
    let wrapped = format!("{{{{ {text} }}}}");
    let lowered = at(&wrapped, file, i64::try_from(base).unwrap_or(0) - 3)?;
    match lowered.code.body.as_slice() {
        [Stmt::Emit { .. }] => Ok(lowered),
        _ => Err(Error::syntax(Span::new(file, base, base + text.len()), "not a single expression")),
    }
}

fn syntax_error(error: &minijinja::Error, prepared: &Prepared<'_>) -> Error {
    let range = error.range().unwrap_or(0..0);
    let message = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    Error::new(ErrorCode::JINJA_SYNTAX, message).or_at(prepared.span(range))
}

pub(super) struct Lowerer<'p> {
    pub(super) symbols: Symbols,
    pub(super) prepared: &'p Prepared<'p>,
    root: usize,
    /// Inside of a branch an unknown filter is an error only when it runs, as in Jinja2.
    pub(super) soft: bool,
}

impl Lowerer<'_> {
    fn code(&self, name: Arc<str>, span: Place, scope: usize) -> Code {
        Code {
            name,
            file: self.prepared.file,
            span,
            params: Vec::new(),
            slots: self.symbols.slots(scope),
            varargs: None,
            kwargs: None,
            caller: None,
            enter: self.symbols.enter(scope),
            body: Vec::new(),
            is_caller: false,
        }
    }

    pub(super) fn place(&self, span: AstSpan) -> Place {
        self.prepared.span(span.start_offset as usize..span.end_offset as usize).into()
    }

    fn span(&self, span: AstSpan) -> Span {
        self.place(span).in_file(self.prepared.file)
    }

    fn expr(&mut self, expr: &ast::Expr<'_>, scope: usize) -> Result<Expr, Error> {
        lower_expr(self, expr, scope)
    }

    fn body(&mut self, body: &[ast::Stmt<'_>], scope: usize) -> Result<Vec<Stmt>, Error> {
        let mut out = Vec::with_capacity(body.len());
        for stmt in body {
            self.statement(stmt, scope, &mut out)?;
        }
        Ok(out)
    }

    /// Lowers the body of a scope of its own.
    fn scoped(&mut self, body: &[ast::Stmt<'_>], scope: usize) -> Result<Vec<Stmt>, Error> {
        analyze::statements(&mut self.symbols, scope, body, false);
        let soft = std::mem::replace(&mut self.soft, false);
        let lowered = self.body(body, scope)?;
        self.soft = soft;
        Ok(lowered)
    }

    fn statement(&mut self, stmt: &ast::Stmt<'_>, scope: usize, out: &mut Vec<Stmt>) -> Result<(), Error> {
        out.push(match stmt {
            ast::Stmt::Template(node) => return self.body(&node.children, scope).map(|b| out.extend(b)),
            ast::Stmt::EmitRaw(node) => self.text(node.raw),
            ast::Stmt::EmitExpr(node) => {
                let constant = super::expression::is_constant(&node.expr);
                Stmt::Emit { expr: self.expr(&node.expr, scope)?, constant }
            }
            ast::Stmt::ForLoop(node) => Stmt::For(Arc::new(self.for_loop(node, scope)?)),
            ast::Stmt::IfCond(node) => self.if_cond(node, scope)?,
            ast::Stmt::WithBlock(node) => self.with_block(node, scope)?,
            ast::Stmt::Set(node) => {
                let value = self.expr(&node.expr, scope)?;
                Stmt::Set { target: self.target(&node.target, scope)?, value }
            }
            ast::Stmt::SetBlock(node) => {
                let inner = self.symbols.inner(scope);
                let body = self.scoped(&node.body, inner)?;
                let filter = node.filter.as_ref().map(|f| self.expr(f, inner)).transpose()?;
                let target = self.target(&node.target, scope)?;
                Stmt::SetBlock { target, filter, enter: self.symbols.enter(inner), body }
            }
            ast::Stmt::AutoEscape(node) => return self.body(&node.body, scope).map(|b| out.extend(b)),
            ast::Stmt::FilterBlock(node) => {
                let inner = self.symbols.inner(scope);
                let body = self.scoped(&node.body, inner)?;
                let filter = self.expr(&node.filter, scope)?;
                Stmt::Filter { filter, enter: self.symbols.enter(inner), body }
            }
            ast::Stmt::Block(node) => {
                let inner = self.symbols.inner(self.root);
                let body = self.scoped(&node.body, inner)?;
                Stmt::Block { enter: self.symbols.enter(inner), body }
            }
            ast::Stmt::Macro(node) => {
                let slot = self.symbols.slot(scope, &plain(node.name));
                Stmt::Macro { code: self.function(node, node.span(), scope, false)?.into(), slot }
            }
            ast::Stmt::CallBlock(node) => {
                let call = self.call_block_call(&node.call, scope)?;
                let caller = self.function(&node.macro_decl, node.macro_decl.span(), scope, true)?;
                Stmt::CallBlock { call, caller: Arc::new(caller) }
            }
            ast::Stmt::Do(node) => Stmt::Do(self.do_expr(node, scope)?),
            ast::Stmt::Continue(_) => Stmt::Continue,
            ast::Stmt::Break(_) => Stmt::Break,
            ast::Stmt::Import(node) => return Err(self.no_loader("import", node.span())),
            ast::Stmt::FromImport(node) => return Err(self.no_loader("from ... import", node.span())),
            ast::Stmt::Extends(node) => return Err(self.no_loader("extends", node.span())),
            ast::Stmt::Include(node) => return Err(self.no_loader("include", node.span())),
        });
        Ok(())
    }

    fn no_loader(&self, tag: &str, span: AstSpan) -> Error {
        Error::syntax(self.span(span), format!("`{tag}` needs other template files, which there are none of"))
            .help("call a macro instead: all macros of the project and its packages are known by name")
    }

    fn text(&self, raw: &str) -> Stmt {
        let start = raw.as_ptr() as usize - self.prepared.text.as_ptr() as usize;
        Stmt::Text { text: raw.into(), place: self.prepared.span(start..start + raw.len()).into() }
    }

    fn if_cond(&mut self, node: &ast::IfCond<'_>, scope: usize) -> Result<Stmt, Error> {
        let soft = std::mem::replace(&mut self.soft, true);
        let mut arms = Vec::new();
        let mut current = node;
        let otherwise = loop {
            let condition = self.expr(&current.expr, scope)?;
            arms.push((condition, self.body(&current.true_body, scope)?));
            match current.false_body.as_slice() {
                [ast::Stmt::IfCond(next)] => current = next,
                other => break self.body(other, scope)?,
            }
        };
        self.soft = soft;
        Ok(Stmt::If { arms, otherwise })
    }

    fn for_loop(&mut self, node: &ast::ForLoop<'_>, scope: usize) -> Result<For, Error> {
        let iter = self.expr(&node.iter, scope)?;
        let inner =
            if node.recursive { self.symbols.function(Some(scope)) } else { self.symbols.inner(scope) };
        let mentions_loop = node.recursive || !Mentions::of(&node.body, &["loop"]).is_empty();
        let loop_slot = mentions_loop.then(|| self.symbols.declare(inner, &"loop".into()));
        analyze::declare_target(&mut self.symbols, inner, &node.target);
        let body = self.scoped(&node.body, inner)?;
        let target = self.target(&node.target, inner)?;
        let filter = match &node.filter_expr {
            Some(condition) => Some(self.loop_filter(&node.target, condition, inner)?),
            None => None,
        };
        let otherwise = self.symbols.inner(scope);
        let else_body = self.scoped(&node.else_body, otherwise)?;
        Ok(For {
            iter,
            filter,
            target,
            loop_slot,
            enter: self.symbols.enter(inner),
            body,
            recursive: node.recursive.then(|| self.symbols.slots(inner)),
            else_enter: self.symbols.enter(otherwise),
            else_body,
        })
    }

    fn loop_filter(
        &mut self,
        target: &ast::Expr<'_>,
        condition: &ast::Expr<'_>,
        body_scope: usize,
    ) -> Result<LoopFilter, Error> {
        let scope = self.symbols.sibling(body_scope);
        analyze::declare_target(&mut self.symbols, scope, target);
        analyze::expression(&mut self.symbols, scope, condition);
        let condition = self.expr(condition, scope)?;
        Ok(LoopFilter { enter: self.symbols.enter(scope), target: self.target(target, scope)?, condition })
    }

    fn with_block(&mut self, node: &ast::WithBlock<'_>, scope: usize) -> Result<Stmt, Error> {
        let inner = self.symbols.inner(scope);
        let mut values = Vec::with_capacity(node.assignments.len());
        for (target, value) in &node.assignments {
            analyze::target(&mut self.symbols, inner, target, false);
            values.push(self.expr(value, scope)?);
        }
        let body = self.scoped(&node.body, inner)?;
        let mut bindings = Vec::with_capacity(values.len());
        for ((target, _), value) in node.assignments.iter().zip(values) {
            bindings.push((self.target(target, inner)?, value));
        }
        Ok(Stmt::With { enter: self.symbols.enter(inner), bindings, body })
    }

    fn target(&mut self, node: &ast::Expr<'_>, scope: usize) -> Result<Target, Error> {
        match node {
            ast::Expr::Var(var) => Ok(Target::Slot(self.symbols.slot(scope, &plain(var.id)))),
            ast::Expr::GetAttr(attr) => Ok(Target::Attr(self.expr(&attr.expr, scope)?, plain(attr.name))),
            ast::Expr::List(list) if list.items.is_empty() => {
                Err(Error::syntax(self.span(node.span()), "the name to assign to is missing"))
            }
            ast::Expr::List(list) => {
                let items = list.items.iter().map(|item| self.target(item, scope));
                Ok(Target::Tuple(items.collect::<Result<_, _>>()?, self.place(node.span())))
            }
            other => Err(Error::syntax(self.span(other.span()), "cannot assign to this expression")),
        }
    }

    fn function(
        &mut self,
        node: &ast::Macro<'_>,
        span: AstSpan,
        scope: usize,
        is_caller: bool,
    ) -> Result<Code, Error> {
        let inner = self.symbols.function(Some(scope));
        let names: Vec<Arc<str>> = node.args.iter().filter_map(param_name).collect();
        let mentions = Mentions::of(&node.body, &["caller", "kwargs", "varargs"]);
        let slots: Vec<u32> = names.iter().map(|name| self.symbols.declare(inner, name)).collect();
        let mut special = |name: &str| {
            let wanted = mentions.contains(&name) && !names.iter().any(|n| &**n == name);
            wanted.then(|| self.symbols.declare(inner, &name.into()))
        };
        let (caller, kwargs, varargs) = (special("caller"), special("kwargs"), special("varargs"));
        for default in &node.defaults {
            analyze::expression(&mut self.symbols, inner, default);
        }
        let body = self.scoped(&node.body, inner)?;
        let required = names.len() - node.defaults.len().min(names.len());
        let mut params = Vec::with_capacity(names.len());
        for (i, (name, slot)) in names.iter().zip(slots).enumerate() {
            let default = i.checked_sub(required).and_then(|d| node.defaults.get(d));
            let default = default.map(|d| self.expr(d, inner)).transpose()?;
            params.push(Param { name: Arc::clone(name), slot, default });
        }
        let code = self.code(plain(node.name), self.place(span), inner);
        Ok(Code { params, varargs, kwargs, caller, body, is_caller, ..code })
    }

    fn call_block_call(&mut self, call: &ast::Spanned<ast::Call<'_>>, scope: usize) -> Result<Expr, Error> {
        super::expression::lower_call(self, call, call.span(), scope)
    }

    fn do_expr(&mut self, node: &ast::Do<'_>, scope: usize) -> Result<Expr, Error> {
        super::expression::lower_do(self, &node.call, scope)
    }
}

fn param_name(arg: &ast::Expr<'_>) -> Option<Arc<str>> {
    match arg {
        ast::Expr::Var(var) => Some(plain(var.id)),
        _ => None,
    }
}
