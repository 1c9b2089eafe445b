//! Published examples whose facts are more than deals: each is told line by line, as in an import file,
//! and asked with the questions of the API. A new case needs no new code.

use client::Client;
use proto::v1;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::home::{Home, client, head, twinfunnel, write};

on_both! { every_published_course_is_paid_as_its_source_prints }

const CASES: &str = include_str!("../../data/vectors/courses.json");

async fn every_published_course_is_paid_as_its_source_prints(home: Home) {
    let node = home.start();
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert!(cases.len() >= 22, "an example is missing");
    for (index, case) in cases.iter().enumerate() {
        let tenant = format!("course{index}");
        let course = Course {
            name: case["name"].as_str().unwrap(),
            client: client(&node, &tenant),
            import: ["import", "--server", &node.url(), "--tenant", &tenant].map(str::to_owned),
            folder: tempfile::tempdir().unwrap(),
        };
        let mut untold = Vec::new();
        for step in case["course"].as_array().unwrap() {
            if step.get("command").is_some() {
                untold.push(step);
            } else {
                course.tell(&std::mem::take(&mut untold)).await;
                course.take(step).await;
            }
        }
        assert!(untold.is_empty(), "{}: nothing is asked last", course.name);
    }
}

/// One example, in a tenant of its own.
struct Course<'a> {
    name: &'a str,
    client: Client,
    import: [String; 5],
    folder: tempfile::TempDir,
}

impl Course<'_> {
    /// Imports lines. Of them, those that name a rule as `refused` are refused for it, and no others.
    async fn tell(&self, lines: &[&Value]) {
        if lines.is_empty() {
            return;
        }
        let (mut text, mut refusals) = (String::new(), Vec::new());
        for (line, number) in lines.iter().zip(1..) {
            let mut line = (*line).clone();
            if let Some(rule) = line.as_object_mut().unwrap().remove("refused") {
                refusals.push((number, rule));
            }
            text += &format!("{line}\n");
        }
        let path = write(self.folder.path(), "course.jsonl", text);
        let ran = twinfunnel(&[&self.import[..], std::slice::from_ref(&path)].concat()).await;
        let told: Vec<&str> = ran.err.lines().collect();
        assert_eq!(told.len(), refusals.len(), "{}: {ran:?}", self.name);
        for (told, (number, rule)) in told.iter().zip(refusals) {
            let is_it = told.starts_with(&format!("{path}:{number}: "));
            let names_it = told.contains(rule.as_str().unwrap());
            assert!(is_it && names_it, "{}: {told}", self.name);
        }
    }

    /// Asks, or closes a period, and compares what is told with what is expected.
    async fn take(&self, step: &Value) {
        let mut named = step.as_object().unwrap().iter();
        let (kind, asked) = named.find(|(name, _)| *name != "expect").unwrap();
        let asked = asked.to_string();
        let what = format!("{}, {kind} {asked}", self.name);
        let told = match kind.as_str() {
            "getStatement" => {
                let mut question: v1::GetStatementRequest = proto::json::from_str(&asked).unwrap();
                self.after_all(&mut question.consistency).await;
                let answer = self.client.statement(question).await.expect(&what);
                proto::json::to_value(&answer.statement.unwrap())
            }
            "listStatements" => {
                let mut question: v1::ListStatementsRequest =
                    proto::json::from_str(&asked).unwrap();
                self.after_all(&mut question.consistency).await;
                let answer = self.client.list_statements(question).await;
                proto::json::to_value(&answer.expect(&what))
            }
            "closePeriod" => {
                let request = proto::json::from_str(&asked).unwrap();
                let answer = self.client.close_period(request).await;
                proto::json::to_value(&answer.expect(&what))
            }
            _ => panic!("no such step: {what}"),
        };
        assert_told(step.get("expect").expect(&what), &told.unwrap(), &what);
    }

    /// Lets a question wait for all that was told.
    async fn after_all(&self, consistency: &mut Option<v1::Consistency>) {
        consistency.get_or_insert_default().min_position = head(&self.client).await;
    }
}

/// Fails unless all that is expected was told. Sums are compared as numbers, since a source prints
/// them as it likes; a sum alone stands for whatever bears it as its amount.
fn assert_told(expected: &Value, told: &Value, what: &str) {
    match (expected, told) {
        (Value::Object(fields), _) => {
            for (name, expected) in fields {
                assert_told(expected, &told[name], &format!("{what}.{name}"));
            }
        }
        (Value::Array(expected), Value::Array(all)) => {
            assert_eq!(all.len(), expected.len(), "{what}: {told}");
            for (at, (expected, told)) in expected.iter().zip(all).enumerate() {
                assert_told(expected, told, &format!("{what}[{at}]"));
            }
        }
        (Value::String(_), Value::Object(bearer)) => {
            let amount = bearer.get("amount").unwrap_or(&Value::Null);
            assert_told(expected, amount, what);
        }
        (Value::String(sum), Value::String(told)) => {
            let numbers = (sum.parse::<Decimal>(), told.parse::<Decimal>());
            if let (Ok(sum), Ok(told)) = numbers {
                assert_eq!(told, sum, "{what}");
            } else {
                assert_eq!(told, sum, "{what}");
            }
        }
        _ => assert_eq!(told, expected, "{what}"),
    }
}
