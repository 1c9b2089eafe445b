//! What the customer signed, what recurs, and what was invoiced and paid.

use std::collections::{BTreeMap, HashMap};

use event_schemas::vocabulary::Currency;
use proto::v1;

use super::{rows, told};
use crate::QueryError;
use crate::asked::money;
use crate::calendar::Day;
use crate::calendar::day_of;
use crate::customer_health::Scene;

/// Sums of one currency, in minor units.
#[derive(Default)]
struct Sums {
    monthly: i128,
    invoiced: i128,
    paid: i128,
    open: i128,
    overdue: i128,
}

pub(super) async fn tell(
    scene: &mut Scene,
    customer_id: &str,
    day: Day,
    picture: &mut v1::CustomerPicture,
) -> Result<(), QueryError> {
    let mut monthly: HashMap<String, i128> = HashMap::new();
    let sql = "SELECT contract_id, monthly_minor FROM recurring \
               WHERE tenant = $1 AND customer_id = $2 AND from_on <= $3";
    for row in rows(scene, customer_id, sql, &[day.number().into()]).await? {
        let minor = row.int(1)?.unwrap_or_default();
        *monthly.entry(told(&row, 0)?).or_default() += i128::from(minor);
    }
    let mut currencies: HashMap<String, Currency> = HashMap::new();
    let mut sums: BTreeMap<Currency, Sums> = BTreeMap::new();
    let sql = "SELECT contract_id, currency, starts_on, ends_on, terminated_on, \
               renewed_by_contract_id, rep_id, value_minor FROM contract \
               WHERE tenant = $1 AND customer_id = $2 ORDER BY starts_on, contract_id";
    for row in rows(scene, customer_id, sql, &[]).await? {
        let contract_id = told(&row, 0)?;
        let currency = Currency::new(&told(&row, 1)?);
        let currency = currency.map_err(|invalid| QueryError::Backend(invalid.to_string()))?;
        let (starts_on, ends_on, terminated_on) = (row.int(2)?, row.int(3)?, row.int(4)?);
        let on = day.number();
        let is_before = |end: Option<i64>| end.is_none_or(|end| on < end);
        let is_in_force = starts_on.is_some_and(|starts_on| starts_on <= on)
            && is_before(ends_on)
            && is_before(terminated_on);
        let recurring = monthly.get(&contract_id).copied().unwrap_or_default();
        let recurring = if is_in_force { recurring } else { 0 };
        let on = |day: Option<i64>| day.map(|day| day_of(day).to_string()).unwrap_or_default();
        picture.contracts.push(v1::PictureContract {
            starts_on: on(starts_on),
            ends_on: on(ends_on),
            terminated_on: on(terminated_on),
            is_in_force,
            renewed_by_contract_id: told(&row, 5)?,
            rep_id: told(&row, 6)?,
            value: Some(money(currency, row.int(7)?.unwrap_or_default())),
            monthly_recurring: Some(money(currency, recurring)),
            contract_id: contract_id.clone(),
        });
        sums.entry(currency).or_default().monthly += recurring;
        currencies.insert(contract_id, currency);
    }
    add_invoices(scene, customer_id, day, &currencies, &mut sums).await?;
    picture.money = sums
        .into_iter()
        .map(|(currency, sums)| v1::PictureMoney {
            monthly_recurring: Some(money(currency, sums.monthly)),
            invoiced: Some(money(currency, sums.invoiced)),
            paid: Some(money(currency, sums.paid)),
            open: Some(money(currency, sums.open)),
            overdue: Some(money(currency, sums.overdue)),
        })
        .collect();
    Ok(())
}

async fn add_invoices(
    scene: &mut Scene,
    customer_id: &str,
    day: Day,
    currencies: &HashMap<String, Currency>,
    sums: &mut BTreeMap<Currency, Sums>,
) -> Result<(), QueryError> {
    let mut paid: HashMap<(String, String), i128> = HashMap::new();
    let sql = "SELECT contract_id, invoice_id, amount_minor FROM payment \
               WHERE tenant = $1 AND customer_id = $2";
    for row in rows(scene, customer_id, sql, &[]).await? {
        let (contract_id, minor) = (told(&row, 0)?, i128::from(row.int(2)?.unwrap_or_default()));
        if let Some(currency) = currencies.get(&contract_id) {
            sums.entry(*currency).or_default().paid += minor;
        }
        // What went back leaves nothing owed by the customer.
        *paid.entry((contract_id, told(&row, 1)?)).or_default() += minor.max(0);
    }
    let sql = "SELECT contract_id, invoice_id, due_on, amount_minor, settled_at FROM invoice \
               WHERE tenant = $1 AND customer_id = $2";
    for row in rows(scene, customer_id, sql, &[]).await? {
        let contract_id = told(&row, 0)?;
        let Some(currency) = currencies.get(&contract_id) else {
            continue;
        };
        let minor = i128::from(row.int(3)?.unwrap_or_default());
        let sums = sums.entry(*currency).or_default();
        sums.invoiced += minor;
        if row.int(4)?.is_some() {
            continue;
        }
        let left = minor
            - paid
                .get(&(contract_id, told(&row, 1)?))
                .copied()
                .unwrap_or_default();
        sums.open += left;
        if row.int(2)?.is_some_and(|due_on| due_on < day.number()) {
            sums.overdue += left;
        }
    }
    Ok(())
}
