//! Compares `c47 rez check` with Python and the real Rez for package files and requirements.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Run, Scratch, c47, peers, source};

fn check(repository: &Path) -> Run {
    c47().args(["rez", "check", "--json"]).arg(repository)
}

/// The kinds and paths of the findings: `syntax foo/1.0`.
fn found(report: &Value, repository: &Path) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let path = Path::new(finding["path"].as_str().unwrap());
            let path = path.strip_prefix(repository).unwrap();
            let version = match path.ends_with("package.py") {
                true => path.parent().unwrap(),
                false => path,
            };
            format!(
                "{} {}",
                finding["kind"].as_str().unwrap(),
                version.display()
            )
        })
        .collect()
}

fn package(scratch: &Scratch, name: &str, version: &str, more: &str) {
    let text = format!("name = '{name}'\nversion = '{version}'\n{more}\n");
    scratch.write(&format!("{name}/{version}/package.py"), text);
}

/// Packages and the kind of fault in each, or "" for none.
const PACKAGES: [(&str, &str, &str); 30] = [
    ("base-1.0", "", ""),
    ("base-1.2", "", ""),
    ("base-2.0", "", ""),
    ("good_plain", "requires = ['base']", ""),
    (
        "good_ranges",
        "requires = ['base-1+<2', 'base>=1', 'base==1.2', 'base-1.2|3']",
        "",
    ),
    (
        "good_conflict",
        "requires = ['!absent', '~absent-2', '.feature-1']",
        "",
    ),
    ("good_variants", "variants = [['base-9'], ['base-2']]", ""),
    (
        "good_computed",
        "requires = ['base-%d' % n for n in (1,)]",
        "",
    ),
    (
        "good_late",
        "@late()\ndef tools():\n    return ['absent']",
        "",
    ),
    ("good_changed", "requires = ['absent']\nrequires.pop()", ""),
    (
        "good_if",
        "requires = ['absent']\nif True:\n    requires = []",
        "",
    ),
    (
        "good_commands",
        "def commands():\n    requires = ['absent']\n    env.X.set(f\"{this.root}/x\")",
        "",
    ),
    (
        "good_text",
        "description = '''[ ( {\n  'it is \"fine\"' \\''''\ntools = ['a',]  # )",
        "",
    ),
    (
        "good_scope",
        "with scope('config') as c:\n    c.release_packages_path = '/x'",
        "",
    ),
    ("bad_family", "requires = ['absent']", "requirement"),
    ("bad_version", "requires = ['base-3+']", "requirement"),
    ("bad_exact", "requires = ['base==1']", "requirement"),
    (
        "bad_one_of_two",
        "requires = ['base', 'absent-1']",
        "requirement",
    ),
    (
        "bad_variants",
        "variants = [['base-9'], ['absent']]",
        "requirement",
    ),
    ("bad_range", "requires = ['base-1+<']", "requirement"),
    ("bad_bounds", "requires = ['base-3+<2']", "requirement"),
    ("bad_name", "requires = ['my tool']", "requirement"),
    ("bad_bracket", "requires = ['base'\n", "syntax"),
    ("bad_closing", "requires = ['base')\n", "syntax"),
    ("bad_string", "description = 'it's mine'", "syntax"),
    ("bad_triple", "description = '''never ends", "syntax"),
    ("bad_colon", "def commands()\n    pass", "syntax"),
    ("bad_body", "def commands():\nenv.X = 1", "syntax"),
    ("bad_indent", "requires = []\n  tools = []", "syntax"),
    ("bad_value", "requires =", "syntax"),
];

fn corpus() -> (Scratch, BTreeSet<String>) {
    let scratch = Scratch::new("corpus");
    let mut expected = BTreeSet::new();
    for (name, more, kind) in PACKAGES {
        let (name, version) = name.split_once('-').unwrap_or((name, "1.0"));
        package(&scratch, name, version, more);
        if !kind.is_empty() {
            expected.insert(format!("{kind} {name}/{version}"));
        }
    }
    (scratch, expected)
}

