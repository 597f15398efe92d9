//! What a session keeps and what it loses: nodes find it fresh, and a connection that is gone is replaced only where nothing is
//! lost with it.

use serde_json::json;
use tidegate::adapter::{Cell, Connection, DbErrorKind, Fetch};

use super::proxy::Proxy;
use super::{Server, cells};

fn one(session: &mut dyn Connection, sql: &str) -> Cell {
    cells(session.execute(sql, Fetch::All).unwrap()).remove(0).remove(0)
}

/// Ends the session's connection from the server's side.
fn end(server: &Server, session: &mut dyn Connection) {
    let Cell::Int(process) = one(session, "select pg_backend_pid()") else { panic!("no process") };
    server.execute(&format!("select pg_terminate_backend({process}, 5000)"));
}

#[test]
fn a_node_finds_a_fresh_session_and_the_role_of_the_profile() {
    let server = Server::start();
    server.execute("create role builders; create schema shop authorization builders");
    let other = Proxy::hiding(server.port, &["DISCARD ALL"]);
    for port in [server.port, other.port] {
        let profile = json!({"role": "builders", "search_path": "shop", "port": port, "sslmode": "disable"});
        finds_a_fresh_session(&mut *server.connect(profile).unwrap());
    }
    assert_eq!(other.hidden(), 1, "a server that does not know the statement gets a new connection");
}

fn finds_a_fresh_session(session: &mut dyn Connection) {
    session.rename("model.shop.one");
    for sql in ["set work_mem = '1MB'", "create temp table leftover as select 1 as x", "reset role"] {
        session.execute(sql, Fetch::Nothing).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(
        one(session, "select current_setting('work_mem')"),
        Cell::text("1MB"),
        "the same node keeps it"
    );
    session.rename("model.shop.two");
    assert_eq!(one(session, "select current_setting('work_mem')"), Cell::text("4MB"));
    assert_eq!(one(session, "select to_regclass('leftover')::text"), Cell::Null);
    let who = one(session, "select current_user || ' in ' || current_setting('search_path')");
    assert_eq!(who, Cell::text("builders in shop"));
}

#[test]
fn a_node_leaves_nothing_behind_and_nobody_waits_for_that() {
    let server = Server::start();
    server.execute("create role builders; create schema shop authorization builders");
    let other = Proxy::hiding(server.port, &["DISCARD ALL"]);
    for (port, same_connection) in [(server.port, true), (other.port, false)] {
        let profile = json!({"role": "builders", "search_path": "shop", "port": port, "sslmode": "disable"});
        let mut session = server.connect(profile).unwrap();
        finds_a_fresh_session(&mut *session);
        let process = one(&mut *session, "select pg_backend_pid()");
        session.execute("set work_mem = '1MB'; create table left_open (x int)", Fetch::Nothing).unwrap();
        session.release().unwrap();
        assert!(!session.in_transaction());

        // The next node may be the same one, as that of a batch.
        let refused = session.execute("select 1,\n lost", Fetch::All).unwrap_err();
        assert_eq!(
            (refused.position, refused.excerpt.as_deref()),
            (Some(11), Some("LINE 2:  lost\n         ^"))
        );
        assert!(session.in_transaction(), "the first statement begins a transaction");
        session.release().unwrap();
        assert_eq!(one(&mut *session, "select current_setting('work_mem')"), Cell::text("4MB"));
        assert_eq!(one(&mut *session, "select to_regclass('left_open')::text"), Cell::Null);
        assert_eq!(one(&mut *session, "select current_user::text"), Cell::text("builders"));
        assert_eq!(one(&mut *session, "select pg_backend_pid()") == process, same_connection);

        // The role is no setting that would be lost in silence.
        session.commit().unwrap();
        end(&server, &mut *session);
        assert_eq!(one(&mut *session, "select 1"), Cell::Int(1));

        // Lost between two nodes, and while the first one's end is on its way.
        end(&server, &mut *session);
        session.release().unwrap();
        assert_eq!(one(&mut *session, "select 1"), Cell::Int(1));
        session.release().unwrap();
        let Cell::Int(process) = one(&mut *session, "select pg_backend_pid()") else { panic!("no process") };
        session.release().unwrap();
        server.execute(&format!("select pg_terminate_backend({process}, 5000)"));
        assert_eq!(one(&mut *session, "select 1"), Cell::Int(1));
        session.release().unwrap();
    }
}

#[test]
fn a_lost_connection_is_replaced_where_nothing_is_lost_with_it() {
    let server = Server::start();
    let mut session = server.connect(json!({})).unwrap();
    session.execute("create table t (x int)", Fetch::Nothing).unwrap();
    session.commit().unwrap();

    // Between nodes.
    end(&server, &mut *session);
    session.rename("model.shop.two");
    session.execute("insert into t values (1)", Fetch::Nothing).unwrap();
    session.commit().unwrap();
    // Within a node, outside of a transaction: nothing was sent that could have been done.
    end(&server, &mut *session);
    session.execute("insert into t values (2)", Fetch::Nothing).unwrap();

    // What was set would be lost in silence.
    session.rename("model.shop.three");
    session.execute("set statement_timeout = 1000", Fetch::Nothing).unwrap();
    session.commit().unwrap();
    end(&server, &mut *session);
    let refused = session.execute("insert into t values (3)", Fetch::Nothing).unwrap_err();
    assert_eq!(refused.kind, DbErrorKind::Connection);
    assert!(refused.help.iter().any(|help| help.contains("was `set`")), "{:?}", refused.help);

    // Within a transaction everything would be.
    session.rename("model.shop.four");
    session.execute("insert into t values (4)", Fetch::Nothing).unwrap();
    end(&server, &mut *session);
    let refused = session.execute("insert into t values (5)", Fetch::Nothing).unwrap_err();
    assert_eq!(refused.kind, DbErrorKind::Connection);
    assert!(session.execute("insert into t values (6)", Fetch::Nothing).is_err(), "the node is over");
    session.rollback().unwrap();
    session.rename("model.shop.five");
    let kept = one(&mut *session, "select string_agg(x::text, ' ' order by x) from t");
    assert_eq!(kept, Cell::text("1 2"));
}
