//! Tests that are answered together find what they find alone (design D9).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Shop;

/// Models, and tests of each. Their product is the number of cases.
const MODELS: u64 = 44;
const TESTS: u64 = 50;

/// Numbers that look random and are the same each time (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }
}

/// The columns of each model. Two of them need quotes.
const COLUMNS: [&str; 6] = ["number", "price", "word", "day", "Mixed Case", "flag"];

fn quoted(column: &str) -> String {
    if column.contains(' ') { format!("\"{column}\"") } else { column.to_owned() }
}

/// A model of a few rows; one in three has nulls in most columns, one in three repeats values.
fn model(dice: &mut Dice) -> String {
    let kind = dice.pick(&["table", "view", "view", "incremental"]);
    let (nulls, values) = (dice.roll(3) == 0, [3, 30, 3000][usize::try_from(dice.roll(3)).unwrap()]);
    let mut rows = Vec::new();
    for _ in 0..dice.roll(7) {
        let mut cell = |make: &dyn Fn(u64) -> String| {
            let value = dice.roll(values);
            if nulls && dice.roll(4) == 0 { "null".to_owned() } else { make(value) }
        };
        let cells = [
            cell(&|value| value.to_string()),
            cell(&|value| format!("{value}.5::decimal(9, 2)")),
            cell(&|value| {
                ["'a'", "'b  b'", "'it''s'", "''", "'C'"][usize::try_from(value % 5).unwrap()].to_owned()
            }),
            cell(&|value| format!("date '2024-01-01' + {value}::integer")),
            cell(&|value| format!("'v{value}'")),
            cell(&|value| (value % 2 == 0).to_string()),
        ];
        rows.push(format!("({})", cells.join(", ")));
    }
    let names: Vec<String> = COLUMNS.iter().map(|column| quoted(column)).collect();
    let empty =
        "(null::integer, null::decimal(9, 2), null::varchar, null::date, null::varchar, null::boolean)";
    rows.insert(0, empty.to_owned());
    format!(
        "{{{{ config(materialized='{kind}') }}}}\nselect * exclude (place) from (select *, row_number() over () as place \
         from (values {}) as t ({})) where place > 1\n",
        rows.join(", "),
        names.join(", "),
    )
}

/// One test of a column, in YAML, named by its number.
fn test(dice: &mut Dice, (model, number): (u64, u64), column: &str) -> String {
    let kind = dice.pick(&["not_null", "unique", "accepted_values", "relationships"]);
    let mut text = format!("          - {kind}:\n              name: case_{model}_{number}\n");
    let mut arguments = String::new();
    match kind {
        "accepted_values" => {
            let (values, quote) = match column {
                "number" => ("[0, 1, 2, 29]", "false"),
                "price" => ("[0.5, 1.5, 2.50]", "false"),
                "flag" => (dice.pick(&["[true, false]", "['true']"]), "false"),
                "day" => ("['2024-01-01', '2024-01-02', '2024-01-03']", "true"),
                _ => (dice.pick(&["['a', 'b  b', \"it''s\", '', 'C']", "['a', 'b b', 'v0', 'v1']"]), "true"),
            };
            let _ = write!(arguments, "                values: {values}\n                quote: {quote}\n");
        }
        "relationships" => {
            let other = dice.roll(MODELS);
            let field = quoted(column).replace('"', "\\\"");
            let _ = write!(
                arguments,
                "                to: ref('m{other}')\n                field: \"{field}\"\n"
            );
        }
        _ => {}
    }
    if !arguments.is_empty() {
        let _ = write!(text, "              arguments:\n{arguments}");
    }
    text.push_str("              config:\n                enabled: true\n");
    for (chance, line) in [
        (5, "severity: warn".to_owned()),
        (5, format!("warn_if: \"{}\"", dice.pick(&[">1", "!= 0", "<= 2", "between 1 and 2", "= 0", ">= 0"]))),
        (5, format!("error_if: \"{}\"", dice.pick(&[">2", "<>1", "< 1", ">=3"]))),
        (4, format!("where: \"{}\"", dice.pick(&["number > 1", "word = 'a'", "1 = 1", "day is not null"]))),
        (8, format!("limit: {}", dice.pick(&["1", "2", "0"]))),
        (9, "fail_calc: \"coalesce(max(1), 0)\"".to_owned()),
        (20, "store_failures: true".to_owned()),
    ] {
        if dice.roll(chance) == 0 {
            let _ = writeln!(text, "                {line}");
        }
    }
    text
}

fn properties(dice: &mut Dice) -> String {
    let mut text = "version: 2\nmodels:\n".to_owned();
    for model in 0..MODELS {
        let _ = write!(text, "  - name: m{model}\n    columns:\n");
        let mut by_column: BTreeMap<&str, String> = BTreeMap::new();
        for number in 0..TESTS {
            let column = dice.pick(&COLUMNS);
            by_column.entry(column).or_default().push_str(&test(dice, (model, number), column));
        }
        for (column, tests) in by_column {
            let quote = if column.contains(' ') { "        quote: true\n" } else { "" };
            let _ = write!(text, "      - name: {column}\n{quote}        data_tests:\n{tests}");
        }
    }
    text
}