/// Every fault found without Python also fails in Rez. The other packages load.
#[test]
fn faults_of_packages_are_found_and_rez_agrees() {
    let (repository, expected) = corpus();
    let report = check(repository.path()).run().expect_code(1).json();
    assert_eq!(found(&report, repository.path()), expected);
    let Some(python) = peers::python(&["rez"]) else {
        return;
    };
    let script = "
import os, sys
from rez.packages import iter_package_families, iter_packages
from rez.resolved_context import ResolvedContext
repository = sys.argv[1]
for family in iter_package_families(paths=[repository]):
    for package in iter_packages(family.name, paths=[repository]):
        try:
            package.validate_data()
            request = '%s==%s' % (family.name, package.version)
            if ResolvedContext([request], package_paths=[repository]).success:
                continue
        except Exception:
            pass
        print('%s/%s' % (family.name, package.version))
";
    let home = Scratch::new("home");
    let verdict = Command::new(python)
        .args(["-c", script])
        .arg(repository.path())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let broken = String::from_utf8(verdict.stdout).unwrap();
    let broken: BTreeSet<&str> = broken.lines().collect();
    let ours: BTreeSet<&str> = expected
        .iter()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    assert_eq!(ours, broken, "{}", String::from_utf8_lossy(&verdict.stderr));
}

#[test]
fn deep_check_finds_faults_in_computed_values() {
    if peers::python(&["rez"]).is_none() {
        return;
    }
    let repository = Scratch::new("deep");
    let other = Scratch::new("other");
    package(&repository, "fine", "1.0", "requires = ['elsewhere-1']");
    package(&other, "elsewhere", "1.5", "");
    package(&repository, "raises", "1.0", "x = 1 / 0");
    package(&repository, "computed", "1.0", "requires = ['ab' + 'sent']");
    package(&repository, "broken", "1.0", "requires = [");
    package(&repository, "type", "1.0", "requires = 7");
    let path = format!(
        "{}:/usr/bin:/bin",
        source("target/peers/venv/bin").display()
    );
    let run = || {
        let run = check(repository.path()).arg("--with").arg(other.path());
        run.env("PATH", &path).env("SHELL", "/bin/bash")
    };
    let shallow = run().run().expect_code(1).json();
    let syntax = BTreeSet::from(["syntax broken/1.0".to_owned()]);
    assert_eq!(found(&shallow, repository.path()), syntax);
    let deep = run().arg("--deep").run().expect_code(1).json();
    let all = [
        "rez computed/1.0",
        "rez raises/1.0",
        "rez type/1.0",
        "syntax broken/1.0",
    ];
    let all: BTreeSet<String> = all.map(str::to_owned).into();
    assert_eq!(found(&deep, repository.path()), all, "{deep}");
    let what = deep["findings"].as_array().unwrap().iter();
    let what: Vec<&str> = what
        .map(|finding| finding["what"].as_str().unwrap())
        .collect();
    assert!(
        what.iter().any(|what| what.contains("division by zero")),
        "{what:?}"
    );
}

#[test]
fn deep_check_without_rez_is_an_error() {
    let repository = Scratch::new("no-rez");
    package(&repository, "fine", "1.0", "");
    let empty = Scratch::new("empty-path");
    let run = || {
        check(repository.path())
            .env("PATH", empty.path())
            .arg("--deep")
    };
    let missing = run().run().expect_code(7);
    assert_eq!(
        missing.stderr_text(),
        "c47 rez check: cannot run rez: not found in PATH\n\
         hint: add rez to PATH, or omit --deep, which requires it\n"
    );
    // A program named rez that is not Rez gives an error, not a clean result.
    let fake = empty.place(Path::new("/bin/true"), "rez");
    let refused = run().run().expect_code(7);
    assert!(
        refused.stderr_text().contains("exited early"),
        "{}",
        refused.tell()
    );
    fs::remove_file(fake).unwrap();
    check(repository.path())
        .arg("--with=/no/such")
        .run()
        .expect_code(2);
}

#[test]
fn version_that_contradicts_its_directory_is_found() {
    let repository = Scratch::new("contradiction");
    package(&repository, "same", "1.0", "");
    // Rez treats . and - as equal separators.
    repository.write("equal/1.0/package.py", "name = 'equal'\nversion = '1-0'\n");
    repository.write("unsaid/1.0/package.py", "name = 'unsaid'\n");
    repository.write("late/1.0/package.py", "name = 'late'\nversion = X\n");
    repository.write(
        "other/1.0/package.py",
        "name = 'other'\nversion = '1.0.1'\n",
    );
    repository.write("bare/package.py", "name = 'bare'\nversion = '1'\n");
    repository.write("free/package.py", "name = 'free'\n");
    let report = check(repository.path()).run().expect_code(1).json();
    let expected = BTreeSet::from(["identity other/1.0".to_owned()]);
    assert_eq!(found(&report, repository.path()), expected, "{report}");
    let what = report["findings"][0]["what"].as_str().unwrap();
    assert!(
        what.contains("version is 1.0.1, but the directory, which Rez uses, is 1.0"),
        "{what}"
    );
}

