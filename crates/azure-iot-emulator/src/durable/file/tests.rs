//! Loading of data files and journals, including damaged ones.

use super::*;
use serde_json::json;

fn change(key: &str, value: u32) -> BTreeMap<&'static str, Vec<StateChange>> {
    let change = StateChange {
        path: vec![key.to_owned()],
        value: Some(json!(value)),
    };
    BTreeMap::from([("s", vec![change])])
}

/// Returns a data file as after a start.
fn started(path: &Path) -> DataFile {
    let (mut file, _) = DataFile::open(path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    file
}

fn state(path: &Path) -> Value {
    let (_, saved) = DataFile::open(path).unwrap();
    saved.services.get("s").cloned().unwrap_or_default()
}

#[test]
fn appended_lines_are_loaded_except_for_a_truncated_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    file.append(&change("b", 2)).unwrap();
    assert!(matches!(DataFile::open(&path), Err(DataFileError::InUse)));
    drop(file);
    let journal = folder.path().join("data.json.journal");
    let whole = std::fs::read(&journal).unwrap();
    let mut ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let first = ends.nth(1).unwrap().0 + 1;
    // A truncated last line is ignored, at any length.
    for end in first..whole.len() {
        std::fs::write(&journal, &whole[..end]).unwrap();
        assert_eq!(state(&path), json!({"a": 1}), "{end}");
    }
    std::fs::write(&journal, &whole).unwrap();
    assert_eq!(state(&path), json!({"a": 1, "b": 2}));
    // The journal continues after the discarded line.
    std::fs::write(&journal, &whole[..whole.len() - 3]).unwrap();
    let (mut file, _) = DataFile::open(&path).unwrap();
    file.append(&change("c", 3)).unwrap();
    drop(file);
    assert_eq!(state(&path), json!({"a": 1, "c": 3}));
}

/// A changed byte is detected and not mistaken for an interrupted write, except in the last line
/// feed.
#[test]
fn line_that_does_not_match_its_checksum_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    file.append(&change("b", 2)).unwrap();
    drop(file);
    let whole = std::fs::read(&journal).unwrap();
    for at in 0..whole.len() - 1 {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&journal, &damaged).unwrap();
        let number = 1 + whole[..at].iter().filter(|byte| **byte == b'\n').count();
        let error = DataFile::open(&path).unwrap_err();
        assert!(
            matches!(error, DataFileError::DamagedJournal(found) if found == number),
            "{at}: {error}"
        );
        assert_eq!(
            std::fs::read(&journal).unwrap(),
            damaged,
            "the journal is unchanged"
        );
    }
    std::fs::write(&journal, &whole).unwrap();
    assert_eq!(state(&path), json!({"a": 1, "b": 2}));
}

#[test]
fn data_file_of_another_format_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    std::fs::write(
        &path,
        "{\"format\":1,\"sequence\":0,\"policyKeys\":{},\"services\":{}}",
    )
    .unwrap();
    let error = DataFile::open(&path).unwrap_err();
    assert!(matches!(error, DataFileError::OtherFormat(1)), "{error}");
    std::fs::write(&path, "{\"format\": 2}").unwrap();
    let error = DataFile::open(&path).unwrap_err();
    assert!(matches!(error, DataFileError::NotUnderstood(_)), "{error}");
}

/// A kill at any step of a replacement leaves either the old or the new pair of files.
#[test]
fn interrupted_replacement_loads_the_old_or_the_new_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let name = |suffix: &str| folder.path().join(format!("data.json{suffix}"));
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    let read = || ["", ".journal"].map(|suffix| std::fs::read(name(suffix)).unwrap());
    let old = read();
    file.replace(&[], &Map::from_iter([("s".to_owned(), json!({"a": 5}))]))
        .unwrap();
    let new = read();
    drop(file);
    let cases = [
        (["", ".journal", ".new"], [&old[0], &old[1], &new[0]], 1),
        (["", ".journal", ".journal.new"], [&old[0], &old[1], &new[1]], 1),
        (["", ".journal", ".journal.new"], [&new[0], &old[1], &new[1]], 5),
    ];
    for (names, contents, expected) in cases {
        for (suffix, content) in names.iter().zip(contents) {
            std::fs::write(name(suffix), content).unwrap();
        }
        let (mut file, saved) = DataFile::open(&path).unwrap();
        assert_eq!(saved.services["s"], json!({ "a": expected }), "{names:?}");
        file.append(&change("b", 2)).unwrap();
        drop(file);
        assert_eq!(state(&path), json!({"a": expected, "b": 2}), "{names:?}");
    }
    let mut file = started(&path);
    file.append(&change("c", 3)).unwrap();
    drop(file);
    for leftover in [".new", ".journal.new"] {
        assert!(!name(leftover).exists(), "{leftover}");
    }
    assert_eq!(state(&path), json!({"c": 3}));
}

