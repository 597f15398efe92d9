//! Builds that are killed at any moment: `retry` ends with the tables of a build that nothing disturbed, nothing is done
//! twice, and nothing is left behind.
//!
//! A few moments are tried with every test run; `TIDEGATE_KILLS=150 cargo nextest run killed::` tries so many on each
//! engine: a third each without gates, with a gate at each node, and with all nodes published together.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::{Call, copy_folder};
use crate::opened;
use crate::postgres::Server;

/// The relations of the project, and what is the same in each after any build: all but times.
const RELATIONS: [(&str, &str); 8] = [
    ("raw", "id, amount"),
    ("stg", "id, amount"),
    ("totals", "total"),
    ("plain", "id, amount"),
    ("log", "id, version"),
    ("merged", "id, amount"),
    ("report", "n, total"),
    ("history", "id, amount, dbt_valid_to is null"),
];

/// A database that can be put back, and looked at.
trait Warehouse {
    /// Keeps the state that is put back.
    fn keep(&mut self);
    fn put_back(&mut self);
    /// Returns the rows of a query of one text column, joined.
    fn text(&self, sql: &str) -> String;
    fn leftovers(&self) -> String;
}

struct File {
    path: PathBuf,
}

impl Warehouse for File {
    fn keep(&mut self) {
        std::fs::copy(&self.path, self.path.with_extension("kept")).unwrap();
    }

    fn put_back(&mut self) {
        let _ = std::fs::remove_file(self.path.with_extension("duckdb.wal"));
        std::fs::copy(self.path.with_extension("kept"), &self.path).unwrap();
    }

    fn text(&self, sql: &str) -> String {
        let connection = opened::to_write(&self.path);
        connection.query_row(sql, [], |row| row.get::<_, Option<String>>(0)).unwrap().unwrap_or_default()
    }

    fn leftovers(&self) -> String {
        self.text(
            "select string_agg(name, ' ' order by name) from (
                select table_name as name from information_schema.tables where contains(table_name, '__dbt')
                union all select sequence_name from duckdb_sequences())",
        )
    }
}

impl Warehouse for Server {
    fn keep(&mut self) {
        self.execute("create database kept template run");
    }

    fn put_back(&mut self) {
        self.execute("drop database if exists run with (force)");
        self.execute("create database run template kept");
    }

    fn text(&self, sql: &str) -> String {
        let mut session = self.connect(json!({"dbname": "run", "autocommit": true})).unwrap();
        let table =
            session.execute(&format!("select ({sql})::text"), tidegate::adapter::Fetch::All).unwrap().table;
        table.unwrap().scalar().and_then(|cell| cell.as_str()).unwrap_or_default().to_owned()
    }

    fn leftovers(&self) -> String {
        Warehouse::text(
            self,
            "select string_agg(relname, ' ' order by relname) from pg_class
             where relkind in ('r', 'v', 'S') and relname ~ '__dbt|__tidegate'",
        )
    }
}

fn contents(warehouse: &dyn Warehouse) -> Vec<String> {
    let rows = |relation: &str, columns: &str| {
        let row = format!("cast(({columns}) as varchar)");
        let sql = format!("select string_agg({row}, ' ' order by {row}) from shop.{relation}");
        format!("{relation}: {}", warehouse.text(&sql))
    };
    let wide = |columns: &str| {
        if columns.contains(',') { format!("row({columns})") } else { columns.to_owned() }
    };
    let tables = RELATIONS.iter().map(|(relation, columns)| rows(relation, &wide(columns)));
    tables.chain([rows("audit", "what")]).collect()
}

fn journals(project: &Path) -> usize {
    let entries = std::fs::read_dir(project.join("target/run_journal")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "jsonl")).count()
}

fn start(project: &Path, gated: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["build", "--vars", "{version: 2}"]).current_dir(project).env_clear();
    if gated == "all" {
        command.arg("--gate-all");
    }
    command.env("HOME", project).env("GATED", gated).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until the run that was started has a journal; false if it ended before.
