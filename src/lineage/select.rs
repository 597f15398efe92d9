//! `select`: the columns it shows, and what its clauses use.

use std::rc::Rc;

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, NamedWindowExpr, OrderBy, Select, SelectFlavor, SelectItem,
    WildcardAdditionalOptions,
};

use super::functions;
use super::names::{key, of_item};
use super::resolver::Resolver;
use super::scope::Scope;
use super::star;
use super::table::{Beyond, Rest, Table};
use super::value::{Step, Use, Value};

impl Resolver<'_> {
    /// Resolves a `select` with the `order by` behind it.
    pub(super) fn select(
        &mut self,
        select: &Select,
        order: Option<&OrderBy>,
        parent: Option<&Scope<'_>>,
    ) -> Table {
        let mut scope = self.from(&select.from, parent);
        let output = self.projection(select, &mut scope);
        let aliases = std::mem::take(&mut scope.aliases);
        let with_aliases = Scope { aliases: output_aliases(&output), ..scope.clone() };
        // DuckDB lets every clause name output columns, Postgres only these two.
        scope.aliases = aliases;
        let clauses = if self.dialect.is_friendly() { &with_aliases } else { &scope };
        for window in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec, clauses);
            }
        }
        for filter in
            [&select.selection, &select.prewhere, &select.having, &select.qualify].into_iter().flatten()
        {
            self.use_expr(filter, clauses, Use::Filter);
        }
        if let Some(Distinct::On(exprs)) = &select.distinct {
            for expr in exprs {
                self.by(expr, &with_aliases, &output, Use::Group);
            }
        }
        match &select.group_by {
            GroupByExpr::All(_) => self.group_by_all(&output),
            GroupByExpr::Expressions(exprs, _) => {
                for expr in exprs {
                    self.by(expr, &with_aliases, &output, Use::Group);
                }
            }
        }
        if let Some(order) = order {
            let by_output = Scope { aliases_first: true, ..with_aliases };
            self.order(order, &by_output, &output);
        }
        if select.lateral_views.is_empty() && select.connect_by.is_empty() {
            output
        } else {
            Table::unknown("`lateral view` and `connect by` are not understood")
        }
    }

    /// All that is not aggregated is grouped by.
    fn group_by_all(&mut self, output: &Table) {
        for column in &output.columns {
            if column.value.step < Step::Aggregated {
                self.uses.add(&column.value, Use::Group);
            }
        }
        self.uses.unknown.extend(output.rest.first().map(Rest::reason));
    }

    fn projection(&mut self, select: &Select, scope: &mut Scope<'_>) -> Table {
        let mut output = Table::default();
        if select.flavor == SelectFlavor::FromFirstNoSelect {
            self.star(&scope.visible.clone(), &no_options(), scope, &mut output);
        }
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(options) => {
                    self.star(&scope.visible.clone(), options, scope, &mut output);
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let table = self.qualified_star(kind, scope);
                    self.star(&table, options, scope, &mut output);
                }
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    if self.dialect.is_friendly() && star::mentions_columns(expr) {
                        self.columns_star(item, expr, scope, &mut output);
                        continue;
                    }
                    let (name, key) = of_item(item, self.dialect);
                    let value = Rc::new(self.expr(expr, scope));
                    if self.dialect.is_friendly() && matches!(item, SelectItem::ExprWithAlias { .. }) {
                        scope.aliases.push((key.clone(), Rc::clone(&value)));
                    }
                    output.rest.extend(may_be_struct(expr, &value, self));
                    output.push((&name, &key), value);
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    let value = Rc::new(self.expr(expr, scope).through(Step::Derived));
                    for alias in aliases {
                        output.push((&alias.value, &key(alias, self.dialect)), Rc::clone(&value));
                    }
                }
            }
        }
        output
    }
}

fn no_options() -> WildcardAdditionalOptions {
    WildcardAdditionalOptions {
        wildcard_token: AttachedToken::empty(),
        opt_ilike: None,
        opt_exclude: None,
        opt_except: None,
        opt_replace: None,
        opt_rename: None,
        opt_alias: None,
    }
}

fn output_aliases(output: &Table) -> Vec<(String, Rc<Value>)> {
    output.columns.iter().map(|column| (column.key.to_string(), Rc::clone(&column.value))).collect()
}

/// `unnest` of a struct gives a column for each of its fields, and types are not known here.
fn may_be_struct(expr: &Expr, value: &Value, resolver: &Resolver<'_>) -> Option<Rest> {
    let Expr::Function(function) = expr else { return None };
    if !resolver.dialect.is_friendly() || super::names::last(&function.name) != "unnest" {
        return None;
    }
    let text = function.to_string();
    let argument = star::first_argument(function);
    let is_list = match argument {
        Some(Expr::Array(_)) => true,
        Some(Expr::Function(inner)) => functions::gives_list(&super::names::last(&inner.name)),
        Some(Expr::Cast { data_type, .. }) => data_type.to_string().ends_with(']'),
        _ => false,
    };
    let recursive = text.to_lowercase().contains("recursive") || text.to_lowercase().contains("max_depth");
    if is_list && !recursive {
        return None;
    }
    let computed = Rest::new(Beyond::Computed(Rc::new(value.clone().through(Step::Derived))));
    Some(computed)
}
