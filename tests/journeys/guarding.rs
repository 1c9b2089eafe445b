//! A server that cannot be what it is told to be does not start, and says why; one that can speaks
//! TLS.

use client::{Client, Config};

use crate::authenticating::openssl;
use crate::company::found;
use crate::home::{Home, Ran, client, head, twinfunnel, write};

/// Starts a server that cannot start.
async fn serve(options: &[&str]) -> Ran {
    let ran = twinfunnel(&[&["serve"][..], options].concat()).await;
    assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
    assert!(!ran.out.contains("listening"), "{ran:?}");
    ran
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_door_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let ran = serve(&["--data-dir", &data, "--listen", address]).await;
        assert!(ran.err.contains("without authentication"), "{ran:?}");
        assert!(ran.err.contains("loopback"), "{ran:?}");
    }
    assert!(!std::path::Path::new(&data).exists(), "nothing was touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_cannot_be_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let nonsense = write(folder.path(), "nonsense.pem", "-----BEGIN NONSENSE-----\n");
    let data = path("data");
    let at = ["--listen", "127.0.0.1:0"];

    let ran = serve(&at).await;
    assert!(
        ran.err.contains("--data-dir") && ran.err.contains("--database-url"),
        "{ran:?}"
    );
    let both = [
        "--data-dir",
        &data,
        "--database-url",
        "postgres://localhost/x",
    ];
    let ran = serve(&[&at[..], &both].concat()).await;
    assert!(ran.err.contains("cannot be used with"), "{ran:?}");
    let ran = serve(&["--data-dir", &nonsense, "--listen", "127.0.0.1:0"]).await;
    assert!(ran.err.contains("nonsense.pem"), "{ran:?}");
    let ran = serve(&["--database-url", "nonsense", "--listen", "127.0.0.1:0"]).await;
    assert!(ran.err.contains("database"), "{ran:?}");
    let away = format!(
        "postgres://x:secret@127.0.0.1:{}/x",
        support::free_port().unwrap()
    );
    let ran = serve(&["--database-url", &away, "--listen", "127.0.0.1:0"]).await;
    assert!(
        ran.err.contains("database") && !ran.err.contains("secret"),
        "{ran:?}"
    );

    let with = ["--data-dir", data.as_str(), "--listen", "127.0.0.1:0"];
    let ran = serve(&[&with[..], &["--jwt-public-key", &nonsense]].concat()).await;
    assert!(ran.err.contains("nonsense.pem"), "{ran:?}");
    let ran = serve(&[&with[..], &["--jwt-public-key", &path("missing.pem")]].concat()).await;
    assert!(ran.err.contains("missing.pem"), "{ran:?}");
    let ran = serve(&[&with[..], &["--tls-cert", &nonsense]].concat()).await;
    assert!(ran.err.contains("--tls-key"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_none_is_noticed_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let nonsense = write(folder.path(), "nonsense.pem", "-----BEGIN NONSENSE-----\n");
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    let tls = ["--tls-cert", nonsense.as_str(), "--tls-key", &nonsense];
    let ran = serve(&[&["--data-dir", &data, "--listen", "127.0.0.1:0"][..], &tls].concat()).await;
    assert!(!ran.err.is_empty(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_and_one_directory_belong_to_one_server() {
    let home = Home::sqlite();
    let node = home.start();
    let Home::Sqlite(folder) = &home else {
        panic!("SQLite")
    };
    let data = folder.path().to_str().unwrap();
    let ran = serve(&["--data-dir", data, "--listen", "127.0.0.1:0"]).await;
    assert!(ran.err.contains(data), "{ran:?}");
    let other = tempfile::tempdir().unwrap();
    let address = node.address().to_string();
    let other = other.path().to_str().unwrap();
    let ran = serve(&["--data-dir", other, "--listen", &address]).await;
    assert!(ran.err.contains(&address), "{ran:?}");
    let client = client(&node, "acme");
    found(&client).await;
    assert_eq!(head(&client).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_speaks_tls() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let new_key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let authority = [
        "req",
        "-x509",
        "-days",
        "2",
        "-subj",
        "/CN=authority",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    openssl(at, &[&authority[..], &new_key].concat());
    let request = [
        "req",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        "node.key",
        "-out",
        "node.csr",
    ];
    openssl(at, &[&request[..], &new_key].concat());
    let sign = [
        "x509",
        "-req",
        "-in",
        "node.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-days",
        "2",
        "-copy_extensions",
        "copy",
        "-out",
        "node.pem",
    ];
    openssl(at, &sign);
    let path = |name: &str| at.join(name).to_str().unwrap().to_owned();

    let home = Home::sqlite();
    let node = home.start_with(&[
        "--tls-cert",
        &path("node.pem"),
        "--tls-key",
        &path("node.key"),
    ]);
    let url = format!("https://localhost:{}", node.address().port());
    let known = Config {
        ca_certificate_pem: Some(std::fs::read(path("ca.pem")).unwrap()),
        ..Config::new(&url, "acme")
    };
    let client = Client::connect(known).unwrap();
    found(&client).await;
    assert_eq!(head(&client).await, 3);

    let status = ["status", "--timeout", "2", "--server"];
    let ca = path("ca.pem");
    let ran = twinfunnel(&[&status[..], &[&url, "--ca-cert", &ca]].concat()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // One who does not know the authority, and one who speaks plainly, are not served.
    let spoken = node.url();
    let unknown = [&status[..], &[&url]].concat();
    let plain = [&status[..], &[&spoken]].concat();
    let (unknown, plain) = futures::join!(twinfunnel(&unknown), twinfunnel(&plain));
    assert_eq!(
        (unknown.code, plain.code),
        (Some(1), Some(1)),
        "{unknown:?} {plain:?}"
    );
    assert!(unknown.err.contains("certificate"), "{unknown:?}");
}
