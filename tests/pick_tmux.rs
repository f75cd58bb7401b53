//! `c47 pick` in a real terminal. After each run the terminal must be as before.

use std::fs;

use crate::support::tmux::Tmux;
use crate::support::wait_until;

fn start(name: &str) -> Option<Tmux> {
    Tmux::start(&format!("pick-{name}"))
}

/// The processes whose command line contains a text.
fn processes(text: &str) -> usize {
    let list = fs::read_dir("/proc").unwrap().flatten();
    let has = |entry: &fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line)
            .replace('\0', " ")
            .contains(text)
    };
    list.filter(has).count()
}

#[test]
fn type_move_and_pick() {
    let Some(tmux) = start("type") else { return };
    tmux.run("printf '%s\\n' alpha beta gamma delta | $C47 pick >out");
    let screen = tmux.wait_for("4/4");
    assert!(screen.starts_with(">\n"), "{screen}");
    tmux.text("lp");
    tmux.wait_for("1/4");
    tmux.keys(&["C-u"]);
    tmux.wait_for("4/4");
    tmux.text("et");
    tmux.wait_until("beta is found", |screen| {
        screen.contains("> beta") && screen.contains("2/4")
    });
    tmux.keys(&["BSpace", "BSpace"]);
    tmux.wait_for("4/4");
    tmux.keys(&["Down", "Tab", "Down", "Up"]);
    tmux.wait_for("> gamma");
    tmux.keys(&["Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, b"gamma\n".to_vec()));
}

#[test]
fn keys_before_the_list_is_drawn_are_not_lost() {
    let Some(tmux) = start("ahead") else { return };
    tmux.run("(sleep 0.3; seq 1000) | $C47 pick >out");
    tmux.text("999");
    tmux.keys(&["Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, b"999\n".to_vec()));
}

#[test]
fn several_items() {
    let Some(tmux) = start("multi") else { return };
    tmux.run("seq 5 | $C47 pick --multi --print0 | tr '\\0' , >out");
    tmux.wait_for("5/5");
    tmux.keys(&["Down", "C-Space", "Down", "C-Space"]);
    tmux.wait_for("(2 marked)");
    tmux.keys(&["Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, b"2,4,".to_vec()));
    tmux.run("seq 20 | $C47 pick --multi -q 1 >out");
    tmux.wait_for("11/20");
    tmux.keys(&["C-a"]);
    tmux.wait_for("(11 marked)");
    tmux.keys(&["Enter"]);
    assert_eq!(tmux.finish(), 0);
    let expected: String = (1..=20)
        .filter(|number: &i32| number.to_string().contains('1'))
        .map(|number| format!("{number}\n"))
        .collect();
    assert_eq!(tmux.read("out"), expected.as_bytes());
}

#[test]
fn escape_and_ctrl_c_cancel() {
    let Some(tmux) = start("cancel") else { return };
    for key in ["Escape", "C-c"] {
        for height in ["", "--height 40%"] {
            tmux.run(&format!("seq 9 | $C47 pick {height} >out"));
            tmux.wait_for("9/9");
            tmux.keys(&[key]);
            assert_eq!(
                (tmux.finish(), tmux.read("out")),
                (130, Vec::new()),
                "{key} {height}"
            );
        }
    }
}

#[test]
fn inline_list_leaves_the_rest_of_the_screen() {
    let Some(tmux) = start("inline") else { return };
    // The list begins at the bottom of the screen, so that it scrolls.
    tmux.line("seq -f 'before %g' 30");
    tmux.wait_for("before 30");
    tmux.run("seq -f 'item %g' 50 | $C47 pick --height 6 >out");
    let screen = tmux.wait_for("50/50");
    assert!(
        screen.contains("before 30") && screen.contains("item 4"),
        "{screen}"
    );
    assert!(!screen.contains("item 5"), "{screen}");
    // A click on the third item. The first row of the list is the query.
    let row = screen
        .lines()
        .position(|line| line.contains("item 3"))
        .unwrap()
        + 1;
    let click = format!("\x1b[<0;4;{row}M");
    tmux.text(&click);
    tmux.wait_for("> item 3");
    tmux.text(&click);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, b"item 3\n".to_vec()));
    let screen = tmux.screen();
    assert!(
        screen.contains("before 30") && !screen.contains("50/50"),
        "{screen}"
    );
    assert!(!screen.contains("item 4"), "{screen}");
}

#[test]
fn resize_to_one_cell_and_back() {
    let Some(tmux) = start("resize") else { return };
    for height in ["", "--height 40%"] {
        tmux.run(&format!("seq 100 | $C47 pick {height} >out"));
        tmux.wait_for("100/100");
        tmux.resize(1, 1);
        tmux.wait_until("the query remains", |screen| screen.trim() == ">");
        tmux.text("4");
        tmux.resize(80, 24);
        tmux.wait_for("19/100");
        tmux.resize(40, 10);
        tmux.text("2");
        tmux.wait_for("1/100");
        tmux.resize(80, 24);
        tmux.keys(&["Enter"]);
        assert_eq!(
            (tmux.finish(), tmux.read("out")),
            (0, b"42\n".to_vec()),
            "{height}"
        );
        tmux.line("clear");
    }
}

#[test]
fn input_that_is_killed_leaves_what_was_read() {
    let Some(tmux) = start("dead") else { return };
    tmux.run("bash -c 'printf \"a\\nb\\n\"; kill -9 $$' | $C47 pick >out");
    tmux.wait_until("the input has ended", |screen| screen.contains("2/2\n"));
    tmux.keys(&["End", "Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, b"b\n".to_vec()));
    // Nothing was read.
    tmux.run("false | $C47 pick >out");
    tmux.wait_for("0/0");
    tmux.keys(&["Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (1, Vec::new()));
    // An input that never ends does not keep the list.
    tmux.run("(echo a; exec sleep 1000) | $C47 pick >out; pkill -P $$ sleep");
    tmux.wait_for("1/1 reading");
    tmux.keys(&["Enter"]);
    wait_until("the item is printed", || tmux.read("out") == b"a\n");
    tmux.keys(&["C-c"]);
}

#[test]
fn a_million_lines() {
    let Some(tmux) = start("million") else { return };
    tmux.run("seq 1000000 | $C47 pick >out");
    tmux.text("99999$");
    tmux.wait_for("10/1000000");
    tmux.text(" !19 !29 ^9");
    tmux.wait_for("2/1000000\n> 99999\n  999999\n");
    tmux.keys(&["Enter"]);
    assert_eq!(tmux.finish(), 0);
    assert_eq!(tmux.read("out"), b"99999\n");
}

#[test]
fn bytes_and_controls_are_shown_and_returned() {
    let Some(tmux) = start("bytes") else { return };
    let items = b"a\xffb\n\x1b[2J\x1b]0;forged\x07\nx\xe2\x80\xaey\n\xe6\xbc\xa2\xe5\xad\x97 wide\ncafe\xcc\x81\n";
    fs::write(tmux.directory().join("in"), items).unwrap();
    let title = tmux.ask("#{pane_title}");
    tmux.run("$C47 pick --multi <in >out");
    let screen = tmux.wait_for("5/5");
    for shown in [
        "> a\\xffb",
        "  \\u{1b}[2J\\u{1b}]0;forged\\u{7}",
        "  x\\u{202e}y",
        "  漢字 wide",
        "  cafe\u{301}",
    ] {
        assert!(screen.contains(shown), "{shown}: {screen}");
    }
    tmux.text("wi");
    tmux.wait_for("1/5");
    tmux.keys(&["C-u", "C-a", "Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, items.to_vec()));
    assert_eq!(tmux.ask("#{pane_title}"), title);
}

#[test]
fn signals_restore_the_terminal() {
    let Some(tmux) = start("signals") else { return };
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        for height in ["", "--height 5"] {
            tmux.run(&format!(
                "seq 9 | bash -c 'echo $$ >pid; exec $C47 pick {height}' >out"
            ));
            tmux.wait_for("9/9");
            let pid = String::from_utf8(tmux.read("pid")).unwrap();
            let kill = std::process::Command::new("kill")
                .args([&format!("-{signal}"), pid.trim()])
                .status();
            assert!(kill.unwrap().success());
            assert_eq!(tmux.finish(), code, "{signal} {height}");
            assert!(!tmux.screen().contains("9/9"), "{}", tmux.screen());
        }
    }
}

#[test]
fn stop_and_continue() {
    let Some(tmux) = start("stop") else { return };
    for height in ["", "--height 5"] {
        tmux.line("clear");
        tmux.line(&format!("seq 90 | $C47 pick {height} >out"));
        tmux.wait_for("90/90");
        tmux.text("7");
        tmux.wait_for("18/90");
        tmux.keys(&["C-z"]);
        tmux.wait_for("Stopped");
        tmux.ensure_restored();
        tmux.line("clear");
        tmux.run("fg");
        tmux.wait_for("18/90");
        tmux.text("77");
        tmux.keys(&["BSpace"]);
        tmux.wait_for("1/90");
        tmux.keys(&["Enter"]);
        assert_eq!(
            (tmux.finish(), tmux.read("out")),
            (0, b"77\n".to_vec()),
            "{height}"
        );
    }
    // Stopped from elsewhere.
    tmux.line("seq 90 | bash -c 'echo $$ >pid; exec $C47 pick' >out");
    tmux.wait_for("90/90");
    let pid = String::from_utf8(tmux.read("pid")).unwrap();
    let kill = std::process::Command::new("kill")
        .args(["-TSTP", pid.trim()])
        .status();
    assert!(kill.unwrap().success());
    tmux.wait_for("Stopped");
    tmux.ensure_restored();
    tmux.run("fg");
    tmux.wait_for("90/90");
    tmux.keys(&["Escape"]);
    assert_eq!(tmux.finish(), 130);
}

#[test]
fn closed_terminal_ends_the_process() {
    let Some(tmux) = start("closed") else { return };
    tmux.line("trap '' HUP; seq 9 | bash -c 'echo $$ >pid; exec $C47 pick' 2>err >out");
    tmux.wait_for("9/9");
    let pid = String::from_utf8(tmux.read("pid")).unwrap();
    let process = format!("/proc/{}", pid.trim());
    assert!(fs::exists(&process).unwrap());
    tmux.close();
    // SIGHUP is ignored: the end of the terminal must end it.
    wait_until("the process has ended", || !fs::exists(&process).unwrap());
    assert_eq!(tmux.read("out"), b"");
}

#[test]
fn preview_is_killed_when_the_highlight_moves_on() {
    let Some(tmux) = start("preview") else { return };
    // No shell sees the item.
    fs::write(
        tmux.directory().join("in"),
        "first $(touch shell)\nsecond;touch shell\n",
    )
    .unwrap();
    tmux.run("$C47 pick --preview 'sh -c \"echo shown $1; exec sleep 86399.25\" sh {}' <in >out");
    tmux.wait_for("2/2");
    wait_until("the program runs", || processes("sleep 86399.25") == 1);
    tmux.keys(&["Down", "Up", "Down"]);
    tmux.wait_for("> second;touch shell");
    wait_until("one program runs", || processes("sleep 86399.25") == 1);
    tmux.keys(&["Enter"]);
    assert_eq!(tmux.finish(), 0);
    wait_until("no program runs", || processes("sleep 86399.25") == 0);
    tmux.run("$C47 pick --preview 'printf \"one {}\\\\ntwo\\\\033[2J\"' <in >out");
    let screen = tmux.wait_for("one first $(touch shell)");
    assert!(screen.contains("two\\u{1b}[2J"), "{screen}");
    tmux.keys(&["Escape"]);
    assert_eq!(tmux.finish(), 130);
    assert!(!tmux.has("shell"));
}

#[cfg(feature = "jq")]
#[test]
fn table_is_sorted_by_its_columns() {
    let Some(tmux) = start("table") else { return };
    let json = r#"[{"id":1,"name":"sh010","task":{"n":30}},{"id":2,"name":"sh020","task":{"n":4}},{"id":3,"name":"x"}]"#;
    fs::write(tmux.directory().join("in"), json).unwrap();
    tmux.run("$C47 pick --columns name,task.n --print .id <in >out");
    let screen = tmux.wait_for("3/3");
    assert!(
        screen.contains("\n  name   task.n\n> sh010  30\n  sh020  4\n  x\n"),
        "{screen}"
    );
    tmux.keys(&["M-2"]);
    tmux.wait_for("\n> sh020  4\n  sh010  30\n  x\n");
    tmux.keys(&["M-2"]);
    tmux.wait_for("by task.n down");
    tmux.wait_for("\n> x\n  sh010  30\n  sh020  4\n");
    tmux.keys(&["Down", "Enter"]);
    assert_eq!((tmux.finish(), tmux.read("out")), (0, b"1\n".to_vec()));
}
