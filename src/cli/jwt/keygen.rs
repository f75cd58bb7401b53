//! `c47 jwt keygen`: generates a key.

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

/// Generate a private key with its public key, or a shared secret.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "keygen",
    help_triggers("-h", "--help"),
    example = "c47 jwt keygen --alg ES256 -o key.pem"
)]
pub(super) struct Keygen {
    /// generate a key for this algorithm. It is HS256, HS384, HS512, ES256, ES384 or EdDSA.
    #[argh(option, from_str_fn(Algorithm::parse))]
    alg: Algorithm,
    /// write the key as pem or jwk. The default is pem, or the secret itself for HS256 to HS512.
    #[argh(option, from_str_fn(Form::parse))]
    format: Option<Form>,
    /// write the private key to FILE. The public key is written to FILE.pub. Only the owner can read FILE. The default prints the private key to stdout.
    #[argh(option, short = 'o', arg_name = "file")]
    output: Option<String>,
    /// overwrite FILE and FILE.pub.
    #[argh(switch)]
    overwrite: bool,
}

/// The kinds of the option values.
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
        let key = generate(self.alg, form)?;
        let Some(path) = self.output.as_deref().filter(|&path| path != "-") else {
            output::bytes(with_line_feed(&key.private).as_bytes())?;
            return Ok(Exit::Done);
        };
        let path = Path::new(path);
        // A device or pipe gets only the private key, like stdout.
        if atomic_file::write_to_stream(path, with_line_feed(&key.private).as_bytes())? {
            return Ok(Exit::Done);
        }
        let public_file = public_path(path);
        if !self.overwrite {
            ensure_new(path)?;
            if key.public.is_some() {
                ensure_new(&public_file)?;
            }
        }
        let private = written(AtomicFile::create(path, 0o600)?, &key.private)?;
        let public = match &key.public {
            Some(public) => Some(written(AtomicFile::create(&public_file, 0o644)?, public)?),
            None => None,
        };
        // A signal in between must not leave files of two different keys.
        interrupt::uninterrupted(|| {
            // Held until both files are in place, so that two processes cannot mix their keys.
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

fn written(mut file: AtomicFile, text: &str) -> Result<AtomicFile, Error> {
    file.write_all(text.as_bytes())
        .map_err(Error::file("write", file.target()))?;
    Ok(file)
}

/// Places both files if neither exists.
fn place_new(private: AtomicFile, public: Option<AtomicFile>) -> Result<(), Error> {
    let path = private.target().to_owned();
    if private.commit_new()? == New::Exists {
        return Err(exists(&path));
    }
    let Some(public) = public else { return Ok(()) };
    let public_file = public.target().to_owned();
    let placed = match public.commit_new() {
        Ok(New::Made) => return Ok(()),
        Ok(New::Exists) => exists(&public_file),
        Err(error) => error,
    };
    // It existed only for a moment.
    fs::remove_file(&path).map_err(Error::file("remove", &path))?;
    Err(placed)
}

/// Replaces both files. If the second cannot be replaced, the first is restored.
fn replace(private: AtomicFile, public: Option<AtomicFile>) -> Result<(), Error> {
    let Some(public) = public else {
        return private.commit();
    };
    let path = private.target().to_owned();
    // If this run is killed, the next one removes this file.
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
            .map_err(Error::file("restore", &path))?;
            Err(error)
        }
    }
}

/// Links the old key to a second name, so that a key exists at every moment.
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
        format!("{} already exists", path.display()),
        "use --overwrite to replace it",
    )
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".pub");
    name.into()
}

/// Rejects an existing file: a key overwritten by mistake is lost.
fn ensure_new(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(_) => Err(exists(path)),
    }
}
