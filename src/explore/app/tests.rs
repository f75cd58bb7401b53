use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Modifier;

use super::*;
use crate::colour::Colour;
use crate::http::url::Url;

const API: &str = r#"{"openapi":"3.0.0","paths":{
  "/data/projects":{"get":{"summary":"All projects"},"post":{}},
  "/data/projects/{project_id}":{"get":{}},
  "/data/projects/{project_id}/shots":{"get":{}},
  "/data/projects/{project_id}/scenes":{"get":{}}}}"#;

const PROJECTS: &str = r#"[{"id":"a1","name":"night","fps":24},{"id":"b2","name":"tide \u001b[2J","note":{"x":[1,2]}}]"#;

fn app() -> App {
    let place = Place::Profile {
        name: "kitsu".into(),
        url: Url::parse("https://k.lan/api").unwrap(),
    };
    let api = Api::parse(API.as_bytes(), place.url());
    let mut app = App::new(place, Writes::Ask, History::default());
    app.handle(Happening::Described(api));
    app
}

fn press(app: &mut App, keys: &[Key]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys {
        effects.extend(app.handle(Happening::Terminal(Event::Key(*key))));
    }
    effects
}

fn type_text(app: &mut App, text: &str) -> Vec<Effect> {
    let keys: Vec<Key> = text.chars().map(Key::Char).collect();
    press(app, &keys)
}

fn received(body: &str) -> Result<Received, String> {
    Ok(Received {
        status: "200 OK".into(),
        outcome: Outcome::Good,
        body: Body::of(body.as_bytes().to_vec())?,
        elapsed: Duration::from_millis(47),
        messages: Vec::new(),
    })
}

/// Answers the call that runs.
fn answer(app: &mut App, body: &str) -> Vec<Effect> {
    let Calling::Running(call) = app.calling.clone() else {
        panic!("{:?}", app.calling);
    };
    app.handle(Happening::Answered(call.id, received(body)))
}

