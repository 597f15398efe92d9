//! Something between client and server, on loopback, that cuts connections, or hides what the server knows.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// A way to a server that ends after so many bytes.
pub(super) struct Proxy {
    pub(super) port: u16,
    state: Arc<State>,
}

struct State {
    /// How many bytes still pass, in both directions together; below zero there is no limit.
    left: AtomicI64,
    cuts: AtomicUsize,
    /// How many of a hundred connections end early.
    dropped: u64,
    connections: AtomicU64,
    /// Words that arrive misspelled, so that the server refuses the statements they are in.
    unknown: &'static [&'static str],
    /// How many of them came by.
    hidden: AtomicUsize,
}

impl Proxy {
    /// Leads to a port of this machine.
    pub(super) fn to(server: u16) -> Self {
        Self::with(server, &[], 0)
    }

    /// Leads to a port of this machine; so many of a hundred connections are cut after some bytes.
    pub(super) fn dropping(server: u16, dropped: u64) -> Self {
        Self::with(server, &[], dropped)
    }

    /// Leads to a port of this machine; the server there seems not to know some words. Not for encrypted connections.
    pub(super) fn hiding(server: u16, unknown: &'static [&'static str]) -> Self {
        Self::with(server, unknown, 0)
    }

    fn with(server: u16, unknown: &'static [&'static str], dropped: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            left: AtomicI64::new(-1),
            cuts: AtomicUsize::new(0),
            dropped,
            connections: AtomicU64::new(0),
            unknown,
            hidden: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let allowance = Arc::new(AtomicI64::new(shared.allowance()));
                for (from, to, asks) in [(&client, &server, true), (&server, &client, false)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (state, allowance) = (Arc::clone(&shared), Arc::clone(&allowance));
                    std::thread::spawn(move || state.pass((from, to), asks, &allowance));
                }
            }
        });
        Self { port, state }
    }

    /// Cuts the connection that carries the byte with this number; those after it are left alone.
    pub(super) fn cut_after(&self, bytes: i64) {
        self.state.left.store(bytes, Ordering::SeqCst);
    }

    /// How many bytes may still pass.
    pub(super) fn left(&self) -> i64 {
        self.state.left.load(Ordering::SeqCst)
    }

    /// How often it cut.
    pub(super) fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }

    /// How many words it hid.
    pub(super) fn hidden(&self) -> usize {
        self.state.hidden.load(Ordering::SeqCst)
    }
}

impl State {
    fn hide(&self, sent: &mut [u8]) {
        for word in self.unknown.iter().map(|word| word.as_bytes()) {
            for at in 0..sent.len().saturating_sub(word.len() - 1) {
                if sent[at..].starts_with(word) {
                    sent[at] = b'z';
                    self.hidden.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }

    /// How many bytes the next connection may carry: any number for one that is not dropped.
    fn allowance(&self) -> i64 {
        let number = self.connections.fetch_add(1, Ordering::SeqCst);
        // Always the same, and without a pattern.
        let random = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let bytes = 300 + i64::try_from(random / 100 % 8_000).unwrap();
        if random % 100 < self.dropped { bytes } else { i64::MAX }
    }

    fn pass(&self, (mut from, mut to): (TcpStream, TcpStream), asks: bool, allowance: &AtomicI64) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 {
                break;
            }
            if asks {
                self.hide(&mut buffer[..read]);
            }
            let count = i64::try_from(read).unwrap();
            if allowance.fetch_sub(count, Ordering::SeqCst) < count {
                self.cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            let before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                if left < 0 { None } else { Some(if left < count { -1 } else { left - count }) }
            });
            if let Some(passes) = before.ok().filter(|left| *left < count) {
                // What comes before the cut still arrives.
                let _ = to.write_all(&buffer[..usize::try_from(passes).unwrap()]);
                self.cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
