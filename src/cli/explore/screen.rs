//! The screen of `c47 explore`: carries out what the state machine asks for. Calls and filters run in
//! threads of their own, so that every key is answered at once.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::filters::Filters;
use super::mailbox::Mailbox;
use super::worker::{self, Worker};
use super::{COMMAND, Explore};
use crate::atomic_file::{AtomicFile, New};
use crate::auth::service::Service;
use crate::auth::{self, Profile};
use crate::cli::environment;
use crate::cli::http::SessionOptions;
use crate::cli::profile::warn;
use crate::error::Error;
use crate::exit::Exit;
use crate::explore::app::screen::draw;
use crate::explore::app::{App, Effect, Happening, Writes};
use crate::explore::history::History;
use crate::explore::service::Place;
use crate::output;
use crate::shell;
use crate::timestamp::Timestamp;
use crate::tui::event::Event;
use crate::tui::terminal::{Area, Terminal};

/// The most copied command lines that are printed at the end.
const MAX_COPIED: usize = 100;
/// Longer texts are not copied: terminals refuse them.
const MAX_COPY_BYTES: usize = 64 << 10;

/// Runs the screen.
///
/// # Errors
/// Without a terminal, when the login fails, and when the terminal is lost.
pub(super) fn run(
    options: &Explore,
    place: Place,
    profile: Option<Profile>,
) -> Result<Exit, Error> {
    ensure_terminal()?;
    let mailbox = Mailbox::default();
    let start = worker::Start {
        service: options.service.clone(),
        options: options.session_options(),
        mailbox: mailbox.clone(),
    };
    // A prompt for a secret comes before the screen.
    let worker = Worker::start(&start)?;
    worker.wait_for_login()?;
    crate::secret::forbid_prompts();
    worker::describe(&start, options.openapi.clone())?;
    let file = history_file(&place, profile.as_ref());
    let history = file.as_deref().map(History::read).unwrap_or_default();
    let writes = match options.yes {
        true => Writes::Allowed,
        false => Writes::Ask,
    };
    let mut screen = Screen {
        app: App::new(place, writes, history),
        terminal: Terminal::open(Area::Full).map_err(lost)?,
        filters: Filters::new(mailbox.clone()),
        worker: Some(worker),
        start,
        mailbox,
        file,
        copied: Vec::new(),
    };
    screen.mailbox.wake_with(screen.terminal.waker());
    let ended = screen.run();
    let Screen {
        terminal, copied, ..
    } = screen;
    // The screen of the shell comes back first.
    drop(terminal);
    ended?;
    for line in copied {
        output::line(line)?;
    }
    Ok(Exit::Done)
}

fn ensure_terminal() -> Result<(), Error> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/tty");
    device.map(drop).map_err(|_| {
        Error::usage_hint(
            "c47 explore requires a terminal",
            "use --eval 'GET /path | FILTER' for each call, or c47 http for a single one",
        )
    })
}

fn lost(source: std::io::Error) -> Error {
    Error::System {
        action: "use the terminal",
        source,
    }
}

/// The file of the history, whose directory exists; `None` if there can be none.
fn history_file(place: &Place, profile: Option<&Profile>) -> Option<PathBuf> {
    let service = match profile {
        Some(profile) => profile.service.clone(),
        None => Service::at(place.url().clone(), None),
    };
    let file = auth::history_file(&service, &environment::places());
    let why = match file {
        Ok(file) => match auth::ensure_cookie_directory(&file) {
            Ok(None) => return Some(file),
            Ok(Some(why)) => why,
            Err(error) => error.to_string(),
        },
        Err(why) => why,
    };
    warn(COMMAND, &[format!("the history is not saved: {why}")]);
    None
}

/// Whether the event loop continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Continue,
    End,
}

struct Screen {
    app: App,
    terminal: Terminal,
    filters: Filters,
    /// `None` after a call was cancelled.
    worker: Option<Worker>,
    start: worker::Start,
    mailbox: Mailbox,
    file: Option<PathBuf>,
    /// The command lines that were copied.
    copied: Vec<String>,
}