#[test]
fn requirements_are_searched_in_all_repositories() {
    let (own, site) = (Scratch::new("own"), Scratch::new("site"));
    package(
        &own,
        "tool",
        "1.0",
        "requires = ['lib-2+', 'hidden', 'combined-7']",
    );
    package(&own, "lib", "1.0", "");
    for version in ["1", "2", "3"] {
        package(&site, "lib", version, "");
        package(&site, "hidden", version, "");
        site.write(&format!("hidden/.ignore{version}"), "");
    }
    site.write("combined.py", "name = 'combined'\nversions = ['7']\n");
    let expect = |run: Run, texts: &[&str]| {
        let report = run.run().expect_code(1).json();
        let found = report["findings"].as_array().unwrap();
        assert_eq!(found.len(), texts.len(), "{report}");
        for (finding, text) in found.iter().zip(texts) {
            let what = finding["what"].as_str().unwrap();
            assert!(what.contains(text), "{what}");
        }
    };
    let alone = [
        "requires lib-2+, but lib has only the versions 1.0",
        "requires hidden, but package hidden does not exist",
        "requires combined-7, but package combined does not exist",
    ];
    expect(check(own.path()), &alone);
    let rest = ["requires hidden, but package hidden does not exist"];
    expect(check(own.path()).arg("--with").arg(site.path()), &rest);
    let list = format!(
        "{}:filesystem@{}",
        own.path().display(),
        site.path().display()
    );
    expect(check(own.path()).env("REZ_PACKAGES_PATH", &list), &rest);
    // A repository that only Rez can read may have any package.
    let list = format!("{list}:memory@any");
    check(own.path())
        .env("REZ_PACKAGES_PATH", &list)
        .run()
        .expect_code(0);
}

/// Python's own files, complete and with parts removed: whatever c47 rejects, Python rejects too.
#[test]
fn files_that_python_can_read_are_never_rejected() {
    let Some(python) = peers::python(&["rez"]) else {
        return;
    };
    let repository = Scratch::new("python files");
    let script = "
import pathlib, random, sys, sysconfig
random.seed(47)
root = pathlib.Path(sys.argv[1])
import rez
places = [sysconfig.get_paths()['stdlib'], pathlib.Path(rez.__file__).parent]
files = sorted(f for p in places for f in pathlib.Path(p).rglob('*.py') if f.stat().st_size < 60000)
for number, file in enumerate(random.sample(files, min(900, len(files)))):
    text = file.read_bytes()
    if number % 3 == 1 and text:
        at = random.randrange(len(text))
        text = text[:at] + text[at + random.randrange(1, 4):]
    elif number % 3 == 2:
        lines = text.splitlines(True)
        if lines:
            del lines[random.randrange(len(lines))]
        text = b''.join(lines)
    place = root / ('p%d' % number) / '1.0'
    place.mkdir(parents=True)
    (place / 'package.py').write_bytes(text)
    try:
        compile(text, 'package.py', 'exec')
    except (SyntaxError, ValueError):
        print('syntax p%d/1.0' % number)
";
    let verdict = Command::new(python)
        .args(["-W", "ignore", "-c", script])
        .arg(repository.path())
        .output()
        .unwrap();
    let broken = String::from_utf8(verdict.stdout).unwrap();
    let broken: BTreeSet<String> = broken.lines().map(str::to_owned).collect();
    let report = check(repository.path()).run().expect_code(1).json();
    let ours = found(&report, repository.path());
    let ours: BTreeSet<String> = ours
        .into_iter()
        .filter(|one| one.starts_with("syntax "))
        .collect();
    let wrong: Vec<&String> = ours.difference(&broken).collect();
    let kept = || std::env::temp_dir().join("c47-refused-wrongly.py");
    if let Some(first) = wrong.first() {
        let name = first.strip_prefix("syntax ").unwrap();
        let file = repository.path().join(name).join("package.py");
        fs::copy(&file, kept()).unwrap();
        let message = report["findings"].as_array().unwrap().iter();
        let message = message.filter(|one| one["path"] == file.display().to_string().as_str());
        panic!("{wrong:?}: {:?}", message.collect::<Vec<_>>());
    }
    // Most syntax errors are found without Python.
    assert!(
        ours.len() * 2 > broken.len() && !ours.is_empty(),
        "{} of {}",
        ours.len(),
        broken.len()
    );
}

