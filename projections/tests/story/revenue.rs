//! Recurring revenue: what contracts come to, however it is cut, whenever it is asked about.

use proto::v1::{
    self, GetRecurringRevenueRequest, RevenueDimension, RevenueFigures, RevenueFilter,
    RevenuePeriod,
};
use serde_json::{Value, json};

use crate::customers::day;
use crate::home::{Story, on, tenant, timestamp};

on_both!(
    movements_lead_from_the_start_of_a_month_to_its_end,
    a_renewal_goes_on_where_it_begins,
    an_amendment_counts_from_its_day_and_a_termination_ends_it,
    revenue_is_cut_by_whose_and_of_what_it_is,
    cohorts_are_told_by_month,
    each_currency_is_told_for_itself,
    it_is_told_as_of_any_moment,
    days_are_cut_in_the_time_zone_of_the_tenant,
);

/// A line of a contract, with what it brings each month.
pub fn line(id: &str, product: &str, monthly_minor: i64) -> Value {
    json!({
        "line_id": id, "product_id": product, "quantity": "1", "list_price_minor": 0,
        "discount_percent": "0", "amount_minor": 0, "revenue_type": "NEW",
        "monthly_recurring_minor": monthly_minor
    })
}

/// What signs a contract of one line, of product `basic`, on its first day.
pub fn signed(id: &str, customer: &str, from: &str, to: &str, monthly_minor: i64) -> Value {
    json!({
        "contract_id": id, "customer_id": customer, "currency": "USD",
        "starts_on": day(from).to_string(),
        "ends_on": (!to.is_empty()).then(|| day(to).to_string()),
        "billing": {"frequency": "MONTHLY", "payment_days": 30},
        "lines": [line("1", "basic", monthly_minor)]
    })
}

fn amended(from: &str, changed: &Value) -> Value {
    json!({
        "amendment_id": format!("a-{from}"), "kind": "EXPANSION",
        "effective_on": day(from).to_string(),
        "changes": [{"line": changed, "amount_before_minor": 0}]
    })
}

impl Story {
    pub async fn sign(
        &mut self,
        id: &str,
        customer: &str,
        from: &str,
        to: &str,
        monthly_minor: i64,
    ) {
        let payload = signed(id, customer, from, to, monthly_minor);
        self.sign_as(id, from, payload).await;
    }

    async fn sign_as(&mut self, id: &str, at: &str, payload: Value) {
        let stream = format!("contract-{id}");
        self.fact(&stream, on(at), "ContractSigned", payload).await;
    }

    async fn amend(&mut self, id: &str, from: &str, changed: &Value) {
        let stream = format!("contract-{id}");
        let payload = amended(from, changed);
        self.fact(&stream, on(from), "ContractAmended", payload)
            .await;
    }

    async fn terminate(&mut self, id: &str, told: &str, from: &str) {
        let payload = json!({"effective_on": day(from).to_string(), "reason": "price"});
        let stream = format!("contract-{id}");
        self.fact(&stream, on(told), "ContractTerminated", payload)
            .await;
    }

    pub async fn revenue(&self, asked: GetRecurringRevenueRequest) -> v1::RecurringRevenue {
        let consistency = asked.consistency.or(self.now());
        let asked = GetRecurringRevenueRequest {
            consistency,
            ..asked
        };
        self.read_models
            .recurring_revenue(&tenant(), asked)
            .await
            .unwrap()
    }
}

/// The months of 2024 before one.
pub fn until(to: &str) -> GetRecurringRevenueRequest {
    GetRecurringRevenueRequest {
        from_on: "2024-01-01".into(),
        to_on: day(to).to_string(),
        ..Default::default()
    }
}

/// Start, new, reactivation, expansion, contraction, churn, end: only what there is, in whole units.
pub fn told(figures: Option<&RevenueFigures>) -> String {
    let figures = figures.unwrap();
    let parts = [
        ("", &figures.start_mrr, figures.start_customers),
        ("+new ", &figures.new_mrr, figures.new_customers),
        (
            "+again ",
            &figures.reactivation_mrr,
            figures.reactivated_customers,
        ),
        ("+more ", &figures.expansion_mrr, figures.expanded_customers),
        (
            "-less ",
            &figures.contraction_mrr,
            figures.contracted_customers,
        ),
        ("-gone ", &figures.churn_mrr, figures.churned_customers),
        ("=", &figures.end_mrr, figures.end_customers),
    ];
    let part = |(name, sum, customers): (&str, &Option<v1::Money>, u32)| {
        let amount = sum.clone().unwrap().amount;
        let is_nothing = customers == 0 && !["", "="].contains(&name);
        (!is_nothing).then(|| format!("{name}{}/{customers}", amount.trim_end_matches(".00")))
    };
    let parts: Vec<_> = parts.into_iter().filter_map(part).collect();
    parts.join(" ")
}

