//! `for` loops and their `loop` variable.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Error, Flow, Frame, Output, Running, State};
use crate::jinja::call::Call;
use crate::jinja::ir::For;
use crate::jinja::value::{
    Cursor, Instance, Undefined, Value, check_length, iterate, list, object, py_eq, size, truth,
};

impl State {
    pub(super) fn exec_for(&mut self, node: &Arc<For>, run: &Running, out: &mut Output) -> Result<(), Error> {
        let iterable = self.eval(&node.iter, run)?;
        self.run_loop((node, run), &iterable, 0, out)
    }

    fn run_loop(
        &mut self,
        (node, run): (&Arc<For>, &Running),
        iterable: &Value,
        depth: usize,
        out: &mut Output,
    ) -> Result<(), Error> {
        let at = |error: Error| error.or_at(run.span(node.iter.place));
        self.check_stack().map_err(at)?;
        let inner = match node.recursive {
            Some(slots) => Running { file: run.file, frame: Frame::new(slots, Some(Arc::clone(&run.frame))) },
            None => run.clone(),
        };
        let filtered = match &node.filter {
            Some(filter) => {
                let mut kept = Vec::new();
                let mut cursor = iterate(iterable).map_err(at)?;
                while let Some(item) = cursor.next() {
                    let item = item.map_err(at)?;
                    inner.frame.enter(&filter.enter);
                    self.assign(&filter.target, item.clone(), &inner)?;
                    if truth(&self.eval(&filter.condition, &inner)?) {
                        kept.push(item);
                    }
                }
                Some(list(kept))
            }
            None => None,
        };
        let source = filtered.as_ref().unwrap_or(iterable);
        let cursor = iterate(source).map_err(at)?;
        let ran = if let Some(slot) = node.loop_slot {
            let progress = Arc::new(Mutex::new(Progress::new(cursor)));
            let value = object(LoopVariable {
                progress: Arc::clone(&progress),
                depth,
                capture: self.capture,
                recursion: node.recursive.map(|_| (Arc::clone(node), run.clone())),
            });
            self.each(node, &inner, out, |inner| {
                inner.frame.set(slot, value.clone());
                lock(&progress).advance()
            })?
        } else {
            let mut cursor = cursor;
            self.each(node, &inner, out, |_| cursor.next())?
        };
        if !ran && !node.else_body.is_empty() {
            run.frame.enter(&node.else_enter);
            self.exec(&node.else_body, run, out)?;
        }
        Ok(())
    }

    /// Runs the body for each item; tells whether one ran to its end, which is what Jinja2's `else` asks.
    fn each(
        &mut self,
        node: &Arc<For>,
        inner: &Running,
        out: &mut Output,
        mut next: impl FnMut(&Running) -> Option<Result<Value, Error>>,
    ) -> Result<bool, Error> {
        let mut ran = false;
        while let Some(item) = next(inner) {
            let item = item.map_err(|error| error.or_at(inner.span(node.iter.place)))?;
            check_length(out.text.len()).map_err(|error| error.or_at(inner.span(node.iter.place)))?;
            inner.frame.enter(&node.enter);
            self.assign(&node.target, item, inner)?;
            match self.exec(&node.body, inner, out)? {
                Flow::Next => ran = true,
                Flow::Continue => {}
                Flow::Break => break,
            }
        }
        Ok(ran)
    }
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a loop stands.
struct Progress {
    cursor: Cursor,
    /// Items already taken from the cursor.
    ahead: VecDeque<Result<Value, Error>>,
    /// Items given to the body, the current one included.
    given: usize,
    previous: Option<Value>,
    current: Option<Value>,
    /// What `loop.changed` saw last.
    seen: Option<Vec<Value>>,
}

impl Progress {
    fn new(cursor: Cursor) -> Self {
        Self { cursor, ahead: VecDeque::new(), given: 0, previous: None, current: None, seen: None }
    }

    fn advance(&mut self) -> Option<Result<Value, Error>> {
        let item = self.ahead.pop_front().or_else(|| self.cursor.next())?;
        self.given += 1;
        self.previous = self.current.take();
        self.current = item.as_ref().ok().cloned();
        Some(item)
    }

    fn peek(&mut self) -> Option<&Value> {
        if self.ahead.is_empty() {
            let item = self.cursor.next()?;
            self.ahead.push_back(item);
        }
        self.ahead.front().and_then(|item| item.as_ref().ok())
    }

    fn length(&mut self) -> usize {
        while let Some(item) = self.cursor.next() {
            self.ahead.push_back(item);
        }
        self.given + self.ahead.len()
    }
}

/// The `loop` variable.
struct LoopVariable {
    progress: Arc<Mutex<Progress>>,
    depth: usize,
    capture: bool,
    /// The loop and where it runs, when it can be called again.
    recursion: Option<(Arc<For>, Running)>,
}

impl LoopVariable {
    fn missing(&self, name: &str, hint: &str) -> Value {
        Undefined::because(name, hint, self.capture)
    }

    fn cycle(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let choices = call.args.rest();
        if choices.is_empty() {
            return Err(Error::runtime("`loop.cycle` needs at least one value"));
        }
        let index = lock(&self.progress).given.saturating_sub(1) % choices.len();
        Ok(choices[index].clone())
    }

    fn changed(&self, call: &mut Call<'_>) -> Value {
        let now = call.args.rest();
        let before = lock(&self.progress).seen.clone();
        let same = before.is_some_and(|before| {
            before.len() == now.len() && before.iter().zip(&now).all(|(a, b)| py_eq(a, b))
        });
        if !same {
            lock(&self.progress).seen = Some(now);
        }
        Value::from(!same)
    }
}

impl Instance for LoopVariable {
    fn type_name(&self) -> &'static str {
        "LoopContext"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        let mut progress = lock(&self.progress);
        let given = progress.given;
        Ok(Some(match name {
            "index" => size(given),
            "index0" => size(given.saturating_sub(1)),
            "revindex" => size(progress.length() + 1 - given),
            "revindex0" => size(progress.length() - given),
            "first" => Value::from(given <= 1),
            "last" => Value::from(progress.peek().is_none()),
            "length" => size(progress.length()),
            "depth" => size(self.depth + 1),
            "depth0" => size(self.depth),
            "previtem" => match &progress.previous {
                Some(value) => value.clone(),
                None => self.missing(name, "there is no previous item"),
            },
            "nextitem" => match progress.peek() {
                Some(value) => value.clone(),
                None => self.missing(name, "there is no next item"),
            },
            _ => return Ok(None),
        }))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "cycle" | "changed")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        match name {
            "cycle" => Some(self.cycle(call)),
            "changed" => Some(Ok(self.changed(call))),
            _ => None,
        }
    }

    fn repr(&self) -> String {
        let mut progress = lock(&self.progress);
        let length = progress.length();
        format!("<LoopContext {}/{length}>", progress.given)
    }

    fn len(&self) -> Option<usize> {
        Some(lock(&self.progress).length())
    }

    fn truth(&self) -> bool {
        true
    }

    fn callable(&self) -> bool {
        self.recursion.is_some()
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let Some((node, run)) = &self.recursion else {
            let message = "the loop is not recursive: add `recursive` to its `for` tag to call it";
            return Some(Err(Error::runtime(message)));
        };
        let mut descend = || {
            let iterable = call.args.required("iterable")?;
            call.args.finish()?;
            let mut out = Output::default();
            call.state.run_loop((node, run), &iterable, self.depth + 1, &mut out)?;
            Ok(call.state.text_value(out))
        };
        Some(descend())
    }
}
