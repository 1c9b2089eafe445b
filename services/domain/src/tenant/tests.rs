//! Given what happened, when asked, then.

use event_schemas::tenant::{TenantConfigured, TenantEvent};
use proto::v1;
use proto::v1::command::Kind;

use super::Tenant;
use crate::given::{given, id, nothing};

fn configured(time_zone: &str) -> TenantEvent {
    TenantConfigured {
        time_zone: time_zone.to_owned(),
        currency: id("EUR"),
    }
    .into()
}

fn configure(time_zone: &str) -> Kind {
    Kind::ConfigureTenant(v1::ConfigureTenant {
        time_zone: time_zone.to_owned(),
        currency_code: "EUR".to_owned(),
    })
}

#[test]
fn a_tenant_is_set_up_and_set_up_anew() {
    let berlin = nothing::<Tenant>().when(configure("Europe/Berlin"));
    let berlin = berlin.then([configured("Europe/Berlin")]).and();
    berlin
        .clone()
        .on(11)
        .when(configure("Europe/Berlin"))
        .then_nothing();
    let moved = berlin
        .on(12)
        .when(configure("Asia/Tokyo"))
        .then([configured("Asia/Tokyo")]);
    moved
        .and()
        .on(13)
        .when(configure("Europe/Berlin"))
        .then([configured("Europe/Berlin")]);
}

#[test]
fn a_setting_that_comes_late_stands_before_later_ones() {
    let history = given([configured("Europe/Berlin")]).and_on(5, [configured("Asia/Tokyo")]);
    let late = history.on(3).when(configure("Europe/Paris"));
    let state = late.then([configured("Europe/Paris")]).and().state();
    let TenantEvent::TenantConfigured(tokyo) = configured("Asia/Tokyo");
    assert_eq!(state.0.latest(), Some(&tokyo));
}
