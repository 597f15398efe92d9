//! Where events go: a handle that every stage can hold, and the thread that hands events to listeners.
//!
//! Input: events from any thread. Output: calls of the [`Listener`]s, one at a time, in the order of sending.
//! Sending costs a clock reading and a queue push; formatting and writing happen on the listener thread, which
//! looks at the queue every few milliseconds: to be woken for each event would cost more than the event. The
//! queue is bounded, so that a terminal nobody reads slows the run instead of filling the memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;

use super::policy::is_deprecation;
use super::{
    DeprecationSummary, DeprecationsSummary, Event, Level, NodeInfo, NodeScope, Verdict, WarnPolicy,
};

/// How many events may wait before senders have to.
const QUEUE: usize = 16 * 1024;

/// How long events gather before the listener thread looks again.
const PAUSE: Duration = Duration::from_millis(2);

/// How often listeners that draw are called without an event.
const TICK: Duration = Duration::from_millis(100);

/// An event with the circumstances of its sending.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// What happened.
    pub event: Event,
    /// How loud it is: the event's own level unless the sender said otherwise.
    pub level: Level,
    /// When.
    pub at: Timestamp,
    /// The sending thread, by dbt's name for it.
    pub thread: Arc<str>,
    /// The node the thread works on, for events that show it.
    pub node: Option<NodeInfo>,
}

/// Something that shows or keeps events. Called from one thread only.
pub trait Listener: Send {
    /// Returns the quietest level it wants. Output that was asked for comes at every level.
    fn level(&self) -> Level;

    /// Takes one event.
    fn on(&mut self, envelope: &Envelope);

    /// Called when no event waits: what was held back to be written at once is written.
    fn settle(&mut self) {}

    /// Tells whether [`Self::tick`] is wanted.
    fn draws(&self) -> bool {
        false
    }

    /// Called about ten times a second.
    fn tick(&mut self) {}

    /// Called once, after the last event.
    fn close(&mut self) {}
}

enum Message {
    Event(Box<Envelope>),
    Flush(SyncSender<()>),
    Close,
}

/// A warning that `--warn-error` or `--warn-error-options` made an error. It was not shown yet.
#[derive(Clone, Debug)]
pub struct Escalated(pub Box<Event>);

/// The way to all listeners. Cloning shares it.
#[derive(Clone)]
pub struct EventSink(Arc<Inner>);

struct Inner {
    queue: SyncSender<Message>,
    quietest: Level,
    policy: RwLock<Arc<WarnPolicy>>,
    /// How often each deprecation was met, by name and code.
    deprecations: Mutex<BTreeMap<(String, String), usize>>,
    closed: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for EventSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventSink").field("quietest", &self.0.quietest).finish_non_exhaustive()
    }
}

impl EventSink {
    /// Starts the listener thread.
    pub fn start(listeners: Vec<Box<dyn Listener>>, policy: WarnPolicy) -> Self {
        let quietest = listeners.iter().map(|listener| listener.level()).min().unwrap_or(Level::Error);
        let (queue, inbox) = sync_channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("events".into()).spawn(move || listen(listeners, &inbox));
        let closed = AtomicBool::new(thread.is_err());
        let thread = Mutex::new(thread.ok());
        let deprecations = Mutex::default();
        let policy = RwLock::new(Arc::new(policy));
        Self(Arc::new(Inner { queue, quietest, policy, deprecations, closed, thread }))
    }

    /// Makes a sink that keeps events for tests to look at.
    pub fn collecting() -> (Self, Collected) {
        Self::collecting_with(WarnPolicy::default())
    }

    /// As [`Self::collecting`], with a policy for warnings.
    pub fn collecting_with(policy: WarnPolicy) -> (Self, Collected) {
        let events = Arc::default();
        let sink = Self::start(vec![Box::new(Collector(Arc::clone(&events)))], policy);
        let seen = Collected { sink: sink.clone(), events };
        (sink, seen)
    }

    /// Makes a sink that nobody listens to.
    pub fn silent() -> Self {
        Self::start(Vec::new(), WarnPolicy::default())
    }

    /// Tells whether anybody wants events of this level. Ask before building an expensive one.
    pub fn enabled(&self, level: Level) -> bool {
        level >= self.0.quietest
    }

