//! Contracts, versions, access: what a project promises about its models.

use super::Shop;

#[test]
fn a_contract_names_columns_with_their_case() {
    let shop = Shop::copy("governance");
    shop.run(&["run"], 0);
    shop.write("models/prices.sql", "select 1 as id, 'tea' as \"Name\"");
    let shown = shop.run(&["run"], 1);
    assert!(shown.contains("This model has an enforced contract that failed."), "{shown}");
    assert!(shown.contains("Name") && shown.contains("missing in contract"), "{shown}");
    assert_eq!(shop.columns("prices"), ["id INTEGER", "name VARCHAR"]);
}

#[test]
fn a_contract_wants_a_type_for_each_column() {
    let shop = Shop::copy("governance");
    let untyped = shop.read("models/schema.yml").replace(", data_type: varchar", "");
    shop.write("models/schema.yml", &untyped);
    let shown = shop.run(&["run"], 1);
    let want = "Contracted models require data_type to be defined for each column. Please ensure that the column name and data_type are defined within the YAML configuration for the ['name'] column(s).";
    assert!(shown.contains(want), "{shown}");
}

#[test]
fn a_contract_without_columns_does_not_parse() {
    let shop = Shop::copy("governance");
    let properties = shop.read("models/schema.yml");
    shop.write("models/schema.yml", properties.split("    columns:").next().unwrap());
    let shown = shop.run(&["parse"], 2);
    assert!(shown.contains("Parsing Error\nerror[invalid-resource]: Constraints must be defined"), "{shown}");
}

#[test]
fn columns_of_a_version_are_excluded_from_all_only() {
    let shop = Shop::copy("governance");
    shop.write("models/prices_v1.sql", "select 1 as id");
    std::fs::remove_file(shop.path("models/prices.sql")).unwrap();
    let versioned = |columns: &str| {
        format!(
            "models:\n  - name: prices\n    columns: [{{name: id}}, {{name: name}}]\n    versions:\n      - v: 1\n        columns: [{columns}]\n"
        )
    };
    for (columns, code) in [
        ("{include: all, exclude: [name]}", 0),
        ("{include: [id], exclude: []}", 0),
        ("{include: [id], exclude: [name]}", 2),
        ("{exclude: [name]}", 2),
    ] {
        shop.write("models/schema.yml", &versioned(columns));
        let shown = shop.run(&["parse"], code);
        assert_eq!(shown.contains("takes columns away from `include: all`"), code == 2, "{shown}");
    }
}

#[test]
fn a_run_of_ephemeral_models_has_no_summary() {
    let shop = Shop::copy("governance");
    let ephemeral = shop.read("models/schema.yml").replace("materialized: table", "materialized: ephemeral");
    shop.write("models/schema.yml", &ephemeral);
    let shown = shop.run(&["run"], 0);
    assert!(shown.contains("Finished running") && !shown.contains("Done. PASS"), "{shown}");
}