fn drawn(app: &mut App, width: u16, height: u16) -> Vec<String> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.resize(height);
    let cursor = screen::draw(app, Colour::Never, &mut buffer);
    assert!(cursor.x <= width && cursor.y <= height);
    let rows = (0..height).map(|y| {
        let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect()
}

/// The word of the call that is sent.
fn sent(effects: &[Effect]) -> Vec<String> {
    let calls = effects.iter().filter_map(|effect| {
        let Effect::Send(call) = effect else {
            return None;
        };
        Some(call.words.join(" "))
    });
    calls.collect()
}

#[test]
fn from_nothing_to_the_shots_of_a_project_in_ten_keys() {
    let mut app = app();
    let mut keys = 0;
    let mut type_keys = |app: &mut App, text: &str| {
        keys += text.chars().count();
        let keys = text.chars().map(|c| match c {
            '\t' => Key::Tab,
            '\n' => Key::Enter,
            c => Key::Char(c),
        });
        let keys: Vec<Key> = keys.collect();
        press(app, &keys)
    };
    let effects = type_keys(&mut app, "pro\t\n");
    assert_eq!(sent(&effects), ["GET @kitsu/data/projects"]);
    answer(&mut app, PROJECTS);
    let effects = type_keys(&mut app, "osh\t\n");
    assert_eq!(sent(&effects), ["GET @kitsu/data/projects/a1/shots"]);
    answer(
        &mut app,
        r#"[{"name":"sh010","frames":120},{"name":"sh020","frames":96}]"#,
    );
    assert_eq!(keys, 10);
    assert_eq!(
        drawn(&mut app, 60, 8),
        [
            "c47 explore @kitsu https://k.lan/api  200 OK, 60 B, 47ms",
            "  GET /data/projects/a1/shots",
            "name   frames",
            "sh010  120",
            "sh020  96",
            "",
            "|",
            "Enter follow  o below  t table  / search  | filter  p path …",
        ]
    );
}

#[test]
fn menu_shows_what_can_be_written() {
    let mut app = app();
    assert_eq!(
        drawn(&mut app, 50, 8)[1..5],
        [
            "> GET /",
            "  /data/projects  All projects",
            "  /data/projects/  /data/projects/{project_id}",
            "",
        ]
    );
    press(&mut app, &[Key::Down, Key::Tab]);
    assert_eq!(app.line.text(), "GET /data/projects/");
    press(&mut app, &[Key::Escape]);
    assert_eq!(app.menu, Menu::Closed);
}

#[test]
fn writes_are_asked_about() {
    let mut app = app();
    press(&mut app, &[Key::Ctrl('u')]);
    type_text(&mut app, "DELETE /data/projects");
    assert_eq!(press(&mut app, &[Key::Enter]), []);
    assert!(drawn(&mut app, 70, 6)[5].starts_with("DELETE /data/projects can change data."));
    assert_eq!(press(&mut app, &[Key::Enter]), []);
    assert_eq!(app.calling, Calling::Idle);
    press(&mut app, &[Key::Enter]);
    assert_eq!(
        sent(&press(&mut app, &[Key::Char('y')])),
        ["DELETE @kitsu/data/projects"]
    );
    app.calling = Calling::Idle;
    app.writes = Writes::Allowed;
    assert_eq!(sent(&press(&mut app, &[Key::Enter])).len(), 1);
}

#[test]
fn question_cancels_the_call_that_runs() {
    let mut app = app();
    press(&mut app, &[Key::Enter, Key::Ctrl('u')]);
    assert!(matches!(app.calling, Calling::Running(_)));
    type_text(&mut app, "DELETE /data/projects");
    assert_eq!(press(&mut app, &[Key::Enter]), [Effect::Cancel]);
    assert!(matches!(app.calling, Calling::Confirm(_)));
}

#[test]
fn line_with_a_masked_secret_is_not_sent() {
    let mut app = app();
    press(&mut app, &[Key::Ctrl('u')]);
    type_text(&mut app, "PATCH /users/1 password=secret47");
    press(
        &mut app,
        &[Key::Enter, Key::Char('y'), Key::Escape, Key::Ctrl('p')],
    );
    assert_eq!(app.line.text(), "PATCH /users/1 'password=***'");
    assert_eq!(press(&mut app, &[Key::Enter]), []);
    assert!(
        app.notice.starts_with("*** stands for a secret"),
        "{}",
        app.notice
    );
}

#[test]
fn call_that_was_cancelled_is_not_shown() {
    let mut app = app();
    press(&mut app, &[Key::Enter]);
    let Calling::Running(call) = app.calling.clone() else {
        panic!("{:?}", app.calling);
    };
    assert!(drawn(&mut app, 60, 6)[0].contains("GET / …"));
    assert_eq!(press(&mut app, &[Key::Escape]), [Effect::Cancel]);
    app.handle(Happening::Answered(call.id, received("1")));
    assert!(app.response.is_none());
    press(&mut app, &[Key::Enter]);
    let effects = press(&mut app, &[Key::Ctrl('c')]);
    assert_eq!(effects, [Effect::Cancel]);
    assert_eq!(press(&mut app, &[Key::Ctrl('c')]), [Effect::Quit]);
    press(&mut app, &[Key::Enter]);
    let failed = Happening::Answered(app.next_id, Err("connection refused".into()));
    app.handle(failed);
    assert_eq!(app.notice, "connection refused");
}

#[test]
fn tree_is_folded_searched_and_copied_from() {
    let mut app = app();
    press(&mut app, &[Key::Enter]);
    answer(&mut app, PROJECTS);
    press(&mut app, &[Key::Char('t')]);
    press(&mut app, &[Key::Char('/')]);
    type_text(&mut app, "tide");
    press(&mut app, &[Key::Enter]);
    assert_eq!(
        press(&mut app, &[Key::Char('p')]),
        [Effect::Copy(".[1].name".into())]
    );
    let rows = drawn(&mut app, 60, 14);
    assert!(
        rows.contains(&"      \"name\": \"tide \\u001b[2J\"".to_owned()),
        "{rows:#?}"
    );
    press(&mut app, &[Key::Char('w')]);
    let rows = drawn(&mut app, 60, 8);
    assert_eq!(
        rows[2..5],
        ["- [", "  + {3} \"night\"", "  + {3} \"tide \\u001b[2J\""]
    );
    let command = press(&mut app, &[Key::Char('y')]);
    assert_eq!(
        command,
        [Effect::CopyCommand(vec!["GET".into(), "@kitsu/".into()])]
    );
    assert_eq!(press(&mut app, &[Key::Char('s')]).len(), 1);
    // Every value can be reached by going down from the first line.
    press(&mut app, &[Key::Char('e'), Key::Char('g')]);
    for _ in 0..30 {
        press(&mut app, &[Key::Down]);
        drawn(&mut app, 20, 5);
    }
    assert_eq!(
        press(&mut app, &[Key::Char('p')]),
        [Effect::Copy(".[1].note.x[1]".into())]
    );
}

#[test]
fn filter_is_applied_as_one_types() {
    let mut app = app();
    press(&mut app, &[Key::Enter]);
    answer(&mut app, PROJECTS);
    press(&mut app, &[Key::Char('|')]);
    let effects = type_text(&mut app, ".[");
    let ids: Vec<u64> = effects
        .iter()
        .filter_map(|effect| {
            let Effect::Filter { id, .. } = effect else {
                return None;
            };
            Some(*id)
        })
        .collect();
    let [first, second] = ids.as_slice() else {
        panic!("{effects:?}");
    };
    app.handle(Happening::Filtered(
        *first,
        Ok(Tree::of("1".into()).unwrap()),
    ));
    assert_eq!(app.filtering, Filtering::Running(*second));
    app.handle(Happening::Filtered(*second, Err("unexpected end".into())));
    assert!(drawn(&mut app, 60, 8)[6].ends_with("unexpected end"));
    let effects = type_text(&mut app, "0].id");
    let Some(Effect::Filter { id, .. }) = effects.last() else {
        panic!("{effects:?}");
    };
    app.handle(Happening::Filtered(
        *id,
        Ok(Tree::of("\"a1\"".into()).unwrap()),
    ));
    assert_eq!(drawn(&mut app, 60, 8)[2], "  \"a1\"");
    // The result is a value of the next call.
    press(&mut app, &[Key::Escape, Key::Ctrl('u')]);
    type_text(&mut app, "GET /data/projects/$last");
    let effects = press(&mut app, &[Key::Enter]);
    assert_eq!(sent(&effects), ["GET @kitsu/data/projects/a1"]);
    assert!(effects.contains(&Effect::Remember("GET /data/projects/$last".into())));
}

#[test]
fn lines_come_back_from_the_history() {
    let mut app = app();
    for path in ["/a", "/b"] {
        press(&mut app, &[Key::Ctrl('u')]);
        type_text(&mut app, &format!("GET {path}"));
        press(&mut app, &[Key::Enter, Key::Escape]);
    }
    press(&mut app, &[Key::Ctrl('u')]);
    type_text(&mut app, "x");
    let mut up = |keys: &[Key]| {
        press(&mut app, keys);
        app.line.text()
    };
    assert_eq!(up(&[Key::Ctrl('p')]), "GET /b");
    assert_eq!(up(&[Key::Ctrl('p')]), "GET /a");
    assert_eq!(up(&[Key::Ctrl('p')]), "GET /a");
    assert_eq!(up(&[Key::Ctrl('n')]), "GET /b");
    assert_eq!(up(&[Key::Ctrl('n')]), "x");
}

#[test]
fn every_size_can_be_drawn() {
    let mut app = app();
    let bodies = [
        PROJECTS,
        "{\"a\":[1,{\"b\":null}],\"漢字\":\"e\u{301}\"}",
        "plain\ntext \u{1b}[1m",
        "",
    ];
    for body in bodies {
        press(&mut app, &[Key::Enter]);
        if let Calling::Confirm(_) = app.calling {
            press(&mut app, &[Key::Char('y')]);
        }
        answer(&mut app, body);
        for focus in [Pane::Call, Pane::Response, Pane::Filter] {
            app.focus = focus;
            for (width, height) in [(1, 1), (2, 2), (3, 3), (5, 4), (10, 5), (80, 24), (300, 2)] {
                drawn(&mut app, width, height);
            }
        }
        app.focus = Pane::Response;
        press(
            &mut app,
            &[Key::Char('e'), Key::End, Key::Right, Key::Char('t')],
        );
        drawn(&mut app, 1, 1);
        assert_eq!(drawn(&mut app, 80, 24).len(), 24);
        press(&mut app, &[Key::Char('c')]);
    }
}

#[test]
fn controls_of_a_response_are_never_cells() {
    let mut app = app();
    press(&mut app, &[Key::Enter]);
    answer(
        &mut app,
        "{\"a\u{9b}b\":\"x\u{202e}y\u{7f}\",\"b\":\"\\u001b[2J\"}",
    );
    let rows = drawn(&mut app, 80, 10);
    assert!(
        rows.iter()
            .all(|row| !row.chars().any(|c| c.is_control() || c == '\u{202e}'))
    );
    assert!(
        rows.iter().any(|row| row.contains("\\u{202e}")),
        "{rows:#?}"
    );
}

#[test]
fn without_colour_the_cursor_is_visible() {
    let mut app = app();
    press(&mut app, &[Key::Enter]);
    answer(&mut app, "{\"a\":1}");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 8));
    app.resize(8);
    screen::draw(&app, Colour::Never, &mut buffer);
    let is_reversed = |y: u16| buffer[(3, y)].modifier.contains(Modifier::REVERSED);
    assert!(is_reversed(2) && !is_reversed(3));
    assert!(
        buffer
            .content()
            .iter()
            .all(|cell| cell.fg == ratatui_core::style::Color::Reset)
    );
}

#[test]
fn ends_of_a_long_list_are_reached() {
    let element = r#"{"id":12345678,"name":"sh010_comp_v001","tags":["a","b"]},"#;
    let count = 20_000;
    let mut text = element.repeat(count);
    text.insert(0, '[');
    text.push_str("{\"name\":\"the last one\"}]");
    let mut app = app();
    press(&mut app, &[Key::Enter]);
    answer(&mut app, &text);
    for keys in [&[Key::End][..], &[Key::Char('t'), Key::End]] {
        press(&mut app, keys);
        assert!(drawn(&mut app, 80, 24).join(" ").contains("the last one"));
        press(&mut app, &[Key::PageUp, Key::Home]);
    }
    press(
        &mut app,
        &[
            Key::Char('e'),
            Key::End,
            Key::PageUp,
            Key::Home,
            Key::Char('/'),
        ],
    );
    type_text(&mut app, "the last");
    press(&mut app, &[Key::Enter]);
    let path = press(&mut app, &[Key::Char('p')]);
    assert_eq!(path, [Effect::Copy(format!(".[{count}].name"))]);
}
