//! A good sample of every command about how customers are followed up.

use serde_json::{Value, json};

pub(crate) fn samples() -> Vec<Value> {
    let items = || json!([{ "item_id": "access", "name": "Everyone has access" }]);
    let offset = || json!({ "months": 1, "days": 2 });
    vec![
        json!({ "hand_over_contract": { "contract_id": "c1", "handed_over_on": "2017-03-15" } }),
        json!({ "reach_milestone": {
            "contract_id": "c1", "milestone_id": "deployed", "reached_on": "2017-03-15",
        } }),
        json!({ "publish_playbook": {
            "playbook_id": "ours", "name": "Ours", "effective_from": "2017-01-01",
            "plays": {
                "product_ids": ["gtx"],
                "steps": [{
                    "step_id": "review", "name": "Review", "anchor": "PLAYBOOK_ANCHOR_MILESTONE",
                    "milestone_id": "deployed", "due": offset(), "every": offset(),
                    "owner": "TASK_OWNER_ROLE_REP", "checklist": items(),
                    "document_ids": ["deck"], "escalate_after_days": 7,
                    "reaches_milestone_id": "reviewed",
                }],
                "guides": [{
                    "cause": "ALARM_CAUSE_PAYMENT_LATE", "name": "Ask why", "due_days": 2,
                    "checklist": items(), "document_ids": ["letter"], "escalate_after_days": 7,
                }],
                "renewal_lead_days": 90,
            },
        } }),
        json!({ "plan_task": {
            "task_id": "t1", "customer_id": "acme", "contract_id": "c1", "name": "Call them",
            "due_on": "2017-04-01", "rep_id": "ann", "checklist": items(),
            "document_ids": ["deck"], "escalate_after_days": 7,
        } }),
        json!({ "assign_task": { "task_id": "t1", "rep_id": "bob" } }),
        json!({ "move_task": { "task_id": "t1", "due_on": "2017-04-02", "reason": "why" } }),
        json!({ "snooze_task": { "task_id": "t1", "until_on": "2017-04-02", "reason": "why" } }),
        json!({ "complete_task_item": { "task_id": "t1", "item_id": "access" } }),
        json!({ "complete_task": { "task_id": "t1", "outcome": "done", "note": "so" } }),
        json!({ "escalate_task": { "task_id": "t1", "to_rep_id": "max" } }),
        json!({ "cancel_task": { "task_id": "t1", "reason": "over" } }),
    ]
}