fn begins(child: &mut Child, project: &Path) -> bool {
    while journals(project) == 0 {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    true
}

/// Kills builds, and returns what became of them.
fn survives(project: &Path, warehouse: &mut dyn Warehouse) -> String {
    let kills: u32 = std::env::var("TIDEGATE_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(6);
    let call = |arguments: &[&str], gated: &str| {
        let ended = Call::new(project, arguments).env("GATED", gated).run();
        assert_eq!(ended.code, Some(0), "{arguments:?}\n{}{}", ended.stdout, ended.stderr);
        ended.stdout
    };
    let total = |shown: &str| shown.split("TOTAL=").nth(1).map(|text| text.trim().to_owned());
    let all = total(&call(&["build"], "false"));
    warehouse.keep();
    copy_folder(&project.join("target"), &project.join("kept_target"));
    let mut undisturbed = start(project, "false");
    assert!(begins(&mut undisturbed, project));
    let began = Instant::now();
    undisturbed.wait().unwrap();
    let length = began.elapsed();
    let want = contents(warehouse);
    assert!(want.iter().all(|rows| !rows.ends_with(": ")), "{want:?}");
    let leftovers = warehouse.leftovers();
    assert!(leftovers.contains("somebodys__dbt_backup"), "{leftovers}");

    let (mut killed, mut resumed, mut doubtful, mut together) = (0, 0, 0, 0);
    for number in 0..4 * kills {
        if killed == kills {
            break;
        }
        warehouse.put_back();
        std::fs::remove_dir_all(project.join("target")).unwrap();
        copy_folder(&project.join("kept_target"), &project.join("target"));
        let gated = ["false", "true", "all"][number as usize % 3];
        let mut build = start(project, gated);
        if begins(&mut build, project) {
            // Spread evenly, however many there are.
            std::thread::sleep(length.mul_f64((f64::from(number) * 0.618_033_988_75).fract()));
        }
        build.kill().unwrap();
        build.wait().unwrap();
        let mut shown = String::new();
        if journals(project) > 0 {
            killed += 1;
            shown = call(&["retry"], gated);
            resumed += usize::from(total(&shown) != all);
            doubtful += shown.matches("published before").count();
            together += usize::from(gated == "all");
        }
        let moment = format!("moment {number}, gate {gated}\n{shown}");
        assert_eq!(contents(warehouse), want, "{moment}");
        assert_eq!(warehouse.leftovers(), leftovers, "{moment}");
        assert_eq!(journals(project), 0, "{moment}");
    }
    assert_eq!(killed, kills, "too many builds were over before they were killed");
    format!(
        "{killed} builds of {length:?} killed, {together} of release sets, {resumed} resumed after some nodes, \
         {doubtful} nodes were published and not noted"
    )
}

#[test]
fn a_build_in_duckdb_survives() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(Path::new("tests/fixtures/killed"), folder.path());
    let profile = "shop: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb, schema: shop, threads: 2}}}\n";
    std::fs::write(folder.path().join("profiles.yml"), profile).unwrap();
    let path = folder.path().join("warehouse.duckdb");
    let connection = opened::to_write(&path);
    connection
        .execute_batch("create schema shop; create table shop.somebodys__dbt_backup as select 1 as x")
        .unwrap();
    drop(connection);
    println!("{}", survives(folder.path(), &mut File { path }));
}

#[test]
fn a_build_in_postgres_survives() {
    let mut server = Server::start();
    server.execute("create database run");
    let folder = server.path("killed");
    copy_folder(Path::new("tests/fixtures/killed"), &folder);
    let profile = json!({"shop": {"target": "dev", "outputs": {"dev": server.output(json!({"dbname": "run", "threads": 2}))}}});
    std::fs::write(folder.join("profiles.yml"), profile.to_string()).unwrap();
    let mut session = server.connect(json!({"dbname": "run", "autocommit": true})).unwrap();
    let sql = "create schema shop; create table shop.somebodys__dbt_backup as select 1 as x";
    session.execute(sql, tidegate::adapter::Fetch::Nothing).unwrap();
    drop(session);
    println!("{}", survives(&folder, &mut server));
}
