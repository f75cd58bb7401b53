//! `c47 seq sums --mhl` against ascmhl, the reference implementation, in both directions.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fuzz_smoke::Random;
use crate::support::peers::missing;
use crate::support::{Effort, Output, Run, Scratch, c47, effort, entries, source};

/// Changes a file.
type Damage = fn(&Path);

const ALGORITHMS: [&str; 6] = ["c4", "md5", "sha1", "xxh128", "xxh3", "xxh64"];

/// Calls commands of ascmhl, with `;` between them, until one fails. The functions are called, because
/// its program asks the network for updates.
const CALL: &str = "
import sys, click
from ascmhl import commands
words = sys.argv[1:]
while words:
    end = words.index(';') if ';' in words else len(words)
    name, arguments, words = words[0], words[1:end], words[end + 1:]
    try:
        getattr(commands, name).main(arguments, standalone_mode=False)
    except click.ClickException as error:
        print(name, error.message)
        sys.exit(error.exit_code)
";

/// Commands of ascmhl, with `;` between them.
fn ascmhl(arguments: &[&str], directory: &Path) -> Run {
    Run::of("python3")
        .args(["-c", CALL])
        .args(arguments)
        .env("PYTHONPATH", source("target/peers/ascmhl/python"))
        .current_dir(directory)
}

fn has_ascmhl() -> bool {
    let is_there = source("target/peers/ascmhl/made").exists() && effort() != Effort::Quick;
    is_there || missing::<()>("no ascmhl; run scripts/peers").is_some()
}

/// A directory `d` with some reels.
fn tree(name: &str) -> Scratch {
    let scratch = Scratch::in_memory(name);
    scratch.write("d/A001/Clips/A001C001.mov", vec![1; 100_000]);
    scratch.write("d/A001/Clips/A001C002.mov", vec![2; 3_000_000]);
    scratch.write("d/A001/Sidecar.txt", "sidecar");
    scratch.write("d/B001/Ünïcode & <odd> \"name\".txt", "b");
    scratch.write("d/B001/.DS_Store", "ignored");
    scratch.write("d/empty file", "");
    fs::create_dir(scratch.path().join("d/empty")).unwrap();
    scratch
}

fn sums(directory: &Path) -> Run {
    c47().args(["seq", "sums", "--mhl"]).current_dir(directory)
}

fn create(scratch: &Scratch) -> Output {
    sums(scratch.path()).arg("d").run()
}

fn check(scratch: &Scratch) -> Output {
    sums(scratch.path()).args(["--check", "d"]).run()
}

/// The lines of all manifests in a folder with checksums and paths, without times.
fn checksums(folder: &Path) -> Vec<String> {
    let names = entries(folder)
        .into_iter()
        .filter(|name| name.ends_with(".mhl"));
    let texts = names.map(|name| fs::read_to_string(folder.join(name)).unwrap());
    let without = |line: &str, attribute: &str| match line.split_once(&format!(" {attribute}=\"")) {
        Some((before, rest)) => format!("{before}{}", rest.split_once('"').unwrap().1),
        None => line.to_owned(),
    };
    let plain = |line: &str| {
        let line = ["hashdate", "lastmodificationdate", "size"]
            .iter()
            .fold(line.trim().to_owned(), |line, attribute| {
                without(&line, attribute)
            });
        line.replace("&quot;", "\"")
    };
    let hashes = |text: String| {
        let (_, rest) = text.split_once("<process>").unwrap();
        rest.lines().map(plain).collect::<Vec<_>>()
    };
    texts.flat_map(hashes).collect()
}