    /// Sends an event. A warning that the policy silences is dropped; use [`Self::warn`] to hear of escalation.
    pub fn send(&self, event: impl Into<Event>) {
        let event = event.into();
        let level = event.level();
        self.send_at(level, event);
    }

    /// Sends an event at another level than its own.
    pub fn send_at(&self, level: Level, event: impl Into<Event>) {
        let event = event.into();
        if self.enabled(level) || event.is_output() {
            self.push(level, event);
        }
    }

    /// Builds and sends an event of level debug, if anybody wants it.
    pub fn debug<E: Into<Event>>(&self, make: impl FnOnce() -> E) {
        if self.enabled(Level::Debug) {
            self.push(Level::Debug, make().into());
        }
    }

    /// Sends a warning through the policy.
    ///
    /// Errors with the unsent event when the policy makes it an error: the command ends with it, exit code 2.
    pub fn warn(&self, event: impl Into<Event>) -> Result<(), Escalated> {
        let event = event.into();
        match self.policy().verdict(event.name(), event.code()) {
            Verdict::Error => return Err(Escalated(Box::new(event))),
            Verdict::Warn if self.shows(&event) => self.send_at(Level::Warn, event),
            Verdict::Warn | Verdict::Silence => {}
        }
        Ok(())
    }

    /// Counts a deprecation; tells whether it is shown. Other warnings always are.
    fn shows(&self, event: &Event) -> bool {
        if !is_deprecation(event.code()) {
            return true;
        }
        let mut met = self.0.deprecations.lock().unwrap_or_else(PoisonError::into_inner);
        let count = met.entry((event.name().to_owned(), event.code().to_owned())).or_default();
        *count += 1;
        self.policy().shows(event.name(), *count)
    }

    /// Returns what closes an invocation that met deprecations.
    pub fn deprecations(&self) -> Option<DeprecationsSummary> {
        let met = self.0.deprecations.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = |((name, code), count): (&(String, String), &usize)| DeprecationSummary {
            event_code: code.clone(),
            event_name: name.clone(),
            occurrences: *count,
        };
        let summaries: Vec<_> = met.iter().map(summary).collect();
        let show_all_hint = !self.policy().shows_every_place();
        (!summaries.is_empty()).then_some(DeprecationsSummary { show_all_hint, summaries })
    }

