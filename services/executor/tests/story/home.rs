//! Whom the stories are about: a tenant's products and customers.

use chrono::{TimeZone as _, Utc};
use domain::product::Product;
use event_schemas::vocabulary::{Currency, Money, StreamName, TenantId};
use log::Log;
use proto::v1;
use proto::v1::command::Kind;
use twinfunnel_executor::{Envelope, Loaded, LogStore};

/// Tells each story on both databases, with two executors that do not know of each other.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $story() {
                let folder = tempfile::tempdir().unwrap();
                let log = crate::home::log_in(&folder).await;
                super::$story([log.clone(), log]).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $story() {
                let postgres = support::Postgres::shared().unwrap();
                let url = postgres.create_database().await.unwrap();
                let connect = || log::Log::connect_postgres(&url, log::Options::default());
                super::$story([connect().await.unwrap(), connect().await.unwrap()]).await;
            })+
        }
    };
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new("t").unwrap()
}

pub(crate) async fn log_in(folder: &tempfile::TempDir) -> Log {
    Log::open_sqlite(folder.path(), log::Options::default())
        .await
        .unwrap()
}

pub(crate) fn envelope(command_id: &str) -> Envelope {
    Envelope {
        tenant: tenant(),
        command_id: command_id.to_owned(),
        actor: "tester".to_owned(),
        occurred_at: Utc.with_ymd_and_hms(2017, 3, 1, 0, 0, 0).unwrap(),
        correlation_id: None,
        causation_id: None,
        trace_context: None,
    }
}

pub(crate) fn register(id: &str) -> Kind {
    Kind::RegisterProduct(v1::RegisterProduct {
        product_id: id.to_owned(),
        name: "GTX Basic".to_owned(),
        ..v1::RegisterProduct::default()
    })
}

pub(crate) fn price(id: &str, amount: u32) -> Kind {
    Kind::ChangeListPrice(v1::ChangeListPrice {
        product_id: id.to_owned(),
        list_price: Some(v1::Money {
            currency_code: "USD".to_owned(),
            amount: amount.to_string(),
        }),
    })
}

pub(crate) fn retire(id: &str) -> Kind {
    Kind::RetireProduct(v1::RetireProduct {
        product_id: id.to_owned(),
        ..Default::default()
    })
}

pub(crate) fn usd(amount_minor: i64) -> Money {
    Money {
        currency: Currency::new("USD").unwrap(),
        amount_minor,
    }
}

/// The state of a product as its stream tells it, read afresh.
pub(crate) async fn refolded(log: &Log, id: &str) -> Loaded<Product> {
    let stream = StreamName::new("product", id).unwrap();
    LogStore::new(log.clone(), tenant())
        .load(&stream)
        .await
        .unwrap()
}

/// What a product costs, as its stream tells it.
pub(crate) async fn list_price(log: &Log, id: &str) -> Option<Money> {
    let Product::Known { list_price, .. } = refolded(log, id).await.state.0 else {
        panic!("there is no product {id}")
    };
    list_price.latest().cloned()
}
