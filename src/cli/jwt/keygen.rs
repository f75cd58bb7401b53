//! `c47 jwt keygen`: makes a key for tokens.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};
use zeroize::Zeroizing;

use crate::atomic_file::{self, Alone, AtomicFile, New};
use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt;
use crate::jwt::Algorithm;
use crate::jwt::keygen::{Form, algorithm_names, generate};
use crate::outline::{Details, Kind};
use crate::output;
use crate::unfinished;

/// Make a key: a private key and its public half, or a shared secret.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "keygen",
    help_triggers("-h", "--help"),
    example = "c47 jwt keygen --alg ES256 -o key.pem"
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
            output::bytes(with_line_feed(&written.private).as_bytes())?;
            return Ok(Exit::Done);
        };
        let path = Path::new(path);
        // What is no file has nothing beside it, as stdout has not.
        if atomic_file::write_to_stream(path, with_line_feed(&written.private).as_bytes())? {
            return Ok(Exit::Done);
        }
        let beside = public_path(path);
        if !self.overwrite {
            ensure_new(path)?;
            if written.public.is_some() {
                ensure_new(&beside)?;
            }
        }
        let private = filled(AtomicFile::create(path, 0o600)?, &written.private)?;
        let public = match &written.public {
            Some(public) => Some(filled(AtomicFile::create(&beside, 0o644)?, public)?),
            None => None,
        };
        // A signal between the two would leave the halves of two keys.
        interrupt::undivided(|| {
            // Held until both are in place, so that no two processes mix their halves.
            let _alone = Alone::claim(private.target())?;
            match self.overwrite {
                true => replace(private, public),
                false => place_new(private, public),
            }
        })?;
        Ok(Exit::Done)
    }
}

fn with_line_feed(text: &str) -> Zeroizing<String> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Zeroizing::new(format!("{text}{end}"))
}

fn filled(mut file: AtomicFile, text: &str) -> Result<AtomicFile, Error> {
    file.write_all(text.as_bytes())
        .map_err(Error::file("write", file.target()))?;
    Ok(file)
}

/// Both where there is neither; otherwise none.
fn place_new(private: AtomicFile, public: Option<AtomicFile>) -> Result<(), Error> {
    let path = private.target().to_owned();
    if private.commit_new()? == New::Exists {
        return Err(exists(&path));
    }
    let Some(public) = public else { return Ok(()) };
    let beside = public.target().to_owned();
    let placed = match public.commit_new() {
        Ok(New::Made) => return Ok(()),
        Ok(New::Exists) => exists(&beside),
        Err(error) => error,
    };
    // Nobody has used it: it was there for a moment.
    fs::remove_file(&path).map_err(Error::file("remove", &path))?;
    Err(placed)
}

/// Both over what is there. Where the second cannot be replaced, the first is put back.
fn replace(private: AtomicFile, public: Option<AtomicFile>) -> Result<(), Error> {
    let Some(public) = public else {
        return private.commit();
    };
    let path = private.target().to_owned();
    // A name that the next run removes when this one is killed.
    let saved = unfinished::beside(&path);
    let is_saved = match path.symlink_metadata() {
        Ok(_) => {
            save_as(&path, &saved).map_err(Error::file("write", &saved))?;
            true
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(Error::file("read", &path)(error)),
    };
    match private.commit().and_then(|()| public.commit()) {
        Ok(()) if is_saved => fs::remove_file(&saved).map_err(Error::file("remove", &saved)),
        Ok(()) => Ok(()),
        Err(error) => {
            match is_saved {
                true => fs::rename(&saved, &path),
                false => fs::remove_file(&path),
            }
            .map_err(Error::file("put back", &path))?;
            Err(error)
        }
    }
}

/// A second name for the old key, so that there is one at each moment.
fn save_as(path: &Path, saved: &Path) -> io::Result<()> {
    match fs::hard_link(path, saved) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            atomic_file::rename_new(path, saved)
        }
        linked => linked,
    }
}

fn exists(path: &Path) -> Error {
    Error::usage_hint(
        format!("{} exists already", path.display()),
        "--overwrite replaces it",
    )
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
        Ok(_) => Err(exists(path)),
    }
}
