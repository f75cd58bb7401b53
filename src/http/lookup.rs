//! Calls getaddrinfo(3) and returns its error as a code. std returns only the C library's message,
//! and retries must not depend on a message.
#![allow(unsafe_code)] // getaddrinfo, its list and gai_strerror

use std::ffi::{CStr, CString};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

use super::failure::LookupError;
use crate::io_error::reason;

/// The addresses of `host` with `port`, in the order that the system prefers. Blocks as long as the
/// resolver needs.
///
/// # Errors
/// When the name has no address, or the resolver does not respond.
pub(super) fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupError> {
    let name = CString::new(host).map_err(|_| LookupError::UnknownName)?;
    // SAFETY: addrinfo is plain data; all zeros mean any family and no flags.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: `name` ends in NUL; `hints` and `list` outlive the call.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut list) };
    if code != 0 {
        return Err(error_of(code));
    }
    let mut found = Vec::new();
    let mut next = list;
    while !next.is_null() {
        // SAFETY: a node of getaddrinfo's list, which is freed below.
        let node = unsafe { &*next };
        // SAFETY: ai_addr points to an address of the node's family.
        found.extend(unsafe { address_of(node, port) });
        next = node.ai_next;
    }
    // SAFETY: the list is from getaddrinfo and is not used again.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}

/// # Safety
/// `node.ai_addr` must point to an address of `node.ai_family`.
unsafe fn address_of(node: &libc::addrinfo, port: u16) -> Option<SocketAddr> {
    match node.ai_family {
        libc::AF_INET => {
            // SAFETY: guaranteed by the caller; the address may be unaligned.
            let v4 = unsafe { ptr::read_unaligned(node.ai_addr.cast::<libc::sockaddr_in>()) };
            let address = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddrV4::new(address, port).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6 = unsafe { ptr::read_unaligned(node.ai_addr.cast::<libc::sockaddr_in6>()) };
            let address = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(address, port, v6.sin6_flowinfo, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

fn error_of(code: libc::c_int) -> LookupError {
    match code {
        libc::EAI_NONAME | libc::EAI_NODATA => LookupError::UnknownName,
        libc::EAI_AGAIN => LookupError::NoResponse,
        libc::EAI_SYSTEM => LookupError::Other(reason(&io::Error::last_os_error())),
        code => {
            // SAFETY: gai_strerror returns a static string that ends in NUL.
            let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) };
            LookupError::Other(text.to_string_lossy().into_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_addresses_need_no_dns() {
        assert_eq!(
            addresses("127.0.0.1", 80),
            Ok(vec!["127.0.0.1:80".parse().unwrap()])
        );
        assert_eq!(
            addresses("::1", 443),
            Ok(vec!["[::1]:443".parse().unwrap()])
        );
    }

    #[test]
    fn errors_are_distinguished_by_code() {
        assert_eq!(error_of(libc::EAI_NONAME), LookupError::UnknownName);
        assert_eq!(error_of(libc::EAI_AGAIN), LookupError::NoResponse);
        assert!(matches!(error_of(libc::EAI_FAMILY), LookupError::Other(_)));
        assert_eq!(addresses("a\0b", 80), Err(LookupError::UnknownName));
    }
}
