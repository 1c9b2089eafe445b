//! Reading: filters, how far was looked, and positions by time.

use event_schemas::vocabulary::{Position, Version};
use twinfunnel_log::{Filter, Log, limits};

use crate::home::{Home, With as _, add, at, stream, tenant};

on_both!(
    a_filter_finds_what_it_wants_and_says_how_far_it_looked,
    pages_follow_one_another,
    a_page_of_large_events_is_cut_short,
    an_instant_is_found_by_position,
);

async fn a_page_of_large_events_is_cut_short(home: Home) {
    let log = home.open().await;
    let mut sent = Vec::new();
    for n in 0..6 {
        let mut large = add("rep-1", 7 * n, 7);
        for event in &mut large.writes[0].events {
            event.payload = vec![b' '; limits::PAYLOAD_BYTES];
        }
        sent.push(log.reserve(&tenant("acme")).unwrap().send(large));
    }
    for answer in sent {
        answer.await.unwrap();
    }
    let (acme, rep) = (tenant("acme"), stream("rep-1"));
    let reps = Filter {
        categories: vec!["rep".into()],
        ..Filter::default()
    };
    for filter in [Filter::default(), reps] {
        let mut lens = Vec::new();
        let mut after = Position(0);
        while after < Position(42) {
            let page = log.read(&acme, after, &filter, 100).await.unwrap();
            lens.push(page.events.len());
            assert_eq!(page.scanned_to, page.events.last().unwrap().position);
            after = page.scanned_to;
        }
        assert_eq!(lens, [16, 16, 10]);
    }
    let page = log.stream_page(&acme, &rep, Version(0), 100).await.unwrap();
    assert!(page.has_more && page.events.len() == 16);
    let rest = log
        .stream_page(&acme, &rep, Version(32), 100)
        .await
        .unwrap();
    assert!(!rest.has_more && rest.events.len() == 10);
}

async fn seen(log: &Log, filter: &Filter, limit: usize) -> (Vec<u64>, u64) {
    let page = log
        .read(&tenant("acme"), Position(0), filter, limit)
        .await
        .unwrap();
    (
        page.events.iter().map(|event| event.position.0).collect(),
        page.scanned_to.0,
    )
}

async fn a_filter_finds_what_it_wants_and_says_how_far_it_looked(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 2)).await.unwrap();
    log.append(add("rep_x-1", 0, 1)).await.unwrap();
    let mut other = add("team-1", 0, 1);
    other.writes[0].events[0].event_type = "Renamed".into();
    log.append(other).await.unwrap();
    log.append(add("rep-2", 0, 1)).await.unwrap();

    let categories = |names: &[&str]| Filter {
        categories: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Filter::default()
    };
    assert_eq!(
        seen(&log, &Filter::default(), 9).await,
        (vec![1, 2, 3, 4, 5], 5)
    );
    assert_eq!(
        seen(&log, &categories(&["rep"]), 9).await,
        (vec![1, 2, 5], 5)
    );
    assert_eq!(seen(&log, &categories(&["rep"]), 2).await, (vec![1, 2], 2));
    assert_eq!(
        seen(&log, &categories(&["team", "rep_x"]), 9).await,
        (vec![3, 4], 5)
    );
    assert_eq!(seen(&log, &categories(&["nothing"]), 9).await, (vec![], 5));
    let renamed = Filter {
        event_types: vec!["Renamed".into()],
        ..Filter::default()
    };
    assert_eq!(seen(&log, &renamed, 9).await, (vec![4], 5));
    let streams = Filter {
        streams: vec![stream("rep-2"), stream("team-1")],
        ..Filter::default()
    };
    assert_eq!(seen(&log, &streams, 9).await, (vec![4, 5], 5));
    let both = Filter {
        event_types: vec!["Renamed".into()],
        ..streams
    };
    assert_eq!(seen(&log, &both, 9).await, (vec![4], 5));
    let past = log
        .read(&tenant("acme"), Position(9), &both, 9)
        .await
        .unwrap();
    assert_eq!((past.events.len(), past.scanned_to), (0, Position(9)));
}

async fn pages_follow_one_another(home: Home) {
    let log = home.open().await;
    log.append(add("rep-1", 0, 7)).await.unwrap();
    let mut after = Position(0);
    let mut lens = Vec::new();
    loop {
        let page = log
            .read(&tenant("acme"), after, &Filter::default(), 3)
            .await
            .unwrap();
        if page.scanned_to == after {
            break;
        }
        lens.push(page.events.len());
        after = page.scanned_to;
    }
    assert_eq!(lens, [3, 3, 1]);
}

async fn an_instant_is_found_by_position(home: Home) {
    let log = home.open().await;
    let acme = tenant("acme");
    assert_eq!(
        log.position_at(&acme, at(i64::MAX / 100)).await.unwrap(),
        Position(0)
    );
    for version in [0, 2, 4, 6, 8] {
        log.append(add("rep-1", version, 2).of("acme"))
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let page = log
        .read(&acme, Position(0), &Filter::default(), 100)
        .await
        .unwrap();
    let times: Vec<_> = page.events.iter().map(|event| event.recorded_at).collect();
    assert!(times.is_sorted());
    for asked in &times {
        for micros in [-1, 0, 1] {
            let asked = *asked + chrono::Duration::microseconds(micros);
            let before = times.iter().filter(|time| **time < asked).count();
            let found = log.position_at(&acme, asked).await.unwrap();
            assert_eq!(found, Position(crate::home::number(before)));
        }
    }
    let first = log.recorded_at(&acme, Position(1)).await.unwrap();
    assert_eq!(first, times.first().copied());
    assert_eq!(log.recorded_at(&acme, Position(11)).await.unwrap(), None);
}
