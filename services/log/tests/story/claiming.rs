//! Claims: one holder at a time, and no personal value at rest.

use twinfunnel_log::{AppendError, Appended, Claim, ClaimValue};

use crate::home::{Home, With as _, add, nothing, together};

on_both!(
    a_claimed_value_has_one_holder,
    a_released_value_is_free_for_others,
    claims_of_one_batch_see_one_another,
    a_claim_lands_only_with_its_append,
    a_personal_value_is_stored_only_as_a_hash,
    who_holds_a_claim_is_not_told_but_whether_somebody_does,
    many_claims_are_taken_at_once,
    who_quarrels_with_itself_is_told_who_holds_it,
);

fn plain(value: &str) -> ClaimValue {
    ClaimValue::Plain(value.into())
}

fn personal(value: &str) -> ClaimValue {
    ClaimValue::Personal(value.into())
}

fn assert_held(answer: &Result<Appended, AppendError>, by: &str) {
    match answer {
        Err(AppendError::Claimed { scope, holder }) => {
            assert_eq!((scope.as_str(), holder.as_str()), ("contact.email", by));
        }
        other => panic!("not claimed: {other:?}"),
    }
}

async fn a_claimed_value_has_one_holder(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 1).claiming(plain("a"), "rep-1"))
        .await
        .unwrap();
    assert_held(
        &log.append(add("rep-2", 0, 1).claiming(plain("a"), "rep-2"))
            .await,
        "rep-1",
    );
    // Said twice is said once, and another value or a personal one of the same text is another.
    log.append(add("rep-1", 1, 1).claiming(plain("a"), "rep-1"))
        .await
        .unwrap();
    log.append(add("rep-2", 0, 1).claiming(plain("b"), "rep-2"))
        .await
        .unwrap();
    log.append(add("rep-3", 0, 1).claiming(personal("a"), "rep-3"))
        .await
        .unwrap();
    // Another tenant has its own.
    log.append(add("rep-2", 0, 1).of("beta").claiming(plain("a"), "rep-2"))
        .await
        .unwrap();
}

async fn a_released_value_is_free_for_others(home: Home) {
    let log = home.open().await;
    log.append(nothing().claiming(plain("a"), "rep-1"))
        .await
        .unwrap();
    // What one does not hold one cannot give back.
    log.append(nothing().releasing(plain("a"), "rep-2"))
        .await
        .unwrap();
    assert_held(
        &log.append(nothing().claiming(plain("a"), "rep-2")).await,
        "rep-1",
    );
    log.append(nothing().releasing(plain("a"), "rep-1"))
        .await
        .unwrap();
    log.append(nothing().claiming(plain("a"), "rep-2"))
        .await
        .unwrap();
    // Handed over in one append.
    let handed_over = nothing()
        .releasing(plain("a"), "rep-2")
        .claiming(plain("a"), "rep-3");
    log.append(handed_over).await.unwrap();
    assert_held(
        &log.append(nothing().claiming(plain("a"), "rep-1")).await,
        "rep-3",
    );
}

async fn claims_of_one_batch_see_one_another(home: Home) {
    let log = home.open().await;
    let answers = together(
        &log,
        vec![
            add("rep-1", 0, 1).claiming(plain("a"), "rep-1"),
            add("rep-2", 0, 1).claiming(plain("a"), "rep-2"),
            add("rep-3", 0, 1),
            add("rep-1", 1, 1).releasing(plain("a"), "rep-1"),
            add("rep-2", 0, 1).claiming(plain("a"), "rep-2"),
        ],
    )
    .await;
    assert_held(&answers[1], "rep-1");
    assert_eq!(answers.iter().flatten().count(), 4);
    assert_held(
        &log.append(nothing().claiming(plain("a"), "rep-1")).await,
        "rep-2",
    );
}

async fn a_claim_lands_only_with_its_append(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 1)).await.unwrap();
    log.append(add("rep-1", 0, 1).claiming(plain("a"), "rep-1"))
        .await
        .unwrap_err();
    let both = nothing()
        .claiming(plain("b"), "rep-2")
        .claiming(plain("a"), "rep-2");
    log.append(both).await.unwrap();
    let taken = nothing()
        .claiming(plain("c"), "rep-3")
        .claiming(plain("a"), "rep-3");
    assert_held(&log.append(taken).await, "rep-2");
    log.append(nothing().claiming(plain("c"), "rep-4"))
        .await
        .unwrap();
}

