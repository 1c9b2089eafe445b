//! Copies of a log: made while it is written, checked, and put back.
//!
//! Only the log is copied: the seal's tree and the read models follow from it.

use std::fs::File;
use std::path::{Path, PathBuf};

use event_schemas::vocabulary::{Position, TenantId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{FILE, check, own};
use crate::{Error, backend};

/// Copies the log of a data directory into a new file, whether a server runs on it or not: all of it as it
/// is at one moment. Gives the head of each tenant in the copy, which was checked, every page and position.
pub async fn backup(directory: &Path, file: &Path) -> Result<Vec<(TenantId, Position)>, Error> {
    let source = directory.join(FILE);
    refuse_existing(file)?;
    // Whole, or not there under its name.
    let partial = beside(file);
    remove_if_there(&partial)?;
    let copied = copy(&source, &partial).await;
    match copied {
        Ok(heads) => {
            put(&partial, file)?;
            Ok(heads)
        }
        Err(error) => {
            remove_if_there(&partial)?;
            Err(error)
        }
    }
}

/// Puts a copy of a log into a data directory that has none. Gives the head of each tenant. The copy is
/// checked first, and stays where it is.
pub async fn restore(file: &Path, directory: &Path) -> Result<Vec<(TenantId, Position)>, Error> {
    let _owned = own(directory)?;
    let target = directory.join(FILE);
    refuse_existing(&target)?;
    let partial = beside(&target);
    remove_if_there(&partial)?;
    let heads = copy(file, &partial).await;
    if heads.is_err() {
        remove_if_there(&partial)?;
    }
    let heads = heads?;
    put(&partial, &target)?;
    Ok(heads)
}

async fn copy(source: &Path, target: &Path) -> Result<Vec<(TenantId, Position)>, Error> {
    if let Err(error) = std::fs::metadata(source) {
        return Err(at(source, error));
    }
    let options = |path: &Path| {
        let options = SqliteConnectOptions::new().filename(path);
        options.disable_statement_logging()
    };
    let mut connection = options(source).connect().await?;
    // One transaction that reads: it sees one moment, and whoever writes goes on.
    sqlx::query("VACUUM INTO ?")
        .bind(target.to_string_lossy())
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    let mut connection = options(target).connect().await?;
    let checked = heads(&mut connection).await;
    connection.close().await?;
    checked
}

/// The heads of a file that holds a log, all of which was looked at.
async fn heads(connection: &mut SqliteConnection) -> Result<Vec<(TenantId, Position)>, Error> {
    check::all(connection).await?;
    let rows: Vec<(String, i64)> = sqlx::query_as(include_str!("../../sql/sqlite/heads.sql"))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(backend::tenant_head).collect()
}

/// Gives a file its name, once it is on disk.
fn put(partial: &Path, file: &Path) -> Result<(), Error> {
    let synced = File::open(partial).and_then(|written| written.sync_all());
    synced.map_err(|error| at(partial, error))?;
    std::fs::rename(partial, file).map_err(|error| at(file, error))?;
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| at(folder, error))
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn refuse_existing(file: &Path) -> Result<(), Error> {
    match std::fs::metadata(file) {
        Ok(_) => Err(at(file, std::io::ErrorKind::AlreadyExists.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(file, error)),
    }
}

fn remove_if_there(file: &Path) -> Result<(), Error> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(file, error)),
        _ => Ok(()),
    }
}

fn at(path: &Path, source: std::io::Error) -> Error {
    let path = path.to_owned();
    Error::Io { path, source }
}