/// Checks the manifests and the chains in some folders with the schemas of ASC MHL.
fn validate(folders: &[PathBuf]) {
    let schema = |name: &str| source("target/peers/ascmhl/xsd").join(name);
    let manifest = schema("ASCMHL.xsd").display().to_string();
    let chain = schema("ASCMHLDirectory__combined.xsd")
        .display()
        .to_string();
    let mut words = Vec::new();
    for folder in folders {
        for name in entries(folder) {
            let schema = if name.ends_with(".mhl") {
                &manifest
            } else {
                &chain
            };
            let path = folder.join(&name).display().to_string();
            words.extend(["xsd_schema_check", "-xsd", schema, &path, ";"].map(str::to_owned));
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    ascmhl(&words, Path::new("/")).run().expect_code(0);
}

#[test]
fn ascmhl_accepts_our_generations() {
    if !has_ascmhl() {
        return;
    }
    for algorithm in ALGORITHMS {
        let scratch = tree("mhl-ours");
        let made = sums(scratch.path())
            .args(["d", "-a", algorithm])
            .run()
            .expect_code(0);
        assert!(
            made.stdout_text().contains("0 files verified, 5 recorded"),
            "{}",
            made.tell()
        );
        create(&scratch).expect_code(0);
        let dh = format!(
            "verify -v d ; verify -dh d ; verify -dh -h {algorithm} d ; diff d ; info -v d ; \
             create -h {algorithm} d ; verify d"
        );
        let words: Vec<&str> = dh.split_whitespace().collect();
        let run = ascmhl(&words, scratch.path()).run().expect_code(0);
        assert!(!run.stdout_text().contains("ERROR"), "{}", run.tell());
        validate(&[scratch.path().join("d/ascmhl")]);
        let made = create(&scratch).expect_code(0);
        assert!(made.stdout_text().contains("/0004_d_"), "{}", made.tell());
        check(&scratch).expect_code(0);
    }
}

#[test]
fn our_manifests_are_those_of_ascmhl() {
    if !has_ascmhl() {
        return;
    }
    for algorithm in ALGORITHMS {
        let scratch = tree("mhl-same");
        let copy = scratch.path().join("copy");
        let copied = Run::of("cp")
            .args(["-a", "d", "copy"])
            .current_dir(scratch.path());
        copied.run().expect_code(0);
        fs::create_dir(scratch.path().join("other")).unwrap();
        fs::rename(&copy, scratch.path().join("other/d")).unwrap();
        // Three generations: new, verified, and after changes.
        for generation in 0..3 {
            let code = if generation == 2 { (1, 11) } else { (0, 0) };
            if generation == 2 {
                for root in ["d", "other/d"] {
                    scratch.write(&format!("{root}/A001/Sidecar.txt"), "damaged");
                    scratch.write(&format!("{root}/new.txt"), "new");
                    fs::remove_file(scratch.path().join(root).join("empty file")).unwrap();
                }
            }
            let ours = sums(scratch.path()).args(["d", "-a", algorithm]);
            ours.run().expect_code(code.0);
            let theirs = ascmhl(
                &["create", "-h", algorithm, "d"],
                &scratch.path().join("other"),
            );
            theirs.run().expect_code(code.1);
            let ours = checksums(&scratch.path().join("d/ascmhl"));
            assert_eq!(ours, checksums(&scratch.path().join("other/d/ascmhl")));
            assert!(ours.len() > 40, "{ours:?}");
        }
    }
}

#[test]
fn generations_of_ascmhl_are_checked_and_continued() {
    if !has_ascmhl() {
        return;
    }
    for formats in [
        &["c4"][..],
        &["md5"],
        &["sha1"],
        &["xxh3"],
        &["xxh64"],
        &["md5", "c4", "xxh128"],
    ] {
        let scratch = tree("mhl-theirs");
        let mut arguments = vec!["create"];
        formats
            .iter()
            .for_each(|format| arguments.extend(["-h", format]));
        ascmhl(&arguments, scratch.path())
            .arg("d")
            .run()
            .expect_code(0);
        let checked = check(&scratch).expect_code(0);
        assert!(
            checked.stdout_text().starts_with("5 files verified, "),
            "{}",
            checked.tell()
        );
        create(&scratch).expect_code(0);
        // Another algorithm: the earlier one is verified too.
        sums(scratch.path())
            .args(["d", "-a", "xxh128"])
            .run()
            .expect_code(0);
        sums(scratch.path())
            .args(["d", "-a", "md5"])
            .run()
            .expect_code(0);
        sums(scratch.path())
            .args(["d", "-a", "c4"])
            .run()
            .expect_code(0);
        let words = ["verify", "d", ";", "create", "-h", "sha1", "d"];
        ascmhl(&words, scratch.path()).run().expect_code(0);
        check(&scratch).expect_code(0);
        validate(&[scratch.path().join("d/ascmhl")]);
    }
}

/// What both programs say about the same damage.
#[test]
fn damage_is_found_as_by_ascmhl() {
    if !has_ascmhl() {
        return;
    }
    let damages: [(&str, Damage, &str, i32); 6] = [
        (
            "content",
            |root| fs::write(root.join("A001/Sidecar.txt"), "SIDECAR").unwrap(),
            "failed",
            11,
        ),
        (
            "missing",
            |root| fs::remove_file(root.join("empty file")).unwrap(),
            "missing",
            10,
        ),
        (
            "missing directory",
            |root| fs::remove_dir(root.join("empty")).unwrap(),
            "missing",
            10,
        ),
        (
            "new",
            |root| fs::write(root.join("A001/new"), "x").unwrap(),
            "new",
            21,
        ),
        (
            "renamed",
            |root| fs::rename(root.join("A001/Sidecar.txt"), root.join("A001/other")).unwrap(),
            "missing",
            21,
        ),
        (
            "ignored",
            |root| fs::write(root.join("A001/.DS_Store"), "x").unwrap(),
            "",
            0,
        ),
    ];
    for (name, damage, state, code) in damages {
        let scratch = tree("mhl-damage");
        create(&scratch).expect_code(0);
        damage(&scratch.path().join("d"));
        let theirs = ascmhl(&["verify", "d"], scratch.path()).run();
        assert_eq!(theirs.code, code, "{name}: {}", theirs.tell());
        let ours = sums(scratch.path()).args(["--check", "--json", "d"]).run();
        assert_eq!(ours.code, i32::from(code != 0), "{name}: {}", ours.tell());
        let states: BTreeSet<String> = ours.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(states.contains(state), code != 0, "{name}: {}", ours.tell());
    }
}

#[test]
fn damaged_history_is_refused() {
    let damages: [(&str, Damage); 7] = [
        ("modified", |folder| {
            let path = folder.join(manifest(folder));
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("A001", "A002")).unwrap();
        }),
        ("no such file", |folder| {
            fs::remove_file(folder.join(manifest(folder))).unwrap()
        }),
        ("cannot read", |folder| {
            fs::remove_file(folder.join("ascmhl_chain.xml")).unwrap()
        }),
        ("invalid XML", |folder| {
            fs::write(folder.join("ascmhl_chain.xml"), "<a").unwrap()
        }),
        ("not UTF-8", |folder| {
            fs::write(folder.join("ascmhl_chain.xml"), [0xff]).unwrap()
        }),
        ("document type", |folder| {
            let bomb = "<!DOCTYPE a [<!ENTITY b \"&c;&c;\"><!ENTITY c \"x\">]><ascmhldirectory>&b;</ascmhldirectory>";
            fs::write(folder.join("ascmhl_chain.xml"), bomb).unwrap();
        }),
        ("nested too deep", |folder| {
            fs::write(
                folder.join("ascmhl_chain.xml"),
                "<ascmhldirectory>".repeat(1 << 20),
            )
            .unwrap();
        }),
    ];
    for (expected, damage) in damages {
        let scratch = tree("mhl-history");
        create(&scratch).expect_code(0);
        let folder = scratch.path().join("d/ascmhl");
        damage(&folder);
        let before = entries(&folder);
        for run in [check(&scratch), create(&scratch)] {
            let run = run.expect_code(7);
            assert!(
                run.stderr_text().contains(expected),
                "{expected}: {}",
                run.tell()
            );
        }
        assert_eq!(entries(&folder), before);
    }
    let scratch = tree("mhl-none");
    let run = check(&scratch).expect_code(1);
    assert!(
        run.stderr_text().contains("no ASC MHL history found"),
        "{}",
        run.tell()
    );
    // A symlink in the place of a manifest is not followed.
    create(&scratch).expect_code(0);
    let folder = scratch.path().join("d/ascmhl");
    let path = folder.join(manifest(&folder));
    fs::rename(&path, scratch.path().join("moved")).unwrap();
    symlink("../../moved", &path).unwrap();
    check(&scratch).expect_code(7);
}

/// The name of the only manifest.
fn manifest(folder: &Path) -> String {
    entries(folder)
        .into_iter()
        .find(|name| name.ends_with(".mhl"))
        .unwrap()
}

#[test]
fn nested_histories_are_continued_in_both_directions() {
    if !has_ascmhl() {
        return;
    }
    let reel = |directory: &Path, arguments: &[&str]| {
        sums(directory).args(arguments).run().expect_code(0);
    };
    // Who makes the nested histories, and who the outer one.
    for (ours_inside, ours_outside) in [(true, true), (true, false), (false, true)] {
        let scratch = tree("mhl-nested");
        let root = scratch.path();
        let inside =
            "create -h xxh64 d/A001/Clips ; create -h xxh64 d/A001 ; create -h xxh64 d/B001";
        let theirs = |words: &str| {
            let words: Vec<&str> = words.split_whitespace().collect();
            ascmhl(&words, root).run().expect_code(0)
        };
        match ours_inside {
            true => ["d/A001/Clips", "d/A001", "d/B001"]
                .iter()
                .for_each(|path| reel(root, &[path, "-a", "xxh64"])),
            false => drop(theirs(inside)),
        }
        for _ in 0..2 {
            match ours_outside {
                true => reel(root, &["d", "-a", "xxh64"]),
                false => drop(theirs("create -h xxh64 d")),
            }
        }
        let run = theirs("verify d ; diff d ; info d ; verify -dh d");
        assert!(
            !run.stdout_text().contains("should have hash"),
            "{}",
            run.tell()
        );
        let checked = check(&scratch).expect_code(0);
        assert!(
            checked.stdout_text().starts_with("5 files verified"),
            "{}",
            checked.tell()
        );
        let folders = ["d", "d/A001", "d/A001/Clips", "d/B001"];
        validate(&folders.map(|folder| root.join(folder).join("ascmhl")));
        let text = checksums(&root.join("d/ascmhl")).join("\n");
        assert!(text.contains("<path>A001/ascmhl/000"), "{text}");
        assert!(!text.contains("<path>A001/Clips/ascmhl/000"), "{text}");
        // Damage in a nested history is found from outside.
        scratch.write("d/A001/Clips/A001C001.mov", "damaged");
        check(&scratch).expect_code(1);
        create(&scratch).expect_code(1);
        ascmhl(&["verify", "d"], root).run().expect_code(11);
        fs::remove_dir_all(root.join("d/B001/ascmhl")).unwrap();
        let found = check(&scratch).expect_code(1);
        let said = found.stdout_text();
        assert!(
            said.contains("d/B001/ascmhl: missing: the history does not exist"),
            "{said}"
        );
    }
}

#[test]
fn nested_manifests_are_those_of_ascmhl() {
    if !has_ascmhl() {
        return;
    }
    let made = |name: &str, is_ours: bool| {
        let scratch = tree(name);
        let roots = ["d/A001/Clips", "d/A001", "d/B001", "d", "d"];
        if is_ours {
            for root in roots {
                let run = sums(scratch.path()).args([root, "-a", "md5"]);
                run.run().expect_code(0);
            }
        } else {
            let words = roots
                .map(|root| ["create", "-h", "md5", root, ";"])
                .concat();
            ascmhl(&words, scratch.path()).run().expect_code(0);
        }
        let folders = [
            "d/ascmhl",
            "d/A001/ascmhl",
            "d/A001/Clips/ascmhl",
            "d/B001/ascmhl",
        ];
        let texts = folders.map(|folder| checksums(&scratch.path().join(folder)));
        // References have the time in their names, and other checksums. Their order is any.
        let is_stable = |line: &String| !line.contains("/ascmhl/") && !line.contains("<c4>");
        texts.map(|lines| lines.into_iter().filter(is_stable).collect::<Vec<_>>())
    };
    assert_eq!(
        made("mhl-nested-ours", true),
        made("mhl-nested-theirs", false)
    );
}

#[test]
fn renamed_and_ignored_files_of_ascmhl_are_understood() {
    if !has_ascmhl() {
        return;
    }
    let scratch = tree("mhl-renamed");
    let root = scratch.path();
    for arguments in [
        &["create", "-i", "*.tmp", "-i", "/cache/", "d"][..],
        &["diff", "d"],
    ] {
        ascmhl(arguments, root).run().expect_code(0);
    }
    scratch.write("d/A001/x.tmp", "x");
    scratch.write("d/cache/y", "y");
    fs::rename(
        root.join("d/A001/Sidecar.txt"),
        root.join("d/A001/renamed.txt"),
    )
    .unwrap();
    check(&scratch).expect_code(1);
    ascmhl(&["create", "-dr", "d"], root).run().expect_code(0);
    check(&scratch).expect_code(0);
    let made = create(&scratch).expect_code(0);
    let text = fs::read_to_string(root.join(made.stdout_text().lines().next().unwrap())).unwrap();
    assert!(
        text.contains("<pattern>*.tmp</pattern>") && !text.contains("x.tmp"),
        "{text}"
    );
    assert!(
        !text.contains("cache/y") && !text.contains(">cache<"),
        "{text}"
    );
    // `ascmhl verify` does not apply patterns with a slash.
    ascmhl(&["diff", "d"], root).run().expect_code(0);
}

/// The examples of ascmhl are histories of several tools and generations.
#[test]
fn examples_of_ascmhl_are_judged_the_same() {
    if !has_ascmhl() {
        return;
    }
    // ascmhl ignores everything if a directory above is named ascmhl.
    let scratch = Scratch::in_memory("mhl-examples");
    let examples = scratch.path().join("Output");
    let from = source("target/peers/ascmhl/examples/scenarios/Output");
    let copied = Run::of("cp").arg("-a").arg(from).arg(&examples).run();
    copied.expect_code(0);
    let mut open = vec![examples.clone()];
    let mut roots: Vec<PathBuf> = Vec::new();
    while let Some(directory) = open.pop() {
        let names = entries(&directory);
        if names.iter().any(|name| name == "ascmhl") {
            roots.push(directory.clone());
        }
        let below = names.iter().map(|name| directory.join(name));
        open.extend(below.filter(|path| path.is_dir() && !path.ends_with("ascmhl")));
    }
    assert!(roots.len() > 8, "{roots:?}");
    for root in roots {
        let root = root.to_str().unwrap();
        let theirs = ascmhl(&["verify", root], &examples).run();
        let ours = sums(&examples).args(["--check", root]).run();
        assert_eq!(
            ours.code != 0,
            theirs.code != 0,
            "{}\n{}",
            ours.tell(),
            theirs.tell()
        );
    }
}

#[test]
fn names_that_xml_cannot_have_are_refused() {
    let scratch = tree("mhl-names");
    scratch.write("d/line\nbreak\t.txt", "x");
    create(&scratch).expect_code(0);
    check(&scratch).expect_code(0);
    if has_ascmhl() {
        ascmhl(&["verify", "d"], scratch.path())
            .run()
            .expect_code(0);
    }
    let control = scratch.write("d/control\u{1}", "x");
    let before = entries(&scratch.path().join("d/ascmhl"));
    let run = create(&scratch).expect_code(7);
    assert!(
        run.stdout_text().contains("control\\u{1}: invalid: "),
        "{}",
        run.tell()
    );
    assert!(
        run.stderr_text().contains("no generation was written"),
        "{}",
        run.tell()
    );
    assert_eq!(entries(&scratch.path().join("d/ascmhl")), before);
    check(&scratch).expect_code(1);
    fs::remove_file(control).unwrap();
    check(&scratch).expect_code(0);
}

#[test]
fn links_and_devices_are_not_recorded() {
    let scratch = tree("mhl-links");
    symlink("/etc/passwd", scratch.path().join("d/outside")).unwrap();
    symlink("A001", scratch.path().join("d/directory")).unwrap();
    let fifo = scratch.path().join("d/fifo");
    Run::of("mkfifo").arg(&fifo).run().expect_code(0);
    let made = create(&scratch).expect_code(0);
    for name in ["outside", "directory", "fifo"] {
        assert!(
            made.stdout_text().contains(&format!("d/{name}: skipped: ")),
            "{}",
            made.tell()
        );
    }
    check(&scratch).expect_code(0);
    // A history that is not made leaves no folder.
    let scratch = tree("mhl-unmade");
    scratch.write("d/\u{2}", "x");
    create(&scratch).expect_code(7);
    assert!(!scratch.path().join("d/ascmhl").exists());
    symlink("elsewhere", scratch.path().join("d/ascmhl")).unwrap();
    fs::remove_file(scratch.path().join("d/\u{2}")).unwrap();
    create(&scratch).expect_code(7);
}

#[test]
fn concurrent_runs_leave_a_valid_history() {
    let scratch = tree("mhl-concurrent");
    let mut made = 0;
    for _ in 0..3 {
        let children: Vec<_> = (0..6)
            .map(|_| sums(scratch.path()).arg("d").spawn())
            .collect();
        for child in children {
            let output = child.wait();
            match output.code {
                0 => made += 1,
                7 => {
                    let said = output.stderr_text();
                    let is_clear = said.contains("another process") || said.contains("file exists");
                    assert!(is_clear, "{}", output.tell());
                }
                _ => panic!("{}", output.tell()),
            }
        }
        check(&scratch).expect_code(0);
    }
    assert!(made >= 3, "{made}");
    let folder = scratch.path().join("d/ascmhl");
    let names = entries(&folder);
    // No temporary file is left, and each manifest is in the chain.
    assert_eq!(names.len(), made + 1, "{names:?}");
    let chain = fs::read_to_string(folder.join("ascmhl_chain.xml")).unwrap();
    for name in names.iter().filter(|name| name.ends_with(".mhl")) {
        assert!(chain.contains(name.as_str()), "{name}\n{chain}");
    }
    if has_ascmhl() {
        ascmhl(&["verify", "d"], scratch.path())
            .run()
            .expect_code(0);
    }
}

#[test]
fn killed_run_leaves_a_usable_history() {
    let scratch = tree("mhl-killed");
    create(&scratch).expect_code(0);
    let large = fs::File::create(scratch.path().join("d/large")).unwrap();
    large.set_len(64 << 30).unwrap();
    let child = sums(scratch.path()).arg("d").spawn();
    std::thread::sleep(Duration::from_millis(300));
    child.signal(libc::SIGTERM);
    child.wait().expect_code(143);
    fs::remove_file(scratch.path().join("d/large")).unwrap();
    assert_eq!(entries(&scratch.path().join("d/ascmhl")).len(), 2);
    check(&scratch).expect_code(0);
}

#[test]
fn manifest_outside_of_the_chain_is_reported() {
    let scratch = tree("mhl-unchained");
    create(&scratch).expect_code(0);
    let folder = scratch.path().join("d/ascmhl");
    let text = fs::read_to_string(folder.join(manifest(&folder))).unwrap();
    fs::write(folder.join("0002_d.mhl"), text).unwrap();
    let found = check(&scratch).expect_code(1);
    assert!(
        found
            .stdout_text()
            .contains("0002_d.mhl: invalid: it is not in ascmhl_chain.xml")
    );
    let made = create(&scratch).expect_code(1);
    assert!(made.stdout_text().contains("/0003_d_"), "{}", made.tell());
}

#[test]
fn options_that_have_no_effect_are_refused() {
    let scratch = tree("mhl-options");
    for arguments in [
        &["d", "-o", "x"][..],
        &["d", "--tag"],
        &["d", "-a", "sha256"],
        &["d", "--check", "-a", "md5"],
        &[],
    ] {
        sums(scratch.path()).args(arguments).run().expect_code(2);
    }
    sums(scratch.path()).arg("nosuch").run().expect_code(7);
    assert!(!scratch.path().join("d/ascmhl").exists());
    let json = sums(scratch.path())
        .args(["d", "--json"])
        .run()
        .expect_code(0)
        .json();
    assert_eq!(
        (&json["recorded"], &json["verified"]),
        (&5.into(), &0.into())
    );
    assert_eq!(json["generations"].as_array().unwrap().len(), 1);
}

#[test]
fn altered_manifests_are_read_in_time() {
    let scratch = tree("mhl-altered");
    create(&scratch).expect_code(0);
    let folder = scratch.path().join("d/ascmhl");
    let mut random = Random(99);
    let mut read = 0;
    for name in [manifest(&folder), "ascmhl_chain.xml".to_owned()] {
        let text = fs::read(folder.join(name)).unwrap();
        for _ in 0..3000 {
            let altered = random.altered(&text);
            read += usize::from(::c47::testing::is_mhl(&String::from_utf8_lossy(&altered)));
        }
    }
    assert!(read > 100, "{read}");
}