fn about(told: Option<f64>, expected: f64) {
    assert!(
        (told.unwrap() - expected).abs() < 1e-12,
        "{told:?}, {expected}"
    );
}

fn months(answer: &v1::RecurringRevenue) -> Vec<String> {
    let rows = answer.periods.iter();
    rows.map(|row| told(row.figures.as_ref())).collect()
}

fn rows(answer: &v1::RecurringRevenue, at: usize) -> Vec<(String, String)> {
    let rows = answer.cuts[at].rows.iter();
    rows.map(|row| (row.label.clone(), told(row.figures.as_ref())))
        .collect()
}

/// Ann comes, takes more and less; Bob comes, leaves and comes back; Cid leaves for good.
async fn a_year(story: &mut Story) {
    story.customer_of("ann", "steel").await;
    story.customer_of("bob", "steel").await;
    story.customer_of("cid", "glass").await;
    story.sign("k-1", "ann", "5.01", "", 10_000).await;
    story.sign("k-2", "ann", "10.02", "20.03", 5_000).await;
    story.sign("k-3", "bob", "1.01", "1.02", 3_000).await;
    story.sign("k-4", "bob", "15.03", "", 4_000).await;
    story.sign("k-5", "cid", "20.01", "10.02", 2_000).await;
    // A trial brings nothing.
    story.sign("k-6", "cid", "1.03", "", 0).await;
}

async fn movements_lead_from_the_start_of_a_month_to_its_end(mut story: Story) {
    a_year(&mut story).await;
    let answer = story.revenue(until("1.05")).await;
    let expected = [
        // Bob is there at the first instant of January, and gone at that of February.
        "30/1 +new 120/2 -gone 30/1 =120/2",
        "120/2 +more 50/1 -gone 20/1 =150/1",
        "150/1 +again 40/1 -less 50/1 =140/2",
        "140/2 =140/2",
    ];
    assert_eq!(months(&answer), expected);
    assert_eq!(
        told(answer.overall.as_ref()),
        "30/1 +new 100/1 +more 10/1 =140/2"
    );
    let march = answer.periods[2].figures.as_ref().unwrap();
    assert_eq!(march.arr.as_ref().unwrap().amount, "1680.00");
    about(march.grr, 2.0 / 3.0);
    about(march.nrr, 2.0 / 3.0);
    assert_eq!(march.logo_churn, Some(0.0));
    let february = answer.periods[1].figures.as_ref().unwrap();
    assert_eq!(february.nrr, Some(1.25));
    assert_eq!(february.logo_churn, Some(0.5));

    let quarters = GetRecurringRevenueRequest {
        period: RevenuePeriod::Quarter.into(),
        ..until("1.05")
    };
    let answer = story.revenue(quarters).await;
    let told: Vec<_> = answer.periods.iter().map(|row| &*row.to_on).collect();
    assert_eq!(told, ["2024-04-01", "2024-05-01"]);
}

async fn a_renewal_goes_on_where_it_begins(mut story: Story) {
    story.sign("k-1", "ann", "5.01", "5.04", 100).await;
    let mut renewal = signed("k-2", "ann", "5.03", "", 150);
    renewal["renews_contract_id"] = json!("k-1");
    story.sign_as("k-2", "1.03", renewal).await;
    let answer = story.revenue(until("1.05")).await;
    let expected = [
        "0/0 +new 1/1 =1/1",
        "1/1 =1/1",
        "1/1 +more 0.50/1 =1.50/1",
        "1.50/1 =1.50/1",
    ];
    assert_eq!(months(&answer), expected);
    // One that is terminated before it begins goes on from nothing.
    story.terminate("k-2", "2.03", "5.03").await;
    let answer = story.revenue(until("1.05")).await;
    assert_eq!(months(&answer)[2..], ["1/1 =1/1", "1/1 -gone 1/1 =0/0"]);
}