/// Id → status, failures, message.
fn verdicts(shop: &Shop) -> BTreeMap<String, String> {
    let told = |result: &serde_json::Value| {
        let id = result["unique_id"].as_str().unwrap().to_owned();
        (id, format!("{} {} {}", result["status"], result["failures"], result["message"]))
    };
    shop.results().iter().map(told).filter(|(id, _)| id.starts_with("test.")).collect()
}

/// A long log goes on in another file.
fn common_statements(shop: &Shop) -> usize {
    let logs = std::fs::read_dir(shop.path("logs")).unwrap().map(|log| log.unwrap().path());
    logs.map(|log| std::fs::read_to_string(log).unwrap().matches("as tidegate_test_").count()).sum()
}

/// 2,200 tests of all four kinds with every setting, on tables and views with nulls, repeats and strange names.
#[test]
fn tests_find_together_what_they_find_alone() {
    let shop = Shop::copy("outcomes");
    for old in std::fs::read_dir(shop.path("models")).unwrap() {
        std::fs::remove_file(old.unwrap().path()).unwrap();
    }
    let _ = std::fs::remove_dir_all(shop.path("tests"));
    let mut dice = Dice(7);
    for number in 0..MODELS {
        shop.write(&format!("models/m{number}.sql"), &model(&mut dice));
    }
    shop.write("models/properties.yml", &properties(&mut dice));
    shop.run(&["run", "--threads", "2"], 0);
    shop.run(&["test", "--no-fuse", "--threads", "1"], 1);
    let alone = verdicts(&shop);
    assert_eq!(alone.len() as u64, MODELS * TESTS);
    assert_eq!(common_statements(&shop), 0);
    let passed = alone.values().filter(|told| told.starts_with("\"pass\"")).count();
    assert!(passed > alone.len() / 4 && passed < alone.len() * 3 / 4, "{passed} pass");

    shop.run(&["test", "--threads", "4"], 1);
    assert!(common_statements(&shop) > 300, "{}", common_statements(&shop));
    let together = verdicts(&shop);
    let differ = |(id, told): &(&String, &String)| together.get(*id) != Some(*told);
    let different: Vec<_> =
        alone.iter().filter(differ).map(|(id, told)| (id, told, together.get(id))).collect();
    assert!(different.is_empty() && together.len() == alone.len(), "{different:#?}");
}

#[test]
fn a_single_worker_keeps_the_order_of_the_plan() {
    let shop = Shop::copy("outcomes");
    let order = |shop: &Shop| -> Vec<String> {
        shop.results().iter().map(|result| result["unique_id"].to_string()).collect()
    };
    let shown = |arguments: &[&str]| {
        let shown = shop.run(arguments, 1);
        let without_time = |line: &str| line.split(" in 0.").next().unwrap_or_default().to_owned();
        let told: Vec<String> =
            shown.lines().filter(|line| line.contains(" of ")).map(without_time).collect();
        told.join("\n")
    };
    let alone = shown(&["build", "--threads", "1", "--no-fuse"]);
    let order_alone = order(&shop);
    assert_eq!(shown(&["build", "--threads", "1"]), alone);
    assert_eq!(order(&shop), order_alone);
    assert!(common_statements(&shop) > 0);
}

/// A shop whose only model, `lone`, is described by this text.
fn lone(yaml: &str) -> Shop {
    let shop = Shop::copy("outcomes");
    for old in std::fs::read_dir(shop.path("models")).unwrap() {
        let old = old.unwrap().path();
        if old.extension().is_some_and(|ending| ending == "yml") {
            std::fs::remove_file(old).unwrap();
        }
    }
    let _ = std::fs::remove_dir_all(shop.path("tests"));
    shop.write("models/lone.sql", "select 1 as id");
    shop.write("models/properties.yml", yaml);
    shop
}

#[test]
fn tests_that_are_told_to_keep_no_rows_are_asked_together() {
    let kept = |settings: &str| {
        let shop = lone(&format!(
            "models: [{{name: lone, columns: [{{name: id, data_tests: [\
             {{not_null: {{config: {settings}}}}}, {{unique: {{config: {settings}}}}}]}}]}}]"
        ));
        shop.run(&["build", "-s", "lone", "--threads", "2"], 0);
        common_statements(&shop)
    };
    assert_eq!(kept("{store_failures: false}"), 2);
    assert_eq!(kept("{store_failures_as: ephemeral}"), 2);
    assert_eq!(kept("{store_failures: true}"), 0);
}

#[test]
fn a_test_that_cannot_run_spoils_no_other() {
    let shop = lone(
        "
models:
  - name: lone
    columns:
      - name: id
        data_tests:
          - not_null: {name: good}
          - unique: {name: also_good}
      - name: nowhere
        data_tests:
          - not_null: {name: bad}
          - unique: {name: also_bad}
",
    );
    shop.run(&["build", "-s", "lone", "--threads", "2"], 1);
    assert_eq!(
        shop.statuses(),
        ["also_bad error", "also_good pass", "bad error", "good pass", "lone success"]
    );
}
