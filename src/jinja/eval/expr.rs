//! Evaluates expressions.

use super::access::undefined_error;
use super::invoke::CallFor;
use super::{Error, Running, State, get_attr, get_item};
use crate::diag::{Code, suggest};
use crate::jinja::call::Call;
use crate::jinja::front::{no_filter, no_test};
use crate::jinja::ir::{CompareOp, Expr, ExprKind, FilterExpr, Local};
use crate::jinja::value::{
    BinaryOp, Value, View, as_undefined, binary, check_length, compare, contains, dict, list, py_eq, truth,
    tuple, unary, view, write_str,
};
use crate::jinja::{filters, tests};

impl State {
    pub(super) fn eval(&mut self, expr: &Expr, run: &Running) -> Result<Value, Error> {
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Local(local) => Ok(self.local(local, run)),
            ExprKind::Global(name) => Ok(self.global(name)),
            ExprKind::Captured => Ok(self.captured.last().cloned().unwrap_or_default()),
            _ => self
                .check_stack()
                .and_then(|()| self.compute(expr, run))
                .map_err(|error| error.or_at(run.span(expr.place))),
        }
    }

    fn local(&self, local: &Local, run: &Running) -> Value {
        let value = run.frame.get(local.hops, local.slot);
        match (value.is_undefined(), local.fallback) {
            (false, _) => value,
            (true, true) => self.global(&local.name),
            (true, false) if !run.frame.reaches(local.hops) => self.global(&local.name),
            (true, false) => self.undefined(&local.name),
        }
    }

    fn global(&self, name: &str) -> Value {
        self.scope
            .get(name)
            .or_else(|| crate::jinja::globals::lookup(name))
            .unwrap_or_else(|| self.undefined(name))
    }

    fn compute(&mut self, expr: &Expr, run: &Running) -> Result<Value, Error> {
        match &expr.kind {
            ExprKind::Attr(object, name) => {
                let object = self.eval(object, run)?;
                get_attr(self, &object, name)
            }
            ExprKind::Item(parts) => {
                let object = self.eval(&parts.0, run)?;
                let key = self.eval(&parts.1, run)?;
                get_item(self, &object, &key)
            }
            ExprKind::Slice(parts) => self.slice(&parts.0, &parts.1, run),
            ExprKind::Call(call) => {
                let result = self.eval_call(call, run.span(expr.place), run, CallFor::default())?;
                Ok(result.unwrap_or_default())
            }
            ExprKind::Filter(filter) => self.filter(expr, filter, run),
            ExprKind::Unary(op, operand) => {
                let operand = self.eval(operand, run)?;
                unary(*op, &operand).map_err(|e| self.explain(e, &operand))
            }
            ExprKind::Chain(first, rest) => {
                let mut left = self.eval(first, run)?;
                for (op, right, place) in rest {
                    let right = self.eval(right, run)?;
                    left = self.binary(*op, &left, &right).map_err(|e| e.or_at(run.span(*place)))?;
                }
                Ok(left)
            }
            ExprKind::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    let value = self.eval(part, run)?;
                    write_str(&mut text, &value);
                    check_length(text.len())?;
                }
                Ok(Value::from(text))
            }
            ExprKind::Compare(parts) => self.comparison(&parts.0, &parts.1, run),
            ExprKind::And(parts) => self.first_with(parts, false, run),
            ExprKind::Or(parts) => self.first_with(parts, true, run),
            ExprKind::If(parts) => self.conditional(parts, run),
            ExprKind::List(items) => Ok(list(self.all(items, run)?)),
            ExprKind::Tuple(items) => Ok(tuple(self.all(items, run)?)),
            ExprKind::Dict(pairs) => self.dict(pairs, run),
            ExprKind::Const(_) | ExprKind::Local(_) | ExprKind::Global(_) | ExprKind::Captured => {
                self.eval(expr, run)
            }
        }
    }

    /// Returns the first part whose truth is the wanted one, or the last part.
    fn first_with(&mut self, parts: &[Expr], wanted: bool, run: &Running) -> Result<Value, Error> {
        let mut value = Value::UNDEFINED;
        for part in parts {
            value = self.eval(part, run)?;
            if truth(&value) == wanted {
                break;
            }
        }
        Ok(value)
    }

    fn all(&mut self, items: &[Expr], run: &Running) -> Result<Vec<Value>, Error> {
        items.iter().map(|item| self.eval(item, run)).collect()
    }

    fn dict(&mut self, pairs: &[(Expr, Expr)], run: &Running) -> Result<Value, Error> {
        let made = dict::<Value, Value>([]);
        for (key, value) in pairs {
            let (key, value) = (self.eval(key, run)?, self.eval(value, run)?);
            if let Some(made) = crate::jinja::value::Dict::of(&made) {
                made.insert(key, value)?;
            }
        }
        Ok(made)
    }

    fn conditional(&mut self, parts: &(Expr, Expr, Option<Expr>), run: &Running) -> Result<Value, Error> {
        if truth(&self.eval(&parts.0, run)?) {
            return self.eval(&parts.1, run);
        }
        if let Some(otherwise) = &parts.2 {
            return self.eval(otherwise, run);
        }
        let hint = "the inline `if` was false and has no `else`".to_owned();
        Ok(self.undefined_because("", hint))
    }

    fn binary(&mut self, op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Error> {
        binary(op, left, right)
            .map_err(|e| self.explain(e, if as_undefined(left).is_some() { left } else { right }))
    }

    /// Adds advice to the error of using an undefined.
    fn explain(&self, error: Error, value: &Value) -> Error {
        match as_undefined(value) {
            Some(undefined) if error.code() == Code::JINJA_UNDEFINED => undefined_error(self, undefined),
            _ => error,
        }
    }

    fn comparison(
        &mut self,
        first: &Expr,
        rest: &[(CompareOp, Expr)],
        run: &Running,
    ) -> Result<Value, Error> {
        let mut left = self.eval(first, run)?;
        for (op, right) in rest {
            let right = self.eval(right, run)?;
            if !self.holds(*op, &left, &right)? {
                return Ok(Value::from(false));
            }
            left = right;
        }
        Ok(Value::from(true))
    }

    fn holds(&mut self, op: CompareOp, left: &Value, right: &Value) -> Result<bool, Error> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = |me: &Self| {
            let undefined = if as_undefined(left).is_some() { left } else { right };
            compare(left, right).map_err(|e| me.explain(e, undefined))
        };
        Ok(match op {
            CompareOp::Eq => py_eq(left, right),
            CompareOp::Ne => !py_eq(left, right),
            CompareOp::Lt => order(self)? == Some(Less),
            CompareOp::Le => matches!(order(self)?, Some(Less | Equal)),
            CompareOp::Gt => order(self)? == Some(Greater),
            CompareOp::Ge => matches!(order(self)?, Some(Greater | Equal)),
            CompareOp::In => contains(right, left)?,
            CompareOp::NotIn => !contains(right, left)?,
        })
    }

    fn slice(&mut self, object: &Expr, parts: &[Option<Expr>; 3], run: &Running) -> Result<Value, Error> {
        let object = self.eval(object, run)?;
        let mut bounds = [None; 3];
        for (bound, part) in bounds.iter_mut().zip(parts) {
            let Some(part) = part else { continue };
            let value = self.eval(part, run)?;
            *bound = match view(&value) {
                View::None => None,
                View::Int(i) => Some(i),
                View::Bool(b) => Some(i128::from(b)),
                _ => return Err(Error::runtime("slice indices must be integers or none")),
            };
        }
        super::access::slice(self, &object, bounds)
    }

    fn filter(&mut self, expr: &Expr, filter: &FilterExpr, run: &Running) -> Result<Value, Error> {
        let site = run.span(expr.place);
        let Some(function) = filter.function else {
            let name = &*filter.name;
            let (message, near) = if filter.is_test {
                (no_test(name), suggest(name, tests::names()))
            } else {
                (no_filter(name), suggest(name, filters::names()))
            };
            return Err(Error::runtime(message).help::<String>(near));
        };
        let input = self.eval(&filter.input, run)?;
        let mut args = self.eval_args(&filter.args, None, run)?;
        args.positional.insert(0, input);
        function(&mut Call { args, state: self, site, this: None })
    }
}