/// Compares requirements of every form with the parser of Rez.
#[test]
fn ranges_are_parsed_as_by_rez() {
    let Some(python) = peers::python(&["rez"]) else {
        return;
    };
    const VERSIONS: [&str; 9] = ["1", "1.0", "1.2", "1.10", "2", "2.beta", "2.0", "3_a", "01"];
    let repository = Scratch::new("ranges");
    for version in VERSIONS {
        package(&repository, "base", version, "");
    }
    let script = "
import json, random, sys
random.seed(47)
from rez.utils.formatting import PackageRequest
from rez.version import Version
versions = [Version(v) for v in sys.argv[1:]]
pieces = ['1', '2', '3', '1.2', '1.10', '1-2', '01', '2.beta', '==', '>=', '<=', '<', '>', '+', ',', '|', '..', '-', '_', '#', '1.', '']
seen = {}
def add(text):
    request = 'base' + text
    try:
        parsed = PackageRequest(request)
        if parsed.name != 'base':
            return
        good = any(v in parsed.range for v in versions)
    except Exception:
        if text[:1].isalnum() or text[:1] in ('_', '.'):
            return
        good = False
    seen[request] = good
for a in pieces:
    for b in pieces:
        add('-' + a + b)
for _ in range(1500):
    add(random.choice(['-', '', '@', '#']) + ''.join(random.choice(pieces) for _ in range(random.randrange(7))))
print(json.dumps({k: v for k, v in seen.items() if k.startswith('base') and '*' not in k}))
";
    let verdict = Command::new(python)
        .args(["-c", script])
        .args(VERSIONS)
        .output()
        .unwrap();
    let verdict: Value = serde_json::from_slice(&verdict.stdout).unwrap();
    let verdict = verdict.as_object().unwrap();
    let requests: Vec<(&String, bool)> = verdict
        .iter()
        .map(|(request, good)| (request, good.as_bool().unwrap()))
        .collect();
    assert!(requests.len() > 1000, "{}", requests.len());
    for (number, (request, _)) in requests.iter().enumerate() {
        package(
            &repository,
            &format!("p{number}"),
            "1",
            &format!("requires = ['{request}']"),
        );
    }
    let report = check(repository.path()).run().expect_code(1).json();
    let ours = found(&report, repository.path());
    let mut wrong = Vec::new();
    for (number, (request, good)) in requests.iter().enumerate() {
        if ours.contains(&format!("requirement p{number}/1")) == *good {
            wrong.push(format!(
                "{request}: Rez {}",
                if *good { "accepts" } else { "rejects" }
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}: {:#?}",
        wrong.len(),
        requests.len(),
        &wrong[..wrong.len().min(30)]
    );
}

/// c47 can read every test package of Rez that Rez can load.
#[test]
fn test_packages_of_rez_are_read() {
    let Some(python) = peers::python(&["rez"]) else {
        return;
    };
    let script =
        "import rez, os; print(os.path.join(os.path.dirname(rez.__file__), 'data', 'tests'))";
    let data = Command::new(python).args(["-c", script]).output().unwrap();
    let data = PathBuf::from(String::from_utf8(data.stdout).unwrap().trim());
    let mut files = 0;
    for repository in ["solver/packages", "packages/py_packages", "builds/packages"] {
        let repository = data.join(repository);
        if !repository.is_dir() {
            continue;
        }
        let report = check(&repository).run().json();
        files += report["versions"].as_u64().unwrap();
        let found = report["findings"].as_array().unwrap().iter();
        let found: Vec<&Value> = found
            .filter(|finding| ["syntax", "identity"].contains(&finding["kind"].as_str().unwrap()))
            // All versions of the first state 1.0.5. The second raises an exception on purpose.
            .filter(|finding| {
                let path = finding["path"].as_str().unwrap();
                !path.contains("/timestamped/") && !path.contains("/versioned/2.0/")
            })
            .collect();
        assert!(found.is_empty(), "{found:#?}");
    }
    assert!(files > 20, "{files}");
}
