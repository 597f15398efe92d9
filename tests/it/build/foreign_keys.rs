//! Tables that foreign keys refer to, on DuckDB, which neither renames nor drops such tables. As under dbt-duckdb 1.11.

use super::Shop;

const TABLES: &str = "select table_name from duckdb_tables() order by 1";
const KEYS: &str = "
    select table_name || ': ' || constraint_text from duckdb_constraints() where constraint_type <> 'NOT NULL' order by 1";

#[test]
fn what_refers_to_a_table_steps_aside_while_it_is_replaced() {
    let shop = Shop::copy("foreign_keys");
    let tables = ["customers", "lines", "orders"];
    let keys = [
        "customers: PRIMARY KEY(id)",
        "lines: FOREIGN KEY (order_id) REFERENCES orders(id)",
        "orders: FOREIGN KEY (customer_id) REFERENCES customers(id)",
        "orders: PRIMARY KEY(id)",
    ];
    shop.run(&["run"], 0);
    assert_eq!(shop.rows(KEYS), keys);

    // The rows of an incremental model would be lost, and what is not selected would not come back.
    let refused = shop.run(&["run"], 1);
    assert!(refused.contains("lines is materialized as incremental and would lose its data"), "{refused}");
    let refused = shop.run(&["run", "-s", "customers", "orders", "--full-refresh"], 1);
    assert!(refused.contains("lines is not selected in this run"), "{refused}");
    assert_eq!(
        (shop.rows(TABLES), shop.rows(KEYS)),
        (tables.map(str::to_owned).to_vec(), keys.map(str::to_owned).to_vec())
    );

    shop.run(&["run", "--full-refresh"], 0);
    assert_eq!(
        (shop.rows(TABLES), shop.rows(KEYS)),
        (tables.map(str::to_owned).to_vec(), keys.map(str::to_owned).to_vec())
    );

    // A run that ends in between leaves the rows, without the keys.
    shop.run(&["run", "--full-refresh", "--vars", "{broken: true}"], 1);
    assert_eq!(shop.rows(TABLES), tables);
    assert_eq!(shop.rows(KEYS), ["customers: PRIMARY KEY(id)"]);
    assert_eq!(shop.rows("select count(*) from orders union all select count(*) from lines"), ["1", "1"]);
    shop.run(&["run", "--full-refresh"], 0);
    assert_eq!(shop.rows(KEYS), keys);
}
