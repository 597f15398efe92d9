//! Answers tests of one relation by one statement (design D9), where their questions are known.
//!
//! Input: a test whose turn it is and its peers, which are ready too. Output: all of them compiled, and for those
//! without failing rows the answer to the statement that each will send in its own turn. Everything else runs as
//! if alone: tests that find something, unknown questions, and all of them when the common statement fails. A test
//! takes the answer only if its own statement is, word by word, the one that was answered. Called by [`NodeRunner`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::node::NodeRunner;
use crate::adapter::{AdapterResponse, Cell, CellType, Fetch, QueryResult, ResultColumn, ResultTable};
use crate::artifacts::{Phase, Timing};
use crate::check::{About, Question, verdict_of_none};
use crate::context::{Known, NodeScope, SharedSession};
use crate::diag::Diagnostic;
use crate::event;
use crate::hash::HashMap;
use crate::jinja::{Value, dict, list};
use crate::manifest::{Compiled, Config, Materialized, Node, UniqueId};
use crate::plan::Action;

/// The statement that asks several questions.
const STATEMENT: &str = include_str!("../../templates/known_tests/together.sql");

/// Generic tests whose questions are usually known; others would only keep each other from running side by side.
const USUAL: [&str; 4] = ["not_null", "unique", "accepted_values", "relationships"];

/// A test that was compiled before its turn.
pub(super) struct Ahead {
    pub(super) scope: NodeScope,
    pub(super) compiled: Result<Arc<Compiled>, Diagnostic>,
    pub(super) timing: Timing,
    /// Its share of the common statement, in seconds.
    pub(super) share: f64,
}

/// Tests that were compiled before their turn.
#[derive(Default)]
pub(super) struct AheadOfTurn(Mutex<HashMap<UniqueId, Ahead>>);

impl AheadOfTurn {
    /// Hands over what is there of a test, if it was made for this worker.
    pub(super) fn take(&self, id: &UniqueId, session: &SharedSession) -> Option<Ahead> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id)?;
        found.scope.session().is(session).then_some(found)
    }

    fn has(&self, id: &UniqueId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    fn put(&self, all: Vec<(UniqueId, Ahead)>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(all);
    }
}

/// Returns what a test asks of, if it may be answered together with others: the node, or the source.
pub(super) fn group_of(node: &Node, action: Action, store_failures: bool) -> Option<&UniqueId> {
    let test = node.generic_test().filter(|_| action == Action::Test)?;
    let usual = test.metadata.namespace.is_none() && USUAL.contains(&test.metadata.name.as_str());
    let read = test.attached_node.as_ref().or_else(|| node.depends_on.nodes.last())?;
    (usual && counts_rows(&node.config, store_failures)).then_some(read)
}

/// Tells whether a test only counts its failing rows.
fn counts_rows(config: &Config, store_failures: bool) -> bool {
    let calculates = config.text("fail_calc").is_some_and(|text| text != "count(*)");
    !config.stores_failures(store_failures)
        && !calculates
        && config.set("limit").is_none()
        && config.set("sql_header").is_none()
}

/// A test whose question is known.
struct Asking {
    /// Its place among the tests that were compiled ahead.
    place: usize,
    question: Question,
}

impl NodeRunner {
    /// Compiles a test and its peers, and asks what can be asked together; `at_gate` says whether that is at a gate.
    pub(super) fn ask_together(
        &self,
        session: &SharedSession,
        (id, peers): (&UniqueId, &[&UniqueId]),
        at_gate: bool,
    ) {
        if peers.is_empty() || self.ahead.has(id) {
            return;
        }
        let ids = std::iter::once(id).chain(peers.iter().copied());
        let nodes =
            ids.filter(|id| !self.ahead.has(id)).filter_map(|id| self.run_scope().manifest.nodes.get(id));
        let nodes: Vec<&Arc<Node>> = nodes.collect();
        let mut ahead: Vec<Ahead> =
            nodes.iter().map(|node| self.compile_ahead(node, session, at_gate)).collect();
        let mut by_relation: BTreeMap<String, Vec<Asking>> = BTreeMap::new();
        for (place, ahead) in ahead.iter().enumerate() {
            let question = ahead.compiled.as_ref().ok().and_then(|compiled| Question::of(&compiled.code));
            if let Some(question) = question {
                by_relation.entry(question.relation.clone()).or_default().push(Asking { place, question });
            }
        }
        for (relation, asking) in by_relation.iter().filter(|(_, asking)| asking.len() > 1) {
            let started = Instant::now();
            let computed = relation.starts_with('(')
                || nodes[asking[0].place]
                    .generic_test()
                    .is_some_and(|test| self.is_view(test.attached_node.as_ref()));
            let answered = self.ask(session, nodes[asking[0].place], (relation, computed), asking);
            #[expect(clippy::cast_precision_loss, reason = "tests of one relation are few")]
            let share = started.elapsed().as_secs_f64() / asking.len() as f64;
            for asking in asking {
                ahead[asking.place].share = share;
            }
            for (place, response) in answered.into_iter().flatten() {
                if let Ok(compiled) = &ahead[place].compiled {
                    ahead[place].scope.know(found_nothing(Arc::clone(&compiled.code), response));
                }
            }
        }
        let ids = nodes.iter().map(|node| node.unique_id.clone());
        self.ahead.put(ids.zip(ahead).collect());
    }

