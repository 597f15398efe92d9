//! Many models at once on one database file.

use super::Shop;

#[test]
fn four_workers_never_conflict() {
    let shop = Shop::copy("slow");
    for file in ["slow_table", "slow_incremental", "slow_view", "after_slow", "quick"] {
        std::fs::remove_file(shop.path(&format!("models/{file}.sql"))).unwrap();
    }
    for at in 0..60 {
        let kind = ["view", "table", "incremental"][at % 3];
        let parents: Vec<String> = (1..=3)
            .filter(|back| at >= back * 7)
            .map(|back| format!(" union all select id + 1 from {{{{ ref('m{}') }}}}", at - back * 7))
            .collect();
        let sql = format!(
            "{{{{ config(materialized='{kind}', unique_key='id') }}}} select max(id) as id from (select {at} as id{})",
            parents.concat()
        );
        shop.write(&format!("models/m{at}.sql"), &sql);
    }
    for round in 0..4 {
        let arguments: &[&str] = if round == 2 { &["run", "--full-refresh"] } else { &["run"] };
        let shown = shop.run(&[arguments, &["--threads", "4"]].concat(), 0);
        assert!(shown.contains("Done. PASS=60 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=60"), "{shown}");
    }
    let relations = shop.relations();
    assert_eq!(relations.len(), 60, "{relations:?}");
    assert_eq!(shop.rows("select id from m59"), ["59"]);
}
