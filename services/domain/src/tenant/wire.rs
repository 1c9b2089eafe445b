//! Messages about a tenant.

use proto::commands::TenantCommand;

use super::{Command, Tenant, addressed};
use crate::wire::Fields;
use crate::{Addressed, InvalidCommand};

/// Reads a command about a tenant.
pub fn parse(command: TenantCommand) -> Result<Addressed<Tenant>, InvalidCommand> {
    let TenantCommand::ConfigureTenant(m) = command;
    let mut fields = Fields::default();
    let time_zone = m.time_zone.parse().ok();
    if time_zone.is_none() {
        fields.wrong(
            "time_zone",
            "is not an IANA time zone, such as Europe/Berlin",
        );
    }
    let currency = fields.currency("currency_code", &m.currency_code);
    fields.finish(|| {
        Some(addressed(Command::Configure {
            time_zone: time_zone?,
            currency: currency?,
        }))
    })
}