impl Screen {
    fn run(&mut self) -> Result<(), Error> {
        let colour = output::terminal_colour();
        loop {
            self.app.resize(self.terminal.size().height);
            let app = &self.app;
            let drawn = self.terminal.draw(&mut |buffer| draw(app, colour, buffer));
            drawn.map_err(lost)?;
            let happenings = match self.terminal.event(None).map_err(lost)? {
                Some(Event::Woken) => self.mailbox.take(),
                Some(event) => vec![Happening::Terminal(event)],
                None => Vec::new(),
            };
            for happening in happenings {
                for effect in self.app.handle(happening) {
                    if self.carry_out(effect)? == Next::End {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Next, Error> {
        match effect {
            Effect::Send(call) => self.worker()?.call(call),
            Effect::Learn(words) => self.worker()?.learn(words),
            // The thread of the call ends at its time limit.
            Effect::Cancel => self.worker = None,
            Effect::Filter { id, text, input } => {
                self.filters
                    .apply(id, text, input, &self.app.knowledge.values);
            }
            Effect::CancelFilter => self.filters.cancel(),
            Effect::Copy(text) => self.copy(&text),
            Effect::CopyCommand(words) => {
                let line = self.options().command_line(words);
                self.copy(&line);
                if self.copied.len() < MAX_COPIED && !self.copied.contains(&line) {
                    self.copied.push(line);
                }
            }
            Effect::Save(calls) => {
                let told = self.save(calls).unwrap_or_else(|error| error.to_string());
                self.app.handle(Happening::Told(told));
            }
            Effect::Remember(line) => self.remember(line),
            Effect::Stop => {
                self.terminal.stop().map_err(lost)?;
            }
            Effect::Quit => return Ok(Next::End),
        }
        Ok(Next::Continue)
    }

    fn options(&self) -> &SessionOptions {
        &self.start.options
    }

    /// The thread that makes the calls. After one was cancelled there is a new one.
    fn worker(&mut self) -> Result<&Worker, Error> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(&self.start)?,
        };
        Ok(self.worker.insert(worker))
    }

    /// Copies a text with OSC 52, which works over ssh where the terminal allows it.
    fn copy(&mut self, text: &str) {
        let told = match text.len() <= MAX_COPY_BYTES {
            true => {
                let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
                let device = OpenOptions::new().write(true).open("/dev/tty");
                let _ = device.and_then(|mut device| device.write_all(sequence.as_bytes()));
                format!("copied: {text}")
            }
            false => "it is too long to be copied".to_owned(),
        };
        self.app.handle(Happening::Told(told));
    }

    /// Saves the calls as a script in the current directory. Returns what to tell.
    fn save(&self, calls: Vec<Vec<String>>) -> Result<String, Error> {
        if calls.is_empty() {
            return Ok("there is no call to save".to_owned());
        }
        let mut script = "#!/bin/sh\nset -e\n".to_owned();
        for words in calls {
            script.push_str(&self.options().command_line(words));
            script.push('\n');
        }
        let name = format!("explore-{}.sh", Timestamp::now().0);
        let path = PathBuf::from(&name);
        let mut file = AtomicFile::create(&path, 0o700)?;
        file.write_all(script.as_bytes())
            .map_err(Error::file("write", &path))?;
        Ok(match file.commit_new()? {
            New::Made => format!("saved as {}", shell::quote(&name)),
            New::Exists => format!("{} exists", shell::quote(&name)),
        })
    }

    /// Adds a line to the history. Another process may lock it for a while.
    fn remember(&self, line: String) {
        let Some(file) = self.file.clone() else {
            return;
        };
        let mailbox = self.mailbox.clone();
        let save = move || {
            if let Err(error) = History::save(&file, &line) {
                mailbox.post(Happening::Told(format!(
                    "the history is not saved: {error}"
                )));
            }
        };
        let _ = std::thread::Builder::new().spawn(save);
    }
}
