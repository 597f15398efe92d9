//! Native rendering: a template of one expression gives its value, not its text.
//!
//! dbt renders strings of YAML files this way (`spec` of dbt 1.x: one node keeps its type, several are
//! joined as text, a constant expression is printed, and the `as_*` filters parse Python literals).

use std::sync::Arc;

use super::{Error, Flow, Output, Running, Scope, State};
use crate::diag::Span;
use crate::jinja::ir::{Code, Stmt};
use crate::jinja::marker;
use crate::jinja::value::{Value, as_undefined, py_str, truth};

/// What was printed, apart, and by which expression.
type Parts = Vec<(Value, Option<Span>)>;

/// Renders a template to a value.
pub(crate) fn render_native(code: &Code, scope: &Arc<dyn Scope>) -> Result<Value, Error> {
    let mut state = State::new(scope);
    state.native = true;
    let running = Running::new(code, None);
    let mut parts: Parts = Vec::new();
    let result = state.native_body(&code.body, &running, &mut parts);
    running.frame.clear();
    if let Err(error) = result {
        return error.into_returned();
    }
    if parts.len() == 1 {
        let (value, place) = &parts[0];
        // Among other parts it prints nothing; alone there is no value to give.
        if let Some(undefined) = as_undefined(value).filter(|u| !u.capture) {
            let error = super::access::undefined_error(&state, undefined);
            return Err(error.or_at(place.unwrap_or_else(|| running.span(code.span))));
        }
        return marker::resolve(parts.remove(0).0).map_err(|e| e.or_at(running.span(code.span)));
    }
    Ok(Value::from(parts.iter().map(|(value, _)| py_str(value)).collect::<String>()))
}

impl State {
    /// Runs statements, keeping each printed value apart.
    fn native_body(&mut self, body: &[Stmt], run: &Running, parts: &mut Parts) -> Result<Flow, Error> {
        for stmt in body {
            match stmt {
                Stmt::Text { text, .. } => parts.push((Value::from(&**text), None)),
                Stmt::Emit { expr, constant } => {
                    let value = self.eval(expr, run)?;
                    let value = if *constant { Value::from(py_str(&value)) } else { value };
                    parts.push((value, Some(run.span(expr.place))));
                }
                Stmt::If { arms, otherwise } => {
                    let mut chosen = otherwise;
                    for (condition, arm) in arms {
                        if truth(&self.eval(condition, run)?) {
                            chosen = arm;
                            break;
                        }
                    }
                    self.native_body(chosen, run, parts)?;
                }
                other => {
                    let mut out = Output::default();
                    self.exec(std::slice::from_ref(other), run, &mut out)?;
                    if !out.text.is_empty() {
                        parts.push((Value::from(out.text), None));
                    }
                }
            }
        }
        Ok(Flow::Next)
    }
}
