//! Calls: macros with their arguments bound, callers, methods, Rust functions.

use std::sync::Arc;

use super::{Error, Macro, Output, Running, State, access, get_attr};
use crate::diag::{Span, suggest};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::ir::{Arg, CallExpr, Code, ExprKind};
use crate::jinja::methods;
use crate::jinja::source_map::Site;
use crate::jinja::value::{Py, Value, View, collect, dict, is_undefined, tuple, type_name, view};

/// What a call is made for.
#[derive(Default)]
pub(super) struct CallFor<'o> {
    /// Where the text of a macro may go at once.
    pub(super) out: Option<&'o mut Output>,
    /// The body of the call block.
    pub(super) caller: Option<Value>,
}

/// Ends a function body: a `return` drops its text. `start` is where its text and segments began.
pub(super) fn finish(
    result: Result<(), Error>,
    code: &Code,
    out: &mut Output,
    start: (usize, usize),
) -> Result<Option<Value>, Error> {
    let Err(error) = result else { return Ok(None) };
    if code.is_caller && error.is_return() {
        return Err(error);
    }
    let value = error.into_returned()?;
    out.text.truncate(start.0);
    out.segments.truncate(start.1);
    Ok(Some(value))
}

impl State {
    /// Evaluates a call. Text of a macro goes to `out` when it is given, and the result is `None`.
    pub(super) fn eval_call(
        &mut self,
        node: &CallExpr,
        site: Span,
        run: &Running,
        CallFor { out, caller }: CallFor<'_>,
    ) -> Result<Option<Value>, Error> {
        self.check_stack().map_err(|e| e.or_at(site))?;
        let result = if let ExprKind::Attr(object, name) = &node.callee.kind {
            let receiver = self.eval(object, run)?;
            let args = self.eval_args(&node.args, caller, run)?;
            self.call_attr((&receiver, name), args, site, out)
        } else {
            let callee = self.eval(&node.callee, run)?;
            let args = self.eval_args(&node.args, caller, run)?;
            self.call_any(&callee, args, site, out)
        };
        result.map_err(|error| error.or_at(site))
    }

    pub(super) fn eval_args(
        &mut self,
        args: &[Arg],
        caller: Option<Value>,
        run: &Running,
    ) -> Result<Args, Error> {
        let mut made = Args::new(Vec::with_capacity(args.len()), Vec::new());
        for arg in args {
            match arg {
                Arg::Positional(expr) => made.positional.push(self.eval(expr, run)?),
                Arg::Named(name, expr) => made.named.push((Arc::clone(name), self.eval(expr, run)?)),
                Arg::Spread(expr) => {
                    let value = self.eval(expr, run)?;
                    made.positional.extend(collect(&value).map_err(|e| e.or_at(run.span(expr.place)))?);
                }
                Arg::SpreadNamed(expr) => {
                    let value = self.eval(expr, run)?;
                    let pairs = named_pairs(&value).map_err(|e| e.or_at(run.span(expr.place)))?;
                    made.named.extend(pairs);
                }
            }
        }
        made.named.extend(caller.map(|caller| ("caller".into(), caller)));
        Ok(made)
    }

    /// Calls `receiver.name(args)`: a method of the receiver, else what the attribute holds.
    fn call_attr(
        &mut self,
        (receiver, name): (&Value, &str),
        args: Args,
        site: Span,
        out: Option<&mut Output>,
    ) -> Result<Option<Value>, Error> {
        if !name.starts_with('_') {
            let mut call = Call { args, state: self, site, this: Some(receiver.clone()) };
            if let Some(result) = methods::call(receiver, name, &mut call) {
                return result.map(Some);
            }
            let args = std::mem::take(&mut call.args);
            let callee = get_attr(self, receiver, name)?;
            return self.call_any(&callee, args, site, out);
        }
        let callee = get_attr(self, receiver, name)?;
        self.call_any(&callee, args, site, out)
    }

    fn call_any(
        &mut self,
        callee: &Value,
        args: Args,
        site: Span,
        out: Option<&mut Output>,
    ) -> Result<Option<Value>, Error> {
        match view(callee) {
            View::Py(Py::Macro(callee)) => {
                if let Some(out) = out {
                    return self.call_macro(callee, args, site, out);
                }
                let mut out = Output::default();
                let returned = self.call_macro(callee, args, site, &mut out)?;
                Ok(Some(returned.unwrap_or_else(|| self.text_value(out))))
            }
            View::Py(Py::Instance(instance)) => {
                let mut call = Call { args, state: self, site, this: Some(callee.clone()) };
                instance.call(&mut call).unwrap_or_else(|| Err(not_callable(callee))).map(Some)
            }
            View::Py(Py::Method(method)) => self.call_attr((&method.receiver, &method.name), args, site, out),
            View::Py(Py::Undefined(undefined)) if undefined.capture => Ok(Some(callee.clone())),
            View::Py(Py::Undefined(undefined)) => Err(access::undefined_error(self, undefined)),
            _ => Err(not_callable(callee)),
        }
    }

