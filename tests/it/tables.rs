//! The table of `run_query` and `load_agate_table` in templates, against what agate and Python print.

use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tidegate::adapter::{Cell, CellType, ResultColumn, ResultTable};
use tidegate::context::table::{empty, seed_value, table_of, table_value};
use tidegate::diag::Sources;
use tidegate::jinja::{Engine, Scope, UndefinedMode, Value, function, none, py_str};

struct Names {
    t: Value,
    n: Value,
    printed: Arc<Mutex<String>>,
}

impl Scope for Names {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "t" => Some(self.t.clone()),
            "n" => Some(self.n.clone()),
            "e" => Some(empty()),
            "print" => {
                let printed = Arc::clone(&self.printed);
                Some(function("print", move |call| {
                    let text = call.args.required("msg")?;
                    let mut printed = printed.lock().unwrap();
                    printed.push_str(&py_str(&text));
                    printed.push('\n');
                    Ok(none())
                }))
            }
            _ => None,
        }
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }
}

fn column(name: &str, ty: CellType) -> ResultColumn {
    ResultColumn { name: name.to_owned(), type_name: String::new(), ty }
}

fn decimal(text: &str) -> Cell {
    Cell::Decimal(text.into())
}

fn orders() -> Value {
    let day = |y, m, d| Cell::Date(jiff::civil::date(y, m, d));
    let columns = vec![
        column("a", CellType::Integer),
        column("b", CellType::Text),
        column("c", CellType::Number),
        column("d", CellType::Date),
        column("e", CellType::Boolean),
        column("f", CellType::Text),
        column("count", CellType::Integer),
    ];
    let (yes, no) = (Cell::Bool(true), Cell::Bool(false));
    let rows = vec![
        vec![Cell::Int(1), Cell::text("x"), decimal("1.50"), day(2024, 1, 2), yes, Cell::Null, Cell::Int(7)],
        vec![Cell::Null, Cell::text("y"), decimal("2"), Cell::Null, no.clone(), Cell::Null, Cell::Int(8)],
        vec![Cell::Int(1), Cell::Null, Cell::Null, day(2023, 5, 6), no, Cell::Null, Cell::Int(9)],
    ];
    table_value(ResultTable { columns, rows })
}

fn wide() -> Value {
    let columns = vec![
        column("n", CellType::Integer),
        column("a long name of a column", CellType::Text),
        column("c", CellType::Number),
        column("d", CellType::Number),
        column("é", CellType::Text),
    ];
    let row = |i| {
        vec![
            Cell::Int(1_234_567),
            Cell::text("x".repeat(40)),
            decimal("1.23456"),
            decimal("1000"),
            Cell::text("é".repeat(i)),
        ]
    };
    table_value(ResultTable { columns, rows: (0..25).map(row).collect() })
}

#[test]
fn tables_print_and_compute_as_in_python() {
    let expected: Json =
        serde_json::from_str(include_str!("../fixtures/agate_tables/expected.json")).unwrap();
    let entries = expected.as_array().unwrap();
    let (engine, file) = (Engine::new(), Sources::new().add("t", ""));
    let mut wrong = Vec::new();
    for entry in entries {
        let template = entry["template"].as_str().unwrap();
        let printed = Arc::new(Mutex::new(String::new()));
        let scope: Arc<dyn Scope> = Arc::new(Names { t: orders(), n: wide(), printed: Arc::clone(&printed) });
        let rendered =
            engine.compile(file, template, 0..template.len()).and_then(|t| engine.render(&t, &scope));
        match (rendered, entry["output"].as_str()) {
            (Ok(rendered), Some(want)) => {
                let printed = printed.lock().unwrap();
                if rendered.text != want
                    || printed.trim_end() != entry["printed"].as_str().unwrap().trim_end()
                {
                    wrong.push(format!(
                        "{template}\n  got  {}\n  want {want}\n{printed}{}",
                        rendered.text,
                        entry["printed"].as_str().unwrap()
                    ));
                }
            }
            (Ok(rendered), None) => {
                wrong.push(format!("{template}\n  got {} instead of an error", rendered.text));
            }
            (Err(error), Some(_)) => wrong.push(format!("{template}\n  failed: {error}")),
            (Err(_), None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

#[test]
fn a_seed_is_counted_without_being_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "id,name\n1,x\n2,null\n\n").unwrap();
    let value = seed_value(file.path().to_owned(), tidegate::adapter::seed::SeedOptions::default()).unwrap();
    let table = table_of(&value).unwrap();
    assert_eq!((table.len(), table.names.len(), table.sql_type(0)), (3, 2, Some("integer")));
    // Rows are read from the file as it is when they are first looked at.
    std::fs::write(file.path(), "id,name\n1,later\n").unwrap();
    assert_eq!(table.rows()[0][1], Cell::text("later"));
}