    /// Returns what becomes of warnings.
    pub fn policy(&self) -> Arc<WarnPolicy> {
        Arc::clone(&self.0.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets what becomes of warnings from now on: `retry` learns it from the run before.
    pub fn set_policy(&self, policy: WarnPolicy) {
        *self.0.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Waits until all that was sent has reached the listeners.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if !self.0.closed.load(Ordering::Acquire) && self.0.queue.send(Message::Flush(done)).is_ok() {
            self.hurry();
            let _ = wait.recv();
        }
    }

    /// Hands out what is waiting, closes the listeners and ends the thread. Later events are dropped.
    pub fn close(&self) {
        if !self.0.closed.swap(true, Ordering::AcqRel) {
            let _ = self.0.queue.send(Message::Close);
            self.hurry();
        }
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    /// Has the listener thread look at the queue now.
    fn hurry(&self) {
        if let Some(thread) = &*self.0.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.thread().unpark();
        }
    }

    fn push(&self, level: Level, event: Event) {
        if self.0.closed.load(Ordering::Acquire) {
            return;
        }
        let node = if event.in_node() { NodeScope::current() } else { None };
        let envelope = Envelope { event, level, at: Timestamp::now(), thread: thread_name(), node };
        // The receiver is gone only after `close`: then nobody is left to tell.
        let _ = self.0.queue.send(Message::Event(Box::new(envelope)));
    }
}

fn thread_name() -> Arc<str> {
    thread_local! {
        static NAME: Arc<str> = match std::thread::current().name() {
            None | Some("main") => "MainThread".into(),
            Some(name) => name.into(),
        };
    }
    NAME.with(Arc::clone)
}

fn listen(mut listeners: Vec<Box<dyn Listener>>, inbox: &Receiver<Message>) {
    let draws = listeners.iter().any(|listener| listener.draws());
    loop {
        let message = if draws { inbox.recv_timeout(TICK) } else { inbox.recv().map_err(Into::into) };
        match message {
            Ok(message) => {
                let waiting = std::iter::once(message).chain(inbox.try_iter());
                let is_open = hand_out(waiting, &mut listeners);
                listeners.iter_mut().for_each(|listener| listener.settle());
                if !is_open {
                    break;
                }
                std::thread::park_timeout(PAUSE);
            }
            Err(RecvTimeoutError::Timeout) => listeners.iter_mut().for_each(|listener| listener.tick()),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    for listener in &mut listeners {
        listener.close();
    }
}

/// Hands messages to the listeners; false once one of them closes the sink.
fn hand_out(messages: impl Iterator<Item = Message>, listeners: &mut [Box<dyn Listener>]) -> bool {
    for message in messages {
        match message {
            Message::Event(envelope) => {
                for listener in listeners.iter_mut() {
                    if envelope.level >= listener.level() || envelope.event.is_output() {
                        listener.on(&envelope);
                    }
                }
            }
            Message::Flush(done) => {
                listeners.iter_mut().for_each(|listener| listener.settle());
                let _ = done.send(());
            }
            Message::Close => return false,
        }
    }
    true
}

struct Collector(Arc<Mutex<Vec<Envelope>>>);

impl Listener for Collector {
    fn level(&self) -> Level {
        Level::Debug
    }

    fn on(&mut self, envelope: &Envelope) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(envelope.clone());
    }
}

/// The events a [`EventSink::collecting`] sink has seen.
#[derive(Debug)]
pub struct Collected {
    sink: EventSink,
    events: Arc<Mutex<Vec<Envelope>>>,
}

impl Collected {
    /// Returns all events so far.
    pub fn all(&self) -> Vec<Envelope> {
        self.sink.flush();
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns their names.
    pub fn names(&self) -> Vec<String> {
        self.all().iter().map(|envelope| envelope.event.name().to_owned()).collect()
    }

    /// Returns their messages, without colour.
    pub fn messages(&self) -> Vec<String> {
        self.all().iter().map(|envelope| envelope.event.message(&super::Style::default())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{NodeFacts, NothingToDo, SQLCommit};
    use super::*;

    #[test]
    fn what_an_adapter_sends_carries_the_node_of_its_thread() {
        let (sink, seen) = EventSink::collecting();
        {
            let _scope =
                NodeScope::enter(NodeInfo::new(NodeFacts { name: "orders".into(), ..NodeFacts::default() }));
            sink.send(SQLCommit { conn_name: "c".into() });
        }
        sink.send(SQLCommit { conn_name: "c".into() });
        let nodes: Vec<_> =
            seen.all().iter().map(|e| e.node.as_ref().map(|n| n.facts.name.clone())).collect();
        assert_eq!(nodes, [Some("orders".to_owned()), None]);
    }

    #[test]
    fn warnings_follow_the_policy() {
        let options = json!({"error": ["NothingToDo"], "silence": ["NoNodesSelected"]});
        let policy = WarnPolicy::from_options(options.as_object().unwrap()).unwrap();
        let (sink, seen) = EventSink::collecting_with(policy);
        assert!(sink.warn(NothingToDo {}).is_err());
        assert!(sink.warn(super::super::NoNodesSelected {}).is_ok());
        assert!(seen.names().is_empty());
    }

    #[test]
    fn a_deprecation_is_shown_once_and_counted() {
        use crate::diag::{Code, Diagnostic, Sources};
        let old = || {
            let diagnostic = Diagnostic::warning(Code::DEPRECATED, None, "old");
            super::super::Diagnosed::new(diagnostic.known_as("MissingPlusPrefixDeprecation"), &Sources::new())
        };
        for (every_place, want) in [(false, 1), (true, 3)] {
            let (sink, seen) = EventSink::collecting_with(WarnPolicy::default().every_place(every_place));
            for _ in 0..3 {
                sink.warn(old()).unwrap();
            }
            assert_eq!(seen.names().len(), want);
            let summary = sink.deprecations().unwrap();
            assert_eq!((summary.summaries[0].occurrences, summary.show_all_hint), (3, !every_place));
        }
        assert!(EventSink::silent().deprecations().is_none());
    }

    #[test]
    fn events_after_the_close_are_dropped() {
        let (sink, seen) = EventSink::collecting();
        sink.send(NothingToDo {});
        sink.close();
        sink.send(NothingToDo {});
        assert_eq!(seen.names(), ["NothingToDo"]);
    }
}