    fn call_macro(
        &mut self,
        callee: &Macro,
        args: Args,
        site: Span,
        out: &mut Output,
    ) -> Result<Option<Value>, Error> {
        self.check_stack()?;
        let code = &**callee.code.get()?;
        let run = Running::new(code, callee.closure.clone());
        let start = (out.text.len(), out.segments.len());
        let (sites, texts, outer) = (self.sites.len(), self.texts.len(), self.site);
        self.sites.push(Site { name: Arc::clone(&code.name), called_at: site, parent: outer });
        self.site = u32::try_from(sites).ok();
        self.depth += 1;
        self.scope.called(code.span.in_file(code.file), self.depth);
        let result = self.bind(code, &run, args).and_then(|()| self.exec(&code.body, &run, out).map(drop));
        self.depth -= 1;
        self.site = outer;
        let result = match result {
            Err(error) if !error.is_return() => {
                return Err(error.or_at(site).frame(format!("macro `{}`", code.name), site));
            }
            result => finish(result, code, out, start),
        };
        // Nothing remembers this call: forget it, so that loops over helper macros cost no memory.
        if out.segments.len() == start.1 && self.texts.len() == texts {
            self.sites.truncate(sites);
        }
        result
    }

    /// Gives the parameters their values.
    fn bind(&mut self, code: &Code, run: &Running, mut args: Args) -> Result<(), Error> {
        run.frame.enter(&code.enter);
        let mut positional = std::mem::take(&mut args.positional).into_iter();
        if let Some(slot) = code.caller {
            let caller = args.keyword("caller").unwrap_or_else(|| {
                self.undefined_because("caller", format!("no caller was given to macro `{}`", code.name))
            });
            run.frame.set(slot, caller);
        }
        for param in &code.params {
            let given = positional.next().or_else(|| args.keyword(&param.name));
            let value = match (given, &param.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default, run)?,
                (None, None) => {
                    let hint = format!("parameter `{}` of macro `{}` was not given", param.name, code.name);
                    self.undefined_because(&param.name, hint)
                }
            };
            run.frame.set(param.slot, value);
        }
        if let Some(slot) = code.kwargs {
            let rest = std::mem::take(&mut args.named);
            run.frame.set(slot, dict(rest.into_iter().map(|(name, value)| (Value::from(name), value))));
        } else if let Some((name, _)) = args.named.first() {
            // Jinja's words; dbt's macros have this prefix in it, and tools look for both.
            let message = format!("macro 'dbt_macro__{}' takes no keyword argument '{name}'", code.name);
            return Err(Error::runtime(message)
                .help::<String>(suggest(name, code.params.iter().map(|param| &*param.name)))
                .help(signature(code)));
        }
        if let Some(slot) = code.varargs {
            run.frame.set(slot, tuple(positional.collect::<Vec<_>>()));
        } else if positional.len() > 0 {
            let most = match code.params.len() {
                0 => "no arguments".to_owned(),
                1 => "1 argument".to_owned(),
                more => format!("at most {more} arguments"),
            };
            let given = code.params.len() + positional.len();
            let message = format!("macro `{}` takes {most}, but {given} were given", code.name);
            return Err(Error::runtime(message).help(signature(code)));
        }
        Ok(())
    }
}

fn not_callable(callee: &Value) -> Error {
    Error::runtime(format!("a value of type `{}` cannot be called", type_name(callee)))
        .help("leave the parentheses out, or use another name if a macro is hidden by this value")
}

/// Says how a macro is called.
fn signature(code: &Code) -> String {
    let names: Vec<&str> = code.params.iter().map(|param| &*param.name).collect();
    format!("its arguments are `{}({})`", code.name, names.join(", "))
}

fn named_pairs(value: &Value) -> Result<Vec<(Arc<str>, Value)>, Error> {
    if is_undefined(value) {
        return Ok(Vec::new());
    }
    let pairs = access::pairs(value)
        .ok_or_else(|| Error::runtime(format!("`**` needs a mapping, got `{}`", type_name(value))))?;
    pairs
        .into_iter()
        .map(|(k, v)| Ok((k.to_str().ok_or_else(|| Error::runtime("argument names must be text"))?, v)))
        .collect()
}

/// Calls anything callable, for a value.
pub(crate) fn call_value(state: &mut State, callee: &Value, args: Args, site: Span) -> Result<Value, Error> {
    let result = state.call_any(callee, args, site, None).map_err(|error| error.or_at(site))?;
    Ok(result.unwrap_or_default())
}

/// Renders another template inside of a render.
pub(crate) fn render_nested(state: &mut State, code: &Code, site: Span) -> Result<Value, Error> {
    state.check_stack().map_err(|error| error.or_at(site))?;
    let run = Running::new(code, None);
    state.run_to_value(code, &run)
}