/// The new journal is already in use under its temporary name, so the next replacement must not
/// overwrite it.
#[cfg(unix)]
#[test]
fn failed_rename_of_the_journal_loses_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    std::fs::remove_file(&journal).unwrap();
    std::fs::create_dir(&journal).unwrap();
    for number in 1..=2 {
        assert!(file.replace(&[], &Map::new()).is_err());
        file.append(&change("a", number)).unwrap();
    }
    assert_eq!(file.read_state().unwrap()["s"], json!({"a": 2}));
    drop(file);
    std::fs::remove_dir(&journal).unwrap();
    assert_eq!(state(&path), json!({"a": 2}));
}

#[test]
fn refused_line_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    file.make_journal_read_only();
    assert!(file.append(&change("b", 2)).is_err());
    assert_eq!(file.read_state().unwrap()["s"], json!({"a": 1}));
    drop(file);
    assert_eq!(state(&path), json!({"a": 1}));
}

/// Journal lines are changes to a snapshot, so they are useless without the snapshot.
#[test]
fn journal_without_its_data_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    drop(file);
    std::fs::remove_file(&path).unwrap();
    let lines = std::fs::read(&journal).unwrap();
    for end in [lines.len(), lines.len() / 2] {
        std::fs::write(&journal, &lines[..end]).unwrap();
        let error = DataFile::open(&path).unwrap_err();
        assert!(matches!(error, DataFileError::OnlyJournal(_)), "{error}");
        assert!(error.to_string().contains(journal.to_str().unwrap()), "{error}");
        assert_eq!(
            std::fs::read(&journal).unwrap(),
            lines[..end],
            "the journal is unchanged"
        );
        assert!(!path.exists());
    }
    // An empty data file is treated as new.
    std::fs::write(&path, "").unwrap();
    let error = DataFile::open(&path).unwrap_err();
    assert!(matches!(error, DataFileError::OnlyJournal(_)), "{error}");
    std::fs::remove_file(&journal).unwrap();
    assert_eq!(state(&path), Value::Null);
}

#[test]
fn missing_lines_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    let header = std::fs::read_to_string(&journal).unwrap();
    let mut lines = Vec::new();
    for number in 1..=3 {
        file.append(&change("a", number)).unwrap();
        let text = std::fs::read_to_string(&journal).unwrap();
        lines.push(text.lines().last().unwrap().to_owned() + "\n");
    }
    drop(file);
    for (damaged, line) in [
        (vec![1, 2], 2),
        (vec![0, 2], 3),
        (vec![0, 1, 1], 4),
        (vec![1, 0], 2),
        (vec![0, 1, 0], 4),
    ] {
        let text: String = damaged.iter().map(|at: &usize| lines[*at].as_str()).collect();
        std::fs::write(&journal, header.clone() + &text).unwrap();
        let error = DataFile::open(&path).unwrap_err();
        assert!(
            matches!(error, DataFileError::MissingLines(at) if at == line),
            "{damaged:?}: {error}"
        );
    }
    std::fs::write(&journal, header + &lines.concat()).unwrap();
    assert_eq!(state(&path), json!({"a": 3}));
}

/// A directory takes the place of the data file, so that it cannot be replaced.
#[test]
fn failed_compaction_leaves_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut file, _) = DataFile::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(file.replace(&[], &Map::new()).is_err());
    for leftover in ["data.json.new", "data.json.journal.new"] {
        assert!(!folder.path().join(leftover).exists(), "{leftover}");
    }
    std::fs::remove_dir(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    assert!(path.is_file());
}

/// With an immediate retry, a full disk would cause a futile compaction after every line.
#[test]
fn failed_compaction_is_retried_only_after_the_journal_has_grown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let mut file = started(&path);
    let much = || {
        let mut change = change("a", 1);
        change.get_mut("s").unwrap()[0].value = Some(json!("x".repeat(5 * 1024 * 1024)));
        change
    };
    assert!(!file.needs_compaction());
    file.append(&much()).unwrap();
    assert!(file.needs_compaction());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(file.replace(&[], &Map::new()).is_err());
    assert!(!file.needs_compaction());
    file.append(&change("b", 1)).unwrap();
    assert!(!file.needs_compaction());
    file.append(&much()).unwrap();
    assert!(file.needs_compaction());
    std::fs::remove_dir(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    assert!(!file.needs_compaction());
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut file, _) = DataFile::open(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    for name in ["data.json", "data.json.journal"] {
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
