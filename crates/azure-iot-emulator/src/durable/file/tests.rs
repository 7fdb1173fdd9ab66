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

/// A data file after a start.
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
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
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

#[test]
fn damaged_lines_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    drop(started(&path));
    std::fs::write(
        folder.path().join("data.json.journal"),
        "garbage\n{\"sequence\":2,\"changes\":{}}\n",
    )
    .unwrap();
    assert!(matches!(
        DataFile::open(&path),
        Err(DataFileError::DamagedJournal(1))
    ));
    std::fs::remove_file(folder.path().join("data.json.journal")).unwrap();
    std::fs::write(&path, "{\"format\": 2}").unwrap();
    assert!(matches!(
        DataFile::open(&path),
        Err(DataFileError::NotUnderstood(_))
    ));
}

#[test]
fn journal_lines_in_the_snapshot_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    file.append(&change("a", 1)).unwrap();
    let lines = std::fs::read(&journal).unwrap();
    file.replace(&[], &Map::from_iter([("s".to_owned(), json!({"a": 5}))]))
        .unwrap();
    assert_eq!(std::fs::read(&journal).unwrap().len(), 0);
    file.append(&change("b", 2)).unwrap();
    let later = std::fs::read(&journal).unwrap();
    drop(file);
    // The state after a kill between the rename and the truncation.
    std::fs::write(&journal, &lines).unwrap();
    assert_eq!(state(&path), json!({"a": 5}));
    std::fs::write(&journal, [lines, later].concat()).unwrap();
    assert_eq!(state(&path), json!({"a": 5, "b": 2}));
}

/// Journal lines are changes to a snapshot, so they are useless without it.
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
    }
    // A start that fails early leaves an empty journal.
    std::fs::write(&journal, "").unwrap();
    assert_eq!(state(&path), Value::Null);
}

#[test]
fn missing_lines_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut file = started(&path);
    let mut lines = Vec::new();
    for number in 1..=3 {
        file.append(&change("a", number)).unwrap();
        let text = std::fs::read_to_string(&journal).unwrap();
        lines.push(text.lines().last().unwrap().to_owned() + "\n");
    }
    drop(file);
    for (damaged, line) in [
        (vec![1, 2], 1),
        (vec![0, 2], 2),
        (vec![0, 1, 1], 3),
        (vec![1, 0], 1),
        (vec![0, 1, 0], 3),
    ] {
        let text: String = damaged.iter().map(|at: &usize| lines[*at].as_str()).collect();
        std::fs::write(&journal, text).unwrap();
        let error = DataFile::open(&path).unwrap_err();
        assert!(
            matches!(error, DataFileError::MissingLines(at) if at == line),
            "{damaged:?}: {error}"
        );
    }
    std::fs::write(&journal, lines.concat()).unwrap();
    assert_eq!(state(&path), json!({"a": 3}));
}

/// A directory in place of the data file cannot be replaced by a file.
#[test]
fn failed_compaction_leaves_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let (mut file, _) = DataFile::open(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(file.replace(&[], &Map::new()).is_err());
    assert!(!folder.path().join("data.json.new").exists());
    std::fs::remove_dir(&path).unwrap();
    file.replace(&[], &Map::new()).unwrap();
    assert!(path.is_file());
}

/// Without this, a full disk would cause a futile compaction after every line.
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
