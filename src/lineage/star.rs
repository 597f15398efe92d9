//! Stars: `*`, `t.*`, with `exclude`, `replace` and `rename`, and DuckDB's `columns(..)`.

use std::rc::Rc;

use fancy_regex::Regex;
use sqlparser::ast::{
    ExcludeSelectItem, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName,
    RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind, Value as Literal,
    WildcardAdditionalOptions,
};

use super::children::children;
use super::names::{key, last, of_item, parts, shown};
use super::resolver::Resolver;
use super::scope::Scope;
use super::table::{Beyond, Column, Rest, Table};
use super::value::{Reason, Step, Value};

impl Resolver<'_> {
    /// Adds the columns of a star to the output.
    pub(super) fn star(
        &mut self,
        table: &Table,
        options: &WildcardAdditionalOptions,
        scope: &Scope<'_>,
        output: &mut Table,
    ) {
        let mut table =
            Table { columns: table.columns.clone(), rest: table.rest.clone(), ..Table::default() };
        for name in excluded(options) {
            let mut qualifiers = parts(name, self.dialect);
            let column = qualifiers.pop().unwrap_or_default();
            match scope.bound(&qualifiers) {
                Some(bound) => leave_out_of(&mut table, &bound.table, &column),
                None => table.leave_out(&column),
            }
        }
        for replaced in options.opt_replace.iter().flat_map(|replace| &replace.items) {
            let value = self.expr(&replaced.expr, scope);
            put(&mut table, &key(&replaced.column_name, self.dialect), None, value);
        }
        for renamed in renames(options) {
            let old = key(&renamed.ident, self.dialect);
            let value =
                table.get(&old).unwrap_or_else(|| Value::unknown(format!("there is no column `{old}`")));
            let new = (shown(&renamed.alias, self.dialect), key(&renamed.alias, self.dialect));
            put(&mut table, &old, Some(&new), value);
        }
        output.append(&table);
    }

    /// Returns what `t.*` shows.
    pub(super) fn qualified_star(
        &mut self,
        kind: &SelectItemQualifiedWildcardKind,
        scope: &Scope<'_>,
    ) -> Table {
        let value = match kind {
            SelectItemQualifiedWildcardKind::ObjectName(name) => {
                let qualifiers = parts(name, self.dialect);
                match scope.bound(&qualifiers) {
                    Some(bound) => return bound.table.as_ref().clone(),
                    None => scope.path(&qualifiers),
                }
            }
            SelectItemQualifiedWildcardKind::Expr(expr) => self.expr(expr, scope),
        };
        // The fields of a struct.
        let fields = Rest::new(Beyond::Computed(Rc::new(value.through(Step::Derived))));
        Table { rest: vec![fields], ..Table::default() }
    }

    /// Adds a column for each one that `columns(..)` within an expression stands for.
    pub(super) fn columns_star(
        &mut self,
        item: &SelectItem,
        expr: &Expr,
        scope: &Scope<'_>,
        output: &mut Table,
    ) {
        let matched = find_columns(expr).map(|call| self.matched(call, scope));
        let (columns, rest) = match matched {
            Some(Ok(matched)) => matched,
            Some(Err(reason)) => return output.append(&Table::unknown(reason)),
            None => return,
        };
        let plain = matches!(expr, Expr::Function(function) if is_columns(function));
        for column in &columns {
            let value = self.with_columns(expr, scope, column.value.as_ref().clone());
            let (name, key) = match item {
                SelectItem::ExprWithAlias { alias, .. } if alias.value.contains('\\') => {
                    let name = alias.value.replace("\\0", &column.name).replace("\\1", &column.name);
                    if alias.value.contains("\\1") || alias.value.contains("\\2") {
                        output.append(&Table::unknown(format!(
                            "the names that `{}` makes are not known",
                            alias.value
                        )));
                        return;
                    }
                    (name.clone(), name.to_lowercase())
                }
                SelectItem::ExprWithAlias { .. } => of_item(item, self.dialect),
                _ => (column.name.to_string(), column.key.to_string()),
            };
            output.push((&name, &key), Rc::new(value));
        }
        for rest in rest {
            output.rest.push(match (plain, &rest.from) {
                (true, _) => rest,
                (false, Beyond::Relation(_)) => {
                    Rest { step: self.with_columns(expr, scope, Value::default()).step, ..rest }
                }
                (false, _) => Rest::new(Beyond::Unknown(rest.reason())),
            });
        }
    }

    /// Resolves an expression in which `columns(..)` stands for a value.
    fn with_columns(&mut self, expr: &Expr, scope: &Scope<'_>, columns: Value) -> Value {
        let before = self.columns_mean.replace(columns);
        let value = self.expr(expr, scope);
        self.columns_mean = before;
        value
    }

    /// Returns all that `columns(..)` stands for as one value: it is unpacked, or in a condition.
    pub(super) fn all_columns(&mut self, call: &Function, scope: &Scope<'_>) -> Value {
        match self.matched(call, scope) {
            Ok((columns, rest)) => Table { columns, rest, ..Table::default() }.row(),
            Err(reason) => Value::unknown(reason),
        }
    }

    /// Returns the columns that `columns(..)` means, and what else it may mean.
    fn matched(&mut self, call: &Function, scope: &Scope<'_>) -> Result<(Vec<Column>, Vec<Rest>), Reason> {
        let FunctionArguments::List(list) = &call.args else {
            return Err("`columns` without arguments".into());
        };
        let Some(FunctionArg::Unnamed(argument)) = list.args.first() else {
            return Err(format!("`{call}` is not understood").into());
        };
        let visible = &scope.visible;
        let all = || (visible.columns.clone(), visible.rest.clone());
        match argument {
            FunctionArgExpr::Wildcard => Ok(all()),
            FunctionArgExpr::WildcardWithOptions(options) => {
                let mut output = Table::default();
                self.star(visible, options, scope, &mut output);
                Ok((output.columns, output.rest))
            }
            FunctionArgExpr::QualifiedWildcard(name) => {
                let table =
                    self.qualified_star(&SelectItemQualifiedWildcardKind::ObjectName(name.clone()), scope);
                Ok((table.columns, table.rest))
            }
            FunctionArgExpr::Expr(expr) => Self::matched_by(expr, visible, call),
        }
    }

    /// By a pattern or a list of names.
    fn matched_by(expr: &Expr, visible: &Table, call: &Function) -> Result<(Vec<Column>, Vec<Rest>), Reason> {
        match expr {
            Expr::Value(value) => {
                let Some(pattern) = text_of(&value.value) else {
                    return Err(format!("`{call}` is not understood").into());
                };
                let regex =
                    Regex::new(pattern).map_err(|_| format!("the pattern of `{call}` is not understood"))?;
                let mut columns = visible.columns.clone();
                columns.retain(|column| regex.is_match(&*column.name).unwrap_or(false));
                Ok((columns, visible.rest.clone()))
            }
            Expr::Array(array) => {
                let mut columns = Vec::new();
                for element in &array.elem {
                    let Expr::Value(value) = element else {
                        return Err(format!("`{call}` is not understood").into());
                    };
                    let name = text_of(&value.value).unwrap_or_default();
                    let key = name.to_lowercase();
                    let found = visible
                        .get(&key)
                        .unwrap_or_else(|| Value::unknown(format!("there is no column `{name}`")));
                    columns.push(Column { name: name.into(), key: key.into(), value: Rc::new(found) });
                }
                Ok((columns, Vec::new()))
            }
            // A condition on names or anything else that only the engine computes.
            _ => Err(format!("which columns `{call}` takes is not known").into()),
        }
    }
}

