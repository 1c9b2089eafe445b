//! A good sample of every command.

use serde_json::{Value, json};

use super::{commission, customers, follow_up};

/// One of every command, with something in every field.
pub(crate) fn samples() -> Vec<Value> {
    let money = || json!({ "currency_code": "USD", "amount": "1054.50" });
    let external = || json!({ "system": "web", "id": "7" });
    let profile = || {
        json!({
            "name": "Acme", "industry": "software", "country": "DE", "employees": 40,
            "founded_year": 1999, "annual_revenue": money(), "parent_customer_id": "holding",
        })
    };
    let person = || {
        json!({
            "name": "Ann", "email": "ann@acme.example", "phone": "+49 30 1234", "title": "CFO",
            "roles": ["CONTACT_ROLE_USER"],
        })
    };
    let stages = || {
        json!([{
            "stage_id": "lead", "name": "Lead",
            "checklist": [{ "item_id": "budget", "text": "There is a budget", "required": true }],
            "suggested_document_ids": ["deck"], "target_open_count": 7,
            "target_open_amount": money(),
        }])
    };
    let lines = || {
        json!([{
            "line_id": "seats", "product_id": "gtx", "quantity": "2.5", "list_price": money(),
            "discount_percent": "12.5", "amount": money(), "is_agreed": true,
            "revenue_type": "REVENUE_TYPE_SERVICE", "monthly_recurring": money(),
        }])
    };
    let amounts = || json!([{ "line_id": "seats", "amount": money() }]);
    let splits = || json!([{ "rep_id": "ann", "share_basis_points": 500, "is_overlay": true }]);
    let at = "2017-03-01T09:00:00Z";
    let of = |name: &str, fields: Value| json!({ name: fields });
    let mut samples = commission::samples();
    samples.extend(customers::samples());
    samples.extend(follow_up::samples());
    samples.extend([
        of(
            "configure_tenant",
            json!({ "time_zone": "Europe/Berlin", "currency_code": "EUR" }),
        ),
        of(
            "define_sales_process",
            json!({ "sales_process_id": "s", "name": "Standard", "stages": stages() }),
        ),
        of(
            "revise_sales_process",
            json!({ "sales_process_id": "s", "name": "Standard", "stages": stages() }),
        ),
        of(
            "register_opportunity",
            json!({
                "opportunity_id": "o1", "name": "100 seats", "kind": "OPPORTUNITY_KIND_RENEWAL",
                "sales_process_id": "s", "stage_id": "lead", "rep_id": "ann",
                "customer_id": "acme", "product_ids": ["gtx"], "amount": money(),
                "expected_close_on": "2017-12-31", "source": "referral",
                "email": "kim@acme.example", "phone": "030 1234", "external_id": external(),
            }),
        ),
        of(
            "assign_lead",
            json!({ "opportunity_id": "o1", "rep_id": "ann", "reason": "why" }),
        ),
        of(
            "advance_stage",
            json!({ "opportunity_id": "o1", "to_stage_id": "demo", "note": "so" }),
        ),
        of(
            "step_back",
            json!({ "opportunity_id": "o1", "to_stage_id": "lead", "reason": "why" }),
        ),
        of(
            "complete_checklist_item",
            json!({ "opportunity_id": "o1", "item_id": "budget" }),
        ),
        of(
            "log_activity",
            json!({
                "opportunity_id": "o1", "activity_id": "a1", "kind": "ACTIVITY_KIND_DEMO",
                "subject": "First", "note": "so", "duration_minutes": 30, "contact_id": "ann",
            }),
        ),
        of(
            "change_amount",
            json!({ "opportunity_id": "o1", "amount": money() }),
        ),
        of(
            "change_expected_close",
            json!({ "opportunity_id": "o1", "expected_close_on": "2017-12-31" }),
        ),
        of(
            "change_products",
            json!({ "opportunity_id": "o1", "product_ids": ["gtx"] }),
        ),
        of(
            "identify_customer",
            json!({ "opportunity_id": "o1", "customer_id": "acme" }),
        ),
        of(
            "win_opportunity",
            json!({ "opportunity_id": "o1", "amount": money() }),
        ),
        of(
            "lose_opportunity",
            json!({ "opportunity_id": "o1", "reason": "price", "note": "so", "competitor": "X" }),
        ),
        of(
            "reopen_opportunity",
            json!({ "opportunity_id": "o1", "reason": "why", "stage_id": "lead" }),
        ),
        of(
            "register_customer",
            json!({ "customer_id": "acme", "profile": profile(), "external_id": external() }),
        ),
        of(
            "update_customer",
            json!({ "customer_id": "acme", "profile": profile() }),
        ),
        of(
            "add_contact",
            json!({ "customer_id": "acme", "contact_id": "ann", "profile": person() }),
        ),
        of(
            "update_contact",
            json!({ "customer_id": "acme", "contact_id": "ann", "profile": person() }),
        ),
        of(
            "remove_contact",
            json!({ "customer_id": "acme", "contact_id": "ann", "reason": "gone" }),
        ),
        of(
            "register_product",
            json!({
                "product_id": "gtx", "name": "GTX", "category": "graphics", "list_price": money(),
            }),
        ),
        of(
            "change_list_price",
            json!({ "product_id": "gtx", "list_price": money() }),
        ),
        of(
            "retire_product",
            json!({ "product_id": "gtx", "reason": "why" }),
        ),
        of(
            "register_rep",
            json!({ "rep_id": "ann", "name": "Ann", "email": "a@acme.example" }),
        ),
        of(
            "deactivate_rep",
            json!({ "rep_id": "ann", "reason": "why" }),
        ),
        of(
            "join_team",
            json!({ "rep_id": "ann", "team_id": "east", "from": at, "to": at }),
        ),
        of("leave_team", json!({ "rep_id": "ann", "at": at })),
        of(
            "form_team",
            json!({ "team_id": "east", "name": "East", "region": "Ohio", "manager_id": "bob" }),
        ),
        of(
            "appoint_manager",
            json!({ "team_id": "east", "manager_id": "bob", "from": at }),
        ),
        of(
            "move_region",
            json!({ "team_id": "east", "region": "Utah", "from": at }),
        ),
        of(
            "set_quota",
            json!({
                "rep_id": "ann", "from_on": "2017-01-01", "to_on": "2018-01-01",
                "amount": money(), "weights_basis_points": [4000, 6000],
            }),
        ),
        of(
            "assign_territory",
            json!({ "rep_id": "ann", "territory": "Midwest", "from": at, "to": at }),
        ),
        of(
            "draft_quote",
            json!({
                "quote_id": "q1", "opportunity_id": "o1", "customer_id": "acme",
                "currency_code": "USD", "lines": lines(), "valid_until": "2017-12-31",
            }),
        ),
        of(
            "revise_quote",
            json!({ "quote_id": "q1", "lines": lines(), "valid_until": "2017-12-31" }),
        ),
        of("approve_discount", json!({ "quote_id": "q1" })),
        of("send_quote", json!({ "quote_id": "q1" })),
        of("accept_quote", json!({ "quote_id": "q1" })),
        of(
            "decline_quote",
            json!({ "quote_id": "q1", "reason": "why" }),
        ),
        of("expire_quote", json!({ "quote_id": "q1" })),
        of(
            "sign_contract",
            json!({
                "contract_id": "c1", "quote_id": "q1", "customer_id": "acme",
                "opportunity_id": "o1", "renews_contract_id": "c0", "currency_code": "USD",
                "starts_on": "2017-03-01", "ends_on": "2018-03-01",
                "billing": { "frequency": "BILLING_FREQUENCY_YEARLY", "payment_days": 30 },
                "lines": lines(), "rep_id": "ann", "splits": splits(),
            }),
        ),
        of(
            "amend_contract",
            json!({
                "contract_id": "c1", "amendment_id": "a1", "kind": "AMENDMENT_KIND_EXPANSION",
                "effective_on": "2017-06-01", "ends_on": "2018-09-01", "lines": lines(), "splits": splits(),
            }),
        ),
        of(
            "reassign_contract",
            json!({ "contract_id": "c1", "rep_id": "ann", "splits": splits(), "reason": "why" }),
        ),
        of(
            "recognize_revenue",
            json!({ "contract_id": "c1", "delivery_id": "d1", "amounts": amounts() }),
        ),
        of(
            "issue_invoice",
            json!({
                "contract_id": "c1", "invoice_id": "i1", "amounts": amounts(),
                "due_on": "2017-04-01",
            }),
        ),
        of(
            "record_payment",
            json!({
                "contract_id": "c1", "payment_id": "p1", "invoice_id": "i1",
                "amounts": amounts(), "amount": money(),
            }),
        ),
        of(
            "record_refund",
            json!({
                "contract_id": "c1", "refund_id": "r1", "payment_id": "p1",
                "amounts": amounts(), "amount": money(),
            }),
        ),
        of(
            "record_direct_cost",
            json!({ "contract_id": "c1", "cost_id": "k1", "amounts": amounts() }),
        ),
        of(
            "terminate_contract",
            json!({
                "contract_id": "c1", "effective_on": "2017-09-01", "reason": "insolvency",
                "note": "so",
            }),
        ),
        of(
            "set_exchange_rate",
            json!({
                "from_currency_code": "EUR", "to_currency_code": "USD", "from_on": "2017-03-01",
                "rate": "1.0547",
            }),
        ),
        of(
            "record_fixed_cost",
            json!({
                "cost_id": "k1", "name": "Office", "from_on": "2017-03-01", "to_on": "2017-04-01",
                "amount": money(),
            }),
        ),
    ]);
    samples
}
