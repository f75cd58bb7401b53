//! `c47 jwt keygen`: makes a key for tokens.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use crate::atomic_file;
use crate::error::Error;
use crate::exit::Exit;
use crate::jwt::Algorithm;
use crate::jwt::keygen::{Form, algorithm_names, generate};
use crate::outline::{Details, Kind};
use crate::output;

/// Make a key: a private key and its public half, or a shared secret.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "keygen",
    help_triggers("-h", "--help"),
    example = "c47 jwt keygen --alg ES256 -o key.pem",
    note = "A shared secret is a printable text, used as it stands. RSA keys are made by openssl genpkey -algorithm RSA."
)]
pub(super) struct Keygen {
    /// the algorithm it is for: HS256, HS384, HS512, ES256, ES384 or EdDSA
    #[argh(option, from_str_fn(Algorithm::parse))]
    alg: Algorithm,
    /// pem or jwk (default: pem; for HS256 to HS512 the secret itself)
    #[argh(option, from_str_fn(Form::parse))]
    format: Option<Form>,
    /// write the private key to FILE, readable by its owner only, and the public half to FILE.pub (default: the private key to stdout)
    #[argh(option, short = 'o', arg_name = "file")]
    output: Option<String>,
    /// replace FILE and FILE.pub where they exist
    #[argh(switch)]
    overwrite: bool,
}

/// The kinds of its values.
pub(super) const DETAILS: Details = Details {
    command: "jwt keygen",
    values: &[
        (
            "--alg",
            Kind::checked_choice(algorithm_names, |text| Algorithm::parse(text).map(drop)),
        ),
        (
            "--format",
            Kind::checked_choice(Form::names, |text| Form::parse(text).map(drop)),
        ),
        ("--output", Kind::File),
    ],
    json: &[],
};

impl Keygen {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let form = self.format.unwrap_or_else(|| Form::of(self.alg));
        let written = generate(self.alg, form)?;
        let Some(path) = self.output.as_deref().filter(|&path| path != "-") else {
            output::bytes(written.private.as_bytes())?;
            if !written.private.ends_with('\n') {
                output::bytes(b"\n")?;
            }
            return Ok(Exit::Done);
        };
        let path = Path::new(path);
        let beside = public_path(path);
        if !self.overwrite {
            ensure_new(path)?;
            if written.public.is_some() {
                ensure_new(&beside)?;
            }
        }
        atomic_file::write(path, written.private.as_bytes(), 0o600)?;
        if let Some(public) = &written.public {
            atomic_file::write(&beside, public.as_bytes(), 0o644)?;
        }
        Ok(Exit::Done)
    }
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".pub");
    name.into()
}

/// A key that is replaced by mistake is lost, and with it all that it signed.
fn ensure_new(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(_) => Err(Error::usage_hint(
            format!("{} exists already", path.display()),
            "--overwrite replaces it",
        )),
    }
}
