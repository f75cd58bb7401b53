//! Runs `c47 pick`.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use super::Pick;
use super::options::{Height, Print, Settings, Source};
use super::report::{Picked, Report};
use crate::descriptor;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::io_error::reason;
use crate::json::Text;
use crate::output::{self, Strings};
use crate::pick::list::{self, Choice, Setup};
use crate::pick::preview::{Command, Preview};
use crate::pick::query::{Query, Words};
use crate::pick::records::{self, Show};
use crate::pick::search::{Input, Search};
use crate::pick::state::Multi;
use crate::pick::store::{Item, Items};
use crate::pick::view::Column;
use crate::pick::{input, query};
use crate::tui::terminal::{self, Area, Terminal, Waker};

/// The most bytes that are written at once.
const CHUNK: usize = 1 << 20;

/// Wakes the terminal, once there is one.
type Wake = Arc<OnceLock<Waker>>;

impl Pick {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        let settings = self.settings()?;
        if io::stdin().is_terminal() {
            return Err(Error::usage_hint(
                "no input: stdin is a terminal",
                "give the items by a pipe, such as 'ls | c47 pick'",
            ));
        }
        output::ensure_stdout_is_writable()?;
        let query = self.filter.as_ref().or(self.query.as_ref());
        let query = query.map_or("", String::as_str).to_owned();
        let parsed = Query::parse(&query, self.words());
        let search = Arc::new(Search::new(parsed, self.header_lines));
        let wake = Wake::default();
        start_reading(&settings.source, &search)?;
        start(&search, &wake)?;
        if self.filter.is_some() {
            let (items, input, found) = search.wait();
            return finish(&settings.print, &items, &found.numbers, query, input);
        }
        if self.select_one || self.exit_none {
            let (items, input, found) = search.wait();
            match found.numbers.as_slice() {
                [] if self.exit_none => return finish(&settings.print, &items, &[], query, input),
                [only] if self.select_one => {
                    return finish(&settings.print, &items, &[*only], query, input);
                }
                _ => {}
            }
        }
        self.choose(settings, &query, &search, &wake)
    }

    fn words(&self) -> query::Words {
        match self.exact {
            true => Words::Exact,
            false => Words::Fuzzy,
        }
    }

    /// Shows the list.
    fn choose(
        &self,
        settings: Settings,
        query: &str,
        search: &Arc<Search>,
        wake: &Wake,
    ) -> Result<Exit, Error> {
        let area = match settings.height {
            Height::Full => Area::Full,
            Height::Rows(rows) => Area::Inline(terminal::Height::Rows(rows)),
            Height::Percent(percent) => Area::Inline(terminal::Height::Percent(percent)),
        };
        let mut terminal = Terminal::open(area).map_err(|error| {
            Error::usage_hint(
                format!("no terminal: {}", reason(&error)),
                "--filter QUERY prints the matches of a query without a terminal",
            )
        })?;
        let _ = wake.set(terminal.waker());
        let preview = match settings.preview {
            Some(words) => Some(start_preview(words, wake)?),
            None => None,
        };
        let setup = Setup {
            query,
            words: self.words(),
            multi: match self.multi {
                true => Multi::Several,
                false => Multi::One,
            },
            columns: columns(&settings.source),
            preview: preview.as_ref().map(|(preview, _)| preview.as_ref()),
            colour: output::terminal_colour(),
        };
        let chosen = list::choose(&mut terminal, search, setup);
        search.close();
        drop(terminal);
        if let Some((preview, runner)) = preview {
            preview.close();
            // It kills its program.
            let _ = runner.join();
        }
        let chosen = chosen.map_err(|source| Error::System {
            action: "use the terminal",
            source,
        })?;
        match chosen.choice {
            Choice::Picked(numbers) => {
                let (items, ..) = search.now();
                // An input that fails later does not matter any more.
                finish(
                    &settings.print,
                    &items,
                    &numbers,
                    chosen.query,
                    Input::Ended,
                )
            }
            Choice::Cancelled => Ok(Exit::Interrupted),
        }
    }
}

/// The columns of the table.
fn columns(source: &Source) -> Vec<Column> {
    match source {
        Source::Lines(_) => Vec::new(),
        Source::Json { columns, .. } => columns
            .iter()
            .map(|column| Column {
                title: column.title.clone(),
                width: column.width,
            })
            .collect(),
    }
}