async fn an_amendment_counts_from_its_day_and_a_termination_ends_it(mut story: Story) {
    story.sign("k-1", "ann", "5.01", "5.12", 100).await;
    story.amend("k-1", "1.02", &line("2", "plus", 300)).await;
    story.amend("k-1", "15.03", &line("1", "basic", 50)).await;
    story.terminate("k-1", "1.04", "20.04").await;
    let answer = story.revenue(until("1.05")).await;
    let expected = [
        // At the first instant of February, that of January's end, the second line counts.
        "0/0 +new 4/1 =4/1",
        "4/1 =4/1",
        "4/1 -less 0.50/1 =3.50/1",
        "3.50/1 -gone 3.50/1 =0/0",
    ];
    assert_eq!(months(&answer), expected);
}

async fn revenue_is_cut_by_whose_and_of_what_it_is(mut story: Story) {
    a_year(&mut story).await;
    story.product("basic").await;
    story.amend("k-1", "1.02", &line("1", "plus", 12_000)).await;
    let cut_by = [
        RevenueDimension::Product,
        RevenueDimension::Customer,
        RevenueDimension::Industry,
        RevenueDimension::Country,
    ];
    let asked = GetRecurringRevenueRequest {
        from_on: "2024-01-10".into(),
        cut_by: cut_by.map(i32::from).to_vec(),
        ..until("1.04")
    };
    let answer = story.revenue(asked.clone()).await;
    let row = |label: &str, told: &str| (label.to_owned(), told.to_owned());
    assert_eq!(
        rows(&answer, 0),
        [
            // Ann and Bob; Ann leaves it for the other.
            row("BASIC", "130/2 +more 10/1 -gone 100/1 =40/1"),
            row("plus", "0/0 +new 120/1 =120/1"),
        ]
    );
    assert_eq!(
        rows(&answer, 1),
        [
            row("ANN", "100/1 +more 20/1 =120/1"),
            row("BOB", "30/1 +more 10/1 =40/1"),
            row("CID", "0/0 =0/0"),
        ]
    );
    assert_eq!(
        rows(&answer, 2),
        [
            row("glass", "0/0 =0/0"),
            row("steel", "130/2 +more 30/2 =160/2"),
        ]
    );
    assert_eq!(rows(&answer, 3), [row("", "130/2 +more 30/2 =160/2")]);

    let only = |dimension: RevenueDimension, keys: &[&str]| RevenueFilter {
        dimension: dimension.into(),
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
    };
    for (filters, expected) in [
        (
            vec![only(RevenueDimension::Customer, &["bob", "nobody"])],
            "30/1 +more 10/1 =40/1",
        ),
        (
            vec![
                only(RevenueDimension::Industry, &["steel"]),
                only(RevenueDimension::Product, &["plus"]),
            ],
            "0/0 +new 120/1 =120/1",
        ),
        (
            vec![only(RevenueDimension::Country, &[""])],
            "130/2 +more 30/2 =160/2",
        ),
    ] {
        let asked = GetRecurringRevenueRequest {
            filters,
            ..asked.clone()
        };
        let answer = story.revenue(asked).await;
        assert_eq!(told(answer.overall.as_ref()), expected);
    }
}

async fn cohorts_are_told_by_month(mut story: Story) {
    a_year(&mut story).await;
    let asked = GetRecurringRevenueRequest {
        with_cohorts: true,
        ..until("1.04")
    };
    let answer = story.revenue(asked).await;
    let [january] = answer.cohorts.as_slice() else {
        panic!("{:?}", answer.cohorts)
    };
    assert_eq!((&*january.month, january.customers), ("2024-01", 3));
    let months = january.months.iter().map(|month| {
        let amount = month.mrr.clone().unwrap().amount;
        (
            month.months_since,
            month.customers,
            amount,
            month.revenue_retention,
        )
    });
    let expected = [
        (0, 2, "120.00".to_owned(), 1.0),
        (1, 1, "150.00".to_owned(), 1.25),
        (2, 2, "140.00".to_owned(), 140.0 / 120.0),
    ];
    let months: Vec<_> = months.collect();
    assert_eq!(months.len(), expected.len());
    for (told, (months_since, customers, mrr, retention)) in months.into_iter().zip(expected) {
        assert_eq!((told.0, told.1, told.2), (months_since, customers, mrr));
        about(told.3, retention);
    }
    about(january.months[1].logo_retention, 1.0 / 3.0);
}

