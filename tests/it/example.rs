//! Builds `example_project` with the binary, as `make demo` does, and checks what its README promises.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::opened;
use crate::postgres::{PASSWORD, Server};

/// The warnings that the README of the example explains: the test, and the rows it finds.
const WARNINGS: [(&str, u64); 12] = [
    ("arrival_is_after_departure", 2317),
    ("every_flight_has_weather", 81),
    ("in_range_dim_aircraft_1__carriers", 2),
    ("in_range_stg_airports_0__longitude", 4),
    ("in_range_stg_airports_18__72__latitude", 1),
    ("not_null_stg_aircraft_built_year", 70),
    ("not_null_stg_airports_time_zone", 3),
    ("not_null_stg_flights_tail_number", 841),
    ("one_distance_per_route", 2),
    ("relationships_stg_flights_destination__airport_code__ref_stg_airports_", 2028),
    ("source_in_range_flight_records_weather_0__200__wind_speed", 1),
    ("tail_number_is_registered", 12562),
];

/// The marts and how their columns are compared: the numbers are the same, their types are each engine's own.
const MARTS: [(&str, &str); 4] = [
    (
        "fct_daily_flights",
        "flight_date, carrier_code, carrier_name, origin, flights::int, cancelled_flights::int, diverted_flights::int, \
         on_time_share::double, average_departure_delay_minutes::double, median_arrival_delay_minutes::double, \
         worst_arrival_delay_minutes::int",
    ),
    (
        "dim_aircraft",
        "tail_number, is_registered, manufacturer, model, aircraft_type, seats::int, built_year::int, age_years::int, \
         main_carrier_code, carriers::int, flights::int, miles::int, first_seen_on, last_seen_on",
    ),
    (
        "route_leaderboard",
        "place::int, place_at_origin::int, origin, destination, destination_name, flights::int, carriers::int, \
         distance_miles::int, on_time_share::double, average_arrival_delay_minutes::double",
    ),
    (
        "delays_by_weather",
        "origin, weather, flights::int, cancelled_share::double, on_time_share::double, \
         average_departure_delay_minutes::double, ninth_decile_departure_delay_minutes::double",
    ),
];

/// A copy of the example in a folder of its own.
struct Example(tempfile::TempDir);

