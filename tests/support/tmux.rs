//! A shell in a real terminal: tmux.

use std::path::PathBuf;
use std::process::Command;

use super::{Scratch, binary, peers, wait_until};

/// A terminal with a shell in it. The shell's directory is empty at first, and `$C47` is the binary.
pub struct Tmux {
    program: PathBuf,
    scratch: Scratch,
}

impl Tmux {
    /// Starts a terminal of 80 columns and 24 rows; `None` without tmux.
    pub fn start(name: &str) -> Option<Tmux> {
        let program = peers::tool("tmux")?;
        peers::tool("bash")?;
        let tmux = Tmux {
            program,
            scratch: Scratch::new(name),
        };
        let directory = tmux.scratch.path().to_owned();
        let shell = "exec bash --norc --noprofile -i";
        tmux.tmux(
            &["new-session", "-d", "-x", "80", "-y", "24", "-c"],
            &[&directory.display().to_string(), shell],
        );
        tmux.line("PS1='$ ' PS2= HISTFILE=; stty -g >before; clear; touch ready");
        wait_until("the shell is ready", || tmux.has("ready"));
        Some(tmux)
    }

    fn tmux(&self, words: &[&str], more: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        let socket = self.scratch.path().join("tmux");
        command.args(["-f", "/dev/null", "-S"]).arg(socket);
        command.args(words).args(more);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap());
        command
            .env("C47", binary())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm");
        command.env("HOME", self.scratch.path());
        let output = command.output().expect("tmux runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {words:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The directory of the shell.
    pub fn directory(&self) -> &std::path::Path {
        self.scratch.path()
    }

    /// The bytes of a file in it; empty if it does not exist.
    pub fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.scratch.path().join(file)).unwrap_or_default()
    }

    pub fn has(&self, file: &str) -> bool {
        self.scratch.path().join(file).exists()
    }

    /// Types text.
    pub fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--"], &[text]);
    }

    /// Presses keys by their names in tmux, such as `C-a` and `Down`.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&["send-keys"], keys);
    }

    /// Types a command.
    pub fn line(&self, line: &str) {
        self.text(line);
        self.keys(&["Enter"]);
    }

    /// Types a command whose exit code [`Tmux::finish`] returns.
    pub fn run(&self, line: &str) {
        self.line(&format!(
            "rm -f code; {line}; echo $? >code.new; mv code.new code"
        ));
    }

    /// What the terminal shows.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"], &[])
    }

    /// Waits until the terminal shows a text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until what the terminal shows has a property.
    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let last = std::cell::RefCell::new(String::new());
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_until(what, || {
                *last.borrow_mut() = self.screen();
                holds(&last.borrow())
            });
        }));
        let screen = last.into_inner();
        assert!(result.is_ok(), "{what:?} is not on the screen:\n{screen}");
        screen
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows], &[]);
    }

    /// Something that tmux knows about the terminal.
    pub fn ask(&self, format: &str) -> String {
        let answer = self.tmux(&["display-message", "-p"], &[format]);
        answer.trim_end().to_owned()
    }

    /// Waits for the end of a command, checks that it has restored the terminal, and returns its exit
    /// code.
    #[track_caller]
    pub fn finish(&self) -> i32 {
        wait_until("the command has ended", || self.has("code"));
        let code = String::from_utf8(self.read("code")).unwrap();
        self.ensure_restored();
        code.trim().parse().unwrap()
    }

    /// Checks that the settings of the terminal are those before the first command.
    #[track_caller]
    pub fn ensure_restored(&self) {
        self.line("stty -g >after.new; mv after.new after");
        wait_until("stty has run", || self.has("after"));
        let settings = |file| String::from_utf8(self.read(file)).unwrap();
        assert_eq!(settings("after"), settings("before"));
        std::fs::remove_file(self.scratch.path().join("after")).unwrap();
        let modes = "#{mouse_any_flag} #{alternate_on} #{cursor_flag} #{wrap_flag}";
        assert_eq!(self.ask(modes), "0 0 1 1", "{}", self.screen());
    }

    /// Closes the terminal.
    pub fn close(&self) {
        let mut command = Command::new(&self.program);
        command.arg("-S").arg(self.scratch.path().join("tmux"));
        let _ = command.arg("kill-server").output();
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.close();
    }
}