async fn each_currency_is_told_for_itself(mut story: Story) {
    story.sign("k-1", "ann", "1.01", "", 100).await;
    for (id, currency) in [("k-2", "JPY"), ("k-3", "EUR")] {
        let mut payload = signed(id, "ann", "1.01", "", 700);
        payload["currency"] = json!(currency);
        story.sign_as(id, "1.01", payload).await;
    }
    let answer = story.revenue(until("1.02")).await;
    assert_eq!(answer.currency_code, "USD");
    assert_eq!(answer.other_currency_codes, ["EUR", "JPY"]);
    assert_eq!(told(answer.overall.as_ref()), "1/1 =1/1");
    story.currency("JPY").await;
    let answer = story.revenue(until("1.02")).await;
    assert_eq!(told(answer.overall.as_ref()), "700/1 =700/1");
    let asked = GetRecurringRevenueRequest {
        currency_code: "EUR".into(),
        ..until("1.02")
    };
    let answer = story.revenue(asked).await;
    assert_eq!(told(answer.overall.as_ref()), "7/1 =7/1");
    assert_eq!(answer.other_currency_codes, ["JPY", "USD"]);
}

async fn it_is_told_as_of_any_moment(mut story: Story) {
    a_year(&mut story).await;
    let by = |day: &str| {
        let as_of = v1::AsOf {
            known_at: None,
            happened_by: Some(timestamp(on(day))),
        };
        GetRecurringRevenueRequest {
            consistency: Some(v1::Consistency {
                as_of: Some(as_of),
                min_position: 0,
            }),
            with_cohorts: true,
            cut_by: vec![RevenueDimension::Customer.into()],
            ..Default::default()
        }
    };
    // Up to the day of that moment, from the month of the first MRR, of what was signed before.
    let answer = story.revenue(by("10.02")).await;
    assert_eq!(
        (&*answer.from_on, &*answer.to_on),
        ("2024-01-01", "2024-02-10")
    );
    assert_eq!(
        months(&answer),
        [
            "30/1 +new 120/2 -gone 30/1 =120/2",
            "120/2 -gone 20/1 =100/1"
        ]
    );
    let nothing = story.revenue(by("1.01")).await;
    assert_eq!(nothing.periods, []);
    assert_eq!(told(nothing.overall.as_ref()), "0/0 =0/0");

    // Live is as of, is rebuilt.
    let asked = GetRecurringRevenueRequest {
        consistency: None,
        ..by("1.01")
    };
    let live = story.revenue(asked.clone()).await;
    let from = live.answered_from.unwrap();
    let as_of = v1::AsOf {
        known_at: Some(v1::as_of::KnownAt::Position(from.position)),
        happened_by: from.at,
    };
    let consistency = Some(v1::Consistency {
        as_of: Some(as_of),
        min_position: 0,
    });
    let replayed = story
        .revenue(GetRecurringRevenueRequest {
            consistency,
            ..asked.clone()
        })
        .await;
    assert_eq!(replayed, live);
    let rebuilt = story.read_models.rebuild("recurring_revenue").await;
    assert_eq!(rebuilt.unwrap().generation, 2);
    let rebuilt = story.revenue(asked).await;
    assert_eq!(
        (rebuilt.periods, rebuilt.cuts, rebuilt.cohorts),
        (live.periods, live.cuts, live.cohorts)
    );
}

async fn days_are_cut_in_the_time_zone_of_the_tenant(mut story: Story) {
    story.zone("Asia/Shanghai").await;
    story.sign("k-1", "ann", "1.02", "", 100).await;
    let at = on("1.02") - chrono::TimeDelta::hours(8);
    let ends = [
        (at, "2024-02-01"),
        (at - chrono::TimeDelta::seconds(1), "2024-01-31"),
    ];
    for (happened_by, to_on) in ends {
        let as_of = v1::AsOf {
            known_at: None,
            happened_by: Some(timestamp(happened_by)),
        };
        let consistency = Some(v1::Consistency {
            as_of: Some(as_of),
            min_position: 0,
        });
        let asked = GetRecurringRevenueRequest {
            consistency,
            ..Default::default()
        };
        assert_eq!(story.revenue(asked).await.to_on, to_on);
    }
}