fn text_of(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// Leaves out the column of one table (`exclude (t.a)`), where others may have one of the same name.
fn leave_out_of(table: &mut Table, own: &Table, key: &str) {
    let value = own.columns.iter().find(|column| &*column.key == key).map(|column| &column.value);
    let is_it =
        |column: &Column| &*column.key == key && value.is_some_and(|value| Rc::ptr_eq(value, &column.value));
    if let Some(at) = table.columns.iter().position(is_it) {
        table.columns.remove(at);
    } else if table.columns.iter().all(|column| &*column.key != key) && table.rest.len() == 1 {
        table.leave_out(key);
    } else {
        // `using` merged it, or the other table may have it too.
        let reason = format!("which `{key}` is left out of a star is not known");
        table.rest.push(Rest::new(Beyond::Unknown(reason.into())));
    }
}

/// Puts a value in the place of a column; of one whose place is not known, at the end.
fn put(table: &mut Table, old: &str, new: Option<&(String, String)>, value: Value) {
    let value = Rc::new(value);
    let (name, key) = new.map_or((old, old), |(name, key)| (name, key));
    match table.columns.iter_mut().find(|column| &*column.key == old) {
        Some(column) => {
            column.value = value;
            if new.is_some() {
                (column.name, column.key) = (name.into(), key.into());
            }
        }
        None => {
            table.rest.iter_mut().for_each(|rest| rest.leave_out(old));
            table.push((name, key), value);
        }
    }
}

fn excluded(options: &WildcardAdditionalOptions) -> Vec<&ObjectName> {
    match &options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => vec![name],
        Some(ExcludeSelectItem::Multiple(names)) => names.iter().collect(),
        None => Vec::new(),
    }
}

fn renames(options: &WildcardAdditionalOptions) -> &[sqlparser::ast::IdentWithAlias] {
    match &options.opt_rename {
        Some(RenameSelectItem::Single(one)) => std::slice::from_ref(one),
        Some(RenameSelectItem::Multiple(all)) => all,
        None => &[],
    }
}

/// Tells whether a call is `columns(..)`.
pub(super) fn is_columns(function: &Function) -> bool {
    function.name.0.len() == 1 && last(&function.name) == "columns" && function.over.is_none()
}

/// Returns the arguments of a call that are expressions.
pub(super) fn list_arguments(function: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    let expr = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr))
        | &FunctionArg::Named { arg: FunctionArgExpr::Expr(ref expr), .. } => Some(expr),
        _ => None,
    };
    list.args.iter().filter_map(expr).collect()
}

/// Returns the first argument of a call.
pub(super) fn first_argument(function: &Function) -> Option<&Expr> {
    list_arguments(function).into_iter().next()
}

fn find_columns(expr: &Expr) -> Option<&Function> {
    match expr {
        Expr::Function(function) if is_columns(function) => Some(function),
        // `*columns(..)` becomes the arguments of a function, and is no reason for more columns.
        Expr::Function(function) if last(&function.name) == "unpack" => None,
        Expr::Function(function) => list_arguments(function).into_iter().find_map(find_columns),
        _ => children(expr).into_iter().find_map(find_columns),
    }
}

/// Tells whether `columns(..)` stands in an expression.
pub(super) fn mentions_columns(expr: &Expr) -> bool {
    find_columns(expr).is_some()
}