    fn compile_ahead(&self, node: &Arc<Node>, session: &SharedSession, at_gate: bool) -> Ahead {
        let _current = event::NodeScope::enter(self.infos.get(&node.unique_id).with_status("compiling"));
        let scope = self.scope(node, session);
        if at_gate {
            scope.stand_at_gate();
        }
        let started_at = Timestamp::now();
        let compiled = self.compiler().compile(node, &scope);
        let timing = Timing { name: Phase::Compile, started_at, completed_at: Timestamp::now() };
        Ahead { scope, compiled, timing, share: 0.0 }
    }

    fn is_view(&self, id: Option<&UniqueId>) -> bool {
        let node = id.and_then(|id| self.run_scope().manifest.nodes.get(id));
        node.is_some_and(|node| node.config.materialized() == Materialized::View)
    }

    /// Asks the questions of tests on one relation; returns the places of those that find nothing, with what the
    /// database said. `None` when the database does not answer: then each test will tell why.
    fn ask(
        &self,
        session: &SharedSession,
        first: &Node,
        (relation, computed): (&str, bool),
        asking: &[Asking],
    ) -> Option<Vec<(usize, AdapterResponse)>> {
        let scope = NodeScope::new(self.run_scope(), &first.package_name, None, session.clone());
        scope.add("relation", Value::from(relation));
        scope.add("computed", Value::from(computed));
        scope.add("tests", list(asking.iter().map(as_dict).collect::<Vec<_>>()));
        let sql = self.run_scope().shared.render_text(STATEMENT, &scope.as_scope()).ok()?;
        let answer = session.with(|session| session.execute(&sql, false, Fetch::All)).ok()?;
        let rows = answer.table?.rows;
        let [row] = rows.as_slice() else { return None };
        if row.len() != asking.len() {
            return None;
        }
        let nothing = asking.iter().zip(row).filter(|(_, cell)| cell.as_i64() == Some(0));
        Some(nothing.map(|(asking, _)| (asking.place, answer.response.clone())).collect())
    }
}

fn as_dict(asking: &Asking) -> Value {
    let Question { column, about, .. } = &asking.question;
    let empty = String::new();
    let (about, values, parent, field) = match about {
        About::Nulls => ("nulls", &empty, &empty, &empty),
        About::Repeats => ("repeats", &empty, &empty, &empty),
        About::Others(values) => ("others", values, &empty, &empty),
        About::Orphans { parent, field } => ("orphans", &empty, parent, field),
    };
    dict([
        // A name that no column has.
        ("name", Value::from(format!("tidegate_test_{}", asking.place))),
        ("about", Value::from(about)),
        ("column", Value::from(column.as_str())),
        ("values", Value::from(values.as_str())),
        ("parent", Value::from(parent.as_str())),
        ("field", Value::from(field.as_str())),
    ])
}

/// Returns what is known of the statement of a test without failing rows.
fn found_nothing(query: Arc<str>, response: AdapterResponse) -> Known {
    Box::new(move |sql| {
        let verdict = verdict_of_none(sql, &query)?;
        let column = |name: &str, type_name: &str, ty| ResultColumn {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            ty,
        };
        let columns = vec![
            column("failures", "BIGINT", CellType::Integer),
            column("should_warn", "BOOLEAN", CellType::Boolean),
            column("should_error", "BOOLEAN", CellType::Boolean),
        ];
        let row = vec![Cell::Int(0), Cell::Bool(verdict.should_warn), Cell::Bool(verdict.should_error)];
        Some(QueryResult {
            response: response.clone(),
            table: Some(ResultTable { columns, rows: vec![row] }),
        })
    })
}