impl Example {
    fn copy() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("example_project"), folder.path());
        Self(folder)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) {
        self.succeeds_with(arguments, &[]);
    }

    #[track_caller]
    fn succeeds_with(&self, arguments: &[&str], variables: &[(&str, &str)]) {
        let output = self.tidegate(arguments, variables);
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn tidegate(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(arguments)
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    /// `(unique id, status, failures)` of the last command.
    fn results(&self) -> Vec<(String, String, Option<u64>)> {
        let text = fs::read_to_string(self.path("target/run_results.json")).unwrap();
        let artifact: Value = serde_json::from_str(&text).unwrap();
        let results = artifact["results"].as_array().unwrap();
        let text_of = |value: &Value| value.as_str().unwrap().to_owned();
        results
            .iter()
            .map(|it| (text_of(&it["unique_id"]), text_of(&it["status"]), it["failures"].as_u64()))
            .collect()
    }

    /// The one value that a query returns from the warehouse.
    fn number(&self, sql: &str) -> i64 {
        let warehouse = opened::to_read(self.path("target/flights.duckdb"));
        warehouse.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Everything a checkout holds: what earlier builds left in place is not copied.
fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "target" || name == "logs" || name == "dbt_packages" {
            continue;
        }
        let target = to.join(name);
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_files(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn count_by_status(results: &[(String, String, Option<u64>)]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (_, status, _) in results {
        *counts.entry(status.as_str()).or_default() += 1;
    }
    counts
}

#[track_caller]
fn assert_as_promised(results: &[(String, String, Option<u64>)]) {
    let expected = [("no-op", 1), ("pass", 38), ("success", 14), ("warn", 12)];
    assert_eq!(count_by_status(results), BTreeMap::from(expected));
    let mut warnings: Vec<(&str, u64)> = results
        .iter()
        .filter(|(_, status, _)| status == "warn")
        .map(|(id, _, failures)| (id.split('.').nth(2).unwrap(), failures.unwrap()))
        .collect();
    warnings.sort_unstable();
    assert_eq!(warnings, WARNINGS);
}

#[test]
fn build_ends_without_errors_and_with_the_twelve_warnings_of_the_readme() {
    let example = Example::copy();
    example.succeeds(&["build"]);

    assert_as_promised(&example.results());

    assert_eq!(example.number("select count(*) from marts.fct_daily_flights"), 2838);
    assert_eq!(example.number("select sum(flights)::bigint from marts.fct_daily_flights"), 80_789);
    assert_eq!(example.number("select count(*) from marts.dim_aircraft"), 3968);
    assert_eq!(example.number("select count(*) from marts.route_leaderboard"), 171);
    assert_eq!(example.number("select count(*) from marts.delays_by_weather"), 18);
    assert_eq!(example.number("select count(*) from audit.row_counts"), 4);
    assert_eq!(example.number("select count(*) from audit.tail_number_is_registered"), 12_562);
}

#[test]
fn the_incremental_mart_catches_up_and_leaves_old_days_alone() {
    let example = Example::copy();
    example.succeeds(&["build", "--vars", "data_through: 2013-01-31"]);
    assert_eq!(example.number("select count(*) from marts.fct_daily_flights"), 975);
    assert_eq!(example.number("select max(day(flight_date)) from marts.fct_daily_flights"), 31);

    // A mark that only a rebuild of these days removes.
    {
        let warehouse = opened::to_write(example.path("target/flights.duckdb"));
        warehouse.execute_batch("update marts.fct_daily_flights set carrier_name = 'mark'").unwrap();
    }
    example.succeeds(&["build"]);
    assert_eq!(example.number("select count(*) from marts.fct_daily_flights"), 2838);
    assert_eq!(
        example.number(
            "select count(distinct flight_date) from marts.fct_daily_flights where carrier_name = 'mark'"
        ),
        28,
        "the days up to 28 January are not rebuilt, the last three are"
    );
}

/// A home folder in which DuckDB finds the extensions that `make test` fetched.
fn home_with_extensions() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".duckdb")).unwrap();
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join(".deps/duckdb_extensions");
    assert!(fetched.exists(), "`make setup-extensions` fetches them");
    std::os::unix::fs::symlink(fetched, home.path().join(".duckdb/extensions")).unwrap();
    home
}

#[test]
fn postgres_is_loaded_as_the_readme_says_and_ends_with_the_same_tables() {
    let (example, server, home) = (Example::copy(), Server::start(), home_with_extensions());
    server.execute("create database flights");
    let (home, port) = (home.path().to_str().unwrap(), server.port.to_string());
    let variables = [
        ("HOME", home),
        ("FLIGHTS_HOST", "127.0.0.1"),
        ("FLIGHTS_PORT", &port),
        ("FLIGHTS_USER", "tide"),
        ("FLIGHTS_PASSWORD", PASSWORD),
    ];
    example.succeeds_with(&["run-operation", "load_sources", "--target", "load_postgres"], &variables);
    let in_steps = ["--vars", "data_through: 2013-02-28"];
    example.succeeds_with(&[&["build", "--target", "postgres"], &in_steps[..]].concat(), &variables);
    example.succeeds_with(&["build", "--target", "postgres"], &variables);
    assert_as_promised(&example.results());

    example.succeeds(&["build"]);
    let both = opened::in_memory();
    let password = PASSWORD.replace('\'', "''");
    let attach = format!(
        "set extension_directory = '{home}/.duckdb/extensions'; load postgres_scanner;
         create secret s (type postgres, host '127.0.0.1', port {port}, user 'tide', password '{password}', database 'flights');
         attach '' as p (type postgres, secret s); attach '{}' as d (read_only)",
        example.path("target/flights.duckdb").display()
    );
    both.execute_batch(&attach).unwrap();
    for (mart, columns) in MARTS {
        for (one, other) in [("p", "d"), ("d", "p")] {
            let sql = format!(
                "select count(*) from (select {columns} from {one}.marts.{mart} except all select {columns} from {other}.marts.{mart})"
            );
            let different: i64 = both.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(different, 0, "rows of {mart} that are only in `{one}`");
        }
    }
}
