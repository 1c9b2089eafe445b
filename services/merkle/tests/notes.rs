//! Checkpoints and proofs as texts: written, read, forged; and read by another implementation.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use event_schemas::vocabulary::TenantId;
use proptest::prelude::*;
use signed_note::{Note, StandardVerifier, VerifierList};
use twinfunnel_merkle::{
    Checkpoint, CheckpointError, DatedKey, KeyError, OriginPrefix, ProofFile, ProofFileError,
    SigningKey, VerifierKey, leaf_hash,
};

fn key(n: u8) -> SigningKey {
    use base64::Engine as _;
    SigningKey::parse(&base64::engine::general_purpose::STANDARD.encode([n; 32])).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: OriginPrefix::default().of(&TenantId::new("acme").unwrap()),
        size: 1,
        root: leaf_hash(b"x"),
    }
}

fn verifier(n: u8) -> VerifierKey {
    VerifierKey::new("twinfunnel/acme", key(n).public()).unwrap()
}

#[test]
fn a_signed_checkpoint_opens_with_its_key_alone() {
    let note = checkpoint().sign(&key(1)).unwrap();
    let keys = [verifier(2), verifier(1)];
    let (opened, by) = Checkpoint::open(&note, &keys).unwrap();
    assert_eq!((opened, by), (checkpoint(), &verifier(1)));
    let opened = Checkpoint::open(&note, &keys[..1]);
    assert_eq!(opened, Err(CheckpointError::Unsigned));
}

#[test]
fn another_implementation_reads_our_checkpoints_and_keys() {
    let note = checkpoint().sign(&key(1)).unwrap();
    let theirs = StandardVerifier::new(&verifier(1).to_string()).unwrap();
    let opened = Note::from_bytes(note.as_bytes()).unwrap();
    let verified = opened.verify(&VerifierList::new(vec![Box::new(theirs)]));
    assert_eq!(verified.unwrap().0.len(), 1);
    let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(opened.text()).unwrap();
    assert_eq!((read.origin(), read.size()), ("twinfunnel/acme", 1));
    assert_eq!(read.hash().0, checkpoint().root.0);
}

#[test]
fn signatures_of_others_are_welcome_and_say_nothing() {
    let note = checkpoint().sign(&key(1)).unwrap();
    let other = Checkpoint {
        origin: "witness".to_owned(),
        ..checkpoint()
    };
    let cosigned = other.sign(&key(3)).unwrap();
    let line = cosigned.rsplit_once("\n\n").unwrap().1;
    let both = format!("{note}{line}");
    assert_eq!(
        Checkpoint::open(&both, &[verifier(1)]).unwrap().0,
        checkpoint()
    );
    let witness = [VerifierKey::new("witness", key(3).public()).unwrap()];
    let opened = Checkpoint::open(&both, &witness);
    assert!(matches!(opened, Err(CheckpointError::Forged(_))));
}

#[test]
fn a_key_of_another_log_does_not_vouch() {
    let stranger = Checkpoint {
        origin: "twinfunnel/other".to_owned(),
        ..checkpoint()
    };
    let note = stranger.sign(&key(1)).unwrap();
    assert_eq!(
        Checkpoint::open(&note, &[verifier(1)]),
        Err(CheckpointError::Unsigned)
    );
}

#[test]
fn a_key_that_was_replaced_vouches_only_for_what_came_before() {
    let dated = |n, from_size| DatedKey {
        key: verifier(n),
        from_size,
    };
    let keys = [dated(2, 50), dated(1, 1)];
    let open = |n, size| {
        let checkpoint = Checkpoint {
            size,
            ..checkpoint()
        };
        let note = checkpoint.sign(&key(n)).unwrap();
        Checkpoint::open_dated(&note, &keys).map(|opened| opened.size)
    };
    assert_eq!(open(1, 49), Ok(49));
    let replaced = CheckpointError::Replaced {
        size: 50,
        replaced_at: 50,
    };
    assert_eq!(open(1, 50), Err(replaced));
    assert_eq!((open(2, 50), open(2, 7)), (Ok(50), Ok(7)));
    assert_eq!(open(3, 7), Err(CheckpointError::Unsigned));
}

#[test]
fn a_key_says_since_when_it_signs() {
    let dated = |text: &str| text.parse::<DatedKey>();
    let key = verifier(1);
    let since = |from_size| {
        let key = key.clone();
        Ok(DatedKey { key, from_size })
    };
    assert_eq!(dated(&format!("{key}@50")), since(50));
    assert_eq!(dated(&key.to_string()), since(0));
    assert_eq!(dated(&since(7).unwrap().to_string()), since(7));
    for bad in ["@", "@x", "@-1", "@1x", "@99999999999999999999999"] {
        assert!(dated(&format!("{key}{bad}")).is_err(), "{bad:?}");
    }
}

#[test]
fn a_verifier_key_is_read_as_it_is_written() {
    let written = verifier(1).to_string();
    assert_eq!(written.parse(), Ok(verifier(1)));
    let renamed = written.replace("acme", "acmf");
    assert_eq!(renamed.parse::<VerifierKey>(), Err(KeyError::Id));
    for bad in ["", "a", "a+b", "a+b+c", "twinfunnel/acme+00000000+AQ=="] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad:?}");
    }
    assert!("a b".parse::<OriginPrefix>().is_err() && "".parse::<OriginPrefix>().is_err());
    assert_ne!(
        SigningKey::generate().unwrap(),
        SigningKey::generate().unwrap()
    );
    assert_eq!(SigningKey::parse(&key(1).reveal()), Ok(key(1)));
    assert_eq!(format!("{:?}", key(1)), "SigningKey");
}

#[test]
fn a_proof_for_a_file_needs_only_the_event_and_the_key() {
    let proof = ProofFile {
        leaf: 0,
        hashes: Vec::new(),
        checkpoint: checkpoint().sign(&key(1)).unwrap(),
    };
    let read: ProofFile = proof.to_string().parse().unwrap();
    assert_eq!(read, proof);
    assert_eq!(
        read.verify(leaf_hash(b"x"), &[verifier(1)]),
        Ok(checkpoint())
    );
    let other = read.verify(leaf_hash(b"y"), &[verifier(1)]);
    assert!(matches!(other, Err(ProofFileError::Proof(_))));
    let extra = proof.to_string().replacen("index", "extra AAAA\nindex", 1);
    assert_eq!(extra.parse(), Ok(proof));
    for bad in [
        "",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        "c2sp.org/tlog-proof@v1\n\nx",
    ] {
        assert_eq!(bad.parse::<ProofFile>(), Err(ProofFileError::Malformed));
    }
}

proptest! {
    #[test]
    fn one_changed_byte_is_refused(at in any::<prop::sample::Index>(), to in any::<char>()) {
        let note = checkpoint().sign(&key(1)).unwrap();
        let mut letters: Vec<char> = note.chars().collect();
        let place = at.index(letters.len());
        prop_assume!(letters.get(place) != Some(&to));
        if let Some(letter) = letters.get_mut(place) {
            *letter = to;
        }
        let changed: String = letters.into_iter().collect();
        prop_assert!(Checkpoint::open(&changed, &[verifier(1)]).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}(\n\\PC{0,10}){0,6}") {
        prop_assert!(Checkpoint::open(&text, &[verifier(1)]).is_err());
        prop_assert!(text.parse::<ProofFile>().is_err());
        let _ = text.parse::<VerifierKey>();
    }
}