/// Searches in another thread, until the process ends.
fn start(search: &Arc<Search>, wake: &Wake) -> Result<(), Error> {
    let (search, wake) = (Arc::clone(search), Arc::clone(wake));
    spawn(move || search.run(&|| wake_up(&wake))).map(drop)
}

fn wake_up(wake: &Wake) {
    if let Some(waker) = wake.get() {
        waker.wake();
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    thread::Builder::new()
        .spawn(work)
        .map_err(|source| Error::System {
            action: "start a thread",
            source,
        })
}

/// A preview, and the thread that runs its programs.
fn start_preview(words: Vec<String>, wake: &Wake) -> Result<(Arc<Preview>, JoinHandle<()>), Error> {
    let preview = Arc::new(Preview::new(Command::new(words)));
    let (runner, wake) = (Arc::clone(&preview), Arc::clone(wake));
    let runner = spawn(move || runner.run(&|| wake_up(&wake)))?;
    Ok((preview, runner))
}

/// Reads stdin in another thread, until it ends or the process does.
fn start_reading(source: &Source, search: &Arc<Search>) -> Result<(), Error> {
    let search = Arc::clone(search);
    let read: Box<dyn FnOnce() -> Result<(), String> + Send> = match source {
        Source::Lines(separator) => {
            let (separator, search) = (*separator, Arc::clone(&search));
            Box::new(move || {
                let stdin = descriptor::stdin().map_err(|error| reason(&error))?;
                input::lines(stdin.as_fd(), separator, &mut |block| search.add(block))
                    .map_err(|error| reason(&error))
            })
        }
        Source::Json { show, what, .. } => {
            let show = Show::compile(what, show)?;
            let search = Arc::clone(&search);
            Box::new(move || {
                let stdin = descriptor::stdin().map_err(|error| reason(&error))?;
                records::read(stdin, &show, &mut |block| search.add(block))
            })
        }
    };
    spawn(move || {
        search.end(match read() {
            Ok(()) => Input::Ended,
            Err(why) => Input::Failed(why),
        });
    })
    .map(drop)
}

/// Prints items. An input that could be read only in part is an error, after what was found in it.
fn finish(
    print: &Print,
    items: &Items,
    numbers: &[u32],
    query: String,
    input: Input,
) -> Result<Exit, Error> {
    let on_terminal = output::stdout_is_terminal();
    let picked = numbers
        .iter()
        .filter_map(|number| Some((*number, items.get(*number)?)));
    match print {
        Print::Items(end) => {
            let mut out = Vec::with_capacity(CHUNK + (CHUNK >> 2));
            for (_, item) in picked {
                let bytes = item.value.unwrap_or(item.text);
                match on_terminal {
                    // Not even a picked item controls the terminal.
                    true => {
                        out.extend_from_slice(one_line(&String::from_utf8_lossy(bytes)).as_bytes())
                    }
                    false => out.extend_from_slice(bytes),
                }
                out.push(*end);
                if out.len() >= CHUNK {
                    output::stream(&out)?;
                    out.clear();
                }
            }
            output::stream(&out)?;
        }
        Print::Filtered(filter, end) => {
            for (_, item) in picked {
                let value = item.value.unwrap_or_default();
                for result in filter.outputs("--print", value)? {
                    let mut text = output::result(&result, Strings::Raw, on_terminal).into_bytes();
                    text.push(*end);
                    output::stream(&text)?;
                }
            }
        }
        Print::Report(printer) => {
            let items = picked
                .map(|(number, item)| reported(number, item))
                .collect();
            printer.print(&Report::new(query, items))?;
        }
    }
    match (input, numbers) {
        (Input::Failed(why), _) => Err(Error::malformed("standard input", why)),
        (Input::Ended | Input::Reading, []) => Ok(Exit::No),
        (Input::Ended | Input::Reading, _) => Ok(Exit::Done),
    }
}

fn reported(index: u32, item: Item) -> Picked {
    let value = item.value.and_then(|value| Text::from_bytes(value).ok());
    let text = String::from_utf8_lossy(item.text).into_owned();
    Picked::new(index, text, value.unwrap_or_else(Text::null))
}
