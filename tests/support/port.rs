//! A port that refuses connections until the test listens on it.
#![allow(unsafe_code)] // socket(2), bind(2) and listen(2): std binds and listens in one step

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A loopback port that no other process can bind and that refuses connections.
pub struct ClosedPort(OwnedFd, u16);

impl ClosedPort {
    pub fn reserve() -> ClosedPort {
        // SAFETY: nothing else owns the new descriptor.
        let socket = unsafe {
            let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
            let socket = libc::socket(libc::AF_INET, kind, 0);
            assert!(socket >= 0, "a socket: {}", io::Error::last_os_error());
            OwnedFd::from_raw_fd(socket)
        };
        let address = libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: 0,
            sin_addr: libc::in_addr {
                s_addr: u32::from(Ipv4Addr::LOCALHOST).to_be(),
            },
            sin_zero: [0; 8],
        };
        let length = size_of_val(&address) as libc::socklen_t;
        // SAFETY: the address is a valid sockaddr_in of `length` bytes.
        let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
        assert_eq!(bound, 0, "a port: {}", io::Error::last_os_error());
        let port = TcpListener::from(socket.try_clone().unwrap())
            .local_addr()
            .expect("its address")
            .port();
        ClosedPort(socket, port)
    }

    pub fn number(&self) -> u16 {
        self.1
    }

    /// Starts to accept connections.
    pub fn listen(self) -> TcpListener {
        // SAFETY: the descriptor is open and owned by `self`.
        let listening = unsafe { libc::listen(self.0.as_raw_fd(), 16) };
        assert_eq!(listening, 0, "listen: {}", io::Error::last_os_error());
        TcpListener::from(self.0)
    }
}
