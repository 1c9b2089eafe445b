//! How the read models stand, as text.

use proto::v1::ListReadModelsResponse;

use super::{Align, grouped, to_csv, to_table};

/// For people.
pub(crate) fn table(answer: &ListReadModelsResponse) -> String {
    let columns = [
        ("Read model", Align::Left),
        ("Version", Align::Right),
        ("Generation", Align::Right),
        ("Position", Align::Right),
        ("Behind", Align::Right),
        ("Answers", Align::Left),
    ];
    let rows = answer.read_models.iter().map(|model| {
        [
            model.name.clone(),
            model.version.to_string(),
            model.generation.to_string(),
            grouped(&model.position.to_string()),
            grouped(&answer.head.saturating_sub(model.position).to_string()),
            model.answers.join(", "),
        ]
    });
    format!(
        "Log position {}\n{}",
        grouped(&answer.head.to_string()),
        to_table(&columns, rows)
    )
}

/// For programs.
pub(crate) fn csv(answer: &ListReadModelsResponse) -> anyhow::Result<String> {
    let header = [
        "read_model",
        "version",
        "generation",
        "position",
        "head",
        "answers",
    ];
    let rows = answer.read_models.iter().map(|model| {
        [
            model.name.clone(),
            model.version.to_string(),
            model.generation.to_string(),
            model.position.to_string(),
            answer.head.to_string(),
            model.answers.join(" "),
        ]
    });
    to_csv(header.map(str::to_owned), rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proto::v1::ReadModel;

    #[test]
    fn it_is_told_how_far_behind_each_is() {
        let model = ReadModel {
            name: "pipeline".to_owned(),
            version: 1,
            generation: 2,
            position: 8_000,
            answers: vec![
                "funnel_conversion".to_owned(),
                "pipeline_velocity".to_owned(),
            ],
        };
        let answer = ListReadModelsResponse {
            head: 9_234,
            read_models: vec![model],
        };
        let shown = table(&answer);
        for part in ["Log position 9,234\n", "pipeline ", " 8,000 ", " 1,234 "] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        assert_eq!(
            csv(&answer).unwrap(),
            "read_model,version,generation,position,head,answers\n\
             pipeline,1,2,8000,9234,funnel_conversion pipeline_velocity\n"
        );
    }
}