async fn a_personal_value_is_stored_only_as_a_hash(home: Home) {
    let log = home.open().await;
    let secret = "zoe@somewhere.example";
    log.append(nothing().claiming(personal(secret), "contact-1"))
        .await
        .unwrap();
    log.append(nothing().of("beta").claiming(personal(secret), "contact-1"))
        .await
        .unwrap();
    log.close().await;
    // The key outlives the process: the claim is recognised by another.
    let log = home.open().await;
    let again = log
        .append(nothing().claiming(personal(secret), "contact-2"))
        .await;
    assert_held(&again, "contact-1");
    log.close().await;
    match &home {
        Home::Sqlite(folder) => {
            for file in std::fs::read_dir(folder.path()).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                assert!(
                    !bytes
                        .windows(secret.len())
                        .any(|part| part == secret.as_bytes())
                );
            }
        }
        Home::Postgres(url) => {
            use sqlx::Connection as _;
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let stored: Vec<(String,)> = sqlx::query_as("SELECT claims::text FROM claims")
                .fetch_all(&mut connection)
                .await
                .unwrap();
            assert_eq!(stored.len(), 2);
            assert!(stored.iter().all(|(row,)| !row.contains("somewhere")));
            let hashes: i64 = sqlx::query_scalar("SELECT count(DISTINCT value) FROM claims")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!(hashes, 2, "each tenant has a key of its own");
        }
    }
}

fn of_email(value: ClaimValue) -> Claim {
    Claim {
        scope: "contact.email".into(),
        value,
    }
}

async fn who_holds_a_claim_is_not_told_but_whether_somebody_does(home: Home) {
    let log = home.open().await;
    let append = nothing()
        .claiming(plain("a"), "rep-1")
        .claiming(personal("p"), "rep-1")
        .claiming(plain("b"), "rep-1");
    log.append(append).await.unwrap();
    log.append(nothing().releasing(plain("b"), "rep-1"))
        .await
        .unwrap();
    let asked = [
        plain("b"),
        plain("a"),
        personal("p"),
        plain("a"),
        plain("c"),
    ]
    .map(of_email);
    let tenant = &nothing().tenant;
    let held = log.held(tenant, &asked).await.unwrap();
    assert_eq!(held, [false, true, false, true, false]);
    assert_eq!(log.held(tenant, &[]).await.unwrap(), [false; 0]);
    let other = &nothing().of("beta").tenant;
    assert_eq!(log.held(other, &asked).await.unwrap(), [false; 5]);
}

async fn many_claims_are_taken_at_once(home: Home) {
    let log = home.open().await;
    let claiming = |values: std::ops::Range<u32>, holder: &str| {
        values.fold(nothing(), |append, value| {
            append.claiming(plain(&value.to_string()), holder)
        })
    };
    log.append(claiming(0..1_000, "rep-1")).await.unwrap();
    log.append(claiming(0..1_000, "rep-1")).await.unwrap();
    assert_held(&log.append(claiming(999..1_999, "rep-2")).await, "rep-1");
    log.append(claiming(1_000..1_065, "rep-2")).await.unwrap();
    let asked: Vec<_> = (990..1_070u32)
        .map(|value| of_email(plain(&value.to_string())))
        .collect();
    let held = log.held(&nothing().tenant, &asked).await.unwrap();
    assert_eq!(held.iter().filter(|held| **held).count(), 75);
}

async fn who_quarrels_with_itself_is_told_who_holds_it(home: Home) {
    let log = home.open().await;
    let both = |rep: &str| {
        let append = add(rep, 0, 1).claiming(plain("a"), "rep-2");
        append.claiming(plain("a"), "rep-3")
    };
    assert_held(&log.append(both("rep-0")).await, "rep-2");
    log.append(add("rep-1", 0, 1).claiming(plain("a"), "rep-1"))
        .await
        .unwrap();
    assert_held(&log.append(both("rep-0")).await, "rep-1");
}
