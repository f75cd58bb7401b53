//! The user's entry in /etc/passwd. A static binary cannot load NSS modules for LDAP or NIS,
//! because they are shared libraries.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::process;

/// Larger than the passwd file of any site.
const MAX_BYTES: u64 = 16 << 20;

/// The fields of an entry that c47 uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub name: String,
    pub home: PathBuf,
}

/// The effective user's entry.
pub(super) fn own() -> Option<Entry> {
    let file = File::open("/etc/passwd").ok()?;
    find(BufReader::new(file.take(MAX_BYTES)), process::user_id()).ok()?
}

/// The first entry with this user ID (passwd(5)).
fn find(mut file: impl BufRead, user: u32) -> io::Result<Option<Entry>> {
    let number = user.to_string();
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        let mut fields = line
            .strip_suffix(b"\n")
            .unwrap_or(&line)
            .split(|&b| b == b':');
        let (name, uid, home) = (fields.next(), fields.nth(1), fields.nth(2));
        if let (Some(name), Some(uid), Some(home)) = (name, uid, home)
            && uid == number.as_bytes()
        {
            return Ok(Some(Entry {
                name: String::from_utf8_lossy(name).into_owned(),
                home: PathBuf::from(OsString::from_vec(home.to_vec())),
            }));
        }
        line.clear();
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_is_found_by_user_id() {
        let text: &[u8] =
            b"# comment\nbroken:x:7\nroot:x:0:0:r\xe9o:/root:/bin/sh\nfarm:x:7:7::/home/farm\n";
        let found = |user| find(text, user).unwrap();
        let entry = |name: &str, home: &str| {
            Some(Entry {
                name: name.into(),
                home: home.into(),
            })
        };
        assert_eq!(found(0), entry("root", "/root"));
        assert_eq!(found(7), entry("farm", "/home/farm"));
        assert_eq!(found(70), None);
        assert_eq!(find(&b""[..], 0).unwrap(), None);
    }
}
