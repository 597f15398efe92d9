//! Values as macros see them, for every type: what dbt's driver (psycopg2) and result table (agate) make of them.
//!
//! The texts were written down from dbt-postgres 1.11, whose `run_query` was asked for each expression. Where it fails (dates
//! that Python does not have, numbers beyond its decimals) or prints an address (bytes), ours are at the end.

use serde_json::json;

use super::Server;
use crate::cli::{Call, without_times};

const TYPES: &str = "\
create type mood as enum ('sad', 'ok', 'it''s \"fine\"');
create domain posint as int check (value > 0);
create domain label as text;
create type pair as (a int, b text);
";

/// Expressions, and how they print in Jinja.
const SEEN: &[(&str, &str)] = &[
    ("1::smallint", "1"),
    ("2147483647::int", "2147483647"),
    ("9223372036854775807::bigint", "9223372036854775807"),
    ("1.50::numeric(10,2)", "1.50"),
    ("1::numeric", "1"),
    ("1e-30::numeric", "1E-30"),
    ("0::numeric(10,4)", "0.0000"),
    ("'NaN'::numeric", "NaN"),
    ("'Infinity'::numeric", "Infinity"),
    ("'-Infinity'::numeric", "-Infinity"),
    ("1.5::real", "1.5"),
    ("0.1::float8", "0.1"),
    ("1e-300::float8", "1E-300"),
    ("'NaN'::float8", "NaN"),
    ("'Infinity'::float8", "Infinity"),
    ("'-Infinity'::float8", "-Infinity"),
    ("1e16::float8", "1E+16"),
    ("123456789012345680::float8", "1.2345678901234568E+17"),
    ("true", "True"),
    ("null::bool", "None"),
    ("'x'::text", "x"),
    ("''::text", ""),
    ("'  a '::char(5)", "  a  "),
    (r#"'c'::"char""#, "c"),
    ("'v'::varchar(3)", "v"),
    ("'n'::name", "n"),
    ("17::oid", "17"),
    ("'pg_class'::regclass", "pg_class"),
    ("null::text", "None"),
    ("'2024-02-29'::date", "2024-02-29"),
    ("'infinity'::date", "9999-12-31"),
    ("'-infinity'::date", "0001-01-01"),
    ("'9999-12-31'::date", "9999-12-31"),
    ("'0001-01-01'::date", "0001-01-01"),
    ("'2024-01-02 03:04:05'::timestamp", "2024-01-02 03:04:05"),
    ("'2024-01-02 03:04:05.678'::timestamp", "2024-01-02 03:04:05.678000"),
    ("'2024-01-02 00:00:00'::timestamp", "2024-01-02 00:00:00"),
    ("'infinity'::timestamp", "9999-12-31 23:59:59.999999"),
    ("'2024-01-02 03:04:05+02'::timestamptz", "2024-01-02 01:04:05+00:00"),
    ("'2024-01-02 03:04:05.5+05:30'::timestamptz", "2024-01-01 21:34:05.500000+00:00"),
    ("'infinity'::timestamptz", "9999-12-31 23:59:59.999999+00:00"),
    ("'0001-01-01 00:00:00+00'::timestamptz", "0001-01-01 00:00:00+00:00"),
    ("'03:04:05'::time", "03:04:05"),
    ("'03:04:05.123456'::time", "03:04:05.123456"),
    ("'24:00:00'::time", "00:00:00"),
    ("'03:04:05+02'::timetz", "03:04:05+02:00"),
    ("'03:04:05.5-03:30'::timetz", "03:04:05.500000-03:30"),
    ("'1 day'::interval", "1 day, 0:00:00"),
    ("'1 year 2 mons 3 days 04:05:06.7'::interval", "428 days, 4:05:06.700000"),
    ("'-1 day -02:03:04'::interval", "-2 days, 21:56:56"),
    ("'00:00:00'::interval", "0:00:00"),
    ("'1 mon'::interval", "30 days, 0:00:00"),
    ("'1000 hours'::interval", "41 days, 16:00:00"),
    ("interval '-00:00:00.000001'", "-1 day, 23:59:59.999999"),
    ("array[1,2,null]", "[1, 2, null]"),
    ("'{}'::int[]", "[]"),
    ("array[[1,2],[3,4]]", "[[1, 2], [3, 4]]"),
    ("'[0:1]={5,6}'::int[]", "[5, 6]"),
    (
        r#"array['a','b c','d"e', null, 'NULL', '', 'x,y', '{z}', 'back\\slash']::text[]"#,
        r#"["a", "b c", "d\"e", null, "NULL", "", "x,y", "{z}", "back\\\\slash"]"#,
    ),
    ("array[1.5, 2]::numeric[]", "[1.5, 2.0]"),
    ("array[1.5, 'NaN']::float8[]", "[1.5, NaN]"),
    ("array[true,false,null]", "[true, false, null]"),
    ("array['2024-01-01'::date]", r#"["2024-01-01"]"#),
    ("array['2024-01-01 01:02:03'::timestamp]", r#"["2024-01-01T01:02:03"]"#),
    ("array['2024-01-01 01:02:03+00'::timestamptz]", r#"["2024-01-01T01:02:03+00:00"]"#),
    ("array['1 day'::interval]", r#"["1 day, 0:00:00"]"#),
    ("array['03:04:05'::time]", r#"["03:04:05"]"#),
    ("array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"),
    (r#"array['{"a":1}'::json]"#, r#"[{"a": 1}]"#),
    (r#"array['{"a":1}'::jsonb]"#, r#"[{"a": 1}]"#),
    ("array['sad'::mood]", "{sad}"),
    ("array[row(1,'x')::pair]", r#"{"(1,x)"}"#),
    ("array['10.0.0.1'::inet]", r#"["10.0.0.1"]"#),
    ("array['a'::char(3)]", r#"["a  "]"#),
    ("array['x'::varchar]", r#"["x"]"#),
    ("array[17::oid]", "[17]"),
    ("array[1::smallint]", "[1]"),
    ("array[1::bigint]", "[1]"),
    ("array['x'::name]", r#"["x"]"#),
    ("array['1'::money]", "{$1.00}"),
    ("array[B'101']", "{101}"),
    (
        r#"'{"b": 1, "a": [1, null, "x"], "ü": "é"}'::json"#,
        r#"{"b": 1, "a": [1, null, "x"], "\u00fc": "\u00e9"}"#,
    ),
    (r#"'{"b": 1, "a": [1, null, "x"]}'::jsonb"#, r#"{"a": [1, null, "x"], "b": 1}"#),
    ("'[]'::jsonb", "[]"),
    ("'7'::jsonb", "7"),
    ("'7.50'::jsonb", "7.5"),
    (r#"'"x"'::jsonb"#, "x"),
    ("'null'::jsonb", "None"),
    ("'true'::jsonb", "True"),
    ("'1e400'::json", "Infinity"),
    ("'12345678901234567890123'::jsonb", "12345678901234567890123"),
    ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("'sad'::mood", "sad"),
    (r#"'it''s "fine"'::mood"#, r#"it's "fine""#),
    ("5::posint", "5"),
    ("'l'::label", "l"),
    ("row(1,'x')::pair", "(1,x)"),
    ("row(1,null)::pair", "(1,)"),
    ("row(1,'x','y')", "(1,x,y)"),
    ("int4range(1,5)", "[1, 5)"),
    ("'[2024-01-01,2024-02-01)'::daterange", "[2024-01-01, 2024-02-01)"),
    ("tsrange('2024-01-01','2024-01-02')", "[2024-01-01 00:00:00, 2024-01-02 00:00:00)"),
    ("tstzrange('2024-01-01','2024-01-02')", "[2024-01-01 00:00:00+00:00, 2024-01-02 00:00:00+00:00)"),
    ("numrange(1.0,2.5)", "[1.0, 2.5)"),
    ("int8range(1,5)", "[1, 5)"),
    ("'empty'::int4range", "empty"),
    ("'{[1,3),[5,7)}'::int4multirange", "{[1,3),[5,7)}"),
    ("12.34::money", "$12.34"),
    ("B'101'", "101"),
    ("B'10101'::bit varying(8)", "10101"),
    ("'10.0.0.1/24'::inet", "10.0.0.1/24"),
    ("'10.0.0.0/24'::cidr", "10.0.0.0/24"),
    ("'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03"),
    ("'<a>x</a>'::xml", "<a>x</a>"),
    ("point(1,2)", "(1,2)"),
    ("'(1,2),(3,4)'::box", "(3,4),(1,2)"),
    ("to_tsvector('a b')", "'b':2"),
    ("'a & b'::tsquery", "'a' & 'b'"),
    ("pg_sleep(0)", ""),
    ("'$.a'::jsonpath", r#"$."a""#),
    ("'100'::xid", "100"),
    ("'0/16B3748'::pg_lsn", "0/16B3748"),
    ("current_schema()", "public"),
    ("'{a,b}'::name[]", r#"["a", "b"]"#),
    ("'(0,1)'::tid", "(0,1)"),
    ("array['[1,2)'::int4range]", r#"["[1, 2)"]"#),
];

/// Where dbt has nothing to say.
const OURS: &[(&str, &str)] = &[
    ("1e30::numeric", "1000000000000000000000000000000"),
    ("'0044-03-15 BC'::date", "0044-03-15 BC"),
    ("'10000-01-01'::date", "10000-01-01"),
    ("'20000-01-02 03:04:05'::timestamp", "20000-01-02 03:04:05"),
    ("'3000000 years'::interval", "1095000000 days, 0:00:00"),
    ("'abc'::bytea", "b'abc'"),
];

const MACROS: &str = "\
{% macro values() %}
  {%- for sql in var('expressions') -%}
    {%- set table = run_query('select ' ~ sql ~ ' as x') -%}
    {%- do log('[' ~ table.columns[0].values()[0] ~ ']', info=true) -%}
  {%- endfor -%}
{% endmacro %}
";

#[test]
fn macros_see_what_they_see_in_dbt() {
    let server = Server::start();
    server.execute(TYPES);
    let project = server.project("types", &[("macros/values.sql", MACROS)], json!({}));
    let all: Vec<(&str, &str)> = SEEN.iter().chain(OURS).copied().collect();
    let expressions: Vec<&str> = all.iter().map(|(expression, _)| *expression).collect();
    let variables = json!({"expressions": expressions}).to_string();
    let ended = Call::new(&project, &["run-operation", "values", "--vars", &variables]).run();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let shown = without_times(&ended.stdout);
    let seen: Vec<&str> =
        shown.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).collect();
    assert_eq!(seen.len(), all.len());
    let wrong: Vec<_> = all.iter().zip(&seen).filter(|((_, want), got)| want != *got).collect();
    assert!(wrong.is_empty(), "(expression, wanted), seen: {wrong:#?}");
}

/// As dbt does it, which Python reads and strict readers of JSON do not.
#[test]
fn show_writes_numbers_that_json_has_not() {
    let server = Server::start();
    let project = server.project("types", &[], json!({}));
    let query = "select 'NaN'::numeric as a, 'NaN'::float8 as b, 'Infinity'::float8 as c, '-Infinity'::numeric as d, \
                 12345678901234567890123::numeric as e, 9223372036854775807::bigint as f, \
                 '12345678901234567890123'::jsonb as g, 1e-7::float8 as h, '[]\"{'::text as i, array[]::int[] as j";
    let ended = Call::new(&project, &["--quiet", "show", "--inline", query, "--output", "json"]).run();
    let want = [
        "{",
        "  \"show\": [",
        "    {",
        "      \"a\": NaN,",
        "      \"b\": NaN,",
        "      \"c\": Infinity,",
        "      \"d\": -Infinity,",
        "      \"e\": 1.2345678901234568e+22,",
        "      \"f\": 9223372036854775807,",
        "      \"g\": 12345678901234567890123,",
        "      \"h\": 1e-07,",
        "      \"i\": \"[]\\\"{\",",
        "      \"j\": \"[]\"",
        "    }",
        "  ]",
        "}",
    ];
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), want, "{}", ended.stderr);
}

#[test]
fn show_writes_types_as_json_and_as_text() {
    let server = Server::start();
    let project = server.project("types", &[], json!({}));
    let query = "select 1.50::numeric(10,2) as exact, 0.1::float8 as inexact, null::text as missing, true as flag, \
                 '2024-01-02 03:04:05+00'::timestamptz as moment, date '2024-02-29' as day, array['a', null] as list, \
                 '{\"b\": [1]}'::jsonb as doc, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id, '1 day'::interval as span";
    let shown = |arguments: &[&str]| {
        let ended = Call::new(&project, &[&["--quiet", "show", "--inline", query], arguments].concat()).run();
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        ended.stdout
    };
    let written: serde_json::Value = serde_json::from_str(&shown(&["--output", "json"])).unwrap();
    let want = json!({
        "exact": 1.5, "inexact": 0.1, "missing": null, "flag": true, "moment": "2024-01-02T03:04:05+00:00",
        "day": "2024-02-29", "list": "[\"a\", null]", "doc": "{\"b\": [1]}",
        "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "span": "1 day, 0:00:00",
    });
    assert_eq!(written["show"], json!([want]), "{written}");
    let text = shown(&[]);
    for cell in ["|   1.5 |", "| 2024-01-02 03:04:... |", "| 2024-02-29 |"] {
        assert!(text.contains(cell), "{text}");
    }
    let direct = Call::new(
        &project,
        &["show", "--inline-direct", "select * from generate_series(1, 9) n", "--limit", "2"],
    )
    .run();
    assert!(direct.stdout.contains("| 2 |") && !direct.stdout.contains("| 3 |"), "{}", direct.stdout);
    let refused = Call::new(&project, &["show", "--inline-direct", "slect 1"]).run();
    assert!(
        refused.stdout.contains("Database Error: syntax error at or near \"slect\""),
        "{}",
        refused.stdout
    );
}
