//! Runs statements.

use std::sync::Arc;

use super::invoke::{CallFor, finish};
use super::{Error, Flow, Macro, MacroCode, Output, Running, State};
use crate::jinja::ir::{Code, Expr, ExprKind, Load, Stmt, Target};
use crate::jinja::value::{Py, Value, View, collect, truth, view};

impl State {
    pub(super) fn exec(&mut self, body: &[Stmt], run: &Running, out: &mut Output) -> Result<Flow, Error> {
        for stmt in body {
            match self.exec_one(stmt, run, out)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn exec_one(&mut self, stmt: &Stmt, run: &Running, out: &mut Output) -> Result<Flow, Error> {
        match stmt {
            Stmt::Text { text, place } => self.literal(out, text, run.span(*place)),
            Stmt::Emit { expr, .. } => self.emit(expr, run, out)?,
            Stmt::If { arms, otherwise } => {
                for (condition, body) in arms {
                    if truth(&self.eval(condition, run)?) {
                        return self.exec(body, run, out);
                    }
                }
                return self.exec(otherwise, run, out);
            }
            Stmt::For(node) => self.exec_for(node, run, out)?,
            Stmt::With { enter, bindings, body } => {
                let values =
                    bindings.iter().map(|(_, e)| self.eval(e, run)).collect::<Result<Vec<_>, _>>()?;
                run.frame.enter(enter);
                for ((target, _), value) in bindings.iter().zip(values) {
                    self.assign(target, value, run)?;
                }
                return self.exec(body, run, out);
            }
            Stmt::Set { target, value } => {
                let value = self.eval(value, run)?;
                self.assign(target, value, run)?;
            }
            Stmt::SetBlock { target, filter, enter, body } => {
                let (value, flow) = self.captured_block(enter, body, filter.as_ref(), run)?;
                self.assign(target, value, run)?;
                return Ok(flow);
            }
            Stmt::Filter { filter, enter, body } => {
                let (value, flow) = self.captured_block(enter, body, Some(filter), run)?;
                self.print(out, &value, run.span(filter.place));
                return Ok(flow);
            }
            Stmt::Macro { code, slot } => {
                let value = make_macro(code, run);
                run.frame.set(*slot, value);
            }
            Stmt::CallBlock { call, caller } => self.call_block(call, caller, run, out)?,
            Stmt::Do(expr) => drop(self.eval(expr, run)?),
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Block { enter, body } => {
                run.frame.enter(enter);
                return self.exec(body, run, out);
            }
        }
        Ok(Flow::Next)
    }

    /// Prints an expression. The text of a macro call goes straight to the output.
    fn emit(&mut self, expr: &Expr, run: &Running, out: &mut Output) -> Result<(), Error> {
        let span = run.span(expr.place);
        let value = match &expr.kind {
            ExprKind::Call(call) => {
                match self.eval_call(call, span, run, CallFor { out: Some(out), caller: None })? {
                    Some(value) => value,
                    None => return Ok(()),
                }
            }
            _ => self.eval(expr, run)?,
        };
        self.print(out, &value, span);
        Ok(())
    }

    fn call_block(
        &mut self,
        call: &Expr,
        caller: &Arc<Code>,
        run: &Running,
        out: &mut Output,
    ) -> Result<(), Error> {
        let span = run.span(call.place);
        let ExprKind::Call(node) = &call.kind else { return Ok(()) };
        let caller = make_macro(caller, run);
        if let Some(value) =
            self.eval_call(node, span, run, CallFor { out: Some(out), caller: Some(caller) })?
        {
            self.print(out, &value, span);
        }
        Ok(())
    }

    /// Runs the body of a `set` or `filter` block and returns its text, filtered.
    fn captured_block(
        &mut self,
        enter: &[Load],
        body: &[Stmt],
        filter: Option<&Expr>,
        run: &Running,
    ) -> Result<(Value, Flow), Error> {
        run.frame.enter(enter);
        let mut inner = Output::default();
        let flow = self.exec(body, run, &mut inner)?;
        let text = self.text_value(inner);
        let Some(filter) = filter else { return Ok((text, flow)) };
        self.captured.push(text);
        let value = self.eval(filter, run);
        self.captured.pop();
        Ok((value?, flow))
    }

    pub(super) fn assign(&mut self, target: &Target, value: Value, run: &Running) -> Result<(), Error> {
        match target {
            Target::Slot(slot) => run.frame.set(*slot, value),
            Target::Attr(object, name) => {
                let object_value = self.eval(object, run)?;
                let done = match view(&object_value) {
                    View::Py(Py::Instance(instance)) => instance.set_attr(name, value),
                    _ => false,
                };
                if !done {
                    let message = format!("cannot assign attribute `{name}` of what is no namespace");
                    return Err(Error::runtime(message).or_at(run.span(object.place)));
                }
            }
            Target::Tuple(targets, place) => {
                let items = collect(&value).map_err(|e| e.or_at(run.span(*place)))?;
                if items.len() != targets.len() {
                    let (wanted, got) = (targets.len(), items.len());
                    let message = format!("cannot unpack {got} values into {wanted} names");
                    return Err(Error::runtime(message).or_at(run.span(*place)));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item, run)?;
                }
            }
        }
        Ok(())
    }

    /// Runs a function body to text: the value of a call that is used, not printed.
    pub(super) fn run_to_value(&mut self, code: &Code, run: &Running) -> Result<Value, Error> {
        let mut out = Output::default();
        let result = self.exec(&code.body, run, &mut out).map(drop);
        match finish(result, code, &mut out, (0, 0))? {
            Some(value) => Ok(value),
            None => Ok(self.text_value(out)),
        }
    }
}

/// Makes a macro that keeps the variables around it.
fn make_macro(code: &Arc<Code>, run: &Running) -> Value {
    let made = Macro { code: MacroCode::Made(Arc::clone(code)), closure: Some(Arc::clone(&run.frame)) };
    Value::from_object(Py::Macro(made))
}
