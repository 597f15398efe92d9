//! One unit test: its model runs on the rows that it gives, which need no data, and what comes out is compared by nobody.
//!
//! So columns that do not exist and values of the wrong type are found, and whether the test passes is left to `test`.

use std::sync::Arc;

use super::model::{Loose, Stop};
use super::project::Checker;
use super::query::Mistake;
use super::verdict::Unchecked;
use crate::adapter::{Kind, Lacking};
use crate::compile::unit_test_node;
use crate::context::Session;
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Manifest, UnitTest};
use crate::run::call_materialization;

impl Checker<'_> {
    /// Checks a unit test. `loose` is what is not certain of what it reads.
    pub(super) fn unit_test(&self, manifest: &Manifest, test: &UnitTest, loose: Loose) -> Result<(), Stop> {
        let model = test.depends_on.nodes.first().and_then(|id| manifest.nodes.get(id));
        let Some(model) = model else { return Err(Unchecked::because("its model is not there").into()) };
        if self.scratch.adapter().kind() != Kind::DuckDb {
            // The schemas of a server have other names here, and given rows are typed by the relations of their own.
            return Err(Unchecked::because("unit tests are checked in DuckDB only").into());
        }
        let node = Arc::new(unit_test_node(test, model));
        let scope = self.scope(&node);
        let compiled = self.compiler.compile_unit_test(test, &node, &scope);
        let ran = compiled.and_then(|compiled| {
            let run = || call_materialization(&node, "unit", Some(&compiled.code), &scope);
            let ran = scope.free_to_ask(run).map(drop);
            // Nothing of it is kept, and a transaction that failed would take no other statement.
            self.scratch.session().with(Session::rollback);
            ran
        });
        ran.map_err(|problem| match problem.code {
            Code::UNKNOWN_REF => Stop::Wrong(vec![problem]),
            Code::RAISED => self.blamed(&node, vec![mistake(problem, Some(Lacking::Column))], loose),
            Code::DATABASE => {
                let missing = problem.message.contains("not found").then_some(Lacking::Column);
                self.blamed(&node, vec![mistake(problem, missing)], loose)
            }
            _ => Unchecked::because(problem.message).into(),
        })
    }
}

fn mistake(problem: Diagnostic, missing: Option<Lacking>) -> Mistake {
    Mistake { problem, missing }
}
